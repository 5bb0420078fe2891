"""Parquet, read as the JSON lines that it could be: rows of named fields, classes by their names."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from throughtime.data.findings import Findings
from throughtime.errors import DataError, MissingExtraError

MAGIC = b"PAR1"
_ROWS = 10_000
Named = Callable[[Any], Any]


def rows_of_parquet(path: Path, file: Any, findings: Findings) -> Iterator[dict[str, Any]]:
    """The rows of a Parquet file.

    Args:
        path: the file, for messages.
        file: its bytes, or its path.
        findings: is told where numbers stand for classes whose names the file has (as datasets' ClassLabel writes it).

    Raises:
        DataError: it is damaged.
        MissingExtraError: pyarrow is missing.
    """
    try:
        import pyarrow  # type: ignore[import-untyped]
        import pyarrow.parquet  # type: ignore[import-untyped]
    except ImportError as error:
        raise MissingExtraError("pyarrow", "words", "reading Parquet") from error
    try:
        opened = pyarrow.parquet.ParquetFile(file)
        named = _named_classes(path, opened.schema_arrow.metadata or {}, findings)
        for batch in opened.iter_batches(batch_size=_ROWS):
            for row in batch.to_pylist():
                yield {name: named[name](value) if name in named else value for name, value in row.items()}
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise DataError(path, f"a Parquet file that cannot be read ({error})", "a whole one") from error


def as_json_lines(path: Path, content: bytes, findings: Findings) -> str:
    """A Parquet file as JSON lines."""
    findings.taken("format", "Parquet, read as JSON lines of its rows", path)
    rows = rows_of_parquet(path, io.BytesIO(content), findings)
    return "".join(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in rows)


def _named_classes(path: Path, metadata: dict[bytes, bytes], findings: Findings) -> dict[str, Named]:
    """For each column of class numbers, what makes names of them."""
    try:
        features = json.loads(metadata.get(b"huggingface", b"{}"))["info"]["features"]
    except (ValueError, KeyError, TypeError):
        return {}
    found: dict[str, Named] = {}
    for column, feature in features.items():
        inner = feature.get("feature", feature) if isinstance(feature, dict) else feature
        names = inner.get("names") if isinstance(inner, dict) else None
        if isinstance(names, list) and names:
            shown = ", ".join(map(str, names[:10])) + (", ..." if len(names) > 10 else "")
            findings.taken("classes", f"the numbers of {column!r} are those of {shown}", path)
            found[column] = partial(_name, names)
    return found


def _name(names: list[Any], value: Any) -> Any:
    """The name of a number, or those of a list; -1 stands for none."""
    if isinstance(value, list):
        return [_name(names, one) for one in value]
    if not isinstance(value, int) or isinstance(value, bool):
        return value
    return names[value] if 0 <= value < len(names) else None
