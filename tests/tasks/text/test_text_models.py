"""The parts of a language model against independent renderings of their equations."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from throughtime.data.batch import Batch
from throughtime.decoding.sampling import Sampling
from throughtime.errors import ArgumentError
from throughtime.layers import LSTM
from throughtime.models.generator import Generator
from throughtime.models.outputs.softmax import AdaptiveSoftmax, Softmax
from throughtime.models.parts.embedding import Embedding
from throughtime.models.parts.stack import Stack, locked_dropout, stack

V, H = 11, 6


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def log_softmax(scores: np.ndarray) -> np.ndarray:
    scores = scores - scores.max(-1, keepdims=True)
    answer: np.ndarray = scores - np.log(np.exp(scores).sum(-1, keepdims=True))
    return answer


def array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().double().numpy()


# -- output layers ----------------------------------------------------------------------------------------------------


def test_softmax_is_the_textbook_s() -> None:
    output = Softmax(H, V).double()
    nn.init.normal_(output.bias)
    hidden, targets = torch.randn(7, H, dtype=torch.float64), torch.randint(V, (7,))
    expected = -log_softmax(array(hidden) @ array(output.weight).T + array(output.bias))[range(7), targets.numpy()]
    np.testing.assert_allclose(array(output.nll(hidden, targets)), expected, rtol=1e-12)


def test_tied_weights_are_the_embedding_s_and_stored_once() -> None:
    embedding = nn.Embedding(V, H)
    model = Generator(embedding, LSTM(3, H), Softmax(H, V, tied=embedding))
    assert [name for name in model.state_dict() if name.startswith("output")] == ["output.bias"]
    hidden, targets = torch.randn(4, H), torch.randint(V, (4,))
    model.output.nll(hidden, targets).sum().backward()
    # d(Σ nll)/dW = (p - onehot)^T h
    p = np.exp(log_softmax(array(hidden) @ array(embedding.weight).T))
    p[range(4), targets.numpy()] -= 1
    assert embedding.weight.grad is not None
    np.testing.assert_allclose(array(embedding.weight.grad), p.T @ array(hidden), rtol=1e-4, atol=1e-6)


def test_tied_weights_stay_tied_in_a_copy() -> None:
    from copy import deepcopy

    embedding = nn.Embedding(V, H)
    original = Generator(embedding, LSTM(H, H), Softmax(H, V, tied=embedding))
    model = deepcopy(original)
    with torch.no_grad():
        before = model.output.nll(torch.ones(1, H), torch.tensor([3]))
        model.encoder.weight[3] += 1
        embedding.weight[3] -= 5
        # +1 in each of the H weights of element 3 adds H to its logit
        assert model.output.nll(torch.ones(1, H), torch.tensor([3])) < before
        assert original.output.nll(torch.ones(1, H), torch.tensor([3])) > before


def test_an_embedding_of_another_shape_cannot_be_tied() -> None:
    with pytest.raises(ArgumentError, match=r"\(11, 5\) to tie, expected \(11, 6\)"):
        Softmax(H, V, tied=nn.Embedding(V, 5))


def test_adaptive_softmax_is_grave_s() -> None:
    hidden_size, cutoffs = 16, (4, 8)
    output = AdaptiveSoftmax(hidden_size, V, cutoffs).double()
    weights = {name: array(tensor) for name, tensor in output.softmax.named_parameters()}
    hidden = torch.randn(9, hidden_size, dtype=torch.float64)
    head = log_softmax(array(hidden) @ weights["head.weight"].T + weights["head.bias"])
    expected = [head[:, :4]]
    for cluster in range(2):
        small = array(hidden) @ weights[f"tail.{cluster}.0.weight"].T
        assert small.shape[1] == hidden_size // 4 ** (cluster + 1)
        expected.append(head[:, 4 + cluster, None] + log_softmax(small @ weights[f"tail.{cluster}.1.weight"].T))
    log_p = np.concatenate(expected, axis=1)
    np.testing.assert_allclose(np.exp(log_p).sum(1), 1, rtol=1e-12)
    np.testing.assert_allclose(array(output.log_probabilities(hidden)), log_p, rtol=1e-10)
    targets = torch.tensor([0, 3, 4, 5, 7, 8, 9, 10, 10])
    np.testing.assert_allclose(array(output.nll(hidden, targets)), -log_p[range(9), targets.numpy()], rtol=1e-10)


@pytest.mark.parametrize("cutoffs", [(), (0,), (V,), (5, 5), (7, 3), (3, 20)])
def test_impossible_cutoffs_are_errors(cutoffs: tuple[int, ...]) -> None:
    with pytest.raises(ArgumentError, match="increasing numbers from 1 to below V = 11"):
        AdaptiveSoftmax(16, V, cutoffs)


def test_too_few_features_for_the_clusters_are_an_error() -> None:
    with pytest.raises(ArgumentError, match="found 15 features, expected at least 16"):
        AdaptiveSoftmax(15, V, (4, 8))


@pytest.mark.parametrize("output", [Softmax(16, 100), AdaptiveSoftmax(16, 100)])
def test_samples_follow_the_likelihood(output: Softmax | AdaptiveSoftmax) -> None:
    hidden = 3 * torch.randn(1, 16)
    p = torch.exp(-output.nll(hidden.expand(100, 16), torch.arange(100))).detach()
    drawn = output.sample(hidden.expand(20_000, 16), Sampling(generator=torch.Generator().manual_seed(1)))
    shares = torch.bincount(drawn, minlength=100) / 20_000
    # total variation of an empirical distribution of n draws: below sqrt(V / n) / 2
    assert float((shares - p).abs().sum() / 2) < math.sqrt(100 / 20_000) / 2
    assert int(output.sample(hidden, Sampling(temperature=0))) == int(p.argmax())


# -- the dropouts -----------------------------------------------------------------------------------------------------


def test_embedding_dropout_drops_whole_elements_everywhere() -> None:
    embedding = Embedding(50, 4, dropout=0.5)
    ids = torch.randint(50, (20, 30))
    ratio = embedding(ids) / embedding.weight[ids]
    assert set(ratio.unique().round(decimals=4).tolist()) == {0.0, 2.0}
    for element in range(50):
        assert len(ratio[ids == element].unique()) == 1 or ratio[ids == element].std() < 1e-5
    embedding.eval()
    assert torch.equal(embedding(ids), embedding.weight[ids])


@pytest.mark.parametrize("time", [0, 1])
def test_locked_dropout_drops_the_same_features_at_every_step(time: int) -> None:
    x = torch.ones(40, 30, 20)
    dropped = locked_dropout(x, 0.25, time=time, training=True)
    first = dropped.narrow(time, 0, 1)
    assert torch.equal(dropped, first.expand_as(dropped))
    assert set(first.unique().tolist()) == {0.0, float(torch.tensor(1.0) / 0.75)}
    assert float((first == 0).float().mean()) == pytest.approx(0.25, abs=0.06)
    assert locked_dropout(x, 0.25, time=time, training=False) is x


def test_a_stack_is_its_layers_one_after_the_other() -> None:
    model = stack("lstm", 3, (5, 4, 3))
    assert isinstance(model, Stack)
    x = torch.randn(7, 2, 3)
    hidden, state = model(x)
    expected = x
    for layer, final in zip(model.layers, state, strict=True):
        expected, (a, c) = layer(expected)
        assert torch.equal(final[0], a)
        assert torch.equal(final[1], c)
    assert torch.equal(hidden, expected)
    # carrying the state on is the same as running through
    first, middle = model(x[:4])
    second, _ = model(x[4:], middle)
    torch.testing.assert_close(torch.cat([first, second]), hidden, rtol=1e-5, atol=1e-6)


def test_layers_of_one_size_are_one_module_with_locked_dropout() -> None:
    layer = stack("gru", 3, (4, 4), dropout=0.5, weight_dropout=0.25, reset_after=True)
    assert (layer.num_layers, layer.dropout, layer.locked_dropout, layer.weight_dropout) == (2, 0.5, True, 0.25)
    assert stack("rnn", 3, (4,)).num_layers == 1


def test_a_stack_wants_layers_that_are_time_first() -> None:
    with pytest.raises(ArgumentError, match="time first"):
        Stack([LSTM(3, 4, batch_first=True)])


# -- the generator ----------------------------------------------------------------------------------------------------


def language_model(*, batch_first: bool = False, **options: float) -> Generator:
    torch.manual_seed(1)
    return Generator(nn.Embedding(V, 5), LSTM(5, H, batch_first=batch_first), Softmax(H, V), **options)  # type: ignore[arg-type]


def batch(rows: int = 3, steps: int = 8, lengths: list[int] | None = None) -> Batch:
    ids = torch.randint(V, (rows, steps + 1), generator=torch.Generator().manual_seed(2))
    tensors = {"inputs": ids[:, :-1], "targets": ids[:, 1:]}
    if lengths is not None:
        tensors["lengths"] = torch.tensor(lengths)
    return Batch(tensors, rows, rows * steps)


@pytest.mark.parametrize("lengths", [None, [8, 0, 3]])
def test_time_first_and_batch_first_are_the_same_model(lengths: list[int] | None) -> None:
    losses = [language_model(batch_first=first).loss(batch(lengths=lengths)) for first in (False, True)]
    assert losses[0].count == losses[1].count == (24 if lengths is None else 11)
    torch.testing.assert_close(losses[0].total, losses[1].total)


def test_the_loss_is_the_sum_over_the_rows_alone() -> None:
    model, padded = language_model(), batch(lengths=[8, 2, 5])
    alone = 0.0
    for row, length in enumerate((8, 2, 5)):
        tensors = {name: padded[name][row : row + 1, :length] for name in ("inputs", "targets")}
        alone += float(model.loss(Batch(tensors, 1, length)).total.detach())
    assert float(model.loss(padded).total.detach()) == pytest.approx(alone, rel=1e-6)


def test_windows_with_carried_state_add_up_to_the_whole() -> None:
    model, whole = language_model(), batch(steps=8)
    total, state = 0.0, None
    for start in (0, 3, 6):
        tensors = {name: whole[name][:, start : start + 3] for name in ("inputs", "targets")}
        loss = model.loss(Batch(tensors, 3, 9, first=start == 0), state)
        total, state = total + float(loss.total.detach()), loss.state
    assert total == pytest.approx(float(model.loss(whole).total.detach()), rel=1e-6)


@pytest.mark.parametrize("lengths", [None, [8, 1, 3], [1, 0, 1]])
def test_penalties_are_merity_s(lengths: list[int] | None) -> None:
    model = language_model(activation_penalty=2.0, change_penalty=0.5)
    padded = batch(lengths=lengths)
    hidden = array(model(padded["inputs"], padded.get("lengths"))[0])
    rows = [row[:length] for row, length in zip(hidden, lengths or [8, 8, 8], strict=True)]
    activation = np.concatenate(rows)
    changes = np.concatenate([np.diff(row, axis=0) for row in rows])
    penalty = 2.0 * (activation**2).mean()
    if len(changes):
        penalty += 0.5 * (changes**2).mean()
    found = model.loss(padded).penalty
    assert found is not None
    assert float(found.detach()) == pytest.approx(penalty, rel=1e-5)
    assert model.eval().loss(padded).penalty is None
    assert language_model().loss(padded).penalty is None


def test_generation_is_the_model_s_own_distribution() -> None:
    model = language_model()
    primer = torch.tensor([[1, 2, 3], [4, 5, 6]])
    drawn = model.generate(primer, Sampling(temperature=0))
    sequence = primer
    for _ in range(5):
        expected = model.output.sample(model(sequence)[0][:, -1], Sampling(temperature=0))
        assert next(drawn).tolist() == expected.tolist()
        sequence = torch.cat([sequence, expected[:, None]], dim=1)
