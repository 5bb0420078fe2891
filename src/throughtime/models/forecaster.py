"""From what has been seen of something that moves: its direction and speed, and where it will be, with uncertainty."""

from __future__ import annotations

from itertools import product
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from throughtime.data.batch import Batch, Loader
from throughtime.models.base import Loss, Model
from throughtime.models.outputs.direction import LogNormal, VonMisesFisher
from throughtime.models.outputs.mixture import Mixture, MixtureOutput, calibrated_scale
from throughtime.models.parts.pooling import last_pooling, real_steps
from throughtime.models.parts.recurrent import recurrent
from throughtime.settings import CellName

_SHARPEST = 12.0  # logarithm of the largest factor of κ


class Forecast(NamedTuple):
    """What a forecaster says of B tracks at K times.

    Args:
        positions: mixtures (B, K), in the units of the targets.
        direction: (B,) of the way to the first of them.
        speed: (B,) on that way.
    """

    positions: Mixture
    direction: VonMisesFisher
    speed: LogNormal


class Forecaster(Model):
    """A recurrent encoder of what was observed; a recurrent decoder that is told the asked times, one to many.

    The targets are expected to be near the standard normal distribution before anything is learned: errors of a simple
    forecast, in units of their expected size. Each asked position is a mixture density (Bishop 1994; Graves 2013); the
    direction is von Mises' or von Mises and Fisher's distribution, which is flat where κ = 0, the speed log-normal.

    Args:
        observed: F, features of an observed step.
        asked: G, features of an asked time.
        dimensions: D, 2 or 3.
        cell: of both recurrent networks.
        hidden_size: H of both.
        layers: of the encoder.
        components: of a mixture.
        dropout: of what the encoder and the decoder put out.
        distance: weight of the mean's distance from the target beside the negative log-likelihood.

    The batch holds `inputs` (B, T, F), `lengths` (B,) of at least 1, `asked` (B, K, G), `asked_lengths` (B,), and for
    the loss `targets` (B, K, D), `units` (B, K), what the targets were divided by, relative to its usual size,
    `towards` (B, D), the expected direction (0: none), `expected` (B,), the expected speed's logarithm, `direction`
    (B, D), a unit vector (0: not known), and `speed` (B,).

    What `calibrate` finds on held-out data counts in evaluation mode: the mixtures are widened by `calibration`, and,
    where the batch holds `rivals` (B, K, R, D), the answers of simple methods in the units of the targets, the mean is
    the answer of the one called `beside` (-1: of that which the targets are measured from, 0) and `trust` times the
    network's, which is a correction. What is usual where it has learned, how smooth tracks are for one, is in the
    filter that it corrects; what it knows of how things go on may hold where another simple method is the better one.

    Example:
        >>> model = Forecaster(observed=5, asked=3, dimensions=2, hidden_size=8)
        >>> tensors = {"inputs": torch.zeros(2, 4, 5), "lengths": torch.tensor([4, 1]), "asked": torch.zeros(2, 6, 3)}
        >>> tensors |= {"towards": torch.zeros(2, 2), "expected": torch.zeros(2)}
        >>> model(Batch(tensors, sequences=2, tokens=5)).positions.mean.shape
        torch.Size([2, 6, 2])
    """

    calibration: Tensor
    trust: Tensor
    beside: Tensor

    def __init__(
        self,
        observed: int,
        asked: int,
        dimensions: int,
        *,
        cell: CellName = "gru",
        hidden_size: int = 64,
        layers: int = 1,
        components: int = 4,
        dropout: float = 0.0,
        distance: float = 1.0,
    ) -> None:
        super().__init__()
        self.encoder: Any = recurrent(cell, observed, hidden_size, num_layers=layers, batch_first=True)
        self.bridge = nn.Linear(hidden_size + asked, hidden_size)
        self.decoder: Any = recurrent(cell, asked + hidden_size, hidden_size, batch_first=True)
        self.positions = MixtureOutput(hidden_size + asked, components, dimensions)
        self.velocity = nn.Sequential(
            nn.Linear(hidden_size + observed, hidden_size), nn.Tanh(), nn.Linear(hidden_size, dimensions + 4)
        )
        self.dropout = nn.Dropout(dropout)
        self.distance, self.dimensions = distance, dimensions
        self.register_buffer("calibration", torch.ones(()))
        self.register_buffer("trust", torch.ones(()))
        self.register_buffer("beside", torch.full((), -1, dtype=torch.int64))

    def forward(self, batch: Batch) -> Forecast:
        """What there is to say of a batch."""
        hidden, _ = self.encoder(batch["inputs"], lengths=batch["lengths"])
        asked = batch["asked"]
        summary = self.dropout(last_pooling(hidden, batch["lengths"], directions=1))
        summary = torch.tanh(self.bridge(torch.cat([summary, asked[:, 0]], dim=-1)))
        repeated = summary[:, None].expand(-1, asked.shape[1], -1)
        decoded, _ = self.decoder(torch.cat([asked, repeated], dim=-1))
        mixture = self.positions(torch.cat([self.dropout(decoded) + repeated, asked], dim=-1))
        # the last step itself too: the way just gone says most of the next one
        now = last_pooling(batch["inputs"], batch["lengths"], directions=1)
        direction, speed = self._velocity(torch.cat([summary, now], dim=-1), batch)
        rivals = batch.get("rivals")
        if not self.training and rivals is not None:
            mixture = _moved(mixture, _answer(rivals, int(self.beside)), self.trust)
        if not self.training:
            mixture = mixture.widened(self.calibration)
        return Forecast(mixture, direction, speed)

    def _velocity(self, known: Tensor, batch: Batch) -> tuple[VonMisesFisher, LogNormal]:
        vector, sharp, along, location, deviation = self.velocity(known).split([self.dimensions, 1, 1, 1, 1], dim=-1)
        # κ may be in the thousands; 0 is reached through the vector, whatever the factor
        factor = (_SHARPEST * torch.tanh(sharp / _SHARPEST)).exp()
        eta = factor * (vector + (1 + along) * batch["towards"])
        spread = 5 * torch.tanh(deviation[..., 0] / 5) - 1
        return VonMisesFisher(eta), LogNormal(batch["expected"] + location[..., 0], spread)

    def loss(self, batch: Batch, state: Any = None) -> Loss:
        """Negative log-likelihood of the asked positions, of direction and speed, and the means' distance, summed."""
        said = self(batch)
        real = real_steps(batch["asked_lengths"], batch["targets"].shape[1])
        nll = -said.positions.log_prob(batch["targets"])
        wrong = said.positions.mean - batch["targets"]
        # the tiny addition keeps the square root's slope finite at 0
        distance = (wrong.square().sum(dim=-1) + 1e-8).sqrt() * batch["units"]
        known = batch["direction"].square().sum(dim=-1) > 0
        velocity = -said.speed.log_prob(batch["speed"]) - said.direction.log_prob(batch["direction"]) * known
        total = (nll + self.distance * distance)[real].sum() + velocity.sum()
        return Loss(total, int(real.sum()))

    @torch.no_grad()
    def calibrate(
        self,
        loader: Loader,
        level: float = 0.9,
        *,
        trust: float | None = None,
        rival: int | None = None,
        widen: float = 1.0,
    ) -> float:
        """Set `trust` and `beside` by the mean distance, and `calibration` by the coverage of a held-out split.

        Args:
            loader: the split, with targets and rivals.
            level: the regions of this probability shall hold that share of the positions.
            trust, rival: taken as they are, where the split is not to decide.
            widen: factor by which the regions shall be wider than the split asks for.

        Returns:
            The mean distance, in units of the batch's `units`.
        """
        self.eval()
        self.calibration.fill_(1.0)
        self.trust.fill_(1.0)
        self.beside.fill_(-1)
        parts: dict[str, list[Tensor]] = {}
        for batch in loader.epoch(0):
            here = batch.to(self.calibration.device)
            real = real_steps(here["asked_lengths"], here["targets"].shape[1])
            found = self(here).positions._asdict() | {name: here[name] for name in ("targets", "rivals", "units")}
            for name, values in found.items():
                parts.setdefault(name, []).append(values[real])
        joined = {name: torch.cat(values) for name, values in parts.items()}
        mixture = Mixture(joined["logits"], joined["means"], joined["factors"])
        targets, rivals, units = joined["targets"], joined["rivals"], joined["units"]
        choices = product(
            torch.linspace(1, 0, 21).tolist() if trust is None else [trust],
            range(-1, rivals.shape[1]) if rival is None else [rival],
        )
        best = min(
            (_distance(_answer(rivals, beside) + share * mixture.mean, targets, units), -share, beside)
            for share, beside in choices
        )
        self.trust.fill_(-best[1])
        self.beside.fill_(best[2])
        moved = _moved(mixture, _answer(rivals, best[2]), self.trust)
        self.calibration.fill_(widen * calibrated_scale(moved, targets, level))
        return best[0]


def _answer(rivals: Tensor, which: int) -> Tensor:
    """That simple method's answer, (..., R, D) -> (..., D)."""
    return torch.zeros_like(rivals[..., 0, :]) if which < 0 else rivals[..., which, :]


def _moved(mixture: Mixture, answer: Tensor, trust: Tensor) -> Mixture:
    """With its means moved so that the whole mean is `answer` and so much of what it was."""
    way = answer - (1 - trust) * mixture.mean
    return Mixture(mixture.logits, mixture.means + way[..., None, :], mixture.factors)


def _distance(mean: Tensor, targets: Tensor, units: Tensor) -> float:
    return float((torch.linalg.vector_norm(mean - targets, dim=-1) * units).mean())
