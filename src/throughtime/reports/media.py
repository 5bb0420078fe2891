"""Pictures inside a page, made small enough for it."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from throughtime.reports.markup import Markup, join, paragraph, text

_PICTURE, _DRAWING = (512, 512), (960, 1600)  # pixels that are kept of one, at most
_COLOURS = 96  # of a drawing
_MOST_PIXELS = 100_000_000  # beyond which a file is no picture that a run has drawn
ROOM = 600_000
"""Characters that the pictures of one page take together."""


class Album:
    """The pictures of one page; when it is full, those that are left out are counted."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = room

    def figures(self, pictures: Iterable[tuple[Path, str]], *, drawings: bool = False) -> Markup:
        """Pictures side by side, each with what it shows; drawings that have words in them as large as the page."""
        shown, left_out = [], 0
        for path, what in pictures:
            encoded = _encoded(path, drawings)
            if encoded is None or len(encoded) > self._room:
                left_out += 1
                continue
            self._room -= len(encoded)
            caption = f"<figcaption>{text(what)}</figcaption>"
            shown.append(f'<figure><img src="{encoded}" alt="{text(what)}">{caption}</figure>')
        more = f"{left_out} more pictures lie in the run folder" if left_out else ""
        gallery = f'<div class="{"drawings" if drawings else "pictures"}">{"".join(shown)}</div>' if shown else ""
        return join([Markup(gallery), paragraph(more, "note") if more else Markup("")])


def spread(paths: Sequence[Path], most: int) -> list[Path]:
    """At most so many, the first and the last among them."""
    if len(paths) <= most:
        return list(paths)
    return [paths[round(at * (len(paths) - 1) / (most - 1))] for at in range(most)]


def _encoded(path: Path, drawings: bool) -> str | None:
    """A picture as an address that holds it; None where it cannot be read."""
    from PIL import Image

    try:
        with Image.open(path) as opened:
            if opened.width * opened.height > _MOST_PIXELS:
                return None
            picture = opened.convert("L" if opened.mode in ("1", "L") else "RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    picture.thumbnail(_DRAWING if drawings else _PICTURE)
    flat = picture.quantize(_COLOURS) if drawings else picture
    files = {}
    for form, version, options in (("PNG", flat, {"optimize": True}), ("JPEG", picture, {"quality": 85})):
        content = io.BytesIO()
        version.save(content, form, **options)
        files[form.lower()] = content.getvalue()
    form, smaller = min(files.items(), key=lambda item: len(item[1]))
    return f"data:image/{form};base64,{base64.b64encode(smaller).decode()}"
