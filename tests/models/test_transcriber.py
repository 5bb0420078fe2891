"""The transcriber: its loss against all alignments, batches against rows, streams against the whole."""

from __future__ import annotations

import math
from itertools import groupby, product
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from throughtime import kernels
from throughtime.data.batch import Batch
from throughtime.decoding.ctc import BeamSearch, greedy, prefix_beam
from throughtime.errors import ArgumentError
from throughtime.layers import GRU, LSTM, RNN
from throughtime.models.parts.front_end import ConvolutionFrontEnd
from throughtime.models.parts.lookahead import Lookahead
from throughtime.models.transcriber import Transcriber

FEATURES, K = 6, 4


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def make(
    cell: Any = GRU,
    both_ways: bool = True,
    causal: bool = False,
    stride: int = 2,
    kernel: int = 3,
    layers: int = 2,
    **options: Any,
) -> Transcriber:
    front = ConvolutionFrontEnd(FEATURES, (3, 4), stride, causal, kernel)
    recurrent = cell(front.size, 5, num_layers=layers, batch_first=True, bidirectional=both_ways)
    return Transcriber(front, recurrent, K, **options)


def batch_of(rows: list[tuple[int, list[int]]], padding: float = 0.0) -> Batch:
    """Random frames, some for each row, and its text."""
    random = np.random.default_rng(0)
    T, U = max(1, *(length for length, _ in rows)), max(1, *(len(text) for _, text in rows))
    inputs, targets = np.full((len(rows), T, FEATURES), padding), np.zeros((len(rows), U), dtype=np.int64)
    for row, (length, text) in enumerate(rows):
        inputs[row, :length] = random.normal(size=(length, FEATURES))
        targets[row, : len(text)] = text
    lengths = torch.tensor([length for length, _ in rows])
    tensors = {
        "inputs": torch.from_numpy(inputs),
        "lengths": lengths,
        "targets": torch.from_numpy(targets),
        "target_lengths": torch.tensor([len(text) for _, text in rows]),
    }
    return Batch(tensors, len(rows), int(lengths.sum()))


def row_of(batch: Batch, row: int) -> Batch:
    length = max(1, int(batch["lengths"][row]))
    tensors = {name: tensor[row : row + 1] for name, tensor in batch.tensors.items()}
    return Batch({**tensors, "inputs": tensors["inputs"][:, :length]}, 1, length)


def nll_of(log_probs: np.ndarray, text: list[int]) -> float:
    """-log of the sum of p over all ways that say a text."""
    total = 0.0
    for way in product(range(log_probs.shape[1]), repeat=len(log_probs)):
        if [symbol for symbol, _ in groupby(way) if symbol] == text:
            total += math.exp(sum(log_probs[t, k] for t, k in enumerate(way)))
    return -math.log(total)


ROWS: list[tuple[int, list[int]]] = [(9, [1, 2]), (10, [3, 3, 1]), (4, []), (7, [2]), (1, [1]), (8, [1, 2, 3, 1])]


