"""The training loop against plain PyTorch, closed forms, and itself."""

from __future__ import annotations

import csv
import math
import os
import re
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import Tensor, nn
from torch.nn import functional as F

from throughtime.data.batch import Batch
from throughtime.data.loaders import BucketLoader, StreamLoader
from throughtime.errors import NotANumberError, ThroughtimeError
from throughtime.layers import LSTM
from throughtime.models.base import Loss, Model
from throughtime.settings import TrainingSettings
from throughtime.tasks.base import Metric
from throughtime.training import loop
from throughtime.training.average import WeightAverage, has_stalled
from throughtime.training.folder import RunFolder
from throughtime.training.hardware import cpu_threads, make_fabric
from throughtime.training.optimiser import learning_rate
from throughtime.training.progress import Progress
from throughtime.training.step import Stepper
from throughtime.training.tree import load_tree
from toy_run import METRIC, ToyModel, plain_weights, text, train


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


class Scripted(Model):
    """One weight that counts the steps (learning rate 1, gradient -1), and whatever loss a test wants."""

    def __init__(self, gradient: Callable[[int], float] = lambda _: -1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(()))
        self.gradient = gradient
        self.calls = 0

    def loss(self, batch: Batch, state: Any = None) -> Loss:
        self.calls += 1
        return Loss(self.weight * self.gradient(self.calls), 1)


class Ones:
    """Batches of nothing in particular."""

    def __init__(self, batches: int) -> None:
        self.batches = batches

    def __len__(self) -> int:
        return self.batches

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[Batch]:
        for _ in range(skip, self.batches):
            yield Batch({"inputs": torch.ones(1, 1)}, 1, 1)


COUNT = {"learning_rate": 1.0, "optimiser": "sgd", "clip_norm": None}


def scripted(
    folder: Path, values: Sequence[float], settings: dict[str, Any], batches: int = 4, best: Any = "min"
) -> tuple[loop.Outcome, list[float]]:
    """A run whose n-th evaluation gives the n-th value; also the weight (the step) at each evaluation."""
    seen: list[float] = []

    def validate(model: Scripted) -> float:
        seen.append(model.weight.item())
        return values[min(len(seen), len(values)) - 1]

    asked = TrainingSettings(**{**COUNT, **settings})
    metric = Metric("score", "points", best)
    run = RunFolder.create(folder)
    return loop.fit(Scripted(), Ones(batches), validate, metric, asked, run, quiet=True), seen


def rows(folder: Path) -> list[dict[str, float]]:
    with (folder / "metrics.csv").open() as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


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
    loader = StreamLoader(tokens, 4, 10)
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
    with pytest.raises(KeyboardInterrupt, match=f"{number.name} after step 6.*--resume"):
        loop.fit(model, Ones(4), lambda _: 1.0, METRIC, TrainingSettings(**COUNT, epochs=9), run, quiet=True)
    assert load_tree(run.checkpoint)["progress"]["step"] == 6
    assert [signal.getsignal(kind) for kind in (signal.SIGINT, signal.SIGTERM)] == handlers


# -- devices and precision -----------------------------------------------------------------------------------


