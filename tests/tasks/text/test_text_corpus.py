"""Text files: what is read is what stands there, block by block; what is wrong is said with its place."""

from __future__ import annotations

import gzip
import lzma
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from throughtime.data.findings import Findings
from throughtime.errors import DataError
from throughtime.tasks.text.corpus import files as corpus
from throughtime.tasks.text.corpus.files import Piece, cut, find_pieces, find_splits, read_text, split_in_order
from throughtime.tasks.text.corpus.plain import Plain


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def read(path: Path) -> str:
    return "".join(read_text(find_pieces(path)[0]))


@settings(max_examples=60, deadline=None)
@given(
    text=st.text(st.sampled_from("ab é漢🎵 \n\r\u2028"), min_size=1, max_size=80),
    block=st.integers(1, 9),
)
def test_blocks_of_any_size_give_the_same_text(tmp_path_factory: pytest.TempPathFactory, text: str, block: int) -> None:
    path = write(tmp_path_factory.mktemp("text") / "a.txt", text.encode())
    expected = text.replace("\r\n", "\n").replace("\r", " " if "\n" in text else "\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(corpus, "BLOCK", block)
        assert read(path) == (expected if expected.endswith("\n") else expected + "\n")


def test_chunks_end_where_a_line_ends_else_where_a_word_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "BLOCK", 8)
    assert list(read_text(find_pieces(write(tmp_path / "a", b"one two\nthree four five six"))[0])) == [
        "one two\n",
        "three ",
        "four five ",
        "six\n",
    ]


def test_only_the_end_of_a_file_gets_the_newline_that_it_lacks(tmp_path: Path) -> None:
    path = write(tmp_path / "a", b"one two three")
    assert ["".join(read_text(Piece(path, *ends))) for ends in ((0, 8), (8, 13))] == ["one two ", "three\n"]


def test_a_byte_order_mark_is_left_out(tmp_path: Path) -> None:
    assert read(write(tmp_path / "a.txt", b"\xef\xbb\xbfHello")) == "Hello\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["empty file"]),
        (b"one\ntwo\nthr\xe9e\n", ["line 3", "0xe9", "byte 12", "UTF-8"]),
        (b"cut in the middle of a character \xe6\xbc", ["line 1", "0xe6", "byte 34"]),
        (b"PNG\n\x89 no \x00 text", ["line 2", "binary", "byte 10"]),
        (b"zero\nhere \x00", ["line 2", "zero byte", "byte 11"]),
        ("UTF-16 with mark".encode("utf-16"), ["UTF-16", "--encoding utf-16"]),
        ("UTF-32 with mark".encode("utf-32"), ["UTF-32", "--encoding utf-32"]),
        ("UTF-16 without".encode("utf-16-le"), ["zero byte"]),
    ],
)
def test_what_is_no_text_is_named_with_its_place(tmp_path: Path, content: bytes, words: list[str]) -> None:
    path = write(tmp_path / "a.txt", content)
    with pytest.raises(DataError) as caught:
        read(path)
    for word in [str(path), *words]:
        assert word in str(caught.value)


@pytest.mark.parametrize("block", [1, 2, 3, 7])
def test_the_place_of_an_error_does_not_depend_on_the_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(corpus, "BLOCK", block)
    path = write(tmp_path / "a.txt", "é\né\n漢".encode() + b"\xff")
    with pytest.raises(DataError, match=r"line 3: found the byte 0xff.* at byte 10"):
        read(path)


def test_an_error_in_a_later_piece_names_the_line_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", b"one\ntwo\nth\xffree\n")
    with pytest.raises(DataError, match=r"line 3.* at byte 11"):
        list(read_text(Piece(path, 4, 15)))


def test_a_file_that_shrank_meanwhile_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", b"one two three")
    with pytest.raises(DataError, match="7 bytes fewer"):
        list(read_text(Piece(path, 0, 20)))


def test_a_folder_gives_its_text_files_in_order(tmp_path: Path) -> None:
    for name in ("b/2.txt", "a.md", "b/1.TXT", "picture.png", ".hidden.txt", ".git/x.txt"):
        write(tmp_path / name, b"text")
    assert [str(piece.path.relative_to(tmp_path)) for piece in find_pieces(tmp_path)] == ["a.md", "b/1.TXT", "b/2.txt"]


def test_what_is_not_there_or_no_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="found nothing"):
        find_pieces(tmp_path / "missing.txt")
    (tmp_path / "broken.txt").symlink_to(tmp_path / "nowhere")
    with pytest.raises(DataError, match="found nothing"):
        find_pieces(tmp_path / "broken.txt")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="neither a file nor a folder"):
        find_pieces(tmp_path / "pipe")
    with pytest.raises(DataError, match="folder without text files"):
        find_pieces(tmp_path)
    write(tmp_path / "empty.txt", b"")
    with pytest.raises(DataError, match=r"empty\.txt: found an empty file"):
        find_pieces(tmp_path)


