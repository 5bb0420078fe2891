"""The built-in pictures: glyphs of our own renderer, drawn once and kept; and for quick trials handwritten digits."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from throughtime.data.findings import Findings
from throughtime.data.sources import kept_in_cache
from throughtime.data.splits import Splits
from throughtime.errors import MissingExtraError
from throughtime.storage.atomic import write_atomically
from throughtime.storage.written import read_arrays
from throughtime.tasks.pictures.glyphs.render import CHARACTERS, render
from throughtime.tasks.pictures.picture import Picture, PictureSet

_SIZES = {"train": 24_000, "valid": 2_000, "test": 4_000}
# to be raised when the renderer draws otherwise, so that an old cache is not taken for a new one
_KEPT = "glyphs-1-{split}.npz"


def glyphs(cache: Path) -> Splits[Picture]:
    """Ten digits and ten letters, 28 x 28, each split drawn by a seed of its own.

    Raises:
        ThroughtimeError: the packages that carry the typefaces cannot be had.
    """
    return Splits(**{split: _split(split, seed, count, cache) for seed, (split, count) in enumerate(_SIZES.items())})


def _split(split: str, seed: int, count: int, cache: Path) -> PictureSet:
    kept = cache / _KEPT.format(split=split)
    arrays = _read(kept)
    if arrays is None:
        pixels, classes = render(count, seed)
        content = io.BytesIO()
        np.savez_compressed(content, pixels=pixels, classes=classes)
        with kept_in_cache(kept.name, cache):
            write_atomically(kept, content.getvalue())
        arrays = {"pixels": pixels, "classes": classes}
    labels = [CHARACTERS[number] for number in arrays["classes"]]
    return PictureSet(arrays["pixels"], labels, [(Path(f"glyphs-{split}"), row) for row in range(1, count + 1)])


def _read(kept: Path) -> dict[str, np.ndarray[Any, Any]] | None:
    """What was kept; None if it is not there yet, or damaged (its checksums are the archive's own)."""
    try:
        arrays = read_arrays(kept)
        return arrays if {"pixels", "classes"} <= set(arrays) else None
    except Exception:  # a damaged archive raises whatever its broken part raises: it is drawn anew
        return None


def digits(findings: Findings) -> Splits[Picture]:
    """1,797 handwritten digits, 8 x 8, that come with scikit-learn (UCI; Alpaydin and Kaynak 1998), in their order.

    Raises:
        MissingExtraError: scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise MissingExtraError("scikit-learn", "pictures", "the built-in handwritten digits") from error
    bunch = load_digits()
    findings.taken("values", "from 0 to 16, made 0 to 255")
    pixels = np.round(bunch.images[..., None] * (255 / 16)).astype(np.uint8)
    count = len(pixels)
    labels, places = [str(label) for label in bunch.target], [(Path("digits"), row) for row in range(1, count + 1)]
    whole = PictureSet(pixels, labels, places)
    # neighbours were written by one hand: the last writers are held out
    return Splits(whole[: count * 8 // 10], whole[count * 8 // 10 : count * 9 // 10], whole[count * 9 // 10 :])
