"""TensorBoard's event file, written without a thread of its own, so that a full disk is noticed where it happens."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import BinaryIO

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

from throughtime.storage.atomic import clear_errors


class Events:
    """Scalars of one run.

    Args:
        folder: where the event file goes; those of earlier parts of the run are replaced by one that begins with
            `rows`, so that a resumed run shows each step once.
        rows: what has been written down before.
    """

    def __init__(self, folder: Path, rows: Iterable[Mapping[str, float]]) -> None:
        self._path = folder / f"events.out.tfevents.{time.time_ns()}.{os.getpid()}"
        with clear_errors(folder, "write to"):
            folder.mkdir(exist_ok=True)
            for old in folder.glob("events.out.tfevents.*"):
                old.unlink()
            self._file: BinaryIO = self._path.open("wb", buffering=0)
        self._records = RecordWriter(self._file)
        self._write(Event(wall_time=time.time(), file_version="brain.Event:2"))
        for row in rows:
            self.add(row)

    def add(self, row: Mapping[str, float]) -> None:
        """Write the numbers of one evaluation; `step` is their abscissa."""
        values = [Summary.Value(tag=name, simple_value=value) for name, value in row.items() if name != "step"]
        self._write(Event(wall_time=time.time(), step=int(row["step"]), summary=Summary(value=values)))

    def close(self) -> None:
        """Nothing more will come."""
        self._file.close()

    def _write(self, event: Event) -> None:
        with clear_errors(self._path):
            self._records.write(event.SerializeToString())
