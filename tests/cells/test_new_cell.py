"""The recipe of docs/cells.md: a cell that the package does not have, in one class, through everything.

The minimal gated unit (Zhou et al., 2016): a GRU with one gate.

    f<t>  = σ(W_f [h<t-1>, x<t>] + b_f)
    h~<t> = tanh(W_h [f<t> * h<t-1>, x<t>] + b_h)
    h<t>  = (1 - f<t>) * h<t-1> + f<t> * h~<t>
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor

from throughtime import kernels
from throughtime.cells import Cell, State, Step, Weights
from throughtime.errors import KernelUnavailableError
from throughtime.layers import Recurrent


@dataclass(frozen=True)
class MGUCell(Cell):
    """The minimal gated unit."""

    blocks: ClassVar[int] = 2
    gates: ClassVar[tuple[str, ...]] = ("forget", "candidate")

    def project(self, x: Tensor, weights: Weights) -> State:
        """Return the contributions to f and h~, (T, B, H) each."""
        return self._input_product(x, weights, self._both_biases(weights)).chunk(2, dim=-1)

    def equations(self, weights: Weights, mask: Tensor | None = None) -> Step:
        """Return the function that computes one step."""
        W_f = self._recurrent_product(weights, mask, 0, 1)
        W_h = self._recurrent_product(weights, mask, 1, 2)

        def step(x: State, state: State) -> tuple[State, tuple[Tensor, ...]]:
            (h,) = state
            f = torch.sigmoid(W_f(x[0], h))
            candidate = torch.tanh(W_h(x[1], f * h))
            return (torch.lerp(h, candidate, f),), (f, candidate)

        return step


def in_numpy(layer: Recurrent, x: Tensor) -> np.ndarray:
    """One row (T, I), forward, in NumPy."""
    w = {key: value.detach().numpy() for key, value in layer.named_parameters()}
    H, h, out = layer.hidden_size, np.zeros(layer.hidden_size), []
    bias = w["bias_ih_l0"] + w["bias_hh_l0"]
    for value in x.numpy():
        f = 1 / (1 + np.exp(-(w["weight_ih_l0"][:H] @ value + w["weight_hh_l0"][:H] @ h + bias[:H])))
        candidate = np.tanh(w["weight_ih_l0"][H:] @ value + w["weight_hh_l0"][H:] @ (f * h) + bias[H:])
        h = (1 - f) * h + f * candidate
        out.append(h)
    return np.array(out)


def test_equations() -> None:
    layer = Recurrent(MGUCell(3, 5), bidirectional=True, dtype=torch.float64)
    x = torch.randn(6, 2, 3, dtype=torch.float64)
    out, final, trace = layer(x, lengths=[4, 6], trace=["forget"])
    np.testing.assert_allclose(out[:4, 0, :5].detach(), in_numpy(layer, x[:4, 0]), rtol=0, atol=1e-13)
    np.testing.assert_allclose(final[0, 1].detach(), in_numpy(layer, x[:, 1])[-1], rtol=0, atol=1e-13)
    assert trace[0, 1]["forget"].shape == (6, 2, 5)


def test_everything_else_comes_with_it() -> None:
    cell = MGUCell(3, 5, layer_norm=True)
    noise = {"dropout": 0.1, "zoneout": 0.1, "recurrent_dropout": 0.1, "weight_dropout": 0.1}
    layer = Recurrent(cell, 2, bidirectional=True, batch_first=True, init="orthogonal", **noise)
    compiled = torch.compile(layer, fullgraph=True, backend="eager")
    out, final = compiled(torch.randn(2, 3, 3))
    (out.sum() + final.sum()).backward()
    assert all(weight.grad is not None for weight in layer.parameters())
    assert repr(layer).startswith("Recurrent(3, 5, layer_norm=True, num_layers=2")
    with kernels.use("torch"), pytest.raises(KernelUnavailableError, match="layer normalisation"):
        layer(torch.randn(2, 6, 3))
    with kernels.use("torch"), pytest.raises(KernelUnavailableError, match="torch has no MGU"):
        Recurrent(MGUCell(3, 5))(torch.randn(6, 2, 3))