@pytest.mark.parametrize("stride", [1, 2, 4])
def test_the_loss_is_that_of_all_ways_to_say_the_text(stride: int) -> None:
    model = make(stride=stride).double()
    rows = [(length * stride // 2, text) for length, text in ROWS]
    batch = batch_of([row for row in rows if row[0]])
    expected, symbols = 0.0, 0
    for log_probs, steps, targets, U in zip(
        model(batch).detach().numpy(),
        model.heard(batch["lengths"]).tolist(),
        batch["targets"].tolist(),
        batch["target_lengths"].tolist(),
        strict=True,
    ):
        expected += nll_of(log_probs[:steps], targets[:U])
        symbols += max(1, U)
    loss = model.loss(batch)
    assert loss.total.item() == pytest.approx(expected, rel=1e-10)
    assert loss.count == symbols


def test_rows_too_short_for_their_text_are_found_and_left_out() -> None:
    model = make(stride=2).double()
    # 4, 5 and 6 frames are 2, 3 and 3 steps; a repeat needs a blank between
    fits = [(5, [1, 2, 1]), (6, [3, 3]), (1, [1]), (2, [])]
    short = [(4, [1, 2, 1]), (4, [3, 3]), (2, [1, 1]), (6, [2, 2, 1])]
    assert model.too_short(batch_of(fits)).tolist() == [False] * 4
    both = batch_of([row for pair in zip(fits, short, strict=True) for row in pair])
    assert model.too_short(both).tolist() == [False, True] * 4
    alone = [model.loss(row_of(both, row)) for row in range(8)]
    assert [loss.count for loss in alone] == [3, 0, 2, 0, 1, 0, 1, 0]
    assert all(loss.total.item() == 0.0 for loss in alone[1::2])
    loss = model.loss(both)
    assert loss.total.item() == pytest.approx(sum(one.total.item() for one in alone[::2]), rel=1e-10)
    loss.total.backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)


@pytest.mark.parametrize(("causal", "kernel"), [(False, 3), (True, 3), (False, 5), (True, 5)])
@pytest.mark.parametrize("stride", [1, 2, 4])
def test_a_batch_is_its_rows_alone_whatever_the_padding(causal: bool, kernel: int, stride: int) -> None:
    model = make(causal=causal, stride=stride, kernel=kernel).double()
    rows = [(length, []) for length in (23, 1, 8, 9, 10, 11, 0, 16)]
    batch = batch_of(rows, padding=math.nan)
    together, heard = model(batch), model.heard(batch["lengths"])
    assert heard.tolist() == [math.ceil(length / stride) for length, _ in rows]
    for row, steps in enumerate(heard.tolist()):
        alone = model(row_of(batch, row))
        assert steps == 0 or alone.shape[1] == steps
        torch.testing.assert_close(together[row, :steps], alone[0, :steps], atol=1e-12, rtol=0)


def test_the_front_end_is_the_convolutions_it_says_it_is() -> None:
    front = ConvolutionFrontEnd(FEATURES, (3, 4, 2), stride=4, causal=False, kernel=3).double()
    nn.init.normal_(front.normalisation.weight)
    frames = torch.randn(1, 16, FEATURES, dtype=torch.float64)
    x = frames[:, None]
    for layer, step in zip(front.layers, (2, 2, 1), strict=True):
        x = F.relu(F.conv2d(x, layer.weight, layer.bias, stride=(step, 2), padding=1))
    flat = x.permute(0, 2, 1, 3).reshape(1, 4, -1)
    centred = flat - flat.mean(dim=2, keepdim=True)
    expected = centred / (centred.square().mean(dim=2, keepdim=True) + 1e-5).sqrt()
    expected = expected * front.normalisation.weight + front.normalisation.bias
    torch.testing.assert_close(front(frames, torch.tensor([16])), expected)
    assert front.size == 2


def test_a_causal_front_end_does_not_look_ahead() -> None:
    frames = torch.randn(1, 24, FEATURES)
    lengths = torch.tensor([24])
    for stride, kernel in product((1, 2, 4), (3, 5)):
        changed = frames.clone()
        changed[:, 12:] += 1
        for causal in (True, False):
            front = ConvolutionFrontEnd(FEATURES, (3, 4), stride, causal, kernel)
            before = front(frames, lengths)[:, : 12 // stride]
            same = torch.equal(before, front(changed, lengths)[:, : 12 // stride])
            # with windows of 3 a step of every second frame reaches no further than its own two
            assert same == (causal or (kernel == 3 and stride == 4))


@pytest.mark.parametrize("lookahead", [0, 1, 7])
@pytest.mark.parametrize("chunks", [[1] * 41, [41], [0, 2, 0, 39], [3] * 13 + [2], [7, 1, 1, 20, 5, 7], [40, 1]])
@pytest.mark.parametrize(("cell", "stride", "kernel"), [(GRU, 4, 3), (LSTM, 2, 5), (RNN, 1, 3)])
def test_a_stream_hears_what_the_whole_says(
    chunks: list[int], cell: Any, stride: int, kernel: int, lookahead: int
) -> None:
    model = make(cell, both_ways=False, causal=True, stride=stride, kernel=kernel, dropout=0.5, lookahead=lookahead)
    if model.lookahead is not None:
        nn.init.normal_(model.lookahead.weight)
    batch = Batch(
        {name: x.float() if x.is_floating_point() else x for name, x in batch_of([(41, [])]).tensors.items()}, 1, 41
    )
    listener = model.listen()
    parts, given = [], 0
    for frames in batch["inputs"][0].split(chunks):
        parts.append(listener.add(frames))
        given += len(frames)
        # everything is said as soon as the frames are there that it is about, and those that are looked ahead to
        assert sum(map(len, parts)) == max(0, given // stride - lookahead)
    assert listener.latency == stride * (lookahead + 1) - 1
    parts.append(listener.end())
    with torch.no_grad():
        whole = model(batch)[0]
    torch.testing.assert_close(torch.cat(parts), whole, atol=1e-5, rtol=0)
    assert len(listener.end()) == 0


@pytest.mark.parametrize("lookahead", [0, 3])
def test_a_stream_that_never_began_says_nothing(lookahead: int) -> None:
    assert make(both_ways=False, causal=True, lookahead=lookahead).listen().end().shape == (0, K)


def ahead(steps: int) -> Transcriber:
    """A model whose look-ahead has learned something."""
    model = make(both_ways=False, causal=True, lookahead=steps).double().eval()
    assert model.lookahead is not None
    nn.init.normal_(model.lookahead.weight)
    return model


def test_looking_ahead_is_so_far_and_no_further() -> None:
    model, batch = ahead(3), batch_of([(24, [])])
    changed = batch["inputs"].clone()
    changed[:, 12:] += 1  # from step 6 on
    before, after = (model(Batch({**batch.tensors, "inputs": one}, 1, 24))[0] for one in (batch["inputs"], changed))
    assert [step for step in range(12) if not torch.equal(before[step], after[step])] == list(range(3, 12))
    with pytest.raises(ArgumentError, match="found 3 steps to look ahead, expected 0 of layers that run both ways"):
        make(lookahead=3)
    with pytest.raises(ArgumentError, match="found 4 units and -1 steps"):
        Lookahead(4, -1)


def test_looking_ahead_is_a_sum_of_weighed_steps() -> None:
    lookahead, hidden = Lookahead(5, 2).double(), torch.randn(3, 7, 5, dtype=torch.float64)
    torch.testing.assert_close(lookahead(hidden), hidden)  # before it has learned anything
    nn.init.normal_(lookahead.weight)
    expected = torch.zeros_like(hidden)
    for t, j in product(range(7), range(3)):
        if t + j < 7:
            expected[:, t] += lookahead.weight[:, j] * hidden[:, t + j]
    torch.testing.assert_close(lookahead(hidden), expected)


def test_rows_that_look_ahead_are_those_of_each_alone() -> None:
    model, rows = ahead(2), [(length, []) for length in (23, 1, 8, 0, 16)]
    batch = batch_of(rows, padding=math.nan)
    together = model(batch)
    for row, steps in enumerate(model.heard(batch["lengths"]).tolist()):
        alone = model(row_of(batch, row))
        torch.testing.assert_close(together[row, :steps], alone[0, :steps], atol=1e-12, rtol=0)


def test_a_stream_is_transcribed_as_the_whole() -> None:
    model = make(LSTM, both_ways=False, causal=True, stride=2)
    with torch.no_grad():
        model.output.weight.mul_(8)
    batch = batch_of([(60, [])])
    frames = batch["inputs"].float()
    with torch.no_grad():
        whole = model(Batch({**batch.tensors, "inputs": frames}, 1, 60))
    listener, search = model.listen(), BeamSearch(8)
    for frame in frames[0]:
        search.advance(listener.add(frame[None]))
    search.advance(listener.end())
    expected = prefix_beam(whole, torch.tensor([30]), lambda: BeamSearch(8))[0]
    assert len(expected[0].tokens) > 3
    assert [one.tokens.tolist() for one in search.best(3)] == [one.tokens.tolist() for one in expected[:3]]


def test_gradients_are_those_of_finite_differences() -> None:
    with kernels.use("reference"):
        model = make(LSTM, layers=1).double()
        batch = batch_of([(7, [1, 2]), (10, [3, 3, 1]), (4, []), (3, [1, 1, 1])])

        def loss(inputs: Tensor, *parameters: Tensor) -> Any:
            named = dict(zip(dict(model.named_parameters()), parameters, strict=True))
            given = Batch({**batch.tensors, "inputs": inputs}, 4, 24)
            with torch.nn.utils.stateless._reparametrize_module(model, named):
                return model.loss(given).total

        inputs = batch["inputs"].clone().requires_grad_()
        assert torch.autograd.gradcheck(loss, (inputs, *model.parameters()), fast_mode=True)


@pytest.mark.slow
def test_it_learns_which_symbols_are_in_what_order() -> None:
    """A symbol is a few frames of one frequency, anywhere; the text is their order."""
    random = np.random.default_rng(0)
    rows, texts = [], []
    for _ in range(64):
        text = random.integers(1, K, random.integers(1, 5)).tolist()
        frames = []
        for symbol in text:
            frames += [np.zeros(FEATURES)] * random.integers(2, 5)
            frames += [np.eye(FEATURES)[symbol] * 3] * random.integers(4, 9)
        rows.append(np.stack(frames) + random.normal(size=(len(frames), FEATURES)) * 0.3)
        texts.append(text)
    batch = batch_of([(len(row), text) for row, text in zip(rows, texts, strict=True)])
    inputs = torch.zeros(batch["inputs"].shape)
    for row, frames in zip(inputs, rows, strict=True):
        row[: len(frames)] = torch.from_numpy(frames)
    batch = Batch({**batch.tensors, "inputs": inputs}, 64, batch.tokens)
    assert not model_error(batch, texts, steps=0) < 0.5
    assert model_error(batch, texts, steps=400) < 0.05


def model_error(batch: Batch, texts: list[list[int]], steps: int) -> float:
    """Share of wrong texts after training on them."""
    model = make(stride=2)
    optimiser = torch.optim.Adam(model.parameters(), 0.02)
    for _ in range(steps):
        optimiser.zero_grad()
        loss = model.loss(batch)
        (loss.total / loss.count).backward()
        optimiser.step()
    model.eval()
    with torch.no_grad():
        found = greedy(model(batch), model.heard(batch["lengths"]))
    return sum(one != text for one, text in zip(found, texts, strict=True)) / len(texts)


def test_half_precision_sums_up_in_single() -> None:
    model = make()
    batch = batch_of([(10, [1, 2]), (8, [3])])
    batch = Batch({**batch.tensors, "inputs": batch["inputs"].float()}, 2, 18)
    with torch.autocast("cpu", torch.bfloat16):
        assert model(batch).dtype == torch.float32
        assert model.loss(batch).total.item() == pytest.approx(model.loss(batch).total.item())


def test_what_cannot_stream_says_so() -> None:
    with pytest.raises(ArgumentError, match="both ways"):
        make(both_ways=True, causal=True).listen()
    with pytest.raises(ArgumentError, match="looks ahead"):
        make(both_ways=False, causal=False).listen()


@pytest.mark.parametrize(
    "wrong",
    [
        {"features": 0},
        {"channels": ()},
        {"channels": (4, 0)},
        {"stride": 3},
        {"channels": (4,), "stride": 4},
        {"kernel": 4},
        {"kernel": 1},
    ],
)
def test_front_ends_that_cannot_be_are_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=r"features, channels .*, stride \d, kernel \d"):
        ConvolutionFrontEnd(**({"features": 4, "channels": (2, 2), "stride": 2} | wrong))


def test_parts_that_do_not_fit_are_named() -> None:
    front = ConvolutionFrontEnd(FEATURES, (3, 4), 2)
    with pytest.raises(ArgumentError, match="found 1 symbols"):
        Transcriber(front, GRU(front.size, 5, batch_first=True), 1)
    with pytest.raises(ArgumentError, match="batch_first=False"):
        Transcriber(front, GRU(front.size, 5), 3)
    with pytest.raises(ArgumentError, match=f"input_size=9, expected .* the front end's {front.size}"):
        Transcriber(front, GRU(9, 5, batch_first=True), 3)
