"""A run that is really killed goes on to the same bytes."""

from __future__ import annotations

import os
import signal
import time
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest
import torch

from helpers.processes import context, kill_again_and_again
from helpers.runs import TIMES, metrics
from helpers.toy_run import child, train
from throughtime.errors import ThroughtimeError
from throughtime.storage.folder import RunFolder
from throughtime.training.tree import load_tree

# (loader, settings): between them carried state, accumulation, shuffling, windows, workers, every kind of memory
# that an optimiser or a schedule has
RUNS: dict[str, tuple[str, dict[str, Any]]] = {
    "stream, adam, cosine, accumulate": (
        "stream",
        {"steps": 60, "accumulate": 2, "schedule": "cosine", "warmup_steps": 5, "evaluate_every": 7},
    ),
    "buckets, asgd, plateau": (
        "buckets",
        {
            "epochs": 2,
            "optimiser": "asgd",
            "learning_rate": 2.0,
            "schedule": "plateau",
            "evaluate_every": 2,
            "clip_norm": 0.25,
        },
    ),
    "buckets, 2 workers, rmsprop, exponential": (
        "buckets",
        {"epochs": 3, "workers": 2, "optimiser": "rmsprop", "schedule": "exponential", "accumulate": 3},
    ),
}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folders = {}
    for name, (kind, settings) in RUNS.items():
        folders[name] = tmp_path_factory.mktemp("whole") / "run"
        start(folders[name], kind, {**settings, "checkpoint_every": 1e9}).join()
    averaged = load_tree(RunFolder(folders["buckets, asgd, plateau"]).checkpoint)
    assert averaged["average"]["means"]  # else it would prove nothing for them
    assert averaged["progress"]["decays"] > 1
    return folders


def start(
    folder: Path, kind: str, settings: dict[str, Any], die_at: tuple[str, int] | None = None
) -> ForkServerProcess:
    process = context.Process(target=child, args=(folder, kind, settings, die_at, folder.with_suffix(".log")))
    process.start()
    return process


def without_times(tree: dict[str, Any]) -> dict[str, Any]:
    progress = dict(tree["progress"])
    progress["rows"] = [{k: v for k, v in row.items() if k not in TIMES} for row in progress["rows"]]
    del progress["seconds"]
    for sums in ("total", "since"):
        progress[sums] = {k: v for k, v in progress[sums].items() if k != "seconds"}
    return {**tree, "progress": progress}


