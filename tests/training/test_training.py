"""The training loop: gradients against plain PyTorch, limits, the best model, and what goes wrong."""

from __future__ import annotations

import math
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from helpers.scripted_run import COUNT, Ones, Scripted, rows, scripted
from helpers.toy_run import METRIC, ToyModel, Windows, plain_weights, text
from throughtime.data.batch import Batch
from throughtime.data.loaders import BucketLoader
from throughtime.errors import NotANumberError, ThroughtimeError
from throughtime.models.base import Loss, Model
from throughtime.settings import TrainingSettings
from throughtime.storage.folder import RunFolder
from throughtime.training import loop
from throughtime.training.hardware import make_fabric
from throughtime.training.step import Stepper
from throughtime.training.tree import load_tree


class Plain(Model):
    """torch.nn all through."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(11, 6)
        self.recurrent = nn.LSTM(6, 7, batch_first=True)
        self.output = nn.Linear(7, 11)
        self.given: list[Any] = []

    def logits(self, inputs: Tensor, state: Any) -> tuple[Tensor, Any]:
        hidden, state = self.recurrent(self.embedding(inputs), state)
        return self.output(hidden), state

    def loss(self, batch: Batch, state: Any = None) -> Loss:
        self.given.append(state)
        logits, state = self.logits(batch["inputs"], state)
        total = F.cross_entropy(logits.flatten(0, 1), batch["targets"].flatten(), reduction="sum")
        return Loss(total, batch["targets"].numel(), state)


# -- the mathematics -----------------------------------------------------------------------------------------


def test_truncated_backpropagation_equals_a_plain_pytorch_loop(tmp_path: Path) -> None:
    tokens = text(500)
    torch.manual_seed(0)
    model = Plain().double()
    plain = Plain().double()
    plain.load_state_dict(model.state_dict())

    settings = TrainingSettings(
        optimiser="sgd", learning_rate=2.0, clip_norm=0.25, epochs=3, schedule="exponential", precision="64"
    )
    loader = Windows(tokens, 10)
    loop.fit(model, loader, lambda _: 0.0, METRIC, settings, RunFolder.create(tmp_path / "run"), quiet=True)

    streams = 499 // 4
    inputs = torch.from_numpy(tokens[: 4 * streams].astype(np.int64)).view(4, streams)
    targets = torch.from_numpy(tokens[1 : 4 * streams + 1].astype(np.int64)).view(4, streams)
    for epoch in range(3):
        state = None
        for start in range(0, streams, 10):
            logits, state = plain.logits(inputs[:, start : start + 10], state)
            state = tuple(part.detach() for part in state)
            plain.zero_grad()
            F.cross_entropy(logits.flatten(0, 1), targets[:, start : start + 10].flatten()).backward()
            torch.nn.utils.clip_grad_norm_(plain.parameters(), 0.25)
            with torch.no_grad():
                for parameter in plain.parameters():
                    assert parameter.grad is not None
                    parameter -= 2.0 * 0.5**epoch * parameter.grad
    for name, value in plain.state_dict().items():
        torch.testing.assert_close(model.state_dict()[name], value, rtol=1e-10, atol=1e-12)
    assert [state is None for state in model.given] == [b.first for _ in range(3) for b in loader.epoch(0)]
    assert not any(part.requires_grad for state in model.given if state is not None for part in state)


@pytest.mark.parametrize("loss_scale", ["step", "sequence"])
@pytest.mark.parametrize("sizes", [[12], [4, 4, 4], [1, 7, 2, 2]])
def test_accumulated_batches_give_the_gradient_of_one_large_batch(loss_scale: Any, sizes: list[int]) -> None:
    random = np.random.default_rng(0)
    examples = []
    for length in random.integers(0, 30, 12):
        piece = random.integers(0, 11, length + 1)
        examples.append({"inputs": piece[:-1], "targets": piece[1:]})
    torch.manual_seed(0)
    model = ToyModel(dropout=0.0).double()

    # by hand: the sum over all real steps of each row alone, the penalty (a mean over steps) beside the mean loss
    rows, steps, total, squares, size = 12, 0, torch.zeros(()), torch.zeros(()), 0
    for example in examples:
        if len(example["inputs"]):
            hidden, _ = model.recurrent(model.embedding(torch.from_numpy(example["inputs"])[None]))
            loss = F.cross_entropy(model.output(hidden[0]), torch.from_numpy(example["targets"]), reduction="sum")
            total, squares, size = total + loss, squares + hidden.square().sum(), size + hidden.numel()
            steps += len(example["inputs"])
    divisor = steps if loss_scale == "step" else rows
    objective = (total + steps * 0.01 * squares / size) / divisor
    expected = torch.autograd.grad(objective, list(model.parameters()))

    settings = TrainingSettings(
        optimiser="sgd", clip_norm=None, loss_scale=loss_scale, precision="64", accumulate=len(sizes)
    )
    before = [parameter.detach().clone() for parameter in model.parameters()]
    stepper = Stepper(model, make_fabric(settings), settings)
    batches, start = [], 0
    for n in sizes:
        batches += BucketLoader(examples[start : start + n], n, seed=0, shuffle=False).epoch(0)
        start += n
    taken = stepper.step(batches, None, rate=1.0)
    for old, new, gradient in zip(before, model.parameters(), expected, strict=True):
        torch.testing.assert_close(old - new, gradient, rtol=1e-9, atol=1e-12)
    assert taken.terms == steps
    assert taken.loss == pytest.approx(total.item(), rel=1e-12)
    assert taken.norm == pytest.approx(math.sqrt(sum(float(g.square().sum()) for g in expected)), rel=1e-9)


# -- limits, best model, early stopping ----------------------------------------------------------------------


def test_the_best_model_is_kept_and_patience_ends_the_run(tmp_path: Path) -> None:
    values = [3.0, 1.0, 2.0, 1.0, 4.0, 0.0]
    outcome, seen = scripted(tmp_path / "run", values, {"patience": 3, "epochs": 100})
    assert seen == [4, 8, 12, 16, 20]
    assert (outcome.best, outcome.best_step, outcome.steps, outcome.epochs) == (1.0, 8, 20, 5.0)
    assert outcome.reason == "3 evaluations without improvement"
    assert plain_weights(tmp_path / "run" / "model.safetensors")["weight"].item() == 8


def test_a_metric_may_be_better_when_larger(tmp_path: Path) -> None:
    outcome, _ = scripted(tmp_path / "run", [3.0, 5.0, 4.0], {"epochs": 3}, best="max")
    assert (outcome.best, outcome.best_step) == (5.0, 8)
    assert plain_weights(tmp_path / "run" / "model.safetensors")["weight"].item() == 8


@pytest.mark.parametrize(
    ("settings", "evaluated", "reason"),
    [
        ({"steps": 6}, [4, 6], "limit of 6 steps"),
        ({"steps": 8}, [4, 8], "limit of 8 steps"),
        ({"steps": 0}, [0], "limit of 0 steps"),
        ({"epochs": 2}, [4, 8], "limit of 2 epochs"),
        ({"epochs": 0}, [0], "limit of 0 epochs"),
        ({"epochs": 2, "steps": 5}, [4, 5], "limit of 5 steps"),
        ({"epochs": 2, "evaluate_every": 3}, [3, 6, 8], "limit of 2 epochs"),
        ({"epochs": 2, "evaluate_every": 4}, [4, 8], "limit of 2 epochs"),
        ({"epochs": 2, "accumulate": 3}, [2, 4], "limit of 2 epochs"),
        ({"minutes": 1e-9}, [1], "limit of 1e-09 minutes"),
    ],
)
def test_every_limit_ends_with_an_evaluation_and_a_model(
    settings: dict[str, Any], evaluated: list[int], reason: str, tmp_path: Path
) -> None:
    outcome, seen = scripted(tmp_path / "run", [1.0], settings)
    assert seen == evaluated
    assert outcome.steps == evaluated[-1]
    assert outcome.reason == reason
    assert [row["step"] for row in rows(tmp_path / "run")] == evaluated
    assert (tmp_path / "run" / "model.safetensors").exists()


def test_no_limit_and_no_batches_are_errors(tmp_path: Path) -> None:
    with pytest.raises(ThroughtimeError, match="expected steps, epochs, minutes or patience"):
        scripted(tmp_path / "a", [1.0], {})
    with pytest.raises(ThroughtimeError, match="found no batch"):
        scripted(tmp_path / "b", [1.0], {"epochs": 1}, batches=0)


# -- when things go wrong ------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_loss_that_is_no_number_names_the_step_and_leaves_the_checkpoint(bad: float, tmp_path: Path) -> None:
    model = Scripted(lambda call: bad if call == 7 else -1.0)
    settings = TrainingSettings(**{**COUNT, "epochs": 3, "learning_rate": 0.5})
    run = RunFolder.create(tmp_path / "run")
    with pytest.raises(NotANumberError) as caught:
        loop.fit(model, Ones(4), lambda _: 1.0, METRIC, settings, run, quiet=True)
    said = str(caught.value)
    assert "step 7 (epoch 2, batch 3)" in said
    assert "lower learning rate (now 0.5)" in said
    assert "clip_norm" in said
    assert "checkpoint of step 4 is intact" in said
    assert load_tree(run.checkpoint)["progress"]["step"] == 4
    assert model.weight.item() == 3.0  # 6 steps of 0.5: the bad one was not taken


def test_a_gradient_that_is_no_number_stops_too(tmp_path: Path) -> None:
    class Root(Scripted):
        def loss(self, batch: Batch, state: Any = None) -> Loss:
            return Loss(self.weight.sqrt(), 1)  # finite at 0, its derivative is not

    settings = TrainingSettings(**{**COUNT, "epochs": 3})
    with pytest.raises(NotANumberError, match=r"step 1 .*norm of the gradient is inf.*there is no checkpoint yet"):
        loop.fit(Root(), Ones(4), lambda _: 1.0, METRIC, settings, RunFolder.create(tmp_path / "run"), quiet=True)


def test_a_metric_that_is_no_number_stops_too(tmp_path: Path) -> None:
    with pytest.raises(NotANumberError, match=r"step 8: the validation score is no number.*step 4 is intact"):
        scripted(tmp_path / "run", [1.0, math.nan], {"epochs": 3})


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_is_heeded_at_the_step_and_handlers_come_back(number: signal.Signals, tmp_path: Path) -> None:
    handlers = [signal.getsignal(kind) for kind in (signal.SIGINT, signal.SIGTERM)]

    def gradient(call: int) -> float:
        if call == 6:
            os.kill(os.getpid(), number)
        return -1.0

    run = RunFolder.create(tmp_path / "run")
    model = Scripted(gradient)
    with pytest.raises(KeyboardInterrupt, match=f"stopped by {number.name} after step 6"):
        loop.fit(model, Ones(4), lambda _: 1.0, METRIC, TrainingSettings(**COUNT, epochs=9), run, quiet=True)
    assert load_tree(run.checkpoint)["progress"]["step"] == 6
    assert [signal.getsignal(kind) for kind in (signal.SIGINT, signal.SIGTERM)] == handlers
