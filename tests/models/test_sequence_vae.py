"""The sequence VAE against sums and integrals: its evidence by quadrature, its padding, its charges, its codes."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, distributions, nn

from throughtime.data.batch import Batch
from throughtime.errors import ArgumentError
from throughtime.layers import GRU, LSTM
from throughtime.models import codes
from throughtime.models.generator import Generator
from throughtime.models.outputs.nade import Nade
from throughtime.models.outputs.softmax import Softmax
from throughtime.models.parts.conditioned import Conditioned
from throughtime.models.parts.embedding import Embedding
from throughtime.models.parts.stack import Stack
from throughtime.models.sequence_vae import SequenceVAE

V, WIDTH, H = 3, 4, 5


def model(latent: int = 1, layers: nn.Module | None = None, word_dropout: float = 0.0, **options: Any) -> SequenceVAE:
    torch.manual_seed(0)
    told = Conditioned(layers or LSTM(WIDTH + latent, H), latent, word_dropout)
    decoder = Generator(Embedding(V, WIDTH), told, Softmax(H, V))
    made = SequenceVAE(decoder, GRU(WIDTH, H, bidirectional=True, batch_first=True), **options)
    for parameter in made.decoder.parameters():  # as drawn, a code would make little difference
        nn.init.normal_(parameter, std=0.8)
    return made.eval()


def batch_of(rows: list[list[int]]) -> Batch:
    """Each row follows a 0."""
    steps = max(map(len, rows))
    targets = torch.tensor([row + [0] * (steps - len(row)) for row in rows])
    inputs = torch.cat([torch.zeros(len(rows), 1, dtype=torch.int64), targets[:, :-1]], dim=1)
    lengths = torch.tensor([len(row) for row in rows])
    return Batch({"inputs": inputs, "targets": targets, "lengths": lengths}, len(rows), int(lengths.sum()))


@torch.no_grad()
def step_by_step(made: SequenceVAE, row: list[int], code: Tensor) -> float:
    """log p(row | code), a step at a time."""
    state, before, total = made.told.begin(code[None]), 0, 0.0
    for element in row:
        x = made.decoder.encoder(torch.tensor([[before]]))
        hidden, state = made.told(x, state)
        total += float(made.decoder.output.logits(hidden[0, 0]).log_softmax(0)[element])  # type: ignore[operator]
        before = element
    return total


@torch.no_grad()
def evidence(made: SequenceVAE, row: list[int]) -> float:
    """p(x) = ∫ N(z; 0, 1) p(x | z) dz by Gauss-Hermite quadrature, of a code of one number."""
    places, weights = np.polynomial.hermite_e.hermegauss(40)
    terms = [
        w * math.exp(step_by_step(made, row, torch.tensor([z]).float())) for z, w in zip(places, weights, strict=True)
    ]
    return float(sum(terms) / math.sqrt(2 * math.pi))


def test_many_samples_come_to_the_evidence_and_all_sequences_to_one() -> None:
    made = model()
    rows = [list(row) for row in itertools.product(range(V), repeat=2)]
    known = [evidence(made, row) for row in rows]
    assert sum(known) == pytest.approx(1, abs=1e-5)
    assert max(known) > 3 * min(known)
    torch.manual_seed(1)
    found = made.log_likelihood(batch_of(rows), 20_000)
    torch.testing.assert_close(found, torch.tensor(known).log(), rtol=0, atol=0.03)


@torch.no_grad()
def test_bounds_of_few_samples_lie_below_it() -> None:
    made = model()
    row = [1, 2, 2]
    known = math.log(evidence(made, row))
    torch.manual_seed(2)
    many = batch_of([row] * 20_000)
    one, five = (float(made.log_likelihood(many, samples).mean()) for samples in (1, 5))
    assert one < five < known + 0.01
    mean, deviation = made.encode(batch_of([row]))
    prior = distributions.Normal(torch.zeros(1), torch.ones(1))
    divergence = float(distributions.kl_divergence(distributions.Normal(mean, deviation), prior).detach())
    places, weights = np.polynomial.hermite_e.hermegauss(40)
    inside = [
        w * step_by_step(made, row, (mean + deviation * z).detach()[0]) for z, w in zip(places, weights, strict=True)
    ]
    elbo = sum(inside) / math.sqrt(2 * math.pi) - divergence
    assert one == pytest.approx(elbo, abs=0.04)
    assert -float(made.loss(many).total) / len(many["inputs"]) == pytest.approx(elbo, abs=0.04)


@torch.no_grad()
def test_padded_rows_are_as_they_are_alone() -> None:
    made = model(latent=2)
    rows = [[1, 2, 0, 1], [2], [0, 1]]
    batch = batch_of(rows)
    mean, deviation = made.encode(batch)
    torch.manual_seed(3)
    picked = torch.randn(3, 2)
    together = made._nll(batch, picked)
    for index, row in enumerate(rows):
        alone = batch_of([row])
        for found, expected in zip(made.encode(alone), (mean, deviation), strict=True):
            torch.testing.assert_close(found[0], expected[index])
        torch.testing.assert_close(made._nll(alone, picked[index : index + 1])[0], together[index])
        assert float(together[index]) == pytest.approx(-step_by_step(made, row, picked[index]), rel=1e-4)


def test_a_judgement_is_of_each_row_alone_and_remakes_from_the_code_only() -> None:
    made = model(latent=2)

    class Once:
        def __len__(self) -> int:
            return 1

        def epoch(self, epoch: int, skip: int = 0) -> Any:
            yield batch_of([[1, 2, 0, 1], [2, 1]])

    long, short = codes.judge(made, Once(), 3)
    assert (len(long.terms), len(short.terms), len(short.remade)) == (4, 2, 2)
    mean, _ = made.encode(batch_of([[2, 1]]))
    assert float(short.terms.sum()) == pytest.approx(-step_by_step(made, [2, 1], mean[0]), rel=1e-4)
    assert short.nll <= short.nelbo
    # greedily, by trying all elements at each step
    row: list[int] = []
    for _ in range(2):
        row.append(max(range(V), key=lambda element: step_by_step(made, [*row, element], mean[0])))
    assert short.remade.tolist() == row


@pytest.mark.parametrize(
    "layers",
    [
        lambda: GRU(WIDTH + 2, H, num_layers=2),
        lambda: Stack([LSTM(WIDTH + 2, H), LSTM(H, 3)]),
        lambda: LSTM(WIDTH + 2, H),
    ],
)
def test_layers_are_told_the_code_at_the_beginning_and_at_each_step(layers: Any) -> None:
    torch.manual_seed(4)
    told = Conditioned(layers(), 2)
    x, code = torch.randn(6, 3, WIDTH), torch.randn(3, 2)
    whole, _ = told(x, told.begin(code))
    first, state = told(x[:2], told.begin(code))
    rest, _ = told(x[2:], state)
    torch.testing.assert_close(torch.cat([first, rest]), whole)
    direct, _ = told.layers(torch.cat([x, code.expand(6, 3, 2)], dim=2), told.begin(code)[1])
    torch.testing.assert_close(direct, whole)
    other, _ = told(x, (code, told.begin(torch.zeros(3, 2))[1]))
    assert not torch.allclose(other[0], whole[0])
    with pytest.raises(ArgumentError, match="no state"):
        told(x, None)


def test_hidden_inputs_cannot_be_heard_while_training() -> None:
    told = Conditioned(GRU(WIDTH + 1, H), 1, word_dropout=0.5)
    x, code = torch.randn(40, 1, WIDTH), torch.zeros(1, 1)
    torch.manual_seed(5)
    hidden = torch.rand(40, 1, 1) < 0.5
    assert 5 < int(hidden.sum()) < 35
    found = []
    for other in (x, torch.where(hidden, torch.randn_like(x), x)):
        torch.manual_seed(5)
        found.append(told.train()(other, told.begin(code))[0])
    torch.testing.assert_close(*found)
    assert not torch.allclose(told.eval()(x, told.begin(code))[0], found[0])


def test_free_bits_and_warm_up_weigh_the_divergence_in_training_alone() -> None:
    batch = batch_of([[1, 2, 0], [2, 1], [0]])
    mean, deviation = model().encode(batch)
    prior = distributions.Normal(torch.zeros(1), torch.ones(1))
    divergence = float(distributions.kl_divergence(distributions.Normal(mean, deviation), prior).sum().detach())

    def losses(**options: Any) -> list[float]:
        made, found = model(**options), []
        for training in (True, True, True, False):
            torch.manual_seed(6)
            found.append(float(made.train(training).loss(batch).total.detach()))
        assert int(made.state_dict()["steps"]) == 3
        return found

    plain = losses()
    assert plain == pytest.approx([plain[0]] * 4)
    likelihood = plain[0] - divergence
    warm = losses(warmup=2)
    assert warm == pytest.approx([likelihood + divergence / 2, plain[0], plain[0], plain[0]], rel=1e-5)
    free = losses(free_bits=50.0)
    assert free == pytest.approx([likelihood + 3 * 50] * 3 + [plain[0]], rel=1e-5)
    assert losses(beta=2.0) == pytest.approx([likelihood + 2 * divergence] * 3 + [plain[0]], rel=1e-5)


def test_a_decoder_that_is_told_nothing_is_refused() -> None:
    with pytest.raises(ArgumentError, match="found a decoder with LSTM, expected Conditioned layers"):
        SequenceVAE(Generator(Embedding(V, WIDTH), LSTM(WIDTH, H), Softmax(H, V)), GRU(WIDTH, H, batch_first=True))


def test_frames_are_read_as_numbers() -> None:
    """A piano-roll has no embedding: its frames come as bytes and are read as they are."""
    torch.manual_seed(7)
    decoder = Generator(nn.Identity(), Conditioned(GRU(8 + 2, H), 2), Nade(H, 8, 3))
    made = SequenceVAE(decoder, GRU(8, H, bidirectional=True, batch_first=True)).eval()
    roll = (torch.rand(2, 5, 8) < 0.3).to(torch.uint8)
    inputs = torch.cat([torch.zeros(2, 1, 8), roll[:, :-1].float()], dim=1)
    batch = Batch({"inputs": inputs, "targets": roll, "lengths": torch.tensor([5, 3])}, 2, 8)
    mean, _ = made.encode(batch)
    hidden, _ = made.reader(roll[1:, :3].float())
    torch.testing.assert_close(made.numbers(hidden.amax(1))[0, :2], mean[1])
    assert torch.isfinite(made.log_likelihood(batch, 3)).all()


def test_neighbours_of_draws_from_the_prior_are_draws_from_the_prior() -> None:
    random = np.random.default_rng(1)
    code = random.standard_normal(20_000)
    for spread, likeness in ((0.0, 1.0), (0.6, 0.8), (1.0, 0.0)):
        other = codes.near(code, spread, random)
        assert other.std() == pytest.approx(1, abs=0.03)
        assert np.corrcoef(code, other)[0, 1] == pytest.approx(likeness, abs=0.03)
