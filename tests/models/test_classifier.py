from __future__ import annotations

from itertools import product

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from throughtime.data.batch import Batch
from throughtime.errors import ArgumentError
from throughtime.layers import GRU, LSTM, RNN
from throughtime.models.classifier import Classifier, OneHot
from throughtime.models.parts.pooling import AttentionPooling, Pooling, last_pooling, max_pooling, mean_pooling

POOLINGS: tuple[Pooling, ...] = ("last", "mean", "max", "attention")
LENGTHS = torch.tensor([4, 0, 6, 1])


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def hidden_states() -> Tensor:
    return torch.randn(4, 6, 10, dtype=torch.float64)


@pytest.mark.parametrize("poison", [torch.nan, torch.inf])
def test_poolings_against_plain_loops_whatever_stands_in_the_padding(poison: float) -> None:
    hidden = hidden_states()
    attention = AttentionPooling(10, 3).double()
    expected: dict[str, list[Tensor]] = {name: [] for name in POOLINGS}
    for row, length in zip(hidden, LENGTHS.tolist(), strict=True):
        real = row[:length]
        if length == 0:
            for values in expected.values():
                values.append(torch.zeros(10, dtype=torch.float64))
            continue
        expected["last"].append(torch.cat([real[-1, :5], real[0, 5:]]))
        expected["mean"].append(real.mean(dim=0))
        expected["max"].append(real.max(dim=0).values)
        scores = torch.stack([attention.score.weight[0] @ torch.tanh(attention.project(h)) for h in real])
        weights = scores.exp() / scores.exp().sum()
        expected["attention"].append((weights[:, None] * real).sum(dim=0))
    for row, length in enumerate(LENGTHS.tolist()):
        hidden[row, length:] = poison
    found = {
        "last": last_pooling(hidden, LENGTHS, directions=2),
        "mean": mean_pooling(hidden, LENGTHS),
        "max": max_pooling(hidden, LENGTHS),
        "attention": attention(hidden, LENGTHS)[0],
    }
    for name in POOLINGS:
        torch.testing.assert_close(found[name], torch.stack(expected[name]))


def test_attention_weights_sum_to_one_and_are_zero_on_padding() -> None:
    _, weights = AttentionPooling(10, 3).double()(hidden_states(), LENGTHS)
    torch.testing.assert_close(weights.sum(dim=1), torch.tensor([1.0, 0.0, 1.0, 1.0], dtype=torch.float64))
    for row, length in zip(weights, LENGTHS.tolist(), strict=True):
        assert (row[:length] > 0).all()
        assert (row[length:] == 0).all()


def build(cell: type, pooling: Pooling, bidirectional: bool = True) -> Classifier:
    options = {"num_layers": 2, "batch_first": True, "bidirectional": bidirectional}
    return Classifier(nn.Embedding(9, 5), cell(5, 4, **options), classes=3, pooling=pooling, dropout=0.5).double()


@pytest.mark.parametrize(("cell", "pooling", "both"), [*product((RNN, GRU, LSTM), POOLINGS, (False, True))])
def test_padded_batch_equals_rows_alone_in_values_and_gradients(cell: type, pooling: Pooling, both: bool) -> None:
    model = build(cell, pooling, both).eval()
    rows = [torch.randint(1, 9, (length,)) for length in LENGTHS]
    padded = torch.full((4, 6), 7)  # a real word in the padding
    for row, words in zip(padded, rows, strict=True):
        row[: len(words)] = words
    targets = torch.tensor([0, 1, 2, 1])
    together = model.loss(Batch({"inputs": padded, "lengths": LENGTHS, "targets": targets}, 4, 11))
    gradients = torch.autograd.grad(together.total, list(model.parameters()))
    alone = [model(words[None], torch.tensor([len(words)])).logits for words in rows]
    total = F.cross_entropy(torch.cat(alone), targets, reduction="sum")
    torch.testing.assert_close(together.total, total)
    assert together.count == 4
    for found, expected in zip(gradients, torch.autograd.grad(total, list(model.parameters())), strict=True):
        torch.testing.assert_close(found, expected)


