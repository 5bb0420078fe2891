"""Text files of any size: found, split at line boundaries, and read as a stream of decoded chunks."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Literal, get_args

from throughtime.errors import DataError

BLOCK = 2**20
"""Bytes read at a time."""
SUFFIXES = (".txt", ".text", ".md", ".tex", ".rst", ".tokens", ".raw")
"""Endings of the files that are taken from a folder; a single file may have any name."""

HELD_OUT = 0.05
"""Share of one text that is kept for validation, and again for test."""
# of a very large text, no more bytes than this each: a user waits for the result of both
_LARGEST_HELD_OUT = 2_000_000

Split = Literal["train", "valid", "test"]
_NAMES: dict[str, Split] = {
    "train": "train",
    "training": "train",
    "valid": "valid",
    "val": "valid",
    "validation": "valid",
    "dev": "valid",
    "test": "test",
}
_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}


@dataclass(frozen=True)
class Piece:
    """A stretch of a text file.

    Args:
        path: the file.
        start: its first byte.
        end: the byte after its last.
    """

    path: Path
    start: int
    end: int


def find_pieces(path: Path) -> list[Piece]:
    """A text file, or all the text files of a folder and its subfolders in order of their names.

    Raises:
        DataError: nothing there, no text file in the folder, or nothing in a file.
    """
    if path.is_dir():
        files = _text_files(path)
        if not files:
            raise DataError(path, "a folder without text files", f"files ending in {', '.join(SUFFIXES)}")
        return [_whole(file) for file in files]
    if not path.exists():
        raise DataError(path, "nothing (or a broken link)", "a text file or a folder of text files")
    if not path.is_file():
        raise DataError(path, "neither a file nor a folder", "a text file or a folder of text files")
    return [_whole(path)]


def find_splits(folder: Path) -> dict[Split, list[Piece]] | None:
    """The splits that a folder names itself: ptb.train.txt, wiki.valid.tokens, test/, ...

    Returns:
        The pieces of all three splits; None if the folder does not name them.

    Raises:
        DataError: two files claim to be one split, or a split is missing while others are there.
    """
    found: dict[Split, Path] = {}
    for child in sorted(folder.iterdir()):
        words = child.name.lower().replace("_", ".").replace("-", ".").split(".")
        named = {_NAMES[word] for word in words if word in _NAMES}
        if len(named) != 1 or not (child.is_dir() or child.suffix.lower() in SUFFIXES):
            continue
        split = named.pop()
        if split in found:
            raise DataError(folder, f"both {found[split].name} and {child.name}", f"one file or folder for {split}")
        found[split] = child
    if len(found) < 2:
        return None
    missing = [split for split in get_args(Split) if split not in found]
    if missing:
        names = ", ".join(path.name for path in found.values())
        raise DataError(folder, f"{names} but nothing for {' and '.join(missing)}", "files for train, valid and test")
    return {split: find_pieces(path) for split, path in found.items()}


def cut(pieces: Sequence[Piece], position: int) -> tuple[list[Piece], list[Piece]]:
    """Two parts of a sequence of pieces, cut at the first end of a line at or after a byte.

    Args:
        pieces: in order.
        position: byte, counted through all the pieces.
    """
    before: list[Piece] = []
    for index, piece in enumerate(pieces):
        size = piece.end - piece.start
        if position <= 0:
            return before, list(pieces[index:])
        if position < size:
            middle = _line_start(piece, piece.start + position)
            parts = Piece(piece.path, piece.start, middle), Piece(piece.path, middle, piece.end)
            rest = [part for part in parts[1:] if part.end > part.start]
            return [*before, parts[0]], [*rest, *pieces[index + 1 :]]
        before.append(piece)
        position -= size
    return before, []


def split_in_order(path: Path, pieces: Sequence[Piece]) -> tuple[list[Piece], list[Piece], list[Piece]]:
    """The first 90 % (of a very large text: more) to learn from, then two equal parts for validation and test.

    Args:
        path: where the pieces come from, for messages.
        pieces: in order.

    Raises:
        DataError: too short, or of too few lines, for three parts.
    """
    size = sum(piece.end - piece.start for piece in pieces)
    held_out = min(int(size * HELD_OUT), _LARGEST_HELD_OUT)
    rest, test = cut(pieces, size - held_out)
    train, valid = cut(rest, size - 2 * held_out)
    if any(sum(piece.end - piece.start for piece in part) < 2 for part in (train, valid, test)):
        raise DataError(path, f"{size:,} bytes, too short to hold out 5 % of it twice", "more text, in lines")
    return train, valid, test


def read_text(piece: Piece) -> Iterator[str]:
    """The text of a piece in chunks of about a megabyte that end where a line or at least a word ends.

    Line ends become a newline, whatever they were; a file's last line gets it if it has none; a byte order mark is
    left out.

    Raises:
        DataError: cannot be read, binary, or not UTF-8; names the line and the byte.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines = io.IncrementalNewlineDecoder(None, translate=True)
    position, rest, closed = piece.start, "", True
    for block in _blocks(piece):
        if position == 0 and (mark := next((mark for mark in _MARKS if block.startswith(mark)), None)):
            raise DataError(piece.path, f"text in {_MARKS[mark]}", "text in UTF-8: convert it with iconv", line=1)
        if (zero := block.find(0)) >= 0:
            raise _at(piece.path, position + zero, "binary data (a zero byte)", "text in UTF-8")
        pending = len(decoder.getstate()[0])
        try:
            text = decoder.decode(block)
        except UnicodeDecodeError as error:
            raise _undecodable(piece.path, position - pending + error.start, error) from None
        if position == 0:
            text = text.removeprefix("\ufeff")
        position += len(block)
        rest += lines.decode(text)
        end = rest.rfind("\n") + 1 or rest.rfind(" ") + 1 or (len(rest) if len(rest) > BLOCK else 0)
        if end:
            yield rest[:end]
            rest, closed = rest[end:], rest[end - 1] == "\n"
    pending = len(decoder.getstate()[0])
    try:
        rest += lines.decode(decoder.decode(b"", final=True), final=True)
    except UnicodeDecodeError as error:
        raise _undecodable(piece.path, position - pending, error) from None
    open_end = not rest.endswith("\n") if rest else not closed
    if open_end and piece.end == piece.path.stat().st_size:
        rest += "\n"  # so that the next file does not begin in the middle of a line
    if rest:
        yield rest


