from __future__ import annotations

import hashlib
import io
import os
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

import throughtime
from throughtime.data import archives, sources
from throughtime.errors import DataError, ThroughtimeError

WHEEL = "carried_data-1.0-py3-none-any.whl"


def make_wheel(folder: Path, content: bytes = b"text,label\n") -> str:
    """A minimal real wheel that carries one file; returns its checksum."""
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / WHEEL, "w") as wheel:
        wheel.writestr("carried_data/data.csv", content)
        info = "carried_data-1.0.dist-info"
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: carried-data\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return hashlib.sha256((folder / WHEEL).read_bytes()).hexdigest()


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that real pip takes for its only package index, and an empty cache."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "shelf"))
    monkeypatch.setenv("THROUGHTIME_CACHE", str(tmp_path / "cache"))
    return tmp_path / "shelf"


def test_fetch_downloads_once_and_then_needs_no_network(shelf: Path) -> None:
    sha = make_wheel(shelf)
    path = sources.fetch("carried-data", "1.0", WHEEL, sha)
    assert path.read_bytes() == (shelf / WHEEL).read_bytes()
    (shelf / WHEEL).unlink()
    assert sources.fetch("carried-data", "1.0", WHEEL, sha) == path
    assert [p.name for p in path.parent.iterdir()] == [WHEEL]  # no temporary folder is left behind


def test_fetch_replaces_a_damaged_copy(shelf: Path) -> None:
    sha = make_wheel(shelf)
    path = sources.fetch("carried-data", "1.0", WHEEL, sha)
    path.write_bytes(b"damaged")
    assert sources.checksum(sources.fetch("carried-data", "1.0", WHEEL, sha)) == sha


def test_fetch_refuses_a_file_of_another_checksum(shelf: Path) -> None:
    make_wheel(shelf)
    with pytest.raises(DataError, match="another checksum"):
        sources.fetch("carried-data", "1.0", WHEEL, "0" * 64)
    assert list((sources.cache_folder() / "packages").iterdir()) == []


def test_fetch_without_a_network_is_one_sentence_that_says_what_to_do(shelf: Path) -> None:
    shelf.mkdir()
    with pytest.raises(ThroughtimeError) as failure:
        sources.fetch("carried-data", "1.0", WHEEL, "0" * 64)
    assert "expected a network, or the file" in str(failure.value)
    assert "\n" not in str(failure.value)


def test_cache_folder_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "users"))
    monkeypatch.delenv("THROUGHTIME_CACHE", raising=False)
    assert sources.cache_folder() == tmp_path / "users" / "throughtime"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert sources.cache_folder() == tmp_path / ".cache" / "throughtime"
    monkeypatch.setenv("THROUGHTIME_CACHE", str(tmp_path / "own"))
    assert sources.cache_folder() == tmp_path / "own"
    assert (tmp_path / "own").is_dir()


def test_cache_folder_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("THROUGHTIME_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(ThroughtimeError, match="set THROUGHTIME_CACHE"):
        sources.cache_folder()


def make_zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def make_tar(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_members_are_read_from_either_kind(tmp_path: Path, make) -> None:  # type: ignore[no-untyped-def]
    archive = make(tmp_path / "a", {"x/a.txt": b"A", "x/b.bin": b"B", "x/c.txt": b"C"})
    assert archives.read_member(archive, "x/b.bin") == b"B"
    found = list(archives.read_members(archive, lambda name: name.endswith(".txt")))
    assert found == [("x/a.txt", b"A"), ("x/c.txt", b"C")]
    with pytest.raises(DataError, match=r"no member x/d\.txt"):
        archives.read_member(archive, "x/d.txt")


@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_bombs_are_refused(tmp_path: Path, make) -> None:  # type: ignore[no-untyped-def]
    archive = make(tmp_path / "a", {"bomb": b"\0" * 3_000_000, "more": b"\0" * 3_000_000})
    assert archive.stat().st_size < 20_000
    with pytest.raises(DataError, match="bomb of more than 1,000 bytes"):
        archives.read_member(archive, "bomb", largest=1_000)
    with pytest.raises(DataError):
        list(archives.read_members(archive, lambda _: True, total=4_000_000))


@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_truncated_archives_are_refused(tmp_path: Path, make) -> None:  # type: ignore[no-untyped-def]
    archive = make(tmp_path / "a", {"noise": os.urandom(100_000)})
    archive.write_bytes(archive.read_bytes()[:50_000])
    with pytest.raises(DataError, match="cannot be read"):
        archives.read_member(archive, "noise")


def test_damaged_zip_member_is_refused(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "a.zip", {"noise": os.urandom(100_000)})
    content = bytearray(archive.read_bytes())
    content[50_000] ^= 0xFF
    archive.write_bytes(bytes(content))
    with pytest.raises(DataError, match="cannot be read"):
        archives.read_member(archive, "noise")


def test_a_run_answers_where_no_cache_can_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "a.txt"
    data.write_text("The cat sat on the mat.\n" * 60)
    monkeypatch.setenv("THROUGHTIME_CACHE", str(tmp_path / "cache"))
    settings: dict[str, Any] = {"layers": (4,), "batch_size": 2, "window": 10, "steps": 1, "quiet": True}
    run = throughtime.train("text", data, out=tmp_path / "run", **settings)
    monkeypatch.setenv("THROUGHTIME_CACHE", str(data / "in a file"))
    (answer,) = throughtime.predict(run.folder.path, ["The cat"])
    assert answer["tokens"] == 7
    assert throughtime.evaluate(run.folder.path).metrics == run.folder.read_report().metrics
    with pytest.raises(ThroughtimeError, match="set THROUGHTIME_CACHE"):
        throughtime.train("text", data, out=tmp_path / "other", **settings)


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("THROUGHTIME_CACHE", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.getuid", lambda: 2**31 - 7)  # a user that the system does not know
    with pytest.raises(ThroughtimeError, match="no home, expected a writable place: set THROUGHTIME_CACHE"):
        sources.cache_folder()
    assert sources.cache_folder(needed=False).is_dir()
