"""The page around the sections: head, style, script, and a list of what is in it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from throughtime import __version__
from throughtime.reports.markup import Markup, Section, join, paragraph, text

# the browser itself is told to ask nothing of any network
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; media-src data:"
_HERE = Path(__file__).parent


def page(title: str, lead: Sequence[str], sections: Sequence[Section]) -> str:
    """A whole page.

    Args:
        title: of it.
        lead: sentences that say what it comes to.
        sections: in order.
    """
    style, script = ((_HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    anchored = [*map(_anchored, sections)]
    links = "".join(f'<a href="#{one.name}">{text(one.title)}</a>' for one in anchored)
    body = join(
        Markup(
            f'<section id="{one.name}" aria-labelledby="{one.name}-title">'
            f'<h2 id="{one.name}-title">{text(one.title)}</h2>\n{one.body}</section>'
        )
        for one in anchored
    )
    made = f"made by throughtime {__version__} on {time.strftime('%Y-%m-%d')}"
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>{text(title)}</title>
<style>
{style}</style>
</head>
<body>
<header><h1>{text(title)}</h1>
{join(paragraph(sentence) for sentence in lead)}
<nav aria-label="sections">{links}</nav></header>
<main>
{body}
</main>
<footer>{paragraph(made)}</footer>
<script>
{script}</script>
</body>
</html>
"""


def _anchored(section: Section) -> Section:
    """With a name that can be an anchor, whatever a file was called."""
    name = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in section.name)
    return Section(name, section.title, section.body)
