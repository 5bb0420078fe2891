"""Text files of any size: found, split at line boundaries, and read as a stream of decoded chunks."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from throughtime.data.findings import Findings
from throughtime.data.packed import suffix_of
from throughtime.data.splits import Split, named_splits
from throughtime.errors import DataError
from throughtime.tasks.text.corpus.line_ends import LineEnds

BLOCK = 2**20
"""Bytes read at a time."""
SUFFIXES = (".txt", ".text", ".md", ".tex", ".rst", ".tokens", ".raw", ".parquet")
"""Endings of the files that are taken from a folder, packed or not; a single file may have any name."""

HELD_OUT = 0.05
"""Share of one text that is kept for validation, and again for test."""
# of a very large text, no more bytes than this each: a user waits for the result of both
_LARGEST_HELD_OUT = 2_000_000

_ABOUT = ("readme", "license", "licence", "notice")  # files about the data, in any folder of data
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

    @property
    def whole(self) -> bool:
        """Whether it is all of the file."""
        return self.start == 0 and self.end == self.path.stat().st_size


def find_pieces(
    path: Path, findings: Findings | None = None, plain: Callable[[Path], Path] = lambda path: path
) -> list[Piece]:
    """A text file, or all the text files of a folder and its subfolders in order of their names.

    Args:
        path: the file or folder.
        findings: is told which files of the folder are not read.
        plain: gives the plain text file that a file stands for.

    Raises:
        DataError: nothing there, no text file in the folder, or nothing in a file.
    """
    if path.is_dir():
        files = _text_files(path, findings)
        if not files:
            raise DataError(path, "a folder without text files", f"files ending in {', '.join(SUFFIXES)}")
        return [_whole(plain(file)) for file in files]
    if not path.exists():
        raise DataError(path, "nothing (or a broken link)", "a text file or a folder of text files")
    if not path.is_file():
        raise DataError(path, "neither a file nor a folder", "a text file or a folder of text files")
    return [_whole(plain(path)) if path.stat().st_size else _whole(path)]


def find_splits(folder: Path, findings: Findings | None = None) -> dict[Split, Path] | None:
    """The files or folders that a folder names after splits: ptb.train.txt, wiki.valid.tokens, test/, ...

    Returns:
        As `named_splits`; None if the folder does not name them.

    Raises:
        DataError: two files claim to be one split.
    """
    findings = Findings() if findings is None else findings
    children = [child for child in folder.iterdir() if not child.name.startswith(".")]
    parts = [child for child in children if child.is_dir() or suffix_of(child) in SUFFIXES]
    named = named_splits(folder, (part for part in parts if part.stem.lower() not in _ABOUT), findings)
    if named is not None:
        for child in children:
            if child not in parts or child.stem.lower() in _ABOUT:
                _note_unread(child, findings)
    return named


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


def hold_out_end(path: Path, pieces: Sequence[Piece]) -> tuple[list[Piece], list[Piece]]:
    """The first 95 % (of a very large text: more), and the rest: what becomes of train where a split is not given.

    Raises:
        DataError: too short, or of too few lines, for two parts.
    """
    size = sum(piece.end - piece.start for piece in pieces)
    parts = cut(pieces, size - min(int(size * HELD_OUT), _LARGEST_HELD_OUT))
    if any(sum(piece.end - piece.start for piece in part) < 2 for part in parts):
        raise DataError(path, f"{size:,} bytes, too short to hold out 5 % of it", "more text, in lines")
    return parts


def read_text(piece: Piece, findings: Findings | None = None) -> Iterator[str]:
    """The text of a piece in chunks of about a megabyte that end where a line or at least a word ends.

    Line ends become a newline; a carriage return alone is one in a file without line feeds, elsewhere a space. A file's
    last line gets a newline if it has none; a byte order mark is left out.

    Args:
        piece: what to read.
        findings: is told of carriage returns that end no line.

    Raises:
        DataError: cannot be read, binary, or not UTF-8; names the line and the byte.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    ends = LineEnds(piece.path, findings)
    position, rest, closed = piece.start, "", True
    for block in _blocks(piece):
        if position == 0 and (mark := next((mark for mark in _MARKS if block.startswith(mark)), None)):
            raise DataError(
                piece.path, f"text in {_MARKS[mark]}", f"text in UTF-8 (or --encoding {_MARKS[mark].lower()})", line=1
            )
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
        rest += ends.decode(text)
        end = rest.rfind("\n") + 1 or rest.rfind(" ") + 1 or (len(rest) if len(rest) > BLOCK else 0)
        if end:
            yield rest[:end]
            rest, closed = rest[end:], rest[end - 1] == "\n"
    pending = len(decoder.getstate()[0])
    try:
        rest += ends.decode(decoder.decode(b"", final=True), final=True)
    except UnicodeDecodeError as error:
        raise _undecodable(piece.path, position - pending, error) from None
    open_end = not rest.endswith("\n") if rest else not closed
    if open_end and piece.end == piece.path.stat().st_size:
        rest += "\n"  # so that the next file does not begin in the middle of a line
    if rest:
        yield rest


def read_lines(piece: Piece, findings: Findings | None = None) -> Iterator[str]:
    """The lines of a piece of a text file, as `read_text` reads it."""
    line = ""
    for text in read_text(piece, findings):  # a chunk ends within a line only where that is very long
        *lines, line = (line + text).split("\n")
        yield from lines
    if line:
        yield line


def digest(piece: Piece) -> bytes:
    """A checksum of a piece's bytes."""
    hashed = blake2b(digest_size=16)
    for block in _blocks(piece):
        hashed.update(block)
    return hashed.digest()


def _text_files(folder: Path, findings: Findings | None) -> list[Path]:
    try:
        found = sorted(path for path in folder.rglob("*") if path.is_file())
    except OSError as error:
        raise DataError(folder, f"a folder that cannot be read ({error.strerror})", "text files") from error
    shown = [path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts)]
    texts = [path for path in shown if suffix_of(path) in SUFFIXES]
    for path in shown:
        if findings is not None and suffix_of(path) not in SUFFIXES:
            _note_unread(path, findings)
    return texts


def _note_unread(path: Path, findings: Findings) -> None:
    ending = f"of the ending {path.suffix}" if path.suffix else "without an ending"
    about = path.suffix.lower() in SUFFIXES
    findings.left_out("unread files", "a file about the data" if about else f"a file {ending}", path)


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
    return _at(path, position, f"the byte 0x{byte:02x}, which is not UTF-8,", "text in UTF-8 (--encoding says another)")


def _at(path: Path, position: int, found: str, expected: str) -> DataError:
    line = 1 + sum(block.count(b"\n") for block in _blocks(Piece(path, 0, position)))
    return DataError(path, f"{found} at byte {position + 1}", expected, line=line)


def checked(pieces: list[Piece], findings: Findings | None = None) -> list[Piece]:
    """The same pieces, if all of them are text and not all of it is white space.

    Args:
        pieces: to be read through.
        findings: is told of what looks wrong in them.

    Raises:
        DataError: names the file and line that are not.
    """
    if all([text.isspace() for piece in pieces for text in read_text(piece, findings)]):  # noqa: C419  # every text is to be read
        raise DataError(pieces[0].path, "only white space", "text in UTF-8")
    return pieces
