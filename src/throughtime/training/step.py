"""One optimiser step: backpropagation through time on a batch, or on several as if they were one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from throughtime.data.batch import Batch
from throughtime.errors import NotANumberError
from throughtime.models.base import Model
from throughtime.settings import TrainingSettings
from throughtime.training.optimiser import make_optimiser
from throughtime.training.tree import map_tensors

if TYPE_CHECKING:
    from lightning_fabric import Fabric


@dataclass(frozen=True)
class Taken:
    """A step that was taken.

    Args:
        loss: summed over all terms, in nats.
        terms: how many were summed.
        norm: of the gradient, before clipping.
        carried: the recurrent state after the last batch, detached.
    """

    loss: float
    terms: int
    norm: float
    carried: Any


class Stepper:
    """A model and its optimiser on a device.

    Args:
        model: moved to the device.
        fabric: device and precision.
        settings: update rule, clipping, and what the loss is divided by.
    """

    def __init__(self, model: Model, fabric: Fabric, settings: TrainingSettings) -> None:
        self.model = model
        self.fabric = fabric
        self.settings = settings
        self.optimiser = make_optimiser(model.parameters(), settings)
        self._wrapped_model, self._wrapped_optimiser = fabric.setup(model, self.optimiser)
        self._scaler = getattr(fabric.strategy.precision, "scaler", None)

    def step(self, batches: Sequence[Batch], carried: Any, rate: float) -> Taken:
        """Descend once.

        The gradient is that of the losses summed over all batches and divided by their number of terms (or sequences)
        together, so that it equals the gradient of one large batch.

        Args:
            batches: one, or as many as are accumulated.
            carried: the state of the batch before the first of them.
            rate: the learning rate.

        Raises:
            NotANumberError: loss or gradient is not finite; the weights are unchanged.
        """
        for options in self.optimiser.param_groups:
            options["lr"] = rate
        self.optimiser.zero_grad()
        total = torch.zeros((), device=self.fabric.device)
        terms = divisor = unit = 0
        for batch in batches:
            with self.fabric.autocast():
                batch = batch.to(self.fabric.device)
                loss = self.model.loss(batch, None if batch.first else carried)
                summed = loss.total if loss.penalty is None else loss.total + loss.count * loss.penalty
            carried = map_tensors(torch.Tensor.detach, loss.state)  # here backpropagation through time ends
            divisor += loss.count if self.settings.loss_scale == "step" else batch.sequences
            unit = unit or max(1, divisor)
            self.fabric.backward(summed / unit)
            total, terms = total + loss.total.detach(), terms + loss.count
        self._rescale(unit / max(1, divisor))
        limit = math.inf if self.settings.clip_norm is None else self.settings.clip_norm
        gradient = self.fabric.clip_gradients(
            self._wrapped_model, self._wrapped_optimiser, max_norm=limit, error_if_nonfinite=False
        )
        summed_loss, norm = torch.stack([total, torch.as_tensor(gradient).to(total)]).tolist()
        self._check(summed_loss, norm, rate)
        self._wrapped_optimiser.step()
        return Taken(summed_loss, terms, norm if math.isfinite(norm) else 0.0, carried)

    def _rescale(self, factor: float) -> None:
        """Each batch was divided by the first one's size; all together shall be divided by the size of all."""
        if factor != 1:
            for parameter in self.model.parameters():
                if parameter.grad is not None:
                    parameter.grad.mul_(factor)

    def _check(self, loss: float, norm: float, rate: float) -> None:
        # 16-mixed skips a step whose gradient overflows and scales the next loss down, but not for ever
        overflow_is_normal = self._scaler is not None and self._scaler.get_scale() >= 1
        if math.isfinite(loss) and (math.isfinite(norm) or overflow_is_normal):
            return
        settings = self.settings
        raise NotANumberError(
            (f"the norm of the gradient is {norm}" if math.isfinite(loss) else f"the loss is {loss}")
            + f": try a lower learning rate (now {rate:g}), a smaller clip_norm (now {settings.clip_norm}), "
            f"loss_scale step (now {settings.loss_scale}), precision 32 or 64 (now {settings.precision}), "
            "and look for extreme values in the data"
        )
