"""The course of the learning rate and the average of the weights, against closed forms and torch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from helpers.scripted_run import COUNT, Ones, Scripted, scripted
from helpers.toy_run import METRIC, plain_weights
from throughtime.data.batch import Batch
from throughtime.models.base import Loss
from throughtime.settings import TrainingSettings
from throughtime.storage.folder import RunFolder
from throughtime.tasks.base import Metric
from throughtime.training import loop
from throughtime.training.average import WeightAverage, has_stalled
from throughtime.training.optimiser import learning_rate
from throughtime.training.progress import Progress
from throughtime.training.tree import load_tree


def test_the_average_is_that_of_torchs_asgd() -> None:
    torch.manual_seed(0)
    ours, theirs = nn.Linear(3, 2), nn.Linear(3, 2)
    theirs.load_state_dict(ours.state_dict())
    sgd = torch.optim.SGD(ours.parameters(), lr=0.1)
    asgd = torch.optim.ASGD(theirs.parameters(), lr=0.1, lambd=0.0, t0=0)
    average = WeightAverage(ours)
    for step in range(20):
        if step == 1:  # torch gives its first two steps the weight 1: the second replaces the first
            average.begin()
        x = torch.randn(5, 3)
        for model, optimiser in ((ours, sgd), (theirs, asgd)):
            optimiser.zero_grad()
            model(x).square().sum().backward()
            optimiser.step()
        average.update()
    own = [parameter.detach().clone() for parameter in ours.parameters()]
    with average.applied():
        for parameter, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            torch.testing.assert_close(parameter.detach(), asgd.state[other]["ax"])
    assert all(map(torch.equal, ours.parameters(), own))


def test_averaging_begins_where_awd_lstm_says() -> None:
    values = [5.0, 4.0, 3.0, 3.5, 3.4, 3.3, 3.2, 3.1, 3.05, 3.01]

    def original(logs: list[float], value: float, n: int = 5) -> bool:
        return len(logs) > n and value > min(logs[:-n])

    for end in range(1, len(values) + 1):
        assert has_stalled(values[:end], METRIC) == original(values[: end - 1], values[end - 1])
        mirrored = [-value for value in values[:end]]
        assert has_stalled(mirrored, Metric("x", "", "max")) == has_stalled(values[:end], METRIC)
    assert any(has_stalled(values[:end], METRIC) for end in range(1, len(values) + 1))


def test_asgd_keeps_the_averaged_model_and_descends_with_its_own(tmp_path: Path) -> None:
    # the metric stalls for good at evaluation 7 (step 28); from then on each evaluation sees the mean of the weights,
    # which count the steps
    values = [3.0, 2.0, 2.5, 2.5, 2.5, 2.5, 2.5, 2.5, 2.5, 1.0]
    outcome, seen = scripted(tmp_path / "run", values, {"optimiser": "asgd", "epochs": 10})
    begun = next(n for n in range(1, 11) if has_stalled(values[:n], METRIC)) * 4
    assert begun == 32
    assert seen[:8] == [4.0 * n for n in range(1, 9)]
    assert seen[8:] == [np.mean(range(33, 37)), np.mean(range(33, 41))]
    assert outcome.best == 1.0
    assert plain_weights(tmp_path / "run" / "model.safetensors")["weight"].item() == seen[9]
    assert load_tree(RunFolder(tmp_path / "run").checkpoint)["model"]["weight"].item() == 40


# -- the learning rate ---------------------------------------------------------------------------------------


def rates(settings: dict[str, Any], tmp_path: Path, values: Sequence[float] = (1.0,), batches: int = 4) -> list[float]:
    """The rate of each step, read off the weight, which moves by the rate."""
    moved: list[float] = []

    class Watched(Scripted):
        def loss(self, batch: Batch, state: Any = None) -> Loss:
            moved.append(self.weight.item())
            return super().loss(batch, state)

    model, calls = Watched(), iter([*values, *[values[-1]] * 1000])
    asked = TrainingSettings(**{**COUNT, "precision": "64", **settings})
    run = RunFolder.create(tmp_path / "run")
    loop.fit(model, Ones(batches), lambda _: next(calls), METRIC, asked, run, quiet=True)
    return np.diff([*moved, model.weight.item()]).tolist()


def test_constant_rate_after_a_linear_warm_up(tmp_path: Path) -> None:
    assert rates({"steps": 6, "warmup_steps": 4}, tmp_path) == pytest.approx([0.25, 0.5, 0.75, 1, 1, 1])


@pytest.mark.parametrize("limit", [{"steps": 12}, {"epochs": 3}])
def test_linear_and_cosine_end_at_the_limit(limit: dict[str, int], tmp_path: Path) -> None:
    n = np.arange(12)
    found = rates({"schedule": "linear", **limit}, tmp_path / "a")
    assert found == pytest.approx(1 - n / 12)
    found = rates({"schedule": "cosine", **limit}, tmp_path / "b")
    assert found == pytest.approx((1 + np.cos(np.pi * n / 12)) / 2)
    found = rates({"schedule": "cosine", "warmup_steps": 4, **limit}, tmp_path / "c")
    assert found == pytest.approx([0.25, 0.5, 0.75, 1, *(1 + np.cos(np.pi * np.arange(8) / 8)) / 2])


def test_a_limit_of_minutes_shapes_the_cosine() -> None:
    settings = TrainingSettings(schedule="cosine", minutes=2, learning_rate=1.0)
    found = [learning_rate(settings, Progress(batches=1, step=9, seconds=seconds)) for seconds in (0, 60, 90, 120)]
    assert found == pytest.approx([1, 0.5, (1 + math.cos(0.75 * math.pi)) / 2, 0])


def test_exponential_is_zarembas_schedule(tmp_path: Path) -> None:
    # Zaremba et al. 2014: 1 for the first 4 epochs, then halved each epoch
    found = rates({"schedule": "exponential", "decay_after": 4, "epochs": 7}, tmp_path, batches=2)
    assert found == [1, 1, 1, 1, 1, 1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125]


def test_plateau_decays_at_each_stall(tmp_path: Path) -> None:
    settings = {"schedule": "plateau", "decay": 0.1, "decay_after": 2, "epochs": 9}
    values = [3, 3, 3, 2, 2.5, 1, 1, 1, 1]  # stalls of two: after evaluations 3, and 8
    found = rates(settings, tmp_path, values=values, batches=1)
    assert found == pytest.approx([1, 1, 1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.01])
