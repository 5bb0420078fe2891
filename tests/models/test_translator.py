from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from helpers.attentions import BEGIN, CELLS, END, A, E, H, V, attention_of
from throughtime import kernels
from throughtime.data.batch import Batch
from throughtime.decoding.beam import BeamSearch
from throughtime.errors import ArgumentError
from throughtime.layers import GRU, LSTM, RNN
from throughtime.models.outputs.cross_entropy import smoothed_cross_entropy
from throughtime.models.outputs.softmax import Softmax
from throughtime.models.parts.attentive import AttentiveDecoder
from throughtime.models.parts.embedding import Embedding
from throughtime.models.translator import Translator


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def build(
    cell: type = LSTM, kind: str = "additive", feeding: bool = True, layers: int = 1, tied: bool = False, **options: Any
) -> Translator:
    encoder = cell(E, H, num_layers=layers, bidirectional=True)
    features = E if tied else A
    decoder = AttentiveDecoder(
        cell(E + features if feeding else E, H, num_layers=layers),
        attention_of(kind, 2 * H),
        2 * H,
        features,
        input_feeding=feeding,
        dropout=options.pop("vector_dropout", 0.0),
    )
    target = Embedding(V, E)
    output = Softmax(features, V, tied=target if tied else None)
    return Translator(Embedding(V, E), target, encoder, decoder, output, begin=BEGIN, **options).double()


def pairs() -> tuple[list[Tensor], list[Tensor]]:
    sources = [torch.randint(4, V, (length,)) for length in (5, 1, 3, 2)]
    targets = [torch.cat([torch.randint(4, V, (length,)), torch.tensor([END])]) for length in (2, 4, 0, 3)]
    return sources, targets


def batch_of(sources: list[Tensor], targets: list[Tensor], filler: int = 5) -> Batch:
    """Padded, with a real word in the padding."""
    tensors = {}
    for name, rows in (("inputs", sources), ("targets", targets)):
        tensors[name] = torch.full((len(rows), max(1, *map(len, rows))), filler)
        for place, row in zip(tensors[name], rows, strict=True):
            place[: len(row)] = row
    tensors["input_lengths"] = torch.tensor([len(row) for row in sources])
    tensors["lengths"] = torch.tensor([len(row) for row in targets])
    return Batch(tensors, len(sources), sum(map(len, targets)))


# -- translator ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cell", "feeding"), [*product(CELLS, (True, False))])
def test_padded_batch_equals_rows_alone_in_loss_and_gradients(cell: type, feeding: bool) -> None:
    model = build(cell, feeding=feeding, layers=2).eval()
    sources, targets = pairs()
    together = model.loss(batch_of(sources, targets))
    alone = [model.loss(batch_of([one], [other])) for one, other in zip(sources, targets, strict=True)]
    total = torch.stack([loss.total for loss in alone]).sum()
    torch.testing.assert_close(together.total, total)
    assert together.count == sum(loss.count for loss in alone) == 2 + 4 + 0 + 3 + 4
    gradients = (torch.autograd.grad(loss, list(model.parameters())) for loss in (together.total, total))
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other)


def test_first_state_comes_from_the_final_states_of_both_directions() -> None:
    model = build(LSTM)
    sources, _ = pairs()
    batch = batch_of(sources, sources)
    _, state = model.encode(batch["inputs"], batch["input_lengths"])
    for row, source in enumerate(sources):
        _, finals = model.encoder(model.source(source))
        for bridge, final, first in zip(model.bridges, finals, state.cells[0], strict=True):
            expected = torch.tanh(bridge.weight @ torch.cat([final[0], final[1]]) + bridge.bias)
            torch.testing.assert_close(first[row], expected)


def test_loss_has_the_gradient_of_finite_differences() -> None:
    model = build(GRU, tied=True, label_smoothing=0.2)
    batch = batch_of(*pairs())
    names = [name for name, _ in model.named_parameters()]

    def loss(*weights: Tensor) -> Tensor:
        return torch.func.functional_call(
            _Loss(model), {f"model.{n}": w for n, w in zip(names, weights, strict=True)}, batch
        )

    weights = [parameter.detach().requires_grad_() for parameter in model.parameters()]
    assert torch.autograd.gradcheck(loss, weights, fast_mode=True)


class _Loss(torch.nn.Module):
    def __init__(self, model: Translator) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: Batch) -> Tensor:
        return self.model.loss(batch).total


def test_a_source_without_words_counts_as_nothing() -> None:
    model = build().eval()
    sources, targets = [torch.tensor([], dtype=torch.int64), torch.tensor([5, 6])], [torch.tensor([4, END])] * 2
    loss = model.loss(batch_of(sources, targets))
    loss.total.backward()
    assert all(bool(p.grad.isfinite().all()) for p in model.parameters() if p.grad is not None)
    alone = model.loss(batch_of(sources[1:], targets[1:]))
    nothing = model.loss(batch_of(sources[:1], targets[:1]))
    torch.testing.assert_close(loss.total, alone.total + nothing.total)


