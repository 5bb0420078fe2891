"""Answers in a file: a table, JSON lines, or as they are printed; whole, or not there at all."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from throughtime.cli.plain_json import plain_json
from throughtime.errors import ThroughtimeError
from throughtime.storage.atomic import write_atomically
from throughtime.tasks.base import Prediction

_TABLES = {".csv": ",", ".tsv": "\t"}
_JSON = (".jsonl", ".ndjson")


def write_answers(path: Path, predictions: Iterable[Prediction], rendered: Callable[[Prediction], str]) -> None:
    """Write one answer after the other.

    Args:
        path: .csv or .tsv: a table, a row an answer, with its number; .jsonl: an object a line; else as printed.
        predictions: in the order of their inputs.
        rendered: what is printed of one.

    Raises:
        ThroughtimeError: it cannot be written; a file that stands there stays as it is.
    """
    texts = _texts(iter(predictions), path.suffix.lower(), rendered)
    write_atomically(path, (text.encode("utf-8", "replace") for text in texts))


def check_place(path: Path) -> None:
    """Make sure, before anything is answered, that a file can be written there.

    Raises:
        ThroughtimeError: it is a folder, or lies in none.
    """
    if path.is_dir() or not path.parent.is_dir():
        found = "a folder" if path.is_dir() else f"no folder {path.parent}"
        raise ThroughtimeError(f"{path}: found {found}, expected a place for a file")


def _texts(predictions: Iterator[Prediction], ending: str, rendered: Callable[[Prediction], str]) -> Iterator[str]:
    if ending in _TABLES:
        yield from _table(predictions, _TABLES[ending])
    elif ending in _JSON:
        yield from (plain_json(prediction) + "\n" for prediction in predictions)
    else:
        yield from (f"{rendered(prediction)}\n" for prediction in predictions)


def _table(predictions: Iterator[Prediction], delimiter: str) -> Iterator[str]:
    """A head line and rows; some answers have fields that others have not, so all of them are waited for."""
    rows = [{"number": number} | dict(_cells(one)) for number, one in enumerate(predictions, 1)]
    names = list(dict.fromkeys(name for row in rows for name in row))
    written = io.StringIO()
    writer = csv.DictWriter(written, names, restval="", delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow(row)
        yield written.getvalue()
        written.seek(0)
        written.truncate()


def _cells(fields: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """The fields of an answer; those of an object within are named after both, lists are JSON."""
    for name, value in fields.items():
        if isinstance(value, Mapping):
            yield from _cells(value, f"{before}{name}.")
        elif isinstance(value, (list, tuple)):
            yield f"{before}{name}", plain_json(value)
        else:
            yield f"{before}{name}", value
