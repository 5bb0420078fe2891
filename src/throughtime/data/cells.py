"""The cells of a row: values of JSON as they would stand in a table, and words for yes and no."""

from __future__ import annotations

import json
import math
from typing import Any

_YES, _NO = {"1", "1.0", "true", "yes", "y", "x"}, {"0", "0.0", "false", "no", "n", ""}


def cell(value: Any) -> str:
    """A JSON value as it would stand in a table.

    Example:
        >>> cell(1.0), cell(None), cell(float("nan")), cell("good"), cell(["a"])
        ('1', '', '', 'good', '["a"]')
    """
    if value is None or is_nan(value):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else json.dumps(value)


def is_nan(value: Any) -> bool:
    """Whether it is the number that is none, as pandas writes what is missing."""
    return isinstance(value, float) and math.isnan(value)


def shown(value: Any) -> str:
    """A JSON value as messages show it."""
    text = json.dumps(value)
    return text if len(text) <= 30 else f"{text[:30]}..."


def yes_or_no(cell: str) -> bool | None:
    """Whether a cell says that a text is of the class that its column stands for; None: it says something else.

    Example:
        >>> yes_or_no("1.0"), yes_or_no("FALSE"), yes_or_no(""), yes_or_no("0.7")
        (True, False, False, None)
    """
    word = cell.strip().lower()
    return True if word in _YES else False if word in _NO else None
