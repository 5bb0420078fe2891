"""Disks that are full, read-only or otherwise in the way of a run: what is written is whole or not there."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from helpers.processes import context
from helpers.toy_run import METRIC, ToyModel, train
from throughtime.errors import ThroughtimeError
from throughtime.settings import TrainingSettings
from throughtime.storage.atomic import write_atomically
from throughtime.storage.folder import RunFolder
from throughtime.training import loop
from throughtime.training.tree import load_tree

# -- disks ---------------------------------------------------------------------------------------------------


def unfinished(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.name.startswith(".")]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"no right to mount a file system here: {mounted.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(disk: Path) -> Path:
    junk = disk / "junk"
    with junk.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            pass
    return junk


def test_a_full_disk_stops_with_a_sentence_and_the_run_goes_on_later(small_disk: Path, tmp_path: Path) -> None:
    folder = small_disk / "run"
    settings = {"steps": 20, "evaluate_every": 4}
    train(tmp_path / "whole", "stream", settings)

    train(folder, "stream", {**settings, "steps": 8})
    before = {path: path.read_bytes() for path in folder.rglob("*.safetensors")}
    junk = fill(small_disk)
    with pytest.raises(ThroughtimeError, match=f"cannot write {folder}.*: no space left on device"):
        train(folder, "stream", settings, resume=True)
    assert {path: path.read_bytes() for path in folder.rglob("*.safetensors")} == before
    assert unfinished(folder) == []

    junk.unlink()
    train(folder, "stream", settings, resume=True)
    assert (folder / "model.safetensors").read_bytes() == (tmp_path / "whole" / "model.safetensors").read_bytes()


def test_a_disk_that_fills_up_while_training_leaves_the_last_checkpoint(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = small_disk / "run"
    evaluations = 0
    original = ToyModel.mean_loss

    def filling(model: ToyModel, loader: object) -> float:
        nonlocal evaluations
        evaluations += 1
        if evaluations == 3:
            fill(small_disk)
        return original(model, loader)  # type: ignore[arg-type]

    monkeypatch.setattr(ToyModel, "mean_loss", filling)
    with pytest.raises(ThroughtimeError, match=f"cannot write {folder}.*: no space left on device"):
        train(folder, "stream", {"steps": 20, "evaluate_every": 4})
    assert load_tree(RunFolder(folder).checkpoint)["progress"]["step"] == 8
    RunFolder(folder).load_model(ToyModel())
    assert unfinished(folder) == []


def limited(folder: Path, size: int) -> None:
    """In a process of its own: no file may be larger than `size` bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    try:
        train(folder, "stream", {"steps": 8, "evaluate_every": 4})
    except ThroughtimeError as error:
        (folder / "said").write_text(str(error))


def test_a_file_that_may_not_grow_is_named(tmp_path: Path) -> None:
    """The same without any rights: the checkpoint is too large for a limit that the model is within."""
    folder = tmp_path / "run"
    process = context.Process(target=limited, args=(folder, 30_000))
    process.start()
    process.join()
    assert process.exitcode == 0
    assert (folder / "said").read_text() == f"cannot write {RunFolder(folder).checkpoint}: file too large"
    RunFolder(folder).load_model(ToyModel())
    assert not RunFolder(folder).checkpoint.exists()
    assert unfinished(folder) == []


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Callable[[Path], None]]:
    """Makes a folder unwritable: by a read-only mount where root would be let through, else by its rights."""
    mounts: list[Path] = []

    def protect(folder: Path) -> None:
        if os.geteuid() != 0:
            for path in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
                path.chmod(0o555)
            return
        subprocess.run(["mount", "--bind", str(folder), str(folder)], check=True)
        mounts.append(folder)
        subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)

    yield protect
    for path in mounts:
        subprocess.run(["umount", "--lazy", str(path)], check=True)
    for path in tmp_path.rglob("*"):
        if path.is_dir():
            path.chmod(0o755)


def test_an_unwritable_folder_is_one_sentence(read_only: Callable[[Path], None], tmp_path: Path) -> None:
    folder = tmp_path / "home" / "run"
    train(folder, "stream", {"steps": 4})
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    read_only(tmp_path / "home")
    reasons = "read-only file system|permission denied"
    with pytest.raises(ThroughtimeError, match=f"cannot write .*: ({reasons})"):
        train(folder, "stream", {"steps": 8}, resume=True)
    with pytest.raises(ThroughtimeError, match=f"cannot make the folder .*: ({reasons})"):
        RunFolder.create(tmp_path / "home" / "other")
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_file_in_place_of_a_folder_is_one_sentence(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "run")
    (run.path / "events").write_text("")
    with pytest.raises(ThroughtimeError, match=r"cannot write to .*events: file exists"):
        loop.fit(
            ToyModel(),
            [],  # type: ignore[arg-type]
            lambda _: 0.0,
            METRIC,
            TrainingSettings(steps=1),
            run,
        )


def test_a_failed_write_keeps_the_old_file_and_leaves_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_atomically(path, "old")

    def fail(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(ThroughtimeError, match=f"^cannot write {path}: input/output error$"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert [other.name for other in tmp_path.iterdir()] == ["file"]
