"""Times as tables write them: seconds, frames, milliseconds since 1970, dates, clocks."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from throughtime.data.findings import Findings
from throughtime.errors import DataError

_EPOCHS = {1e17: ("nanoseconds", 1e-9), 1e14: ("microseconds", 1e-6), 1e11: ("milliseconds", 1e-3)}
"""From which number on a time is no second of this age."""
_LARGEST = 1e19
_DAY = re.compile(r"(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2}):(\d{2}(?:[.,]\d+)?)")
_ORDERS = {
    "ymd": "year, month, day",
    "dmy": "day, month, year",
    "mdy": "month, day, year",
    "iso": "of ISO 8601",
    "clock": "a clock, and no date: seconds since midnight",
}
_EXPECTED = "a time, a number or a date such as 2024-05-01T12:00:00.4"


def read_times(path: Path, fields: Sequence[tuple[int, str]], unit: float | None, findings: Findings) -> list[float]:
    """Seconds.

    Args:
        path: the file, for messages.
        fields: the column of times, each with its line.
        unit: seconds that one unit lasts; None: 1, or as large numbers say.
        findings: how the times were understood.

    Raises:
        DataError: something else stands there.
    """
    times: list[float] = []
    dates: list[tuple[int, str]] = []
    for line, field in fields:
        try:
            time = float(field or "nan")
        except ValueError:
            dates.append((line, field))
            continue
        if math.isnan(time):
            raise DataError(path, f"no time ({field!r})", "a time in each row", line)
        if abs(time) > _LARGEST:
            raise DataError(path, f"a time of {field}", f"a finite number below {_LARGEST:g}", line)
        times.append(time)
    if dates:
        found = _dates(path, dates, findings)
        if times:
            raise DataError(path, "dates and numbers as times", "one of the two", dates[0][0])
        if unit is not None:
            findings.suspicious("times", "dates: the time unit that was told is not heeded", path)
        return found
    if unit is None:
        unit = 1.0
        least = min(map(abs, times), default=0.0)
        if (epoch := next((found for start, found in _EPOCHS.items() if least >= start), None)) is not None:
            name, unit = epoch
            findings.taken("times", f"{name} since 1970, as their size says", path)
        else:
            findings.taken("times", "one unit of the column is a second (or say --time-unit)", path)
    return [time * unit for time in times]


def in_two_parts(first: str, second: str) -> bool:
    """Whether two fields are a day and the time of that day.

    Example:
        >>> in_two_parts("2024-05-01", "12:00:00.4"), in_two_parts("12:00:00", "3.5")
        (True, False)
    """
    return bool(_DAY.fullmatch(first) and _CLOCK.fullmatch(second))


def _dates(path: Path, fields: Sequence[tuple[int, str]], findings: Findings) -> list[float]:
    """Seconds since 1970, without a zone those of Greenwich; or since midnight. All are in the order of the first."""
    order = _order(path, fields)
    since = "read as seconds since 1970"
    said = {"iso": f"dates, {since}", "clock": _ORDERS["clock"]}
    findings.taken("times", said.get(order, f"dates ({_ORDERS[order]}), {since}"), path)
    times = [_seconds(path, line, field, order) for line, field in fields]
    if order == "clock" and min(times) < 3600 and max(times) > 82_800:
        raise DataError(path, "clock times that pass midnight", "dates with them", fields[0][0])
    return times


def _order(path: Path, fields: Sequence[tuple[int, str]]) -> str:
    """In which order dates are written, by all of them.

    Raises:
        DataError: it may be either, or they are none.
    """
    line, first = fields[0]
    if _CLOCK.fullmatch(first):
        return "clock"
    day = _DAY.match(first)
    if day is None or (day[2] == "-" and len(day[1]) == 4):
        return "iso"
    if len(day[1]) == 4:
        return "ymd"
    if day[2] == ".":
        return "dmy"
    days = [found for _, field in fields if (found := _DAY.match(field)) is not None]
    if any(int(found[1]) > 12 for found in days):
        return "dmy"
    if any(int(found[3]) > 12 for found in days):
        return "mdy"
    expected = "dates that begin with their year, such as 2024-05-01"
    raise DataError(path, f"{first[:30]!r}, whose day may be {day[1]} or {day[3]}", expected, line)


def _seconds(path: Path, line: int, field: str, order: str) -> float:
    try:
        if order == "iso":
            when = datetime.fromisoformat(field)
            return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
        clock = _CLOCK.search(field)
        of_day = 0.0 if clock is None else 3600 * int(clock[1]) + 60 * int(clock[2]) + float(clock[3].replace(",", "."))
        if order == "clock":
            rest, start = _CLOCK.sub("", field), 0.0
        else:
            day = _DAY.match(field)
            rest = "" if day is None else _CLOCK.sub("", field[day.end() :])
            numbers = {} if day is None else dict(zip(order, (int(day[1]), int(day[3]), int(day[4])), strict=True))
            start = 86_400.0 * (date(numbers["y"], numbers["m"], numbers["d"]) - date(1970, 1, 1)).days
        if rest.strip(" T,") or not 0 <= of_day < 86_401:
            raise ValueError
    except (ValueError, KeyError, OverflowError):
        shown = field if len(field) <= 30 else f"{field[:30]}..."
        raise DataError(path, f"{shown!r}", _EXPECTED, line) from None
    return start + of_day