def identical(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(identical(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(identical, one, other))
    return bool(one == other)


def assert_same_result(folder: Path, whole: Path) -> None:
    assert (folder / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()
    assert metrics(folder / "metrics.csv") == metrics(whole / "metrics.csv")
    one, other = (without_times(load_tree(RunFolder(path).checkpoint)) for path in (folder, whole))
    for part in one:
        assert identical(one[part], other[part]), part
    assert [path.name for path in folder.rglob(".*")] == []  # nothing half-written is left


@pytest.mark.parametrize("name", RUNS)
def test_killed_at_random_moments_it_goes_on_to_the_same_bytes(
    name: str, uninterrupted: dict[str, Path], tmp_path: Path
) -> None:
    kind, settings = RUNS[name]
    folder = tmp_path / "run"
    settings = {**settings, "checkpoint_every": 0}  # a checkpoint at each step: many moments are within its writing
    checkpoint = RunFolder(folder).checkpoint
    assert kill_again_and_again(lambda: start(folder, kind, settings), checkpoint, 5, 0.12, name) >= 3
    assert_same_result(folder, uninterrupted[name])


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_killed_while_writing_it_goes_on_to_the_same_bytes(
    call: str, uninterrupted: dict[str, Path], tmp_path: Path
) -> None:
    """Before the first checkpoint, within model, metrics or checkpoint (writes come in that order), again and again."""
    name = "stream, adam, cosine, accumulate"
    kind, settings = RUNS[name]
    folder = tmp_path / "run"
    for count in (1, 2, 3, 4, 13, 21, 22, 24):
        process = start(folder, kind, {**settings, "checkpoint_every": 0.01}, (call, count))
        process.join()
        assert process.exitcode in (-signal.SIGKILL, 0)
    start(folder, kind, settings).join()
    assert_same_result(folder, uninterrupted[name])


def test_killed_between_the_last_step_and_its_evaluation(tmp_path: Path) -> None:
    """Then no step is taken any more that would set the learning rate, which the table of metrics tells."""
    settings = {"steps": 6, "schedule": "cosine", "checkpoint_every": 0}
    whole, folder = tmp_path / "whole", tmp_path / "run"
    start(whole, "stream", settings).join()
    process = start(folder, "stream", settings, ("replace", 8))  # the table, six checkpoints, then the model
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert load_tree(RunFolder(folder).checkpoint)["progress"]["step"] == 6
    start(folder, "stream", settings).join()
    assert_same_result(folder, whole)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_at_a_step_with_a_checkpoint_and_says_where(
    number: signal.Signals, uninterrupted: dict[str, Path], tmp_path: Path
) -> None:
    name = "buckets, 2 workers, rmsprop, exponential"
    kind, settings = RUNS[name]
    folder = tmp_path / "run"
    process = start(folder, kind, {**settings, "checkpoint_every": 0})
    while not RunFolder(folder).checkpoint.exists():
        time.sleep(0.001)
    assert process.pid is not None
    os.kill(process.pid, number)
    process.join()
    assert process.exitcode == 130
    said = folder.with_suffix(".log").read_text()
    step = load_tree(RunFolder(folder).checkpoint)["progress"]["step"]
    assert f"stopped by {number.name} after step {step}" in said
    assert "Traceback" not in said
    start(folder, kind, settings).join()
    assert_same_result(folder, uninterrupted[name])


def test_a_finished_run_says_so_and_a_larger_limit_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "run"
    first = train(folder, "stream", {"steps": 8, "evaluate_every": 4})
    before = {path: path.read_bytes() for path in folder.rglob("*.safetensors")}
    rows = metrics(folder / "metrics.csv")
    capsys.readouterr()

    again = train(folder, "stream", {"steps": 8, "evaluate_every": 4}, resume=True)
    assert again == first
    assert "limit of 8 steps" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in folder.rglob("*.safetensors")} == before
    assert metrics(folder / "metrics.csv") == rows

    further = train(folder, "stream", {"steps": 24, "evaluate_every": 4}, resume=True)
    assert further.steps == 24
    assert further.best < first.best
    whole = tmp_path / "whole"
    train(whole, "stream", {"steps": 24, "evaluate_every": 4})
    assert_same_result(folder, whole)


def test_what_does_not_fit_is_refused_and_nothing_is_touched(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    train(folder, "stream", {"steps": 3})
    checkpoint = RunFolder(folder).checkpoint
    before = checkpoint.read_bytes()

    with pytest.raises(ThroughtimeError, match="the training data has changed"):
        train(folder, "buckets", {"steps": 5}, resume=True)
    with pytest.raises(ThroughtimeError, match="checkpoint of the optimiser Adam, expected one of SGD"):
        train(folder, "stream", {"steps": 5, "optimiser": "sgd", "weight_decay": 0.1}, resume=True)
    with pytest.raises(ThroughtimeError, match="not empty"):
        train(folder, "stream", {"steps": 5})
    assert checkpoint.read_bytes() == before

    for broken in (before[: len(before) // 2], b"", b"\x80\x04K\x01.", b"\x08\0\0\0\0\0\0\0{}      "):
        checkpoint.write_bytes(broken)
        with pytest.raises(ThroughtimeError, match=r"state\.safetensors: found no readable checkpoint"):
            train(folder, "stream", {"steps": 5}, resume=True)
