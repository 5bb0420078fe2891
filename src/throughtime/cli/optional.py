"""Numbers that may be absent, on the command line: a number, or the word none."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from tyro.constructors import ConstructorRegistry, PrimitiveConstructorSpec, PrimitiveTypeInfo

registry = ConstructorRegistry()
"""Active while a verb runs, `with registry:`; else tyro knows the word None alone, with a capital."""


@registry.primitive_rule
def number_or_none(info: PrimitiveTypeInfo) -> PrimitiveConstructorSpec[Any] | None:
    """How `int | None` and `float | None` are read; other types are not its business.

    Example:
        >>> import tyro
        >>> with registry:
        ...     print(tyro.cli(float | None, args=["none"]), tyro.cli(int | None, args=["3"]))
        None 3
    """
    if get_origin(info.type) not in (Union, UnionType):
        return None
    kinds = {kind for kind in get_args(info.type) if kind is not NoneType}
    if len(kinds) == len(get_args(info.type)) or kinds not in ({int}, {float}):
        return None
    (kind,) = kinds

    def read(words: list[str]) -> Any:
        try:
            return None if words[0].casefold() == "none" else kind(words[0])
        except ValueError:
            expected = "a whole number" if kind is int else "a number"
            raise ValueError(f"found {words[0]!r}, expected {expected} or the word none") from None

    def shown(value: Any) -> list[str]:
        return ["none" if value is None else str(value)]

    def fits(value: Any) -> bool:
        return value is None or isinstance(value, (int, kind))

    return PrimitiveConstructorSpec(1, f"none|{kind.__name__.upper()}", read, fits, shown)
