"""The long short-term memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from throughtime.cells.base import Cell, State, Step, Weights, normalise
from throughtime.errors import ArgumentError, ArgumentTypeError


@dataclass(frozen=True)
class LSTMCell(Cell):
    """The long short-term memory (Hochreiter and Schmidhuber, 1997; forget gate: Gers et al., 2000).

        i<t>  = σ(W_i [a<t-1>, x<t>] + b_i)                 input gate
        f<t>  = σ(W_f [a<t-1>, x<t>] + b_f)                 forget gate
        c~<t> = tanh(W_c [a<t-1>, x<t>] + b_c)              candidate
        o<t>  = σ(W_o [a<t-1>, x<t>] + b_o)                 output gate
        c<t>  = i<t> * c~<t> + f<t> * c<t-1>                cell state
        a<t>  = o<t> * tanh(c<t>)                           hidden state

    The rows of `weight_ih` and `weight_hh` are i, f, c~, o, as in `torch.nn`. Every initialisation but
    "torch" sets the forget gate's bias to 1 in total (Jozefowicz et al., 2015): `bias_ih` 1, `bias_hh` 0.

    Layer normalisation also normalises the cell state on its way out, a = o * tanh(norm(c)) with gain
    `norm_cell` and shift `norm_cell_bias`; the c that is carried on stays as it is (Ba et al., 2016).

    Args:
        peepholes: the gates see the cell state too (Gers and Schmidhuber, 2000): p_i * c<t-1> is added to the
            input gate, p_f * c<t-1> to the forget gate, p_o * c<t> to the output gate, before σ;
            p_i, p_f, p_o are the rows of `weight_peephole` (3, H).
        proj_size: P > 0 multiplies the hidden state by `weight_hr` (P, H), so that a<t> has P features
            (Sak et al., 2014); 0 does not.
    """

    peepholes: bool = False
    proj_size: int = 0

    blocks: ClassVar[int] = 4
    gates: ClassVar[tuple[str, ...]] = ("input", "forget", "candidate", "output")
    switches: ClassVar[tuple[str, ...]] = ("input", "forget", "output")
    state_names: ClassVar[tuple[str, ...]] = ("hidden", "cell")

    def __post_init__(self) -> None:
        super().__post_init__()
        if type(self.proj_size) is not int:
            raise ArgumentTypeError(f"proj_size is {self.proj_size!r}, expected a whole number, 0 for none")
        if not 0 <= self.proj_size < self.hidden_size:
            raise ArgumentError(
                f"proj_size is {self.proj_size}, expected 0 (none) or less than "
                f"hidden_size, which is {self.hidden_size}"
            )

    @property
    def state_sizes(self) -> tuple[int, ...]:
        """P (or H without projection) for the hidden state, H for the cell state."""
        return (self.proj_size or self.hidden_size, self.hidden_size)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of every weight, by name, in `torch.nn`'s order."""
        shapes = super().shapes()
        if self.proj_size:
            shapes["weight_hr"] = (self.proj_size, self.hidden_size)
        if self.peepholes:
            shapes["weight_peephole"] = (3, self.hidden_size)
        if self.layer_norm:
            shapes["norm_cell"] = (self.hidden_size,)
            if self.bias:
                shapes["norm_cell_bias"] = (self.hidden_size,)
        return shapes

    def project(self, x: Tensor, weights: Weights) -> State:
        """Return the contributions to (i, f, c~, o), shaped (T, B, 4H)."""
        return (self._input_product(x, weights, self._both_biases(weights)),)

    def equations(self, weights: Weights, mask: Tensor | None = None) -> Step:
        """Return the function that computes one step."""
        W = self._recurrent_product(weights, mask)
        W_hr = weights["weight_hr"].t() if self.proj_size else None
        peepholes = weights["weight_peephole"].unbind(0) if self.peepholes else None
        gain = self._by_block(weights["norm_cell"]) if self.layer_norm else None
        shift = weights.get("norm_cell_bias")

        def step(x: State, state: State) -> tuple[State, tuple[Tensor, ...]]:
            a, c = state
            i, f, candidate, o = W(x[0], a).chunk(4, dim=-1)
            if peepholes is not None:
                i, f = i + peepholes[0] * c, f + peepholes[1] * c
            i, f, candidate = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(candidate)
            c = torch.addcmul(i * candidate, f, c)
            if peepholes is not None:
                o = o + peepholes[2] * c
            o = torch.sigmoid(o)
            seen = c if gain is None else normalise(c, gain)
            a = o * torch.tanh(seen if shift is None else seen + shift)
            if W_hr is not None:
                a = a @ W_hr
            return (a, c), (i, f, candidate, o)

        return step

    def carried(self, traced: Mapping[str, Tensor], weights: Weights) -> Tensor:
        """f<t>, of the cell state."""
        return traced["forget"]

    def initialise(self, weights: Weights, init: str) -> None:
        """Draw starting values in place, the forget gate's bias being 1 unless it is "torch"; see `Cell.initialise`."""
        super().initialise(weights, init)
        if self.bias and init != "torch":
            forget = slice(self.hidden_size, 2 * self.hidden_size)
            with torch.no_grad():
                weights["bias_ih"][forget] = 1.0
                weights["bias_hh"][forget] = 0.0
