"""One picture file, of whatever kind, as an array: turned upright, in eight bits, grey or in colour."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from throughtime.data.findings import Findings
from throughtime.errors import DataError, MissingExtraError

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".ppm", ".pgm")
MOST_PIXELS = 100_000_000
"""Pixels that one file may unpack to: more is taken for an attack, or is no picture to learn from as it is."""
LARGEST_FILE = 256 * 2**20
_EXPECTED = "a picture (PNG, JPEG, WebP, GIF, BMP, TIFF)"
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")


def pillow() -> Any:
    """The module PIL.Image.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtraError("pillow", "pictures", "reading pictures") from error
    return Image


def read_picture(path: Path, background: str = "white", findings: Findings | None = None) -> np.ndarray:
    """A picture file as (H, W, 1) or (H, W, 3) uint8.

    What the camera noted on which side is up (EXIF) is heeded; of an animation the first frame is taken; 16 bits become
    8; CMYK, palettes and other ways of colour become red, green and blue; transparency is laid over the background.

    Args:
        path: the file; its content says what it is, not its name.
        background: a colour's name or #rrggbb, seen through what is transparent.
        findings: of reading.

    Raises:
        DataError: no picture, cut off, damaged, or too large.
    """
    findings = Findings() if findings is None else findings
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise DataError(path, f"a file of {path.stat().st_size:,} bytes", f"at most {LARGEST_FILE:,}")
        content = path.read_bytes()
    except OSError as error:
        raise DataError(path, f"a file that cannot be read ({error.strerror})", _EXPECTED) from error
    return decode(content, path, background, findings)


class Head(NamedTuple):
    """What a picture file says before its pixels: height and width as it is to be seen, and whether it is grey."""

    size: tuple[int, int]
    grey: bool


def heads_of(files: Iterable[Path | bytes | None]) -> Iterator[Head | None]:
    """The head of each file or content of one; None of what is none, which is said in a sentence when it is decoded."""
    image = pillow()
    for file in files:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                with image.open(io.BytesIO(file) if isinstance(file, bytes) else file, formats=_FORMATS) as opened:
                    turned = opened.getexif().get(274, 1) in (5, 6, 7, 8)
                    grey = opened.mode in ("1", "L", "LA", "I", "F") or opened.mode.startswith("I;16")
                    yield Head((opened.width, opened.height) if turned else (opened.height, opened.width), grey)
        except Exception:  # each format's decoder raises what it likes
            yield None


def decode(content: bytes, path: Path, background: str, findings: Findings, line: int | None = None) -> np.ndarray:
    """As `read_picture`, of a file's content; `path` and `line` are where it stood."""
    if not content:
        raise DataError(path, "an empty file", _EXPECTED, line)
    with _decoding(path, line), pillow().open(io.BytesIO(content), formats=_FORMATS) as opened:
        if opened.width * opened.height > MOST_PIXELS:
            found = f"a picture of {opened.width:,} x {opened.height:,} pixels"
            raise DataError(path, found, f"at most {MOST_PIXELS:,} pixels", line)
        if getattr(opened, "n_frames", 1) > 1:
            findings.left_out("animations", "all frames of an animation but the first", path, line)
        opened.load()
        return _pixels(opened, path, background, findings, line)


@contextmanager
def _decoding(path: Path, line: int | None) -> Iterator[None]:
    """Turn whatever comes of decoding a damaged or hostile file into one sentence."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's own bound on pixels warns at less than ours
            yield
    except (DataError, MissingExtraError, MemoryError):
        raise
    except pillow().DecompressionBombError as error:
        raise DataError(path, "far more pixels than any picture has", f"at most {MOST_PIXELS:,}", line) from error
    except Exception as error:  # each format's decoder raises what it likes
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        if "cannot identify image file" in reason:
            raise DataError(path, "no picture that can be read", _EXPECTED, line) from error
        raise DataError(path, f"a damaged picture ({reason})", _EXPECTED, line) from error


def _pixels(opened: Any, path: Path, background: str, findings: Findings, line: int | None) -> np.ndarray:
    from PIL import ImageOps

    upright = ImageOps.exif_transpose(opened)
    if upright.size != opened.size or upright.tobytes() != opened.tobytes():
        findings.taken("orientation", "turned upright as the camera noted", path, line)
    mode = upright.mode
    if mode.startswith("I;16") or mode in ("I", "F"):
        return _eight_bits(np.asarray(upright), path, findings, line)
    if mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in upright.info:
        findings.taken("transparency", f"laid over {background}", path, line)
        layer = upright.convert("RGBA")
        ground = pillow().new("RGBA", layer.size, background)
        flat = pillow().alpha_composite(ground, layer).convert("RGB")
        return _as_grey_if_grey(np.asarray(flat)) if mode in ("LA", "La", "PA", "P") else np.asarray(flat)
    if mode in ("1", "L"):
        return np.asarray(upright.convert("L"))[..., None]
    if mode == "CMYK":
        findings.taken("colours", "CMYK turned into red, green and blue", path, line)
    return np.asarray(upright.convert("RGB"))


def _eight_bits(values: np.ndarray, path: Path, findings: Findings, line: int | None) -> np.ndarray:
    """Grey values of more bits: 0 to 65535 (or to the largest, if that is more) become 0 to 255."""
    findings.taken("depth", "more than 8 bits a pixel, reduced to 8", path, line)
    numbers = np.nan_to_num(values.astype(np.float64))
    whole = 65535.0 if numbers.max(initial=0) <= 65535 and values.dtype.kind != "f" else max(1.0, float(numbers.max()))
    return np.round(numbers.clip(0, whole) / whole * 255).astype(np.uint8)[..., None]


def _as_grey_if_grey(pixels: np.ndarray) -> np.ndarray:
    grey = (pixels[..., :1] == pixels).all()
    return pixels[..., :1] if grey else pixels
