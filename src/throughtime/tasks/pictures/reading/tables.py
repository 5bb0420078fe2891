"""Pictures as bytes in a column of a parquet table, as data sets of pictures are often handed round."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from throughtime.data.findings import Findings
from throughtime.errors import DataError, MissingExtraError

SUFFIXES = (".parquet",)
_PICTURES = ("image", "img", "picture", "bytes")
_LABELS = ("label", "class", "fine_label", "target")
_ROWS, _BUFFER = 64, 1 << 20  # rows, and bytes of a column, that are in memory at once


class Row(NamedTuple):
    """A row of a table: a picture file's content (None: it has none), its label, the row's number from 1."""

    content: bytes | None
    label: str | None
    number: int


def read_table(path: Path, findings: Findings) -> Iterator[Row]:
    """The rows of a table, a few in memory at a time.

    Raises:
        DataError: no table, or no column of pictures.
        MissingExtraError: pyarrow is not installed.
    """
    try:
        from pyarrow import ArrowException, parquet  # type: ignore[import-untyped]
    except ImportError as error:
        raise MissingExtraError("pyarrow", "pictures", "reading parquet tables") from error
    try:
        # not ahead of what is asked for, nor a whole group of rows at once
        with parquet.ParquetFile(path, pre_buffer=False, buffer_size=_BUFFER) as file:
            names = {name.lower(): name for name in file.schema_arrow.names}
            picture = next((names[name] for name in _PICTURES if name in names), None)
            label = next((names[name] for name in _LABELS if name in names), None)
            if picture is None:
                raise DataError(path, f"the columns {', '.join(names)}", f"one of pictures ({', '.join(_PICTURES)})")
            findings.taken("columns", f"pictures from {picture!r}, labels from {label!r}", path)
            number = 0
            for batch in file.iter_batches(batch_size=_ROWS, columns=[name for name in (picture, label) if name]):
                for values in batch.to_pylist():
                    number += 1
                    named = None if label is None else values[label]
                    yield Row(_content(values[picture]), None if named is None else str(named), number)
    except (ArrowException, OSError) as error:
        raise DataError(path, f"no readable parquet table ({error})", "a table of pictures") from error


def _content(value: Any) -> bytes | None:
    content = value.get("bytes") if isinstance(value, dict) else value
    return content if isinstance(content, bytes) else None
