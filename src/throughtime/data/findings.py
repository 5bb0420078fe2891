"""What reading found: what was taken for what, what was left out, what looks wrong. Nothing is guessed in silence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from throughtime.errors import DataError

Level = Literal["suspicious", "left out", "taken"]
"""From the worst: it looks wrong; something was left out, cut or merged; so it was understood."""

LEVELS: tuple[Level, ...] = get_args(Level)
STYLES: Mapping[Level, str] = {"suspicious": "yellow", "left out": "cyan", "taken": "dim"}
"""How each is shown on a terminal."""
MOST_PLACES = 20
"""Places that a finding names; more are counted alone."""


class Place(NamedTuple):
    """Where something was found: a file, and the line or row there, from 1 (None: all of it)."""

    path: str
    line: int | None = None

    def __str__(self) -> str:
        return self.path if self.line is None else f"{self.path}, line {self.line}"


@dataclass(frozen=True)
class Finding:
    """One thing that was found, once or many times.

    Args:
        level: how bad it is.
        subject: what it is about, in a word or two, the same for all of its kind: "delimiter", "empty texts".
        what: what was found, about one of them: "a semicolon", "a row without a text".
        count: how often.
        places: where, the first of them.
    """

    level: Level
    subject: str
    what: str
    count: int = 1
    places: tuple[Place, ...] = ()

    def __str__(self) -> str:
        """One line for people.

        Example:
            >>> places = (Place("a.csv", 4), Place("a.csv", 9))
            >>> print(Finding("left out", "empty texts", "a row without a text", 2, places))
            empty texts: a row without a text, 2 times (a.csv, lines 4, 9)
        """
        times = f", {self.count:,} times" if self.count > 1 else ""
        where = f" ({self._where()})" if self.places else ""
        return f"{self.subject}: {self.what}{times}{where}"

    def _where(self, most: int = 5) -> str:
        """The first places, the lines of one file together."""
        lines: dict[str, list[str]] = {}
        for place in self.places[:most]:
            lines.setdefault(place.path, []).extend([] if place.line is None else [str(place.line)])
        files = [
            path + (f", line{'s' * (len(some) > 1)} {', '.join(some)}" if some else "") for path, some in lines.items()
        ]
        return "; ".join(files) + ("; ..." if self.count > min(most, len(self.places)) > 0 else "")


class Findings:
    """Collects what readers find; the same thing found again is counted, not repeated.

    Readers take one as an argument and fill it; a task has one (`task.findings`) that its readers fill.

    Example:
        >>> findings = Findings()
        >>> findings.taken("delimiter", "a semicolon", Path("a.csv"))
        >>> for line in (4, 9):
        ...     findings.left_out("empty texts", "a row without a text", Path("a.csv"), line)
        >>> [finding.count for finding in findings], findings.worst
        ([2, 1], 'left out')
    """

    def __init__(self, findings: Iterable[Finding] = ()) -> None:
        self._found: dict[tuple[Level, str, str], Finding] = {}
        for finding in findings:
            self.add(finding)

    def taken(self, subject: str, what: str, path: Path | None = None, line: int | None = None) -> None:
        """It was understood so: a delimiter, a column, a scheme of tags, where the splits come from."""
        self._note("taken", subject, what, path, line, 1)

    def left_out(
        self, subject: str, what: str, path: Path | None = None, line: int | None = None, count: int = 1
    ) -> None:
        """It was left out, cut or merged."""
        self._note("left out", subject, what, path, line, count)

    def suspicious(
        self, subject: str, what: str, path: Path | None = None, line: int | None = None, count: int = 1
    ) -> None:
        """It was taken as it is, and looks wrong."""
        self._note("suspicious", subject, what, path, line, count)

    def _note(self, level: Level, subject: str, what: str, path: Path | None, line: int | None, count: int) -> None:
        places = () if path is None else (Place(str(path), line),)
        self.add(Finding(level, subject, what, count, places))

    def add(self, finding: Finding) -> None:
        """Take in a finding; one of the same level, subject and words is added to."""
        key = (finding.level, finding.subject, finding.what)
        if (before := self._found.get(key)) is not None:
            places = before.places
            if len(places) < MOST_PLACES:
                places = tuple(dict.fromkeys((*places, *finding.places)))[:MOST_PLACES]
            # what a file was taken for is the same thing however often it is read
            count = before.count if finding.level == "taken" else before.count + finding.count
            finding = Finding(*key, count, places)
        self._found[key] = finding

    def clear(self) -> None:
        """Forget all: something else is read from now on."""
        self._found.clear()

    def __iter__(self) -> Iterator[Finding]:
        """The worst first; those of one level in the order in which they were found."""
        return iter(sorted(self._found.values(), key=lambda finding: LEVELS.index(finding.level)))

    def __len__(self) -> int:
        return len(self._found)

    @property
    def worst(self) -> Level | None:
        """The worst level among them; None where nothing was found."""
        return next((finding.level for finding in self), None)

    def to_json(self) -> list[dict[str, Any]]:
        """As they are stored."""
        return [asdict(finding) | {"places": [list(place) for place in finding.places]} for finding in self]

    @classmethod
    def from_json(cls, path: Path, stored: Any) -> Findings:
        """What `to_json` gave.

        Raises:
            DataError: it is something else; the sentence names the file that it stood in.
        """
        try:
            for one in stored:
                LEVELS.index(one["level"])
            return cls(Finding(**{**one, "places": tuple(Place(*place) for place in one["places"])}) for one in stored)
        except (TypeError, KeyError, ValueError) as error:
            raise DataError(path, f"no findings ({error})", "what training wrote there") from error