def test_last_pooling_is_the_final_state_of_both_directions() -> None:
    model = build(LSTM, "last").eval()
    words, lengths = torch.randint(1, 9, (4, 6)), torch.tensor([6, 3, 1, 2])
    _, (final, _) = model.recurrent(model.encoder(words), lengths=lengths)
    pooled = torch.cat([final[-2], final[-1]], dim=-1)
    torch.testing.assert_close(model(words, lengths).logits, model.output(pooled))


@pytest.mark.parametrize("pooling", POOLINGS)
def test_no_steps_at_all(pooling: Pooling) -> None:
    model = build(GRU, pooling).eval()
    answer = model(torch.zeros(2, 0, dtype=torch.long), torch.zeros(2, dtype=torch.long))
    torch.testing.assert_close(answer.logits, model.output.bias.expand(2, -1))
    assert (answer.attention is None) == (pooling != "attention")


def test_one_hot_is_rows_of_the_identity() -> None:
    expected = torch.eye(4)
    expected[0] = 0
    torch.testing.assert_close(OneHot(4)(torch.tensor([[3, 0], [1, 2]])), expected[torch.tensor([[3, 0], [1, 2]])])


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ArgumentError, match="1 classes"):
        Classifier(OneHot(3), RNN(3, 2, batch_first=True), classes=1)
    with pytest.raises(ArgumentError, match="'sum'"):
        Classifier(OneHot(3), RNN(3, 2, batch_first=True), classes=2, pooling="sum")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="batch_first=False"):
        Classifier(OneHot(3), RNN(3, 2), classes=2)


@pytest.mark.parametrize("pooling", ["last", "mean", "max", "attention"])
def test_a_sequence_adds_up_what_its_parts_say_alone(pooling: Pooling, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values, gradients and attention against a plain loop; 3 rows at a time, so that parts of one text come apart."""
    monkeypatch.setattr("throughtime.models.classifier._ROWS", 3)
    torch.manual_seed(0)
    layer = LSTM(9, 4, batch_first=True, bidirectional=True)
    model = Classifier(OneHot(9), layer, classes=3, pooling=pooling)
    parts = [[2, 5, 1, 3], [4], [], [3, 3]]
    texts = [torch.randint(1, 9, (sum(sizes),)) for sizes in parts]
    inputs = torch.nn.utils.rnn.pad_sequence(texts, batch_first=True, padding_value=7)
    batch = Batch(
        {
            "inputs": inputs,
            "lengths": torch.tensor([len(text) for text in texts]),
            "parts": torch.tensor([sizes + [0] * (4 - len(sizes)) for sizes in parts]),
            "targets": torch.tensor([0, 1, 2, 1]),
        },
        4,
        sum(map(len, texts)),
    )
    expected, weights = [], []
    for text, sizes in zip(texts, parts, strict=True):
        alone = [model(part[None], torch.tensor([len(part)])) for part in text.split(sizes or [0])]
        expected.append(torch.stack([answer.logits[0] for answer in alone]).sum(dim=0) / len(alone) ** 0.5)
        weights.append(torch.cat([(a.attention[0] if a.attention is not None else torch.zeros(0)) for a in alone]))
    total = F.cross_entropy(torch.stack(expected), batch["targets"], reduction="sum")
    loss = model.loss(batch)
    torch.testing.assert_close(loss.total, total)
    gradients = torch.autograd.grad(loss.total, list(model.parameters()))
    for found, wanted in zip(gradients, torch.autograd.grad(total, list(model.parameters())), strict=True):
        torch.testing.assert_close(found, wanted)
    attention = model(inputs, batch["lengths"], batch["parts"]).attention
    assert (attention is None) == (pooling != "attention")
    if attention is not None:
        for row, own, sizes in zip(attention, weights, parts, strict=True):
            torch.testing.assert_close(row[: len(own)], own / max(1, len(sizes)))
            assert (row[len(own) :] == 0).all()
