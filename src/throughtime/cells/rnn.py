"""The simple recurrent network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from throughtime.cells.base import Cell, State, Step, Weights
from throughtime.errors import ArgumentError

ACTIVATIONS = {"tanh": torch.tanh, "relu": torch.relu, "sigmoid": torch.sigmoid}
_SLOPES: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": lambda a: 1 - a * a,
    "relu": lambda a: (a > 0).to(a.dtype),
    "sigmoid": lambda a: a * (1 - a),
}
"""g'(z) of each, by its value a = g(z)."""


@dataclass(frozen=True)
class RNNCell(Cell):
    """The simple recurrent network (Elman, 1990).

        a<t> = g(W_aa a<t-1> + W_ax x<t> + b_a),   g in {tanh, relu, sigmoid}

    W_ax is `weight_ih`, W_aa is `weight_hh`, b_a is `bias_ih` + `bias_hh`.

    `init="identity"` makes W_aa the identity, the biases 0 and W_ax normal with standard deviation 0.001:
    with `nonlinearity="relu"` the IRNN, which keeps what it has seen (Le, Jaitly and Hinton, 2015).

    Args:
        nonlinearity: g, one of "tanh", "relu", "sigmoid".
    """

    nonlinearity: str = "tanh"

    blocks: ClassVar[int] = 1
    gates: ClassVar[tuple[str, ...]] = ()
    inits: ClassVar[tuple[str, ...]] = ("uniform", "torch", "orthogonal", "identity")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.nonlinearity not in ACTIVATIONS:
            raise ArgumentError(f"nonlinearity is {self.nonlinearity!r}, expected one of {', '.join(ACTIVATIONS)}")

    def project(self, x: Tensor, weights: Weights) -> State:
        """Return (W_ax x + b_a,), shaped (T, B, H)."""
        return (self._input_product(x, weights, self._both_biases(weights)),)

    def equations(self, weights: Weights, mask: Tensor | None = None) -> Step:
        """Return the function that computes one step."""
        g = ACTIVATIONS[self.nonlinearity]
        W_aa = self._recurrent_product(weights, mask)

        def step(x: State, state: State) -> tuple[State, tuple[Tensor, ...]]:
            a = g(W_aa(x[0], state[0]))
            return (a,), ()

        return step

    def carried(self, traced: Mapping[str, Tensor], weights: Weights) -> Tensor | None:
        """g'(z_k) W_aa[k, k]; with layer normalisation, which mixes the units, nothing."""
        if self.layer_norm:
            return None
        return _SLOPES[self.nonlinearity](traced["hidden"]) * weights["weight_hh"].diagonal()

    def initialise(self, weights: Weights, init: str) -> None:
        """Draw starting values in place; see `Cell.initialise` and, for "identity", the class."""
        super().initialise(weights, init)
        if init == "identity":
            nn.init.normal_(weights["weight_ih"], std=0.001)
            nn.init.eye_(weights["weight_hh"])
