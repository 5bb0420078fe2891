"""Pictures as bytes in a column of a parquet table, as data sets of pictures are often handed round."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from throughtime.data.findings import Findings
from throughtime.errors import DataError, MissingExtraError

SUFFIXES = (".parquet",)
_PICTURES = ("image", "img", "picture", "bytes")
_LABELS = ("label", "class", "fine_label", "target")


def read_table(path: Path, findings: Findings) -> Iterator[tuple[bytes, str | None, int]]:
    """The bytes of each row's picture, its label, and the row's number from 1.

    Raises:
        DataError: no table, no column of pictures, or a row without one.
        MissingExtraError: pyarrow is not installed.
    """
    try:
        from pyarrow import ArrowException, parquet  # type: ignore[import-untyped]
    except ImportError as error:
        raise MissingExtraError("pyarrow", "pictures", "reading parquet tables") from error
    try:
        file = parquet.ParquetFile(path)
        names = {name.lower(): name for name in file.schema_arrow.names}
        picture = next((names[name] for name in _PICTURES if name in names), None)
        label = next((names[name] for name in _LABELS if name in names), None)
        if picture is None:
            raise DataError(path, f"the columns {', '.join(names)}", f"one of pictures ({', '.join(_PICTURES)})")
        findings.taken("columns", f"pictures from {picture!r}, labels from {label!r}", path)
        row = 0
        for batch in file.iter_batches(batch_size=256, columns=[name for name in (picture, label) if name]):
            for values in batch.to_pylist():
                row += 1
                yield _bytes_of(path, values[picture], row), None if label is None else str(values[label]), row
    except (ArrowException, OSError) as error:
        raise DataError(path, f"no readable parquet table ({error})", "a table of pictures") from error


def _bytes_of(path: Path, value: Any, row: int) -> bytes:
    content = value.get("bytes") if isinstance(value, dict) else value
    if not isinstance(content, bytes):
        raise DataError(path, f"a {type(content).__name__} in place of a picture", "the bytes of a picture file", row)
    return content
