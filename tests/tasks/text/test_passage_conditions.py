"""How text is disturbed: passages that are the whole text when they are put together."""

from __future__ import annotations

from pathlib import Path

from throughtime.tasks.text.conditions import DisturbedPassages, passages
from throughtime.tasks.text.corpus.files import Piece, read_text


def whole(path: Path, text: str) -> Piece:
    path.write_text(text, encoding="utf-8")
    return Piece(path, 0, len(text.encode()))


def test_passages_are_all_of_the_text_cut_at_ends_of_lines(tmp_path: Path) -> None:
    text = "".join(f"Linje {number} på engelsk og dansk.\n" * (1 + number % 3) for number in range(300))
    found = list(passages(whole(tmp_path / "a.txt", text)))
    assert "".join("".join(read_text(piece)) for piece in found) == text
    sizes = [piece.end - piece.start for piece in found]
    assert all(1_000 <= size < 1_100 for size in sizes[:-1])
    assert all("".join(read_text(piece)).endswith("\n") for piece in found)
    room = DisturbedPassages()
    some = room.sample([whole(tmp_path / "b.txt", text)], 5)
    assert len(some) == 5
    assert (some[0].start, some[-1].end) == (0, len(text.encode()))


def test_a_passage_of_a_text_in_one_line_gets_no_end_of_a_line(tmp_path: Path) -> None:
    first, *_ = passages(whole(tmp_path / "a.txt", "word " * 5_000))
    for condition in DisturbedPassages().conditions(tmp_path):
        (found,) = condition.disturb([first], 5, seed=0)
        text = "".join(read_text(found))
        assert "\n" not in text
        assert len(text.split()) >= len("".join(read_text(first)).split())
        assert condition.disturb([first], 5, seed=0) == [found]
