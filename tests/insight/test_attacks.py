"""Attacks: FGSM and PGD as foolbox has them, HotFlip by its own first order, and what stress says of them."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import throughtime
from helpers import tiny
from throughtime import tasks
from throughtime.cli.main import main
from throughtime.data.batch import Batch
from throughtime.errors import ThroughtimeError
from throughtime.insight.attacks import NEAR, fgsm, hotflip, pgd
from throughtime.layers import GRU
from throughtime.models.classifier import Classifier
from throughtime.models.parts.embedding import Embedding
from throughtime.tasks.base.attackable import Numbers, Replaceable

with warnings.catch_warnings():  # its imports warn of their own imports
    warnings.simplefilter("ignore")
    import foolbox

STORED = Path(__file__).parents[1] / "tasks" / "stored_runs"
UNIT = Numbers("units", (0.1,) * 5, 0.0, 1.0)


@pytest.fixture
def double() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def of_numbers() -> tuple[Classifier, Batch]:
    """A recurrent classifier of vectors, and sequences of three lengths, some numbers of which lie at the bounds."""
    torch.manual_seed(0)
    model = Classifier(nn.Identity(), GRU(4, 6, batch_first=True, bidirectional=True), 3, "mean").eval()
    x = torch.rand(5, 7, 4).mul(1.4).sub(0.2).clamp(0, 1)
    lengths = torch.tensor([7, 7, 7, 7, 7])
    return model, Batch({"inputs": x, "targets": torch.tensor([0, 1, 2, 0, 1]), "lengths": lengths}, 5, 35)


class Logits(nn.Module):
    """A classifier as foolbox wants it: inputs -> logits."""

    def __init__(self, model: Classifier, lengths: Tensor) -> None:
        super().__init__()
        self.model, self.lengths = model, lengths

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x, self.lengths).logits


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("amount", [0.01, 0.1])
def test_one_step_and_many_are_foolboxs(amount: float) -> None:
    model, batch = of_numbers()
    theirs = foolbox.PyTorchModel(Logits(model, batch["lengths"]).eval(), bounds=(0, 1), device="cpu")
    one = foolbox.attacks.LinfFastGradientAttack(random_start=False)
    many = foolbox.attacks.LinfProjectedGradientDescentAttack(rel_stepsize=0.25, steps=10, random_start=False)
    one_step, many_steps = fgsm(model, batch, amount, UNIT), pgd(model, batch, amount, UNIT)
    for attack, own in ((one, one_step), (many, many_steps)):
        _, expected, _ = attack(theirs, batch["inputs"], batch["targets"], epsilons=amount)
        assert float((expected - batch["inputs"]).abs().max()) == pytest.approx(amount)
        torch.testing.assert_close(own["inputs"], expected, rtol=0, atol=1e-6)
    losses = [float(model.loss(changed).total.detach()) for changed in (batch, one_step, many_steps)]
    assert losses[0] < losses[1] <= losses[2]


@pytest.mark.usefixtures("double")
def test_what_is_padding_and_what_is_trained_stays_as_it_is() -> None:
    model, batch = of_numbers()
    lengths = torch.tensor([7, 3, 1, 7, 2])
    batch = Batch({**batch.tensors, "lengths": lengths}, 5, 20)
    before = [weight.clone() for weight in model.parameters()]
    after = pgd(model, batch, 0.05, UNIT)["inputs"]
    for row, moved, length in zip(batch["inputs"], after, lengths.tolist(), strict=True):
        assert (row[length:] == moved[length:]).all()
        assert (row[:length] != moved[:length]).any()
    assert 0 <= float(after.min()) <= float(after.max()) <= 1
    assert all((one == other).all() for one, other in zip(before, model.parameters(), strict=True))
    assert all(weight.grad is None for weight in model.parameters())


def of_words() -> tuple[Classifier, Batch, Replaceable]:
    """A classifier of texts in sentences, its embedding frozen, 120 words of which the first four are marks."""
    torch.manual_seed(3)
    embedding = Embedding(120, 6)
    embedding.weight.requires_grad_(False)
    model = Classifier(embedding, GRU(6, 5, batch_first=True), 2, "max").eval()
    ids = torch.randint(4, 120, (3, 9))
    ids[0, 2], ids[1, 4:], ids[2, 8] = 1, 0, 1
    parts = torch.tensor([[4, 5], [4, 0], [9, 0]])
    tensors = {"inputs": ids, "targets": torch.tensor([0, 1, 1]), "lengths": torch.tensor([9, 4, 9]), "parts": parts}
    return model, Batch(tensors, 3, 22), Replaceable("encoder", (False,) * 4 + (True,) * 116)


@pytest.mark.usefixtures("double")
def test_one_word_is_replaced_by_what_raises_the_loss_most_by_the_gradient() -> None:
    model, batch, surface = of_words()
    weights, ids = model.encoder.weight, batch["inputs"]
    after = hotflip(model, batch, 1, surface)["inputs"]
    unit = F.normalize(weights, dim=1)
    step = 1e-6
    for row in range(3):
        rises: dict[tuple[int, int], float] = {}
        for place in range(int(batch["lengths"][row])):
            word = int(ids[row, place])
            if word < 4:
                continue
            near = sorted((n for n in range(4, 120) if n != word), key=lambda n: -float(unit[n] @ unit[word]))[:NEAR]
            slope = numeric_slope(model, batch, row, place, step)
            rises |= {(place, other): float((weights[other] - weights[word]) @ slope) for other in near}
        place, other = max(rises, key=lambda key: rises[key])
        expected = ids[row].clone()
        expected[place] = other
        assert after[row].tolist() == expected.tolist()


def numeric_slope(model: Classifier, batch: Batch, row: int, place: int, step: float) -> Tensor:
    """The slope of the loss in the vector at one place, by differences: the place is given a word of its own."""
    before, ids = model.encoder, batch["inputs"].clone()
    word, ids[row, place] = int(ids[row, place]), 120

    def loss(change: Tensor) -> float:
        own = before.weight[word : word + 1] + change
        model.encoder = nn.Embedding.from_pretrained(torch.cat([before.weight, own]))
        return float(model.loss(Batch({**batch.tensors, "inputs": ids}, 3, 22)).total.detach())

    ways = step * torch.eye(6)
    slope = torch.tensor([(loss(way) - loss(-way)) / (2 * step) for way in ways])
    model.encoder = before
    return slope


@pytest.mark.usefixtures("double")
def test_so_many_words_are_replaced_and_no_mark_and_the_loss_rises_with_each() -> None:
    model, batch, surface = of_words()
    losses = [float(model.loss(batch).total.detach())]
    for count in (1, 2, 4):
        after = hotflip(model, batch, count, surface)
        changed = after["inputs"] != batch["inputs"]
        assert changed.sum(dim=1).max() <= count
        assert not changed[batch["inputs"] < 4].any()
        assert (after["inputs"][changed] >= 4).all()
        losses.append(float(model.loss(after).total.detach()))
    assert losses == sorted(losses)
    assert len(set(losses)) == 4
    assert model.encoder.weight.shape == (120, 6)
    assert not model.encoder.weight.requires_grad


@pytest.mark.parametrize(
    ("name", "attacks"),
    [("sentiment/data/reviews.csv", ["hotflip"]), ("video/data", ["fgsm", "pgd"]), ("speech/data", ["fgsm", "pgd"])],
)
def test_stress_judges_by_the_tasks_own_metric_and_says_where_it_breaks(
    name: str, attacks: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, data = str(STORED / name.split("/")[0] / "run"), str(STORED / name)
    out = tmp_path / "out"
    words = ["stress", run, data, "--conditions", *attacks, "--severities", "1", "5", "--limit", "6"]
    words += ["--out", str(out), "--no-report"]
    assert main(words) == 0
    shown = capsys.readouterr().out
    found = json.loads((out / "stress.json").read_text(encoding="utf-8"))
    assert [curve["condition"] for curve in found["curves"]] == attacks
    assert all(curve["changed"] > 0 for curve in found["curves"])
    assert all(value is None for curve in found["curves"] for value in curve["simple"])
    assert "nan" not in shown
    assert f" {found['curves'][0]['does']} " in " ".join(shown.split())  # in as many lines as the width asks for
    assert any(line.startswith(f"{attacks[-1]}: ") for line in shown.splitlines()) or "no lead" in shown
    metric, worse = found["metric"], found["curves"][-1]["values"][-1]
    before = found["undisturbed"]["value"]
    assert worse >= before if metric["best"] == "min" else worse <= before


def test_a_clip_is_judged_as_the_attack_leaves_it(tmp_path: Path) -> None:
    small = tiny.write("video", tmp_path)
    kind = tasks.find("video")
    task: Any = kind(kind.Settings(**small.settings), tmp_path / "cache")
    examples = task.read_splits(small.data).train
    task.fit(examples)
    torch.manual_seed(1)
    model, surface = task.model().eval(), task.surface()
    plain, actual = task.class_probabilities(model, examples)
    task.change = lambda batch: pgd(model, batch, 0.4, surface)
    attacked, _ = task.class_probabilities(model, examples)
    rows = np.arange(len(actual))
    assert (attacked[rows, actual] < plain[rows, actual]).mean() > 0.9
    task.mean = None
    assert (task.surface().unit, task.surface().low, task.surface().high) == ("grey levels of 255", 0, 255)


def test_attacks_are_tried_only_if_asked_for_and_only_where_there_is_something_to_move() -> None:
    run = throughtime.Run(STORED / "sentiment" / "run")
    data = STORED / "sentiment" / "data" / "reviews.csv"
    plain = throughtime.stress(run, data, severities=(1,), limit=2, quiet=True)
    assert not {curve.condition for curve in plain.curves} & {"fgsm", "pgd", "hotflip"}
    assert run.task.change is None
    with pytest.raises(ThroughtimeError, match=r"found no condition 'fgsm' of sentiment, expected of: .*hotflip"):
        throughtime.stress(run, data, conditions=["fgsm"])
    with pytest.raises(ThroughtimeError, match="the task music reads nothing that an attack by gradients could change"):
        throughtime.stress(STORED / "music" / "run", conditions=["pgd"])
    assert np.isfinite(plain.value)
