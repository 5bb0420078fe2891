"""Times as tables write them: seconds, frames, milliseconds since 1970, dates of ISO 8601."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from throughtime.data.findings import Findings
from throughtime.errors import DataError

_EPOCHS = {1e17: ("nanoseconds", 1e-9), 1e14: ("microseconds", 1e-6), 1e11: ("milliseconds", 1e-3)}
"""From which number on a time is no second of this age."""
_LARGEST = 1e19


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
    times, dates = [], 0
    for line, field in fields:
        try:
            time = float(field or "nan")
        except ValueError:
            time, dates = _date(path, line, field), dates + 1
        if math.isnan(time):
            raise DataError(path, f"no time ({field!r})", "a time in each row", line)
        if abs(time) > _LARGEST:
            raise DataError(path, f"a time of {field}", f"a finite number below {_LARGEST:g}", line)
        times.append(time)
    if dates:
        if dates < len(times):
            raise DataError(path, "dates and numbers as times", "one of the two", fields[0][0])
        findings.taken("times", "dates, read as seconds since 1970", path)
        if unit is not None:
            findings.suspicious("times", "dates: the time unit that was told is not heeded", path)
        return times
    if unit is None:
        unit = 1.0
        least = min(map(abs, times), default=0.0)
        if (epoch := next((found for start, found in _EPOCHS.items() if least >= start), None)) is not None:
            name, unit = epoch
            findings.taken("times", f"{name} since 1970, as their size says", path)
        else:
            findings.taken("times", "one unit of the column is a second (or say --time-unit)", path)
    return [time * unit for time in times]


def _date(path: Path, line: int, field: str) -> float:
    """Seconds since 1970; without a zone that of Greenwich."""
    try:
        date = datetime.fromisoformat(field)
    except ValueError:
        shown = field if len(field) <= 30 else f"{field[:30]}..."
        raise DataError(path, f"{shown!r}", "a time, a number or a date such as 2024-05-01T12:00:00.4", line) from None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
