"""One optimiser step: backpropagation through time on a batch, or on several as if they were one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn, optim
from torch.nn.utils import get_total_norm

from throughtime.data.batch import Batch
from throughtime.errors import NotANumberError
from throughtime.models.base import Model, Objective
from throughtime.settings import TrainingSettings
from throughtime.training.optimiser import make_optimiser
from throughtime.training.tree import map_tensors

if TYPE_CHECKING:
    from lightning_fabric import Fabric


@dataclass(frozen=True)
class Taken:
    """A step that was taken; of a model with several objectives, what its first one came to.

    Args:
        loss: summed over all terms, in nats.
        terms: how many were summed.
        norm: of the gradient, before clipping.
        carried: the recurrent state after the last batch, detached.
        measures: what the model measured besides, by name; with several objectives also the mean loss and the norm of
            the gradient of each.
    """

    loss: float
    terms: int
    norm: float
    carried: Any
    measures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class _Part:
    """A part of a model, and what moves it.

    Args:
        parameters: those that require a gradient.
        optimiser: theirs.
        wrapped: the same for the device.
        pace: factor of the learning rate.
    """

    parameters: list[nn.Parameter]
    optimiser: optim.Optimizer
    wrapped: Any
    pace: float


class Stepper:
    """A model and its optimisers on a device, one for each part that its objectives name.

    Args:
        model: moved to the device.
        fabric: device and precision.
        settings: update rule, clipping, and what the loss is divided by.
    """

    def __init__(self, model: Model, fabric: Fabric, settings: TrainingSettings) -> None:
        self.model = model
        self.fabric = fabric
        self.settings = settings
        self._objectives = tuple(model.objectives())
        paces = _paces(self._objectives)
        self.optimisers = [make_optimiser(part.parameters(), settings, pace) for part, pace in paces.items()]
        self._wrapped_model, *wrapped = fabric.setup(model, *self.optimisers)
        learnt = [[weight for weight in part.parameters() if weight.requires_grad] for part in paces]
        parts = zip(learnt, self.optimisers, wrapped, paces.values(), strict=True)
        self._parts = {part: _Part(*own) for part, own in zip(paces, parts, strict=True)}
        self._scaler = getattr(fabric.strategy.precision, "scaler", None)

    @property
    def rate(self) -> float:
        """The learning rate of the last step; kept where a run that goes on finds it, in the optimisers."""
        part = next(iter(self._parts.values()))
        rate: float = part.optimiser.param_groups[0]["lr"]
        return rate / part.pace

    def step(self, batches: Sequence[Batch], carried: Any, rate: float, number: int = 0) -> Taken:
        """Descend once, on one objective after the other.

        The gradient is that of the losses summed over all batches and divided by their number of terms (or sequences)
        together, so that it equals the gradient of one large batch.

        Args:
            batches: one, or as many as are accumulated.
            carried: the state of the batch before the first of them.
            rate: the learning rate.
            number: steps taken before this one; decides which of the lazy objectives take part.

        Raises:
            NotANumberError: loss or gradient is not finite; the weights of the part concerned are unchanged.
        """
        for part in self._parts.values():
            for options in part.optimiser.param_groups:
                options["lr"] = rate * part.pace
        taken = {
            objective.name: self._descend(objective, batches, carried)
            for objective in self._objectives
            if number % objective.every == 0
        }
        self.model.stepped()
        first = taken[self._objectives[0].name]
        if len(self._objectives) == 1:
            return first
        measures: dict[str, float] = {}
        for name, one in taken.items():
            measures |= {f"{name}_loss": one.loss / max(1, one.terms), f"{name}_gradient": one.norm, **one.measures}
        return Taken(first.loss, first.terms, first.norm, None, measures)

    def _descend(self, objective: Objective, batches: Sequence[Batch], carried: Any) -> Taken:
        """On one objective."""
        part = self._parts[objective.part]
        # where there are others, their gradients need not be worked out
        inputs: dict[str, Any] = {"inputs": part.parameters} if len(self._parts) > 1 else {}
        part.optimiser.zero_grad()
        total = torch.zeros((), device=self.fabric.device)
        terms = divisor = unit = 0
        measured: list[Mapping[str, Tensor]] = []
        for batch in batches:
            with self.fabric.autocast():
                batch = batch.to(self.fabric.device)
                loss = objective.loss(batch, None if batch.first else carried)
                summed = loss.total if loss.penalty is None else loss.total + loss.count * loss.penalty
            carried = map_tensors(torch.Tensor.detach, loss.state)  # here backpropagation through time ends
            divisor += loss.count if self.settings.loss_scale == "step" else batch.sequences
            unit = unit or max(1, divisor)
            self.fabric.backward(summed / unit, **inputs)
            total, terms = total + loss.total.detach(), terms + loss.count
            measured.append(loss.measures)
        _rescale(part.parameters, unit / max(1, divisor))
        gradient = self._clipped(part)
        means = {name: torch.stack([one[name] for one in measured]).mean() for name in measured[0]}
        # all numbers at once: each would be waited for on a GPU
        numbers = torch.stack([value.to(total) for value in (total, gradient, *means.values())])
        summed_loss, norm, *values = numbers.tolist()
        self._check(summed_loss, norm)
        part.wrapped.step()
        return Taken(
            summed_loss, terms, norm if math.isfinite(norm) else 0.0, carried, dict(zip(means, values, strict=True))
        )

    def _clipped(self, part: _Part) -> Tensor:
        """The norm of a part's gradient, before it is clipped."""
        if self.settings.clip_norm is None and self._scaler is None:
            # to clip at infinity would be one more pass over all gradients
            return get_total_norm([weight.grad for weight in part.parameters if weight.grad is not None])
        limit = math.inf if self.settings.clip_norm is None else self.settings.clip_norm
        norm = self.fabric.clip_gradients(self._wrapped_model, part.wrapped, max_norm=limit, error_if_nonfinite=False)
        return torch.as_tensor(norm)

    def _check(self, loss: float, norm: float) -> None:
        # 16-mixed skips a step whose gradient overflows and scales the next loss down, but not for ever
        overflow_is_normal = self._scaler is not None and self._scaler.get_scale() >= 1
        if math.isfinite(loss) and (math.isfinite(norm) or overflow_is_normal):
            return
        settings = self.settings
        raise NotANumberError(
            (f"the norm of the gradient is {norm}" if math.isfinite(loss) else f"the loss is {loss}")
            + f": try a lower learning rate (now {self.rate:g}), a smaller clip_norm (now {settings.clip_norm}), "
            f"loss_scale step (now {settings.loss_scale}), precision 32 or 64 (now {settings.precision}), "
            "and look for extreme values in the data"
        )


def _paces(objectives: Sequence[Objective]) -> dict[nn.Module, float]:
    """How fast each part goes: where lazy objectives move it too, a step of all is as long as one of a single one
    (Karras et al. 2020, appendix B: c = k / (k + 1)).
    """
    moves: dict[nn.Module, float] = {}
    for objective in objectives:
        moves[objective.part] = moves.get(objective.part, 0.0) + 1 / objective.every
    return {part: 1 / max(1.0, count) for part, count in moves.items()}


def _rescale(parameters: Sequence[nn.Parameter], factor: float) -> None:
    """Each batch was divided by the first one's size; all together shall be divided by the size of all."""
    if factor != 1:
        for parameter in parameters:
            if parameter.grad is not None:
                parameter.grad.mul_(factor)
