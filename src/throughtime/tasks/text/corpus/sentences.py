"""The lines of a text, each an example of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from throughtime.data.findings import Findings
from throughtime.data.tokens.tokens import Tokenizer
from throughtime.errors import DataError, ThroughtimeError

_AT_ONCE = 2**22  # tokens that are looked at for ends of lines


class Sentences(Sequence[dict[str, NDArray[np.int64]]]):
    """Lines with their end, as a loader takes them: `inputs` one token behind `targets`, first the end of a line.

    Blank lines and those of more than `longest` tokens are left out, and so is what the end of a text leaves without an
    end of its line.

    Args:
        ids: (N,) tokens of the text, may be a memory map.
        tokenizer: whose.
        longest: tokens of a line, its end not counted.
        path: where the text comes from, for messages.

    Raises:
        DataError: no line is left.

    Example:
        >>> from throughtime.data.tokens.tokens import Characters
        >>> letters = Characters("\\nab")
        >>> lines = Sentences(letters.encode("ab\\n\\nbabab\\nb\\n"), letters, longest=4, path=Path("ab.txt"))
        >>> len(lines), lines[0]["inputs"].tolist(), lines[0]["targets"].tolist(), lines.long
        (2, [1, 2, 3], [2, 3, 1], 1)
    """

    def __init__(self, ids: NDArray[Any], tokenizer: Tokenizer, longest: int, path: Path) -> None:
        self.ids, self.begin, self.longest = ids, tokenizer.start, longest
        stops = _ends(ids, line_ends(tokenizer))
        starts = np.concatenate([[0], stops[:-1]]) if len(stops) else stops
        lengths = stops - starts
        long = lengths - 1 > longest
        self.long, self.blank = int(long.sum()), int((lengths == 1).sum())
        self.open = len(ids) - int(stops[-1] if len(stops) else 0)
        kept = ~long & (lengths > 1)
        if not kept.any():
            found = f"no line of 1 to {longest} tokens (blank: {self.blank:,}, longer: {self.long:,})"
            raise DataError(path, found, "at least one: see --longest")
        self._starts, self._stops = starts[kept], stops[kept]

    def __len__(self) -> int:
        """How many lines."""
        return len(self._starts)

    def __getitem__(self, index: Any) -> Any:
        """The line of that number."""
        targets = self.ids[self._starts[index] : self._stops[index]].astype(np.int64)
        return sentence(targets, self.begin)

    def note(self, name: str, findings: Findings) -> None:
        """Tell what was left out of a split."""
        if self.blank:
            findings.left_out("lines", f"a blank line of {name}", count=self.blank)
        if self.open:
            findings.left_out("lines", f"the rest of a line of {name} without an end")
        if self.long:
            note = findings.suspicious if self.long > len(self) else findings.left_out
            note("lines", f"a line of {name} of more than {self.longest} tokens, left out", count=self.long)


def sentence(targets: NDArray[np.int64], begin: int) -> dict[str, NDArray[np.int64]]:
    """A line with its end as an example; `begin` stands before it."""
    return {"inputs": np.concatenate([[begin], targets[:-1]]), "targets": targets}


def first_line(argument: str, lines: Iterable[str], findings: Findings) -> str:
    """The sentence that an option stands for: of the lines of what it names the first that is not blank.

    Args:
        argument: the option: a sentence, or a file.
        lines: what it stands for.
        findings: is told of further lines.

    Raises:
        ThroughtimeError: all of them are blank.
    """
    found = (line.strip() for line in lines if line.strip())
    first = next(found, None)
    if first is None:
        raise ThroughtimeError(f"{argument!r}: found nothing but white space, expected a sentence")
    if rest := sum(1 for _ in found):
        findings.left_out("lines", "a line after the first, which was asked for", Path(argument), count=rest)
    return first


def line_ends(tokenizer: Tokenizer) -> NDArray[np.int64]:
    """The tokens with which a line may end: byte pairs have several, with the spaces before."""
    return np.flatnonzero(["\n" in tokenizer.decode([index]) for index in range(tokenizer.size)])


def _ends(ids: NDArray[Any], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """The places behind each end of a line."""
    starts = range(0, len(ids), _AT_ONCE)
    found = [start + 1 + np.flatnonzero(np.isin(ids[start : start + _AT_ONCE], ends)) for start in starts]
    return np.concatenate(found) if found else np.zeros(0, np.int64)
