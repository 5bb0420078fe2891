"""Typefaces out of pinned packages, whose files are read and never installed."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

from throughtime.data.archives import read_members
from throughtime.data.sources import Carrier
from throughtime.errors import MissingExtraError

_OFL = "typefaces under the SIL Open Font License 1.1"
CARRIERS = (
    Carrier(
        "font-source-sans-pro",
        "0.0.1",
        "font_source_sans_pro-0.0.1-py3-none-any.whl",
        "2250396f565a0fea35726e56059216d1d5d75071d64d075ebdfec183b4b85765",
        f"Source Sans Pro; {_OFL}",
    ),
    Carrier(
        "font-source-serif-pro",
        "0.0.1",
        "font_source_serif_pro-0.0.1-py3-none-any.whl",
        "38dd9a8d8027d22aa8ef2d10d27d7c558701b32772ff9f3790f509577e91dca4",
        f"Source Serif Pro; {_OFL}",
    ),
    Carrier(
        "font-hanken-grotesk",
        "0.0.2",
        "font_hanken_grotesk-0.0.2-py3-none-any.whl",
        "7c3609e9bcdc2c9550b2a3baaed937eb7598fc1034e7df1ebcc4eb5489fa86f9",
        f"Hanken Grotesk; {_OFL}",
    ),
    Carrier(
        "font-amatic-sc",
        "0.0.4",
        "font_amatic_sc-0.0.4-py3-none-any.whl",
        "2db7342b0fc448ae8b9f64002b0998ccd0ed8f9307d0c823de8b95c53d01d11e",
        f"Amatic SC; {_OFL}",
    ),
    Carrier(
        "font-caladea",
        "0.0.2",
        "font_caladea-0.0.2-py3-none-any.whl",
        "eab5b77f1da830226524f419d16d4bc4cb5b68d2de0f47ef83760a8b202e94bc",
        "Caladea; typefaces under the Apache License 2.0",
    ),
    Carrier(
        "font-fredoka-one",
        "0.0.4",
        "font_fredoka_one-0.0.4-py3-none-any.whl",
        "f177fdb46dcb7be565a68ece3a7b353a92cf038554a037f57b6303f6a5478ff8",
        f"Fredoka One; {_OFL}",
    ),
)


@cache
def typefaces() -> dict[str, bytes]:
    """Typefaces by name: each weight and slope is one, in order of their names.

    Raises:
        ThroughtimeError: a package file cannot be had.
    """
    found: dict[str, bytes] = {}
    for carrier in CARRIERS:
        for name, content in read_members(carrier.path(), lambda member: member.endswith((".ttf", ".otf"))):
            # of faces that come in two formats the second is the same
            found.setdefault(name.rsplit("/", 1)[-1].rsplit(".", 1)[0], content)
    return dict(sorted(found.items()))


def face(name: str, size: int) -> Any:
    """A typeface at a size in pixels, to draw with.

    Raises:
        MissingExtraError: Pillow is not installed.
    """
    try:
        from PIL import ImageFont
    except ImportError as error:
        raise MissingExtraError("pillow", "pictures", "drawing glyphs") from error
    return ImageFont.truetype(io.BytesIO(typefaces()[name]), size)
