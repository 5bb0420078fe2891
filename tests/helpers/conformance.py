"""The table of all cells and paths, and the problems that it poses to them.

A kernel is added to the table by one entry in PATHS, a cell by one entry in VARIANTS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from helpers.reference_numpy import Rendering
from throughtime import kernels
from throughtime.cells import Cell, GRUCell, LSTMCell, RNNCell
from throughtime.kernels import Lengths, Noise, Request, fused, reference
from throughtime.layers import Recurrent


@dataclass(frozen=True)
class Variant:
    """One row of the table: our cell, the NumPy rendering of it, and torch.nn's class if it has one."""

    name: str
    cell: type[Cell]
    rendering: Callable[..., Rendering]
    options: dict[str, Any] = field(default_factory=dict)
    native: Callable[..., nn.RNNBase] | None = None
    projected: bool = False

    def make(self, inputs: int, hidden: int) -> Cell:
        extra = {"proj_size": (hidden + 1) // 2} if self.projected else {}
        return self.cell(inputs, hidden, **self.options, **extra)


def rendering(kind: str, **options: Any) -> Callable[..., Rendering]:
    return lambda H: Rendering(kind, H, **options)


NORM = {"layer_norm": True}
VARIANTS = [
    Variant("rnn-tanh", RNNCell, rendering("rnn"), native=nn.RNN),
    Variant(
        "rnn-relu",
        RNNCell,
        rendering("rnn", g="relu"),
        {"nonlinearity": "relu"},
        lambda *a, **k: nn.RNN(*a, nonlinearity="relu", **k),
    ),
    Variant("rnn-sigmoid", RNNCell, rendering("rnn", g="sigmoid"), {"nonlinearity": "sigmoid"}),
    Variant("rnn-norm", RNNCell, rendering("rnn", **NORM), NORM),
    Variant("rnn-nobias", RNNCell, rendering("rnn", bias=False), {"bias": False}, nn.RNN),
    Variant("gru", GRUCell, rendering("gru")),
    Variant("gru-norm", GRUCell, rendering("gru", **NORM), NORM),
    Variant("gru-nobias", GRUCell, rendering("gru", bias=False), {"bias": False}),
    Variant("gru-after", GRUCell, rendering("gru", reset_after=True), {"reset_after": True}, nn.GRU),
    Variant("gru-after-norm", GRUCell, rendering("gru", reset_after=True, **NORM), {"reset_after": True} | NORM),
    Variant(
        "gru-after-nobias",
        GRUCell,
        rendering("gru", reset_after=True, bias=False),
        {"reset_after": True, "bias": False},
        nn.GRU,
    ),
    Variant("lstm", LSTMCell, rendering("lstm"), {}, nn.LSTM),
    Variant("lstm-nobias", LSTMCell, rendering("lstm", bias=False), {"bias": False}, nn.LSTM),
    Variant("lstm-proj", LSTMCell, rendering("lstm", projection=True), {}, nn.LSTM, projected=True),
    Variant("lstm-peep", LSTMCell, rendering("lstm", peepholes=True), {"peepholes": True}),
    Variant("lstm-norm", LSTMCell, rendering("lstm", **NORM), NORM),
    Variant("lstm-norm-nobias", LSTMCell, rendering("lstm", bias=False, **NORM), {"bias": False} | NORM),
    Variant(
        "lstm-all",
        LSTMCell,
        rendering("lstm", peepholes=True, projection=True, **NORM),
        {"peepholes": True} | NORM,
        projected=True,
    ),
]
BY_NAME = {variant.name: variant for variant in VARIANTS}

# Which variants a path computes; for the others, asking for it must be refused.
PATHS: dict[str, Callable[[Variant], bool]] = {
    "reference": lambda _: True,
    "torch": lambda variant: variant.native is not None,
}
PATHS |= {f"fused/{isa}": lambda _: True for isa in fused.instruction_sets()}


def path_in_force(path: str) -> kernels.use:
    """Force a path; the fused one with an instruction set behind a slash."""
    return kernels.use(*path.split("/"))


# (T, B, I, H), lengths (None: all T), whether an initial state is given.
SITUATIONS: list[tuple[tuple[int, int, int, int], tuple[int, ...] | None, bool]] = [
    ((1, 1, 1, 2), None, False),
    ((5, 1, 3, 4), None, True),
    ((4, 3, 5, 7), None, False),
    ((6, 5, 2, 6), (2, 6, 0, 1, 4), True),
    ((3, 3, 4, 5), (1, 0, 2), False),
    ((1, 3, 3, 9), (1, 0, 1), True),
    ((2, 2, 3, 2), (0, 0), True),
    # few rows of many units, which threads share by units
    ((5, 3, 18, 150), (5, 2, 4), True),
    # wider than vectors and register tiles, and not their multiples
    ((4, 27, 19, 35), tuple(n % 5 for n in range(27)), True),
]
TOLERANCE = {torch.float64: 1e-11, torch.float32: 1e-5}


@dataclass
class Problem:
    """Inputs, weights and the loss's coefficients, in float64."""

    layer: Recurrent
    x: Tensor
    initial: tuple[Tensor, ...]
    lengths: tuple[int, ...] | None
    given: bool
    coefficients: tuple[Tensor, ...]  # of the output and of every final state

    def named(self, dtype: torch.dtype) -> tuple[Recurrent, dict[str, Tensor]]:
        """Return a copy of the layer, and by name everything that has a gradient."""
        layer = Recurrent(self.layer.cell, bidirectional=self.layer.bidirectional, dtype=dtype)
        layer.load_state_dict(self.layer.state_dict())
        leaves = {"input": self.x.to(dtype, copy=True).requires_grad_()}
        if self.given:
            for name, state in zip(layer.cell.state_names, self.initial, strict=True):
                leaves[name] = state.to(dtype, copy=True).requires_grad_()
        return layer, leaves | dict(layer.named_parameters())

    def states(self, leaves: dict[str, Tensor]) -> Any:
        if not self.given:
            return None
        states = tuple(leaves[name] for name in self.layer.cell.state_names)
        return states if len(states) > 1 else states[0]

    def forward(self, dtype: torch.dtype) -> tuple[Tensor, ...]:
        """Output and final states."""
        layer, leaves = self.named(dtype)
        output, final = layer(leaves["input"], self.states(leaves), lengths=self.lengths)
        return output, *states_of(final)

    def loss(self, output: Tensor, final: Any) -> Tensor:
        parts = (output, *(final if isinstance(final, tuple) else (final,)))
        return sum((p * c.to(p.dtype)).sum() for p, c in zip(parts, self.coefficients, strict=True))


@cache
def problem(name: str, situation: int, bidirectional: bool) -> Problem:
    return posed(name, *SITUATIONS[situation], bidirectional, seed=situation)


def posed(
    name: str,
    shape: tuple[int, int, int, int],
    lengths: tuple[int, ...] | None,
    given: bool,
    bidirectional: bool,
    seed: int,
) -> Problem:
    T, B, inputs, hidden = shape
    generator = torch.Generator().manual_seed(seed)
    layer = Recurrent(BY_NAME[name].make(inputs, hidden), bidirectional=bidirectional, dtype=torch.float64)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    # many units with such weights would be chaotic: no float32 could follow
    deviation = 0.6 / max(1.0, max(inputs, hidden) ** 0.5 / 4)
    with torch.no_grad():
        for weight in layer.parameters():
            weight.copy_(deviation * draw(*weight.shape))
    D, sizes = layer.num_directions, layer.cell.state_sizes
    initial = tuple(draw(D, B, size) if given else torch.zeros(D, B, size).double() for size in sizes)
    coefficients = (draw(T, B, D * sizes[0]), *(draw(D, B, size) for size in sizes))
    return Problem(layer, draw(T, B, inputs), initial, lengths, given, coefficients)


def states_of(final: Any) -> tuple[Tensor, ...]:
    return final if isinstance(final, tuple) else (final,)


def under_noise(p: Any, training: bool, dtype: torch.dtype) -> tuple[list[str], list[Tensor]]:
    """Output, final states and gradients by name; float32 runs in the compiled kernels."""
    cell, (T, B, _) = p.layer.cell, p.x.shape
    generator = torch.Generator().manual_seed(1)
    leaves = {"input": p.x.to(dtype, copy=True).requires_grad_()}
    leaves |= {f"state {k}": v.to(dtype, copy=True).requires_grad_() for k, v in enumerate(p.initial)}
    leaves |= {k: v.detach().to(dtype, copy=True).requires_grad_() for k, v in p.layer.named_parameters()}
    noises, weights = [], []
    for suffix in ("", "_reverse"):
        masks = tuple(torch.rand(T, B, size, generator=generator) < 0.4 for size in cell.state_sizes)
        keep = (torch.rand(B, cell.state_sizes[0], generator=generator) < 0.6) / torch.tensor(0.6, dtype=dtype)
        shares = tuple(0.1 + 0.2 * k for k in range(len(cell.state_sizes)))
        noises.append(Noise(keep, masks) if training else Noise(None, shares))
        weights.append({key: leaves[f"{key}_l0{suffix}"] for key in cell.shapes()})
    rows = None if p.lengths is None else Lengths.of(p.lengths, T, B, p.x.device)
    states = tuple(leaves[f"state {k}"] for k in range(len(p.initial)))
    request = Request(cell, leaves["input"], rows, states, tuple(weights), tuple(noises))
    result = (reference if dtype == torch.float64 else fused).run(request)
    loss = p.loss(result.output, result.final)
    gradients = torch.autograd.grad(loss, list(leaves.values()), materialize_grads=True)
    names = ["output", *(f"final {k}" for k in range(len(states))), *(f"gradient of {key}" for key in leaves)]
    return names, [result.output.detach(), *(s.detach() for s in result.final), *gradients]
