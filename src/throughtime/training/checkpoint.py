"""Checkpoints: all that a run is, in one file, so that it goes on as if nothing had happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn, optim

from throughtime.errors import ThroughtimeError
from throughtime.storage.weights import put_weights, weights
from throughtime.training.average import WeightAverage
from throughtime.training.progress import Progress, Sums
from throughtime.training.seeds import random_state, set_random_state
from throughtime.training.tree import load_tree, map_tensors, save_tree


@dataclass
class State:
    """A run at a step boundary.

    Args:
        model: its parameters and buffers.
        optimisers: their moments; one for each part of the model that moves by itself.
        scaler: state of the loss scaling of 16-mixed precision; an object with state_dict and load_state_dict.
        average: the averaged weights of NT-ASGD.
        progress: all counters, and the position in the data.
        carried: the recurrent state at the end of the last batch, detached; None at a beginning.
    """

    model: nn.Module
    optimisers: Sequence[optim.Optimizer]
    scaler: Any
    average: WeightAverage
    progress: Progress
    carried: Any = None

    @property
    def _rule(self) -> str:
        """The name of the update rule, which is the same for all parts."""
        return type(self.optimisers[0]).__name__

    def save(self, path: Path) -> None:
        """Write it, and where all random generators stand, as one file, atomically.

        Raises:
            ThroughtimeError: it cannot be written; the checkpoint that stood there before remains.
        """
        tree = {
            "model": weights(self.model),
            "rule": self._rule,
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "scaler": self.scaler.state_dict(),
            "average": self.average.state_dict(),
            "progress": asdict(self.progress),
            "carried": self.carried,
            "random": random_state(),
        }
        save_tree(tree, path)

    def load(self, path: Path, device: torch.device) -> None:
        """Become what `save` wrote, the random generators included.

        Raises:
            ThroughtimeError: the file is missing, broken, or of another model or optimiser.
        """
        tree = load_tree(path)
        try:
            progress = _progress(tree)
            if progress.batches != self.progress.batches:
                raise ThroughtimeError(
                    f"{path}: the training data has changed: found {self.progress.batches} batches an epoch, "
                    f"expected {progress.batches} as before"
                )
            if tree["rule"] != self._rule:
                raise ThroughtimeError(
                    f"{path}: found a checkpoint of the optimiser {tree['rule']}, expected one of {self._rule}"
                )
            put_weights(self.model, tree["model"], path)
            # runs begun before there could be several have one
            states = tree["optimisers"] if "optimisers" in tree else [tree["optimiser"]]
            for optimiser, state in zip(self.optimisers, states, strict=True):
                optimiser.load_state_dict(state)
                _lay_out_alike(optimiser)
            self.scaler.load_state_dict(tree["scaler"])
            self.average.load_state_dict(tree["average"])
            self.progress = progress
            self.carried = map_tensors(lambda tensor: tensor.to(device), tree["carried"])
            set_random_state(tree["random"])
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise ThroughtimeError(f"{path}: found a checkpoint of another kind of run ({error})") from error


def _lay_out_alike(optimiser: optim.Optimizer) -> None:
    """Give an optimiser's moments the order in memory that their weights have (channels last, perhaps), which a file
    does not keep: a fused rule goes through both side by side.
    """
    for weight, moments in optimiser.state.items():
        for name, moment in moments.items():
            if isinstance(moment, Tensor) and moment.shape == weight.shape and moment.stride() != weight.stride():
                moments[name] = torch.empty_like(weight, dtype=moment.dtype).copy_(moment)


def read_progress(path: Path) -> Progress:
    """How far the run of a checkpoint has come.

    Raises:
        ThroughtimeError: the file is missing or broken.
    """
    try:
        return _progress(load_tree(path))
    except (KeyError, TypeError) as error:
        raise ThroughtimeError(f"{path}: found a checkpoint without a progress ({error})") from error


def _progress(tree: Any) -> Progress:
    counters = tree["progress"]
    return Progress(**{**counters, **{name: Sums(**counters[name]) for name in ("total", "since")}})
