"""The account of what was read, data.json: of every split how many examples of what length and class, and findings."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, FiniteFloat, NonNegativeInt, ValidationError


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True)


class _Split(_Strict):
    examples: NonNegativeInt
    checksum: str
    unit: str
    median_length: FiniteFloat
    longest: FiniteFloat
    classes: dict[str, NonNegativeInt]


class _Splits(_Strict):
    train: _Split
    valid: _Split
    test: _Split


class _Finding(_Strict):
    level: str
    subject: str
    what: str
    count: NonNegativeInt
    places: list[list[str | int | None]]


class _Account(_Strict):
    splits: _Splits
    findings: list[_Finding]


def as_account(found: Any) -> dict[str, Any]:
    """What JSON has, if it is such an account: a run folder is input like any other.

    Raises:
        ValueError: it is none; says where.

    Example:
        >>> as_account({"splits": {}, "findings": []})
        Traceback (most recent call last):
            ...
        ValueError: splits.train: Field required
    """
    try:
        _Account.model_validate(found)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    return dict(found)