def test_bfloat16_mixed_precision_learns_on_the_cpu(tmp_path: Path) -> None:
    settings = {"steps": 150, "precision": "bf16-mixed", "learning_rate": 0.02}
    outcome = train(tmp_path / "run", "stream", settings)
    assert outcome.best < 1.2  # ln 11 = 2.40 is guessing; 0.50 is the entropy of the source
    assert all(t.dtype == torch.float32 for t in plain_weights(tmp_path / "run" / "model.safetensors").values())


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"precision": "16-mixed", "device": "cpu"}, "16-mixed needs a GPU.*bf16-mixed or 32"),
        ({"device": "cuda:77"}, "found 'cuda:77', expected auto or one that this machine has: cpu"),
        ({"device": "toaster"}, "found 'toaster', expected auto"),
    ],
)
def test_what_the_device_cannot_do_is_said(settings: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(ThroughtimeError, match=sentence):
        train(tmp_path / "run", "stream", {"steps": 1, **settings})


def test_the_seed_decides_everything(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        train(tmp_path / name, "stream", {"steps": 5, "seed": seed})
    a, b, c = ((tmp_path / name / "model.safetensors").read_bytes() for name in "abc")
    assert a == b
    assert a != c


def test_how_often_it_is_evaluated_does_not_change_what_is_learned(tmp_path: Path) -> None:
    for every in (1, 5, 20):
        train(tmp_path / str(every), "stream", {"steps": 20, "evaluate_every": every})
    one, five, twenty = (load_tree(RunFolder(tmp_path / str(n)).checkpoint)["model"] for n in (1, 5, 20))
    for name in one:
        assert torch.equal(one[name], five[name])
        assert torch.equal(one[name], twenty[name])


# -- what it tells -------------------------------------------------------------------------------------------


def test_metrics_events_and_lines_tell_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "run"
    settings = {"evaluate_every": 5, "optimiser": "sgd", "schedule": "exponential", "accumulate": 2}
    train(folder, "stream", {"steps": 12, **settings})
    outcome = train(folder, "stream", {"steps": 25, **settings}, resume=True)
    told = rows(folder)
    assert list(told[0]) == [
        "step",
        "epoch",
        "seconds",
        "train_loss",
        "valid_nll",
        "learning_rate",
        "gradient_norm",
        "sequences_per_second",
        "tokens_per_second",
    ]
    assert [row["step"] for row in told] == [5, 10, 12, 15, 20, 25]
    assert min(row["valid_nll"] for row in told) == outcome.best
    assert all(row["gradient_norm"] > 0 and row["tokens_per_second"] > 0 for row in told)
    assert 1.0 < told[0]["train_loss"] < 3.0
    assert [row["seconds"] for row in told] == sorted(row["seconds"] for row in told)

    events = EventAccumulator(str(folder / "events"))
    events.Reload()
    assert sorted(events.Tags()["scalars"]) == sorted(set(told[0]) - {"step"})
    for name in events.Tags()["scalars"]:
        found = [(event.step, event.value) for event in events.Scalars(name)]
        assert found == [(row["step"], pytest.approx(row[name], rel=1e-6)) for row in told]

    lines = capsys.readouterr().err.splitlines()
    evaluations = [line for line in lines if line.startswith("step ")]
    assert len(evaluations) == 6
    assert f"valid nll {told[-1]['valid_nll']:.4f}" in evaluations[-1]
    assert "sequences/s" in evaluations[-1]
    assert "tokens/s" in evaluations[-1]
    assert any(line.startswith("going on after step 12") for line in lines)
    assert lines[-1].startswith("stopped: limit of 25 steps; best nll")


def test_a_terminal_shows_a_live_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    train(tmp_path / "run", "stream", {"steps": 40, "evaluate_every": 5}, quiet=False)
    said = capsys.readouterr().err
    for words in (r"step \d+  loss \d", "best nll", r"\d sequences/s", r"\d tokens/s", r"\d:\d\d to go"):
        assert re.search(words, said), words
    assert "stopped: limit of 40 steps" in said


def test_rates_count_what_was_learned_from(tmp_path: Path) -> None:
    outcome = train(tmp_path / "run", "stream", {"epochs": 1})
    progress = load_tree(RunFolder(tmp_path / "run").checkpoint)["progress"]
    assert progress["total"]["tokens"] == 1999 // 4 * 4
    assert progress["total"]["sequences"] == 4 * progress["batches"]
    assert outcome.tokens_per_second == pytest.approx(progress["total"]["tokens"] / progress["total"]["seconds"])
    assert progress["total"]["seconds"] < outcome.seconds


# -- threads -------------------------------------------------------------------------------------------------


def test_small_recurrent_layers_get_one_thread_and_all_else_as_many_as_before() -> None:
    small, large, none = LSTM(100, 450), LSTM(100, 512), nn.Linear(5, 5)
    torch.set_num_threads(3)
    try:
        for model, asked, expected in (
            (small, None, 1),
            (nn.Sequential(nn.Linear(2000, 2000), small), None, 1),
            (nn.Sequential(LSTM(100, 300), LSTM(300, 300)), None, 3),
            (large, None, 3),
            (none, None, 3),
            (small, 2, 2),
            (large, 1, 1),
        ):
            with cpu_threads(model, asked):
                assert torch.get_num_threads() == expected
            assert torch.get_num_threads() == 3
        with pytest.raises(ZeroDivisionError), cpu_threads(small, 2):
            1 / 0  # noqa: B018
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(1)


def test_a_run_trains_with_the_threads_it_asks_for(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    seen: list[int] = []

    class Watched(Scripted):
        def loss(self, batch: Batch, state: Any = None) -> Loss:
            seen.append(torch.get_num_threads())
            return super().loss(batch, state)

    settings = TrainingSettings(**COUNT, steps=2, threads=2)
    loop.fit(Watched(), Ones(4), lambda _: 1.0, METRIC, settings, RunFolder.create(tmp_path / "run"), quiet=True)
    assert seen == [2, 2]
    assert torch.get_num_threads() == 1
