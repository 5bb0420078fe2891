"""What every cell says about itself: its equations, the shapes of its weights, the names of its gates."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from throughtime.errors import ArgumentError, ArgumentTypeError

Weights = Mapping[str, Tensor]
"""The weights of one layer in one direction, by the names that `Cell.shapes` gives."""

State = tuple[Tensor, ...]
"""What a cell carries from step to step, in the order of `Cell.state_names`, each (B, size)."""

Step = Callable[[State, State], tuple[State, tuple[Tensor, ...]]]
"""One step: (inputs' contributions at t, state at t-1) -> (state at t, gates at t)."""


def normalise(x: Tensor, gain: Tensor) -> Tensor:
    """Normalise each block of units to mean 0 and variance 1, then multiply by a gain (Ba et al., 2016).

    Args:
        x: (..., G*H), G blocks of H units; each block is normalised by itself.
        gain: (G, H).

    Returns:
        (..., G*H).
    """
    blocks = x.reshape(*x.shape[:-1], *gain.shape)
    return (F.layer_norm(blocks, (gain.shape[-1],)) * gain).flatten(-2)


def switch(name: str, value: object) -> bool:
    """An option that is on or off.

    Raises:
        ArgumentTypeError: it is neither; the sentence says which option.
    """
    if not isinstance(value, bool):
        raise ArgumentTypeError(f"{name} is {value!r}, expected True or False")
    return value


class Product(NamedTuple):
    """The product of a state with a recurrent weight matrix, added to the inputs' contribution.

    Variational dropout and layer normalisation live here, so that a cell's equations need not mention them.

    Args:
        weight: (S, G*H), the transposed rows of `weight_hh` that this product uses.
        gain: (G, H), gain of the layer normalisation of the product; None for none.
        mask: (B, S), what the state is multiplied by before the product (Gal and Ghahramani, 2016); None for none.
    """

    weight: Tensor
    gain: Tensor | None = None
    mask: Tensor | None = None

    def __call__(self, x: Tensor, state: Tensor) -> Tensor:
        """Return x + norm((state * mask) W), shaped (B, G*H)."""
        if self.mask is not None:
            state = state * self.mask
        if self.gain is not None:
            return x + normalise(state @ self.weight, self.gain)
        return torch.addmm(x, state, self.weight)


@dataclass(frozen=True)
class Cell(ABC):
    """The equations of one step and what is needed to run them; holds sizes and variants, never weights.

    The rows of `weight_ih` and `weight_hh` are G blocks of H rows, as in `torch.nn`.

    Args:
        input_size: I, the features of the input.
        hidden_size: H, the units.
        bias: whether `bias_ih` and `bias_hh` exist.
        layer_norm: normalise the input's and the state's contribution, each gate's block by itself, with
            gains `norm_ih` and `norm_hh`; the biases, added afterwards, are its shifts (Ba et al., 2016).
    """

    input_size: int
    hidden_size: int
    bias: bool = True
    layer_norm: bool = False

    blocks: ClassVar[int]
    gates: ClassVar[tuple[str, ...]]
    switches: ClassVar[tuple[str, ...]] = ()
    """Those of the gates that are shares, from 0 (closed) to 1 (open)."""
    state_names: ClassVar[tuple[str, ...]] = ("hidden",)
    inits: ClassVar[tuple[str, ...]] = ("uniform", "torch", "orthogonal")

    def __post_init__(self) -> None:
        for name in ("input_size", "hidden_size"):
            value = getattr(self, name)
            if type(value) is not int:
                raise ArgumentTypeError(f"{name} is {value!r}, expected a whole number of at least 1")
            if value < 1:
                raise ArgumentError(f"{name} is {value}, expected a whole number of at least 1")
        for field in fields(self):
            if isinstance(field.default, bool):
                switch(field.name, getattr(self, field.name))

    @property
    def state_sizes(self) -> tuple[int, ...]:
        """Size of each state, in the order of `state_names`; the first is also the size of the output."""
        return (self.hidden_size,) * len(self.state_names)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of every weight, by name, in `torch.nn`'s order."""
        rows = self.blocks * self.hidden_size
        shapes: dict[str, tuple[int, ...]] = {
            "weight_ih": (rows, self.input_size),
            "weight_hh": (rows, self.state_sizes[0]),
        }
        if self.bias:
            shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
        if self.layer_norm:
            shapes |= {"norm_ih": (rows,), "norm_hh": (rows,)}
        return shapes

    @abstractmethod
    def project(self, x: Tensor, weights: Weights) -> State:
        """Compute the inputs' contribution to all pre-activations, for all steps at once.

        Args:
            x: (T, B, I).
            weights: as `shapes` names them.

        Returns:
            One or more tensors (T, B, ...); their slices at t are the first argument of the step.
        """

    @abstractmethod
    def equations(self, weights: Weights, mask: Tensor | None = None) -> Step:
        """Return the function that computes one step: the cell's equations.

        Args:
            weights: as `shapes` names them; split here, once, and not at every step.
            mask: (B, S), multiplies the hidden state where it enters a recurrent product; None for none.
        """

    def carried(self, traced: Mapping[str, Tensor], weights: Weights) -> Tensor | None:
        """How much of its own value each unit of the last state hands on from step to step, as a factor.

        Args:
            traced: gates and states by name, each (..., size), as a trace has them.
            weights: as `shapes` names them.

        Returns:
            (..., H): ∂s_k<t>/∂s_k<t-1> on the unit's own way, gates and all other units being what they are; None for a
            cell that does not say.
        """
        return None

    def initialise(self, weights: Weights, init: str) -> None:
        """Draw starting values, in place.

        Args:
            weights: as `shapes` names them.
            init: "uniform" in ±1/√H, and what a cell changes of it; "torch" is bit for bit what `torch.nn` starts
                with by the same seed; "orthogonal" makes each gate's recurrent block orthogonal (Saxe et al.,
                2014), each input block Glorot-uniform, biases 0.

        Raises:
            ArgumentError: this cell does not know `init`.
        """
        if init not in self.inits:
            raise ArgumentError(f"init is {init!r}, expected one of {', '.join(self.inits)} for {self.name}")
        bound = 1.0 / math.sqrt(self.hidden_size)
        with torch.no_grad():
            for name, weight in weights.items():
                if name.startswith("norm_"):
                    weight.fill_(0.0 if name.endswith("bias") else 1.0)
                elif init in ("uniform", "torch"):
                    nn.init.uniform_(weight, -bound, bound)
                elif name in ("weight_ih", "weight_hh", "weight_hr"):
                    self._fill_blocks(weight, orthogonal=name != "weight_ih")
                else:
                    weight.zero_()

    def _fill_blocks(self, weight: Tensor, orthogonal: bool) -> None:
        height = min(self.hidden_size, weight.shape[0])
        for block in torch.split(weight, height):
            # The decomposition behind orthogonal_ does not exist in half precision: draw in single.
            values = torch.empty_like(block, dtype=torch.promote_types(block.dtype, torch.float32))
            nn.init.orthogonal_(values) if orthogonal else nn.init.xavier_uniform_(values)
            block.copy_(values)

    @property
    def name(self) -> str:
        """What the cell is called in messages: RNN, GRU, LSTM."""
        return type(self).__name__.removesuffix("Cell")

    def _input_product(self, x: Tensor, weights: Weights, bias: Tensor | None) -> Tensor:
        """Return norm(W_ih x) + bias for all steps, (T, B, G*H), as one product."""
        if not self.layer_norm:
            return F.linear(x, weights["weight_ih"], bias)
        product = normalise(F.linear(x, weights["weight_ih"]), self._by_block(weights["norm_ih"]))
        return product if bias is None else product + bias

    def _both_biases(self, weights: Weights) -> Tensor | None:
        return weights["bias_ih"] + weights["bias_hh"] if self.bias else None

    def _by_block(self, gain: Tensor) -> Tensor:
        return gain.view(-1, self.hidden_size)

    def _recurrent_product(
        self, weights: Weights, mask: Tensor | None, first: int = 0, end: int | None = None
    ) -> Product:
        """Return the product with the rows of `weight_hh` of gates first, ..., end-1 (all by default)."""
        stop = self.blocks if end is None else end
        rows = slice(first * self.hidden_size, stop * self.hidden_size)
        gain = self._by_block(weights["norm_hh"][rows]) if self.layer_norm else None
        return Product(weights["weight_hh"][rows].t(), gain, mask)
