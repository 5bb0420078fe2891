"""Several objectives in one step: whose parameters each moves, how often, how far, and what is written down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import nn

from throughtime.data.batch import Batch
from throughtime.models.base import Loss, Model, Objective
from throughtime.settings import TrainingSettings
from throughtime.training.hardware import make_fabric
from throughtime.training.step import Stepper


class Duel(Model):
    """min over x, max over y of x y: the smallest game; and every third step x is pulled towards nought."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))
        self.steps: torch.Tensor

    @property
    def product(self) -> torch.Tensor:
        return (self.first.weight * self.second.weight).squeeze()

    def loss(self, batch: Batch, state: Any = None) -> Loss:
        return Loss(self.product * batch.sequences, batch.sequences, measures={"product": self.product.detach()})

    def against(self, batch: Batch, state: Any = None) -> Loss:
        return Loss(-self.product * batch.sequences, batch.sequences)

    def pull(self, batch: Batch, state: Any = None) -> Loss:
        return Loss(3 * self.first.weight.square().sum() * batch.sequences, batch.sequences)

    def objectives(self) -> Sequence[Objective]:
        return (
            Objective("first", self.first, self.loss),
            Objective("pull", self.first, self.pull, every=3),
            Objective("second", self.second, self.against),
        )

    def stepped(self) -> None:
        self.steps += 1


def batch(rows: int) -> Batch:
    return Batch({"inputs": torch.zeros(rows, 1)}, rows, rows)


@pytest.mark.parametrize("batches", [[batch(4)], [batch(3), batch(1)]], ids=["one batch", "accumulated"])
def test_each_objective_moves_its_own_part_after_the_one_before(batches: list[Batch]) -> None:
    model = Duel().double()
    nn.init.constant_(model.first.weight, 2.0)
    nn.init.constant_(model.second.weight, 3.0)
    settings = TrainingSettings(optimiser="sgd", clip_norm=None, precision="64", accumulate=len(batches))
    stepper = Stepper(model, make_fabric(settings), settings)
    x, y, pace = 2.0, 3.0, 1 / (1 + 1 / 3)
    for number in range(5):
        taken = stepper.step(batches, None, 0.1, number)
        product, pulled = x * y, number % 3 == 0
        x -= 0.1 * pace * y
        if pulled:
            x -= 0.1 * pace * 6 * x
        y += 0.1 * x
        assert model.first.weight.item() == pytest.approx(x, rel=1e-12)
        assert model.second.weight.item() == pytest.approx(y, rel=1e-12)
        assert taken.measures["product"] == pytest.approx(product, rel=1e-12)
        assert taken.measures["first_loss"] == pytest.approx(product, rel=1e-12)
        assert ("pull_loss" in taken.measures) == pulled
        assert taken.measures["second_gradient"] == pytest.approx(abs(x), rel=1e-12)
    assert model.steps == 5


def test_adam_forgets_more_slowly_where_a_part_moves_more_often() -> None:
    model, settings = Duel(), TrainingSettings(betas=(0.5, 0.99), learning_rate=0.2)
    first, second = Stepper(model, make_fabric(settings), settings).optimisers
    pace = 3 / 4
    assert first.param_groups[0]["betas"] == pytest.approx((0.5**pace, 0.99**pace))
    assert first.param_groups[0]["lr"] == pytest.approx(0.2 * pace)
    assert second.param_groups[0]["betas"] == pytest.approx((0.5, 0.99))
