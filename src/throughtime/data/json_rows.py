"""The rows of a JSON file: one a line, or the items of an array, each with the line where it begins."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from throughtime.errors import DataError

ONE_A_LINE = "one JSON object a line"
_SPACE = re.compile(r"[ \t\n\r]*")
_BEGINS_ARRAY = re.compile(
    r"[ \t\n\r]*\[[ \t\n\r]*[\[{\]]"
)  # a line may be an array, too, but of a text and something more
_LISTS = ("data", "annotations", "rows", "examples", "items", "train")
"""What an object may call the list of its rows, where the whole file is one."""
_OF_A_ROW = ("text", "sentence", "content", "tokens", "words", "translation")


def json_rows(path: Path, content: str) -> Iterator[tuple[int, Any]]:
    """Each value of a file with its line, from 1.

    Read are JSON lines (a value may go on over several), an array of objects, and one object that holds such an array
    as `data`, `annotations`, `rows`, `examples`, `items` or `train`, or the columns of a table as pandas writes it.

    Args:
        path: the file, for messages.
        content: what is in it.

    Raises:
        DataError: it is no JSON, at which line and why.

    Example:
        >>> list(json_rows(Path("a.json"), '[{"text": "a"},\\n {"text": "b"}]'))
        [(1, {'text': 'a'}), (2, {'text': 'b'})]
    """
    if _BEGINS_ARRAY.match(content):
        yield from _items(path, content)
        return
    values = _values(path, content)
    first = next(values, None)
    if first is None:
        return
    second = next(values, None)
    rows = None if second is not None or not isinstance(first[1], dict) else _list_in(first[1])
    if rows is not None:
        yield from ((number, row) for number, row in enumerate(rows, 1))
        return
    yield first
    if second is not None:
        yield second
        yield from values


def _list_in(value: dict[str, Any]) -> list[Any] | None:
    """The rows of an object that is a whole file; None: it is a row itself."""
    if len(value) > 1 and all(isinstance(column, dict) and column for column in value.values()):
        return _rows_of_columns(value)
    if any(name in value for name in _OF_A_ROW) or isinstance(value.get("data"), dict):
        return None
    lists = (value[name] for name in _LISTS if isinstance(value.get(name), list))
    return next((rows for rows in lists if rows and all(isinstance(row, (dict, list)) for row in rows)), None)


def _rows_of_columns(columns: dict[str, dict[str, Any]]) -> list[Any] | None:
    """The rows of columns by their numbers, as pandas writes a table; None: they are none."""
    numbers = next(iter(columns.values())).keys()
    if not all(number.isdecimal() for number in numbers) or any(one.keys() != numbers for one in columns.values()):
        return None
    return [{name: column[number] for name, column in columns.items()} for number in numbers]


def _values(path: Path, content: str) -> Iterator[tuple[int, Any]]:
    """Values one after the other, with white space between."""
    decoder, line, counted, at = json.JSONDecoder(), 1, 0, 0
    while (at := _after_space(content, at)) < len(content):
        line, counted = line + content.count("\n", counted, at), at
        value, at = _decoded(path, decoder, content, at, line)
        yield line, value


def _items(path: Path, content: str) -> Iterator[tuple[int, Any]]:
    """The items of the array that a file is."""
    decoder, line, counted = json.JSONDecoder(), 1, 0
    at = _after_space(content, _after_space(content, 0) + 1)
    while content[at : at + 1] != "]":
        line, counted = line + content.count("\n", counted, at), at
        value, at = _decoded(path, decoder, content, at, line)
        yield line, value
        at = _after_space(content, at)
        if content[at : at + 1] == ",":
            at = _after_space(content, at + 1)
        elif content[at : at + 1] != "]":
            found = "an array that is never closed" if at >= len(content) else f"{content[at : at + 20]!r}"
            raise DataError(path, f"no JSON ({found} after an item)", "an array of objects", line)
    if (rest := _after_space(content, at + 1)) < len(content):
        line = content.count("\n", 0, rest) + 1
        raise DataError(path, "something after the end of a JSON array", "an array of objects, and nothing else", line)


def _decoded(path: Path, decoder: json.JSONDecoder, content: str, at: int, line: int) -> tuple[Any, int]:
    try:
        return decoder.raw_decode(content, at)
    except json.JSONDecodeError as error:
        where = "" if error.lineno == line else f", line {error.lineno}"
        raise DataError(path, f"no JSON ({error.msg}{where})", ONE_A_LINE, line) from error
    except (ValueError, RecursionError) as error:
        raise DataError(path, f"no JSON ({error})", ONE_A_LINE, line) from error


def _after_space(content: str, at: int) -> int:
    match = _SPACE.match(content, at)
    return at if match is None else match.end()
