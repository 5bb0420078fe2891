"""Words with bars: a sentence a line, each word joined to its tag, as WikiNER writes them: Ann|NNP|B-PER."""

from __future__ import annotations

from itertools import islice

from throughtime.tasks.entities.corpora.notation import notation_of
from throughtime.tasks.entities.corpora.tagged import Tagged

_LOOKED_AT = 200  # lines
_MOST_FIELDS = 4


def has_bars(content: str) -> bool:
    """Whether a file is of such lines: all their words have as many bars, and tags after the last.

    Example:
        >>> has_bars("Ann|NNP|I-PER sat|VBD|O\\n"), has_bars("Ann sat | Bo ran\\n")
        (True, False)
    """
    lines = [line for line in islice(content.split("\n"), _LOOKED_AT) if line.strip()]
    words = [word for line in lines for word in line.split()]
    if not words or not all(1 < word.count("|") + 1 <= _MOST_FIELDS for word in words if word.strip("|")):
        return False
    kinds = {word.rsplit("|", 1)[-1] for word in words}
    notation = notation_of(kinds)
    return notation is not None and bool(kinds & {"O", "o"})


def read_bars(content: str) -> list[Tagged]:
    """The sentences of such a file."""
    found = []
    for line, text in enumerate(content.split("\n"), 1):
        if text.strip():
            fields = [word.split("|") for word in text.split()]
            # a word may be a bar itself
            found.append(Tagged(line, [one[0] or "|" for one in fields], [one[-1] for one in fields]))
    return found
