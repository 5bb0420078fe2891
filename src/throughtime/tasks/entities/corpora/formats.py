"""What a file is, by what stands in it and never by its name: JSON lines, CoNLL columns, or a text a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby, islice
from typing import Literal

from throughtime.tasks.entities.corpora.notation import notation_of
from throughtime.tasks.entities.corpora.rows import Block, Row, is_aside, is_numbered, split_line
from throughtime.tasks.entities.corpora.schemes import OUTSIDE

Format = Literal["json", "columns", "texts", "words"]
"""Words: one a line, which may be a column of words or short texts; what stands there does not tell."""
_LOOKED_AT = 2_000  # lines
_ALIKE = 0.9  # of them with as many fields: one that has more or fewer is a fault, and named by the reader
_ENDS = frozenset(".!?")


def looks_like_json(content: str) -> bool:
    """Whether a file's content begins as JSON does and CoNLL columns do not."""
    return "".join(content[:200].split()).startswith(('{"', '["', '[{"', '[["'))


def format_of(content: str) -> Format:
    """What a file to be answered is.

    It has columns if almost all lines have as many fields and a column of these holds tags, or the first counts words,
    or a mark that ends sentences stands in the last line before an empty one.

    Example:
        >>> [format_of(content) for content in ("Ann B-PER\\nran O\\n", "Ann ran .\\nBo sat .\\n", "Ann\\nran\\n.\\n")]
        ['columns', 'texts', 'columns']
    """
    if looks_like_json(content):
        return "json"
    lines = list(islice(content.split("\n"), _LOOKED_AT))
    written = [line for line in lines if line.strip() and not is_aside(line)]
    if not written:
        return "texts"
    tabs = "\t" in written[0]
    (width, count), *_ = Counter(len(split_line(line, tabs)) for line in written).most_common(1)
    if count < _ALIKE * len(written):
        return "texts"
    blocks = _blocks(lines, tabs, width)
    rows = [row.fields for block in blocks for row in block.rows]
    tagged = width > 1 and any(_are_tags({fields[at] for fields in rows}, bare=at > 0) for at in range(width))
    ended = len(rows) > len(blocks) and any(block.rows[-1].fields[0] in _ENDS for block in blocks)
    if tagged or ended or (width > 1 and is_numbered(blocks)):
        return "columns"
    return "texts" if width > 1 else "words"


def _blocks(lines: Sequence[str], tabs: bool, width: int) -> list[Block]:
    """The lines of this width, apart by empty ones."""
    blocks = []
    for empty, some in groupby(enumerate(lines, 1), key=lambda numbered: not numbered[1].strip()):
        fields = ((number, split_line(line, tabs)) for number, line in some if not is_aside(line))
        rows = [Row(number, these) for number, these in fields if len(these) == width]
        if rows and not empty:
            blocks.append(Block(rows, 0))
    return blocks


def _are_tags(kinds: set[str], *, bare: bool) -> bool:
    """Whether a column holds tags; words of few kinds look like bare labels, so the first column must have others."""
    notation = notation_of(kinds)
    return (
        notation is not None
        and (bare or not notation.bare)
        and bool(kinds & {OUTSIDE, OUTSIDE.lower()})
        and len(kinds) > 1
    )
