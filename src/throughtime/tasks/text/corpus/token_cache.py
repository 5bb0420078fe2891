"""Text tokenised once into a memory-mapped file, so that a corpus larger than memory trains."""

from __future__ import annotations

import hashlib
import json
import mmap
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from throughtime.data.progress import counted
from throughtime.data.sources import kept_in_cache, quick_checksum, state
from throughtime.data.tokens.tokens import Tokenizer
from throughtime.errors import DataError
from throughtime.storage.atomic import written_apart
from throughtime.tasks.text.corpus.files import Piece, read_text

if TYPE_CHECKING:
    from throughtime.data.batch import Batch, Loader

_FORMAT = 3
_RELEASE_EVERY = 250


@dataclass(frozen=True)
class Counts:
    """How much text there is.

    Args:
        tokens: N.
        characters: Unicode code points, newlines included.
        words: words between white space, and one for each line's end.
        unknown: tokens that are the unknown one.
    """

    tokens: int = 0
    characters: int = 0
    words: int = 0
    unknown: int = 0


class TokenFile:
    """Token ids of a text, in a memory-mapped file.

    Args:
        path: the file of plain numbers.
        dtype: their type.
        counts: how much text they are.
    """

    def __init__(self, path: Path, dtype: np.dtype[np.unsignedinteger], counts: Counts) -> None:
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.ids = np.frombuffer(self._map, dtype=dtype)
        self.counts = counts

    def release(self) -> None:
        """Give back the memory of all pages read so far; they are read again when needed."""
        if hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)


class Released:
    """A loader over a token file that gives back the memory of what it has read, every 250 batches.

    Without this the whole of a large file would be in memory after an epoch.

    Args:
        loader: reads the file's ids.
        file: the token file.
    """

    def __init__(self, loader: Loader, file: TokenFile) -> None:
        self.loader = loader
        self.file = file

    def __len__(self) -> int:
        """Batches in the first epoch."""
        return len(self.loader)

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[Batch]:
        """The batches of that epoch, without the first `skip`."""
        for index, batch in enumerate(self.loader.epoch(epoch, skip)):
            yield batch
            if index % _RELEASE_EVERY == 0:
                self.file.release()


def tokenise(pieces: Sequence[Piece], tokenizer: Tokenizer, folder: Path) -> TokenFile:
    """The tokens of some text, from the cache if the same files were tokenised likewise before.

    Args:
        pieces: the text, in order.
        tokenizer: what makes tokens of it.
        folder: the cache; made if need be.

    Raises:
        DataError: a file that cannot be read as text, or no text in it.
        ThroughtimeError: the cache cannot be written.
    """
    key = _key(pieces, tokenizer)
    ids, facts = folder / f"{key}.ids", folder / f"{key}.json"
    dtype = np.dtype(tokenizer.dtype)
    counts = _known(ids, facts, dtype)
    if counts is None:
        with kept_in_cache("the tokens", folder):
            folder.mkdir(parents=True, exist_ok=True)
            counts = _write(pieces, tokenizer, ids, facts)
    return TokenFile(ids, dtype, counts)


def _key(pieces: Sequence[Piece], tokenizer: Tokenizer) -> str:
    """Changes when a file or the tokenizer does."""
    files: list[list[str | int | None]] = []
    for piece in pieces:
        try:
            files.append([*state(piece.path), piece.start, piece.end])
        except OSError as error:
            raise DataError(piece.path, f"a file that cannot be read ({error.strerror})", "text in UTF-8") from error
    return hashlib.sha256(json.dumps([_FORMAT, files, tokenizer.fingerprint]).encode()).hexdigest()[:32]


def _known(ids: Path, facts: Path, dtype: np.dtype[np.unsignedinteger]) -> Counts | None:
    """What the cache says of these tokens; None if it has none, or not all of them."""
    try:
        said = json.loads(facts.read_text(encoding="utf-8"))
        whole = said.pop("checksum") == quick_checksum(ids)
        counts = Counts(**said)
        complete = whole and ids.stat().st_size == counts.tokens * dtype.itemsize
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        return None
    return counts if complete else None


def _write(pieces: Sequence[Piece], tokenizer: Tokenizer, ids: Path, facts: Path) -> Counts:
    """Tokenise into a file of another name, so that nothing half-written is ever taken for a cache."""
    with written_apart(ids) as file:
        counts, blank = Counts(), True
        for text, tokens in counted(_stream(pieces, tokenizer), "making tokens, by the megabyte"):
            file.write(tokens.tobytes())
            counts = _add(counts, text, tokens, tokenizer.unknown)
            blank = blank and text.isspace()
        if blank:
            raise DataError(pieces[0].path, "only white space", "text in UTF-8")
    # the facts come last: without them the tokens do not count
    with written_apart(facts) as file:
        file.write(json.dumps({**asdict(counts), "checksum": quick_checksum(ids)}).encode())
    return counts


def _stream(pieces: Sequence[Piece], tokenizer: Tokenizer) -> Iterator[tuple[str, np.ndarray]]:
    for piece in pieces:
        for text in read_text(piece):
            yield text, tokenizer.encode(text)


def _add(counts: Counts, text: str, tokens: np.ndarray, unknown: int | None) -> Counts:
    return Counts(
        counts.tokens + len(tokens),
        counts.characters + len(text),
        counts.words + len(text.split()) + text.count("\n"),
        counts.unknown + (0 if unknown is None else int((tokens == unknown).sum())),
    )
