"""The gated recurrent unit, in the textbook's and in cuDNN's variant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from throughtime.cells.base import Cell, State, Step, Weights


@dataclass(frozen=True)
class GRUCell(Cell):
    """The gated recurrent unit (Cho et al., 2014, version 3 of the paper).

        r<t>  = σ(W_r [c<t-1>, x<t>] + b_r)                 reset (relevance) gate
        u<t>  = σ(W_u [c<t-1>, x<t>] + b_u)                 update gate
        c~<t> = tanh(W_c [r<t> * c<t-1>, x<t>] + b_c)       candidate
        c<t>  = u<t> * c~<t> + (1 - u<t>) * c<t-1>,         a<t> = c<t>

    The rows of `weight_ih` and `weight_hh` are r, u, c~, as in `torch.nn`.

    With `reset_after=True` it is the variant of cuDNN and `torch.nn.GRU`, in which the reset gate acts after
    the matrix product and the gate z multiplies the OLD state:

        z<t>  = σ(W_z [c<t-1>, x<t>] + b_z),                u<t> = 1 - z<t>
        c~<t> = tanh(W_cx x<t> + b_cx + r<t> * (W_cc c<t-1> + b_cc))
        c<t>  = u<t> * c~<t> + (1 - u<t>) * c<t-1>

    The gate called "update" is u in both: the share of the candidate that is taken.

    Args:
        reset_after: compute torch.nn's variant instead of the textbook's.
    """

    reset_after: bool = False

    blocks: ClassVar[int] = 3
    gates: ClassVar[tuple[str, ...]] = ("reset", "update", "candidate")
    switches: ClassVar[tuple[str, ...]] = ("reset", "update")

    def project(self, x: Tensor, weights: Weights) -> State:
        """Return the contributions to (r and u, c~), shaped (T, B, 2H) and (T, B, H)."""
        H = self.hidden_size
        bias = self._both_biases(weights)
        if bias is not None and self.reset_after:
            # b_cc belongs inside the reset gate: the step adds it.
            bias = torch.cat((bias[: 2 * H], weights["bias_ih"][2 * H :]))
        return torch.split(self._input_product(x, weights, bias), [2 * H, H], dim=-1)

    def equations(self, weights: Weights, mask: Tensor | None = None) -> Step:
        """Return the function that computes one step."""
        return (self._reset_after if self.reset_after else self._textbook)(weights, mask)

    def carried(self, traced: Mapping[str, Tensor], weights: Weights) -> Tensor:
        """1 - u<t>."""
        return 1 - traced["update"]

    def _textbook(self, weights: Weights, mask: Tensor | None) -> Step:
        W_ru = self._recurrent_product(weights, mask, 0, 2)
        W_c = self._recurrent_product(weights, mask, 2, 3)

        def step(x: State, state: State) -> tuple[State, tuple[Tensor, ...]]:
            (c,) = state
            r, u = torch.sigmoid(W_ru(x[0], c)).chunk(2, dim=-1)
            candidate = torch.tanh(W_c(x[1], r * c))
            # lerp(c, c~, u) = c + u * (c~ - c) = u * c~ + (1 - u) * c
            return (torch.lerp(c, candidate, u),), (r, u, candidate)

        return step

    def _reset_after(self, weights: Weights, mask: Tensor | None) -> Step:
        W_rz = self._recurrent_product(weights, mask, 0, 2)
        W_cc = self._recurrent_product(weights, mask, 2, 3)
        weight = weights["weight_hh"]
        b_cc = weights["bias_hh"][2 * self.hidden_size :] if self.bias else weight.new_zeros(())

        def step(x: State, state: State) -> tuple[State, tuple[Tensor, ...]]:
            (c,) = state
            r, z = torch.sigmoid(W_rz(x[0], c)).chunk(2, dim=-1)
            candidate = torch.tanh(torch.addcmul(x[1], r, W_cc(b_cc, c)))
            u = 1 - z
            return (torch.lerp(c, candidate, u),), (r, u, candidate)

        return step
