"""Update rules, and the course of the learning rate."""

from __future__ import annotations

import math
from collections.abc import Iterable

from torch import nn, optim

from throughtime.settings import TrainingSettings
from throughtime.training.progress import Progress


def make_optimiser(
    parameters: Iterable[nn.Parameter], settings: TrainingSettings, pace: float = 1.0
) -> optim.Optimizer:
    """The update rule that the settings name, at their learning rate.

    `asgd` descends as `sgd` does; its average of the weights is `throughtime.training.average.WeightAverage`.

    Args:
        parameters: those without gradient are left out.
        settings: rule, rate, decays.
        pace: below 1 where it moves more than once a step: the rate is so much lower, Adam forgets so much more slowly.
    """
    rate, decay = settings.learning_rate * pace, settings.weight_decay
    betas = (settings.betas[0] ** pace, settings.betas[1] ** pace)
    learnt = [parameter for parameter in parameters if parameter.requires_grad]
    # one pass over the weights, four times as quick; on a GPU it does not go with the loss scaling of 16-mixed
    fused = all(parameter.device.type == "cpu" for parameter in learnt)
    match settings.optimiser:
        case "adam":
            return optim.Adam(learnt, lr=rate, betas=betas, weight_decay=decay, fused=fused)
        case "adamw":
            return optim.AdamW(learnt, lr=rate, betas=betas, weight_decay=decay, fused=fused)
        case "rmsprop":
            return optim.RMSprop(learnt, lr=rate, weight_decay=decay)
        case "sgd" | "asgd":
            return optim.SGD(learnt, lr=rate, weight_decay=decay)


def learning_rate(settings: TrainingSettings, progress: Progress) -> float:
    """The rate of the step that comes next; it depends on the settings and the progress alone.

    Args:
        settings: the highest rate, the warm-up and the schedule.
        progress: how far the run has come.

    Example:
        >>> settings = TrainingSettings(learning_rate=1.0, warmup_steps=2, schedule="linear", steps=6)
        >>> [round(learning_rate(settings, Progress(batches=1, step=step, warm=2 / 6)), 9) for step in range(6)]
        [0.5, 1.0, 1.0, 0.75, 0.5, 0.25]
    """
    if progress.step < settings.warmup_steps:
        return settings.learning_rate * (progress.step + 1) / settings.warmup_steps
    return settings.learning_rate * _course(settings, progress)


def _course(settings: TrainingSettings, progress: Progress) -> float:
    """The factor of the highest rate after the warm-up."""
    share = progress.share(settings)
    done = (share - progress.warm) / (1 - progress.warm) if progress.warm < share else 0.0
    match settings.schedule:
        case "constant":
            return 1.0
        case "linear":
            return 1 - done
        case "cosine":  # Loshchilov and Hutter 2017, without restarts
            return (1 + math.cos(math.pi * done)) / 2
        case "exponential":
            return settings.decay ** max(0, progress.epoch + 1 - settings.decay_after)
        case "plateau":
            return settings.decay**progress.decays
