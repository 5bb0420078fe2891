"""How text is disturbed: passages of it, each written anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from throughtime.data.words.disturbed import Change
from throughtime.tasks.base.conditions import Condition, Conditions, conditions_of_text
from throughtime.tasks.text.corpus.files import Piece, cut, read_text

_PASSAGE = 1_000  # bytes, and then to the end of the line
_LONGEST = 8_000  # bytes in which a line's end is looked for


class DisturbedPassages(Conditions[Piece]):
    """Passages of a text; a language model is asked how surprising it finds the disturbed ones."""

    def conditions(self, room: Path) -> Sequence[Condition[Piece]]:
        """Those of all texts."""

        def disturbed(piece: Piece, change: Change, percent: float, random: np.random.Generator) -> Piece:
            content = change.text("".join(read_text(piece)), percent, random).encode("utf-8")
            path = room / f"{piece.path.stem}-{blake2b(content, digest_size=8).hexdigest()}.txt"
            # a file's last line would be given an end, which a passage of one long line has not
            path.write_bytes(content if content.endswith(b"\n") else content + b"\n")
            return Piece(path, 0, len(content))

        return conditions_of_text(disturbed)

    def sample(self, examples: Sequence[Piece], most: int | None) -> list[Piece]:
        """Passages of about a thousand bytes, evenly spread."""
        return super().sample([passage for piece in examples for passage in passages(piece)], most)

    def question(self, example: Piece) -> Any:
        """How surprising a passage is, is all there is to be said of it."""
        return None

    def store(self, example: Piece, stem: Path) -> Path | None:
        """The passage as a text file."""
        path = stem.with_suffix(".txt")
        path.write_text("".join(read_text(example)), encoding="utf-8")
        return path


def passages(piece: Piece) -> Iterator[Piece]:
    """A piece in passages that end where lines end, failing that where a word ends."""
    start = piece.start
    while start < piece.end:
        near = Piece(piece.path, start, min(piece.end, start + _LONGEST))
        (passage,), _ = cut([near], _PASSAGE)
        yield passage
        start = passage.end