def digest(piece: Piece) -> bytes:
    """A checksum of a piece's bytes."""
    hashed = blake2b(digest_size=16)
    for block in _blocks(piece):
        hashed.update(block)
    return hashed.digest()


def _text_files(folder: Path) -> list[Path]:
    try:
        found = [path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file()]
    except OSError as error:
        raise DataError(folder, f"a folder that cannot be read ({error.strerror})", "text files") from error
    return sorted(path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts))


def _whole(path: Path) -> Piece:
    size = path.stat().st_size
    if size == 0:
        raise DataError(path, "an empty file", "text in UTF-8")
    return Piece(path, 0, size)


def _blocks(piece: Piece) -> Iterator[bytes]:
    try:
        with piece.path.open("rb") as file:
            file.seek(piece.start)
            left = piece.end - piece.start
            while left > 0 and (block := file.read(min(BLOCK, left))):
                left -= len(block)
                yield block
    except OSError as error:
        raise DataError(piece.path, f"a file that cannot be read ({error.strerror})", "text in UTF-8") from error
    if left > 0:
        raise DataError(piece.path, f"{left:,} bytes fewer than a moment ago", "a file that nobody is changing")


def _line_start(piece: Piece, position: int) -> int:
    """The first place at or after a byte where a line starts; failing that a word, failing that a character."""
    block = next(_blocks(Piece(piece.path, position - 1, piece.end)))  # with the byte before: it may end a line
    for separator in (b"\n", b" "):
        if (place := block.find(separator)) >= 0:
            return position + place
    continued = (index for index, byte in enumerate(block[1:]) if not 0x80 <= byte < 0xC0)
    return position + next(continued, len(block) - 1)


def _undecodable(path: Path, position: int, error: UnicodeDecodeError) -> DataError:
    byte = error.object[error.start]
    return _at(path, position, f"the byte 0x{byte:02x}, which is not UTF-8,", "text in UTF-8 (convert it with iconv)")


def _at(path: Path, position: int, found: str, expected: str) -> DataError:
    line = 1 + sum(block.count(b"\n") for block in _blocks(Piece(path, 0, position)))
    return DataError(path, f"{found} at byte {position + 1}", expected, line=line)


def checked(pieces: list[Piece]) -> list[Piece]:
    """The same pieces, if all of them are text and not all of it is white space.

    Raises:
        DataError: names the file and line that are not.
    """
    if all([text.isspace() for piece in pieces for text in read_text(piece)]):  # noqa: C419  # every text is to be read
        raise DataError(pieces[0].path, "only white space", "text in UTF-8")
    return pieces
