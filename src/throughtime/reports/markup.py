"""Pieces of HTML. Whatever comes from outside passes through `text`, so that no name and no datum becomes markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from math import isfinite


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Cell = str | int | float | Markup | None

_MOST_ROWS = 200
_LONGEST = 400  # characters of a cell
_CONTROLS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF], "�")
_CONTROLS |= {ord(blank): blank for blank in "\t\n"}


@dataclass(frozen=True)
class Section:
    """A part of a page.

    Args:
        name: its anchor.
        title: for people.
        body: all of it but the title.
    """

    name: str
    title: str
    body: Markup


def text(value: str) -> Markup:
    """Any text as HTML; what no page may hold (control characters, halves of characters) is replaced.

    Example:
        >>> text('<b class="a">&\\x00')
        '&lt;b class=&quot;a&quot;&gt;&amp;�'
    """
    return Markup(escape(value.translate(_CONTROLS)))


def join(pieces: Iterable[Markup], between: str = "\n") -> Markup:
    """Pieces one after the other."""
    return Markup(between.join(pieces))


def paragraph(sentence: str, kind: str = "") -> Markup:
    """A sentence by itself; `kind` is a class of the style sheet."""
    return Markup(f"<p{f' class={kind}' if kind else ''}>{text(sentence)}</p>")


def number(value: float) -> str:
    """A number for people.

    Example:
        >>> number(12345), number(73.0), number(0.123456), number(float("nan"))
        ('12,345', '73', '0.1235', 'nan')
    """
    return f"{int(value):,}" if isfinite(value) and value == int(value) and abs(value) < 1e15 else f"{value:.4g}"


def table(columns: Sequence[str], rows: Sequence[Sequence[Cell]], caption: str = "", kind: str = "") -> Markup:
    """A table that sorts by each of its columns.

    Args:
        columns: heads.
        rows: cells: numbers, texts, or what is HTML already.
        caption: what it is of.
        kind: class of the style sheet; `first`: the first row stands out.
    """
    shown = rows[:_MOST_ROWS]
    numbers = [all(isinstance(row[at], (int, float, type(None))) for row in rows) for at in range(len(columns))]
    heads = "".join(
        f'<th scope="col"{" class=number" if numeric else ""}>{text(_cut(column))}</th>'
        for column, numeric in zip(columns, numbers, strict=True)
    )
    marks = (" data-first" if kind == "first" and place == 0 else "" for place in range(len(shown)))
    body = "\n".join(f"<tr{mark}>{''.join(map(_cell, row))}</tr>" for mark, row in zip(marks, shown, strict=True))
    more = paragraph(f"and {len(rows) - len(shown):,} more rows", "note") if len(rows) > len(shown) else ""
    title = f"<caption>{text(caption)}</caption>" if caption else ""
    # what is wider than the window scrolls by itself, also by keyboard
    return Markup(
        f'<div class="wide" tabindex="0" role="region" aria-label="{text(caption or "table")}">'
        f'<table class="sorts {kind}">{title}<thead><tr>{heads}</tr></thead>\n<tbody>{body}</tbody></table></div>{more}'
    )


def _cell(value: Cell) -> str:
    if value is None:
        return "<td></td>"
    if isinstance(value, str):
        return f"<td>{value if isinstance(value, Markup) else text(_cut(value))}</td>"
    # a column is sorted by the numbers themselves, not by how they are shown
    return f'<td class="number" data-value="{float(value)!r}">{number(value)}</td>'


def matrix(title: str, names: Sequence[str], counts: Sequence[Sequence[float]]) -> Markup:
    """How often each class (rows) was answered by each (columns), shaded by the share of its row."""
    heads = "".join(f'<th scope="col">{text(_cut(name))}</th>' for name in names)
    rows = []
    for place, (name, row) in enumerate(zip(names, counts, strict=True)):
        total = sum(row) or 1
        cells = "".join(
            f'<td class="number{" right" if at == place else ""}" style="--share:{count / total:.3f}" '
            f'title="{text(name)} answered as {text(names[at])}: {count / total:.1%}">{number(count)}</td>'
            for at, count in enumerate(row)
        )
        rows.append(f'<tr><th scope="row">{text(_cut(name))}</th>{cells}</tr>')
    return Markup(
        f'<div class="wide" tabindex="0" role="region" aria-label="{text(title)}"><table class="matrix">'
        f"<caption>{text(title)}</caption><thead><tr><td></td>{heads}</tr></thead>\n<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _cut(value: str) -> str:
    return value if len(value) <= _LONGEST else f"{value[: _LONGEST - 3]}..."
