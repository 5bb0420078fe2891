"""Weights in another order than files have: a checkpoint gives every moment back to its own weight."""

from __future__ import annotations

from pathlib import Path

import torch
from lightning_fabric.plugins.precision import Precision
from torch import nn, optim

from throughtime.training.average import WeightAverage
from throughtime.training.checkpoint import State
from throughtime.training.progress import Progress


def state() -> State:
    torch.manual_seed(0)
    model = nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = optim.Adam(model.parameters(), fused=True)
    return State(model, [optimiser], Precision(), WeightAverage(model), Progress(1))


def step(of: State, number: int) -> None:
    torch.manual_seed(number)
    of.optimisers[0].zero_grad()
    of.model(torch.randn(2, 3, 5, 5)).square().sum().backward()
    of.optimisers[0].step()


def test_moments_of_channels_last_weights(tmp_path: Path) -> None:
    whole, resumed = state(), state()
    step(whole, 1)
    whole.save(tmp_path / "state.safetensors")
    resumed.load(tmp_path / "state.safetensors", torch.device("cpu"))
    for one in (whole, resumed):
        step(one, 2)
    for expected, found in zip(whole.model.parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(expected, found)
