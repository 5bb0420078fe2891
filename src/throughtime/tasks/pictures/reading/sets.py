"""From a path to a set of pictures of one size: whatever stands there, said how, decoded once and kept."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from throughtime.data.damaged import Damaged
from throughtime.data.findings import Findings
from throughtime.data.sources import kept_in_cache
from throughtime.errors import ArgumentError, DataError
from throughtime.tasks.pictures.picture import PictureSet
from throughtime.tasks.pictures.reading import arrays, decode, tables
from throughtime.tasks.pictures.reading.fitting import Channels, Crop, Fitting, choose
from throughtime.tasks.pictures.reading.folders import Found, find_pictures, visible_files
from throughtime.tasks.pictures.reading.idx import is_idx, is_labels
from throughtime.tasks.pictures.reading.kept import FEWEST, read_once

_IN_MEMORY = 64 * 2**20  # bytes of pixels from which they lie in the cache, mapped into memory
_EXPECTED = "a folder of pictures, one picture, an IDX, NPZ, NPY or parquet file"
Decoded = tuple[np.ndarray, str | None, Path, int | None]
Undecoded = tuple[Callable[[], np.ndarray], str | None, Path, int | None]


@dataclass(frozen=True)
class Reading:
    """How pictures are read.

    Args:
        size: pixels of a side; None: guessed.
        channels: grey, in colour, or as they are.
        crop: what is done with pictures that are not square.
        background: a colour's name or #rrggbb, behind what is transparent and beside what is padded.
        skip_broken: leave out files that cannot be read, and count them.
        cache: folder where decoded pictures are kept.
    """

    size: int | None
    channels: Channels
    crop: Crop
    background: str
    skip_broken: bool
    cache: Path

    @property
    def colour(self) -> tuple[int, int, int]:
        """The background's red, green and blue.

        Raises:
            ArgumentError: there is no such colour.
        """
        from PIL import ImageColor

        try:
            red, green, blue = ImageColor.getrgb(self.background)[:3]
        except ValueError as error:
            expected = "a colour's name or #rrggbb"
            raise ArgumentError(f"background is {self.background!r}, expected {expected}") from error
        return red, green, blue


def read_set(path: Path, reading: Reading, findings: Findings, fitting: Fitting | None = None) -> PictureSet:
    """All the pictures that a path stands for.

    Args:
        path: a folder, a picture, or a file of many.
        reading: how.
        findings: of reading.
        fitting: what others were brought to before, so that these are too; None: chosen here.

    Raises:
        DataError: nothing there, no pictures, or files that cannot be read: all of them are named.
    """
    if path.is_dir():
        files = visible_files(path)
        if len(files) < FEWEST:
            return _folder(path, reading, findings, fitting)
        asked = _asked(path, reading, fitting)
        return read_once(files, asked, reading.cache, findings, lambda own: _folder(path, reading, own, fitting))
    if not path.is_file():
        found = "neither a file nor a folder" if path.exists() else "nothing (or a broken link)"
        raise DataError(path, found, _EXPECTED)
    suffix = path.suffix.lower()
    if suffix in arrays.SUFFIXES or is_idx(path):
        pixels, labels = arrays.read_arrays_of_pictures(path, findings)
        sizes = [(pixels.shape[1], pixels.shape[2])] * len(pixels)
        fitting = fitting or _choose(sizes, pixels.shape[3] == 1, path, reading, findings)
        numbered = enumerate(zip(pixels, labels, strict=True), 1)
        return _fitted(((one, label, path, row) for row, (one, label) in numbered), len(pixels), fitting, reading)
    if suffix in tables.SUFFIXES:
        asked = _asked(path, reading, fitting)
        return read_once([path], asked, reading.cache, findings, lambda own: _table(path, reading, own, fitting))
    if suffix in decode.SUFFIXES:
        return _files(path, [Found(path, None)], reading, findings, fitting)
    raise DataError(path, f"a single {suffix or 'file'}", _EXPECTED)


def _asked(path: Path, reading: Reading, fitting: Fitting | None) -> list[Any]:
    """What decides what is read, beside the files themselves."""
    how = [reading.size, reading.channels, reading.crop, reading.background, reading.skip_broken]
    return [str(path), how, None if fitting is None else asdict(fitting)]


def parts_of(path: Path) -> list[Path]:
    """What could each be a split in a folder: its folders, or, where it has no pictures, its files of many."""
    if not path.is_dir():
        return []
    inside = [part for part in path.iterdir() if not part.name.startswith(".")]
    return [part for part in inside if part.is_dir()] or [part for part in inside if _of_many(part)]


def _of_many(path: Path) -> bool:
    """Whether a file holds many pictures, by its name; labels lie beside those of IDX."""
    if is_idx(path):
        return not is_labels(path)
    return path.suffix.lower() in (*arrays.SUFFIXES, *tables.SUFFIXES)


def _choose(sizes: Sequence[tuple[int, int]], grey: bool, path: Path, reading: Reading, findings: Findings) -> Fitting:
    return choose(sizes, grey, reading.size, reading.channels, reading.crop, reading.colour, path, findings)


def _folder(path: Path, reading: Reading, findings: Findings, fitting: Fitting | None) -> PictureSet:
    return _files(path, find_pictures(path, findings), reading, findings, fitting)


def _files(
    path: Path, found: Sequence[Found], reading: Reading, findings: Findings, fitting: Fitting | None
) -> PictureSet:
    fitting = fitting or _by_heads(decode.heads_of(one.path for one in found), path, reading, findings)
    background = reading.background
    each = ((partial(decode.read_picture, one.path, background, findings), one.label, one.path, None) for one in found)
    return _sound(each, len(found), path, fitting, reading, findings)


def _table(path: Path, reading: Reading, findings: Findings, fitting: Fitting | None) -> PictureSet:
    heads = list(decode.heads_of(row.content for row in tables.read_table(path, findings)))
    if not heads:
        raise DataError(path, "a table without rows", "pictures")
    fitting = fitting or _by_heads(heads, path, reading, findings)

    def decoded(row: tables.Row) -> np.ndarray:
        if row.content is None:
            raise DataError(path, "no bytes in place of a picture", "the bytes of a picture file", row.number)
        return decode.decode(row.content, path, reading.background, findings, row.number)

    each = ((partial(decoded, row), row.label, path, row.number) for row in tables.read_table(path, findings))
    return _sound(each, len(heads), path, fitting, reading, findings)


def _by_heads(heads: Iterable[decode.Head | None], path: Path, reading: Reading, findings: Findings) -> Fitting:
    known = [head for head in heads if head is not None]
    if not known:
        return Fitting(8, 1)  # nothing can be read: said file by file as they are decoded
    return _choose([head.size for head in known], all(head.grey for head in known), path, reading, findings)


def _sound(
    each: Iterable[Undecoded], count: int, path: Path, fitting: Fitting, reading: Reading, findings: Findings
) -> PictureSet:
    """Decode one after the other; what cannot be is said, all of it together, or left out where that was asked for."""
    damaged = Damaged(path, count)

    def decoded() -> Iterator[Decoded]:
        for read, label, file, line in each:
            pixels: np.ndarray | None = None
            with damaged.kept():
                pixels = read()
            if pixels is not None:
                yield pixels, label, file, line

    pictures = _fitted(decoded(), count, fitting, reading)
    damaged.settle(reading.skip_broken and len(pictures) > 0, findings)
    return pictures


def _fitted(rows: Iterable[Decoded], most: int, fitting: Fitting, reading: Reading) -> PictureSet:
    """The set itself: in memory, or, where it is large, in a file that is mapped into memory."""
    shape = (most, fitting.size, fitting.size, fitting.channels)
    labels: list[str | None] = []
    places: list[tuple[Path, int | None]] = []
    large = int(np.prod(shape)) > _IN_MEMORY
    pixels = _mapped(shape, reading.cache) if large else np.empty(shape, np.uint8)
    with kept_in_cache("the pictures", reading.cache):
        for one, label, file, line in rows:
            pixels[len(labels)] = fitting.fit(one)
            labels.append(label)
            places.append((file, line))
    return PictureSet(pixels[: len(labels)], labels, places)


def _mapped(shape: tuple[int, ...], cache: Path) -> np.ndarray:
    """An array in a file of the cache that has no name any more: it goes with the process, whatever ends it."""
    with kept_in_cache("the pictures", cache), tempfile.TemporaryFile(dir=cache, prefix="pictures-") as file:
        os.ftruncate(file.fileno(), int(np.prod(shape)))
        return np.memmap(file, np.uint8, "r+", shape=shape)