@pytest.mark.parametrize("rows", [1, 6, 64, 150])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_cross_entropy_is_torchs_in_value_and_gradient(
    smoothing: float, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks have at least 64 rows: 150 are three of them, the last not whole."""
    monkeypatch.setattr("throughtime.models.outputs.cross_entropy.BLOCK", 1)
    hidden, weight, bias = (
        torch.randn(*shape, dtype=torch.float64, requires_grad=True) for shape in ((rows, 3), (9, 3), (9,))
    )
    targets = torch.randint(0, 9, (rows,))
    found = smoothed_cross_entropy(hidden, weight, bias, targets, smoothing)
    expected = F.cross_entropy(F.linear(hidden, weight, bias), targets, label_smoothing=smoothing, reduction="sum")
    torch.testing.assert_close(found, expected)
    for one, other in zip(
        torch.autograd.grad(3 * found, [hidden, weight, bias]),
        torch.autograd.grad(3 * expected, [hidden, weight, bias]),
        strict=True,
    ):
        torch.testing.assert_close(one, other)


def test_without_gradients_none_are_worked_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """They cost two of the three products; a validation split must not pay for them."""
    hidden, weight, bias = (torch.randn(*shape, requires_grad=True) for shape in ((6, 3), (9, 3), (9,)))
    targets = torch.randint(0, 9, (6,))
    expected = smoothed_cross_entropy(hidden, weight, bias, targets).item()
    monkeypatch.delattr("throughtime.models.outputs.cross_entropy._add")
    with torch.no_grad():
        assert smoothed_cross_entropy(hidden, weight, bias, targets).item() == expected
    assert smoothed_cross_entropy(hidden.detach(), weight.detach(), bias.detach(), targets).item() == expected
    with pytest.raises(NameError):
        smoothed_cross_entropy(hidden, weight, bias, targets)


def test_cross_entropy_of_huge_logits_is_finite() -> None:
    hidden = torch.tensor([[1e4]], requires_grad=True)
    loss = smoothed_cross_entropy(hidden, torch.tensor([[1.0], [-1.0]]), torch.zeros(2), torch.tensor([1]))
    loss.backward()
    assert loss.item() == pytest.approx(2e4)
    assert hidden.grad is not None
    assert hidden.grad.item() == pytest.approx(2.0)


def test_dropout_drops_the_same_features_at_every_step_and_only_in_training() -> None:
    model = build(RNN, feeding=False, vector_dropout=0.5, dropout=0.5)
    batch = batch_of(*pairs())
    vectors, _ = model.train()(batch["inputs"], batch["input_lengths"], batch["targets"])
    dropped = vectors == 0
    assert bool(dropped.any())
    assert not bool(dropped.all())
    assert bool((dropped == dropped[:1]).all())
    model.eval()
    assert not bool((model(batch["inputs"], batch["input_lengths"], batch["targets"])[0] == 0).any())


def test_scheduled_sampling_reads_its_own_guesses_as_often_as_the_batches_seen_say() -> None:
    model = build(LSTM, sampling=1.0, sampling_steps=2)
    batch = batch_of(*pairs())
    arguments = batch["inputs"], batch["input_lengths"], batch["targets"]
    model.seen.fill_(1)  # the next batch is the second: every word but the first is its own guess
    own, _ = model.train()(*arguments)
    assert int(model.seen) == 2
    memory, state = model.encode(*arguments[:2])
    read, advance = torch.full((4,), BEGIN), model.decoder.advance()
    for t in range(batch["targets"].shape[1]):
        state, _ = advance(model.decoder.project(model.target(read)[None])[0], state, memory, None)
        torch.testing.assert_close(own[t], state.fed)
        read = model.output.logits(state.fed).argmax(dim=-1)
    taught, _ = model.eval()(*arguments)
    assert not torch.equal(taught, own)
    torch.testing.assert_close(taught[0], own[0])


def test_scheduled_sampling_begins_with_what_is_given() -> None:
    model = build(LSTM, sampling=0.5, sampling_steps=10**9).train()
    batch = batch_of(*pairs())
    arguments = batch["inputs"], batch["input_lengths"], batch["targets"]
    torch.testing.assert_close(model(*arguments)[0], model.eval()(*arguments)[0])


def test_scheduled_sampling_needs_input_feeding() -> None:
    with pytest.raises(ArgumentError, match="input feeding"):
        build(feeding=False, sampling=0.1)


# -- decoding ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cell", "feeding", "kind"), [*product(CELLS, (True, False), ("additive", "multiplicative"))])
def test_step_by_step_is_what_the_loss_saw(cell: type, feeding: bool, kind: str) -> None:
    model = build(cell, kind, feeding, layers=2).eval()
    batch = batch_of(*pairs())
    vectors, attention = model(batch["inputs"], batch["input_lengths"], batch["targets"])
    decoding = model.decoding(batch["inputs"], batch["input_lengths"])
    read = torch.full((4, 1), BEGIN)
    for t in range(batch["targets"].shape[1]):
        continuations, notes = decoding.step(read)
        log_p = torch.cat([continuations.of(word) for word in range(V)], dim=1)
        torch.testing.assert_close(log_p, model.output.log_probabilities(vectors[t]))
        torch.testing.assert_close(notes[:, 0], attention[t])
        read = batch["targets"][:, t : t + 1]


def strings(model: Translator, source: Tensor, longest: int) -> dict[tuple[int, ...], float]:
    """Log p of every string without marks, by the loss."""
    letters = range(4, V)
    found = {}
    for length in range(longest + 1):
        for string in product(letters, repeat=length):
            loss = model.loss(batch_of([source], [torch.tensor([*string, END])]))
            found[string] = -float(loss.total)
    return found


@torch.no_grad()
@pytest.mark.parametrize("cell", CELLS)
def test_beam_search_finds_the_most_probable_of_all_strings(cell: type) -> None:
    model = build(cell).eval()
    for parameter in model.parameters():
        parameter.mul_(2.5)  # far from uniform
    sources, _ = pairs()
    batch = batch_of(sources, sources)
    search = BeamSearch(50, "plain", 0.6, longest=3, stop_early=False, excluded=(0, 1, BEGIN))
    decoding = model.decoding(batch["inputs"], batch["input_lengths"])
    results = search.run(decoding, len(sources), begin=BEGIN, end=END)
    for source, found in zip(sources, results, strict=True):
        every = strings(model, source, 3)
        ranked = sorted(every, key=lambda string: -every[string] / (len(string) + 1) ** 0.6)
        assert [tuple(one.tokens.tolist()) for one in found] == ranked
        assert [one.log_probability for one in found] == pytest.approx([every[string] for string in ranked], abs=1e-9)
        for one in found:
            assert one.notes.sum(axis=1) == pytest.approx(1.0, abs=1e-6)


@torch.no_grad()
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
def test_beam_search_of_a_batch_is_that_of_its_sentences_alone(dtype: torch.dtype, tolerance: float) -> None:
    model = build(LSTM).to(dtype).eval()
    for parameter in model.parameters():
        parameter.mul_(3)
    sources = [torch.randint(4, V, (1 + n % 6,)) for n in range(30)]
    batch, search = batch_of(sources, sources), BeamSearch(3, longest=9)
    prepared = model.prepare()
    together = search.run(
        prepared.decoding(batch["inputs"], batch["input_lengths"]), len(sources), begin=BEGIN, end=END
    )
    for source, found in zip(sources, together, strict=True):
        with kernels.use("reference"):
            decoding = model.decoding(source[None], torch.tensor([len(source)]))
            (alone,) = search.run(decoding, 1, begin=BEGIN, end=END)
        assert [one.tokens.tolist() for one in found] == [one.tokens.tolist() for one in alone]
        assert [one.score for one in found] == pytest.approx([one.score for one in alone], abs=tolerance)
        for one, other in zip(found, alone, strict=True):
            torch.testing.assert_close(one.notes[:, : len(source)], other.notes, rtol=0, atol=1e-5)


@torch.no_grad()
def test_the_memory_of_some_sentences_is_attended_to_alike_whether_it_was_copied_or_not() -> None:
    decoder = build(LSTM).float().decoder
    memory = decoder.memory(torch.randn(10, 6, 2 * H), torch.arange(10) % 6 + 1)
    most, few = torch.tensor([0, 1, 2, 4, 5, 6, 8, 9]), torch.tensor([0, 3, 7])
    for rows in (most, few, most[few]):
        left = memory.select(rows)
        if rows is not few:
            left = memory.select(most)
            left = left if rows is most else left.select(few)
        state, x = decoder.start(left), torch.randn(len(rows), decoder.contribution_size)
        for choice in ("auto", "reference"):
            with kernels.use(choice):
                new, attention = decoder.advance()(x, state, left, None)
            for row, place in enumerate(rows.tolist()):
                alone = memory.select(torch.tensor([place]))
                expected, weights = decoder.advance()(x[row : row + 1], decoder.start(alone), alone, None)
                torch.testing.assert_close(new.fed[row], expected.fed[0], rtol=0, atol=1e-6)
                torch.testing.assert_close(attention[row], weights[0], rtol=0, atol=1e-6)
    assert memory.select(most).keys is memory.keys
    assert len(memory.select(few).keys) == 3


@torch.no_grad()
def test_words_said_again_contribute_what_they_did() -> None:
    model = build(GRU)
    prepared = model.prepare()
    for words in ([4, 5, 4], [5, 6, BEGIN], [0, 4, 6, 6]):
        expected = model.decoder.project(model.target(torch.tensor(words)[None]))[0]
        torch.testing.assert_close(prepared.contributions(torch.tensor(words)), expected)
