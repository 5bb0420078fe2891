"""A folder that one run alone writes to: made, kept from others, and from links that lead out of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from throughtime.errors import ThroughtimeError
from throughtime.storage.atomic import clear_errors, is_unfinished, remove_unfinished

_BEFORE_IT_BEGINS = {"begun", ".lock", "features", "checkpoint", "data.json", "examples.npz"}
"""What stands in the folder of a run whose config.toml is still to be written."""


class OwnFolder:
    """A run's folder as a place: whose it is, whatever stands in its files.

    Args:
        path: the folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def make(self) -> None:
        """Make it anew, as `create` does; what a run that was killed before it began has left there is removed."""
        self.check_free(self.path)
        with clear_errors(self.path, "make the folder"):
            if self._begun.exists():
                with self.locked():  # unless it is being made at this moment
                    shutil.rmtree(self.path)
            self.path.mkdir(parents=True, exist_ok=True)
            self._begun.touch()  # all that comes after it is ours
            for part in (self.features, self.checkpoint.parent):
                part.mkdir()

    @staticmethod
    def check_free(path: Path) -> None:
        """Make sure that nothing would be overwritten.

        Raises:
            ThroughtimeError: a file, or a folder that is not empty, is there.
        """
        with clear_errors(path, "look into"):
            started = OwnFolder(path)
            if path.is_dir() and any(path.iterdir()) and not started._left_behind():
                raise ThroughtimeError(
                    f"{path} exists and is not empty; a run is never overwritten: choose another --out, or --resume it"
                )
            if path.exists() and not path.is_dir():
                raise ThroughtimeError(f"{path}: found a file, expected a folder to be made; choose another --out")

    def _left_behind(self) -> bool:
        """Whether all that is there is what a run has made that was killed before it began: nothing of anybody else's,
        and nothing learned.
        """
        if not self._begun.is_file() or self.checkpoint.exists():
            return False
        names = {path.name for path in self.path.iterdir()}
        return all(name in _BEFORE_IT_BEGINS or is_unfinished(name) for name in names)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other process from training in this folder; a process that is killed lets go of it.

        Raises:
            ThroughtimeError: another one is at work there, or something in it is a link to elsewhere.
        """
        from filelock import FileLock, Timeout  # and with it asyncio

        self._refuse_links()
        lock = FileLock(self.path / ".lock", timeout=0)
        with clear_errors(self.path, "write to"), suppress(NotImplementedError):  # disks of a network may know no locks
            try:
                lock.acquire()
            except Timeout:
                raise ThroughtimeError(
                    f"{self.path}: another training is at work in this folder; "
                    "wait until it ends, or choose another --out"
                ) from None
        try:
            yield
        finally:
            lock.release()

    def check_kinds(self) -> None:
        """Make sure that all in it are files and folders: a pipe would never end, a device not even begin.

        Raises:
            ThroughtimeError: something else is there.
        """
        with clear_errors(self.path, "look into"):
            for path in self.path.rglob("*"):
                if path.exists() and not path.is_file() and not path.is_dir():
                    raise ThroughtimeError(f"{path}: found neither a file nor a folder, expected those of a run")

    def _refuse_links(self) -> None:
        """A folder that came from elsewhere must not lead what is written to files that are not its own."""
        with clear_errors(self.path, "look into"):
            entries = (*self.path.iterdir(), *self.checkpoint.parent.glob("*"), *self.samples.glob("*"))
            link = next((entry for entry in entries if entry.is_symlink()), None)
        if link is not None:
            raise ThroughtimeError(f"{link}: found a link, expected a file or folder of the run itself: remove it")

    @property
    def _begun(self) -> Path:
        """Stands there from when the folder is made until it is a run: until its configuration is written."""
        return self.path / "begun"

    @property
    def features(self) -> Path:
        """Where the task keeps what it fitted."""
        return self.path / "features"

    @property
    def samples(self) -> Path:
        """Where pictures are drawn of what a model makes while it learns."""
        return self.path / "samples"

    @property
    def checkpoint(self) -> Path:
        """The file that a killed run goes on from."""
        return self.path / "checkpoint" / "state.safetensors"

    def remove_unfinished(self) -> None:
        """Remove what a process that was killed while writing has left."""
        for place in (self.path, self.checkpoint.parent, self.samples):
            remove_unfinished(place)