@pytest.mark.parametrize(
    "names",
    [
        ("ptb.train.txt", "ptb.valid.txt", "ptb.test.txt"),
        ("wiki.train.tokens", "wiki.valid.tokens", "wiki.test.tokens"),
        ("train/a.txt", "validation/a.txt", "test/a.txt"),
        ("TRAIN.txt", "my-dev.txt", "my_test.txt"),
    ],
)
def test_named_splits_are_recognised(tmp_path: Path, names: tuple[str, str, str]) -> None:
    for name in (*names, "README.md"):
        write(tmp_path / name, b"text")
    found = find_splits(tmp_path)
    assert found is not None
    assert [found[split].name for split in ("train", "valid", "test")] == [name.partition("/")[0] for name in names]


def test_a_folder_that_names_no_splits(tmp_path: Path) -> None:
    for name in ("contest.txt", "training-diary.txt", "other.txt"):
        write(tmp_path / name, b"text")
    assert find_splits(tmp_path) is None


def test_two_files_of_one_split_are_an_error(tmp_path: Path) -> None:
    for name in ("train.txt", "a.test.txt", "b.test.txt"):
        write(tmp_path / name, b"text")
    with pytest.raises(DataError, match=r"both a\.test\.txt and b\.test\.txt"):
        find_splits(tmp_path)


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(st.text(st.sampled_from("aé漢 \n"), min_size=1, max_size=30), min_size=1, max_size=3),
    position=st.integers(-1, 120),
)
def test_cutting_loses_nothing_and_splits_no_character(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], position: int
) -> None:
    folder = tmp_path_factory.mktemp("text")
    pieces = [find_pieces(write(folder / f"{n}.txt", text.encode()))[0] for n, text in enumerate(texts)]
    before, after = cut(pieces, position)
    joined: dict[Path, bytes] = {}
    for piece in (*before, *after):
        content = piece.path.read_bytes()[piece.start : piece.end]
        content.decode()
        assert content
        joined[piece.path] = joined.get(piece.path, b"") + content
    assert list(joined.values()) == [text.encode() for text in texts]


def test_one_file_is_split_in_order_at_line_ends(tmp_path: Path) -> None:
    lines = [f"line {n}\n".encode() for n in range(1000)]
    path = write(tmp_path / "a.txt", b"".join(lines))
    parts = split_in_order(path, find_pieces(path))
    texts = ["".join(chunk for piece in part for chunk in read_text(piece)) for part in parts]
    assert "".join(texts).encode() == b"".join(lines)
    assert [text.count("\n") for text in texts] == pytest.approx([900, 50, 50], abs=4)


def test_a_text_of_one_line_is_split_at_words(tmp_path: Path) -> None:
    path = write(tmp_path / "text8", b"word " * 1000)
    parts = split_in_order(path, find_pieces(path))
    assert [sum(piece.end - piece.start for piece in part) for part in parts] == [4500, 250, 250]


def test_a_text_too_short_to_split_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", b"short\n")
    with pytest.raises(DataError, match="too short"):
        split_in_order(path, find_pieces(path))


@pytest.mark.parametrize(
    ("name", "encoding", "content"),
    [
        ("a.txt.gz", "utf-8", gzip.compress("é漢\n".encode())),
        ("a.txt.xz", "utf-8", lzma.compress("\ufeffé漢\n".encode())),
        ("a.txt", "utf-16", "é漢\n".encode("utf-16")),
        ("a.txt", "gb18030", "é漢\n".encode("gb18030")),
    ],
    ids=["gzip", "xz", "utf-16", "gb18030"],  # not the bytes: gzip's have the second in them
)
def test_packed_text_and_other_encodings_are_read_as_plain_text(
    tmp_path: Path, name: str, encoding: str, content: bytes
) -> None:
    path, findings = write(tmp_path / name, content), Findings()
    plain = Plain(encoding, tmp_path / "cache", findings)
    for _ in range(2):  # the second time it is there
        assert "".join(read_text(find_pieces(path, findings, plain)[0])) == "é漢\n"
    assert any(str(plain(path)) in finding.what for finding in findings)


def test_damaged_and_wrongly_encoded_text_leaves_no_plain_copy(tmp_path: Path) -> None:
    plain = Plain("utf-8", tmp_path / "cache", Findings())
    for name, content in (
        ("a.txt.gz", gzip.compress(bytes(range(65, 91)) * 99)[:-9]),
        ("b.gz", gzip.compress(b"\xff")),
    ):
        with pytest.raises(DataError, match=name):
            plain(write(tmp_path / name, content))
    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file()] == []
