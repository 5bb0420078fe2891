"""Products of bfloat16 in the compiled kernels: under autocast, where the processor has them, and emulated anywhere.

The judge is the reference in float64 with both factors of every product rounded: from it a kernel may differ by a tenth of
what the rounding itself does. Bit by bit it cannot agree: a state that float32 puts on the other side of a rounding boundary
than float64 does is then a whole bfloat16 away.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Tensor

from layer_cases import OURS
from rounded_products import RoundedProducts, rounded
from test_cell_noise import under_noise
from test_cells import BY_NAME, VARIANTS, Problem, posed, states_of
from throughtime import kernels
from throughtime.errors import ArgumentError
from throughtime.kernels import fused
from throughtime.layers import GRU, LSTM, RNN, Recurrent

pytestmark = pytest.mark.skipif(not fused.instruction_sets(), reason="no compiled kernels: no compiler, or no AVX2")

SETS = fused.bfloat16_sets()
NAMES = [variant.name for variant in VARIANTS]
# (T, B, I, H), lengths; all with more rows and steps than are computed without packing anything
SITUATIONS: list[tuple[tuple[int, int, int, int], tuple[int, ...] | None]] = [
    ((5, 1, 1, 2), None),
    ((4, 3, 5, 7), None),
    ((6, 5, 2, 6), (2, 6, 0, 1, 4)),
    # shared by units; 4 H and I reach beyond one round of a product (512 terms), H is no multiple of a panel
    ((5, 3, 530, 150), (5, 2, 4)),
    ((4, 27, 19, 35), tuple(n % 5 for n in range(27))),
    # a chunk of an odd number of rows that is summed over in more than one round
    ((2, 401, 3, 5), None),
]


@contextmanager
def bfloat16(isa: str) -> Iterator[None]:
    """The kernels with products of bfloat16 in force, and autocast that asks for them."""
    with kernels.use("fused", isa), torch.autocast("cpu", torch.bfloat16):
        yield


@pytest.fixture(params=[1, 2], ids=["one thread", "two threads"])
def threads(request: pytest.FixtureRequest) -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield
    torch.set_num_threads(before)


def norm(x: Tensor) -> float:
    return x.double().norm().item()


def assert_rounded(ours: Tensor, same: Tensor, exact: Tensor, what: str) -> None:
    """Ours is what the rounding makes of it, and that is not far from what it would be without."""
    assert ours.shape == same.shape, what
    assert ours.dtype == torch.float32, what
    effect = norm(same - exact)
    assert norm(ours - same) <= 0.1 * effect + 2e-6 * max(1.0, norm(same)), what
    assert effect <= 0.03 * max(1.0, norm(exact)), what


def answers(p: Problem, dtype: torch.dtype) -> dict[str, Tensor]:
    """Output, final states and all gradients, by name; the backward as autocast's documentation has it, outside."""
    layer, leaves = p.named(dtype)
    output, final = layer(leaves["input"], p.states(leaves), lengths=p.lengths)
    states = dict(zip(layer.cell.state_names, states_of(final), strict=True))
    with torch.autocast("cpu", enabled=False):
        gradients = torch.autograd.grad(p.loss(output, final), list(leaves.values()), materialize_grads=True)
    named = {f"gradient of {key}": gradient for key, gradient in zip(leaves, gradients, strict=True)}
    return {"output": output} | {f"final {key}": state for key, state in states.items()} | named


@pytest.mark.parametrize("bidirectional", [False, True], ids=["one", "both"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("isa", SETS)
@pytest.mark.usefixtures("threads")
def test_the_conformance_table(isa: str, name: str, bidirectional: bool) -> None:
    for number, (shape, lengths) in enumerate(SITUATIONS):
        p = posed(name, shape, lengths, number % 2 == 1, bidirectional, seed=number)
        with bfloat16(isa):
            ours = answers(p, torch.float32)
        with kernels.use("reference"):
            exact = answers(p, torch.float64)
            with RoundedProducts():
                same = answers(p, torch.float64)
        for key, value in ours.items():
            assert_rounded(value, same[key], exact[key], f"{shape} {key}")
