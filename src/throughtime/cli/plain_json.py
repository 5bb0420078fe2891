"""JSON for other programs: what is no number is null, which JSON has, and not NaN, which it has not."""

from __future__ import annotations

import json
import math
from typing import Any


def plain_json(value: Any, indent: int | None = None) -> str:
    """A value as JSON that every program reads.

    Example:
        >>> plain_json({"nll": float("nan"), "words": ["a", "\u00fc"]})
        '{"nll": null, "words": ["a", "\u00fc"]}'
    """
    return json.dumps(_finite(value), ensure_ascii=False, allow_nan=False, indent=indent)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
