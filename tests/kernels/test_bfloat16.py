"""Products of bfloat16 in the compiled kernels: under autocast, where the processor has them, and emulated anywhere.

The judge is the reference in float64 with both factors of every product rounded. Over one step the kernels agree with
it as closely as float32 can. Over several, now and then float32 puts a state on the other side of a rounding boundary
than float64 does: it is then a whole bfloat16 away, and the difference is held against what the rounding itself does.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from helpers.conformance import VARIANTS, Problem, posed, states_of, under_noise
from helpers.layer_cases import OURS, assert_nan_spoils_its_own_row_alone
from helpers.rounded_products import RoundedProducts
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
    # tiles of 16 rows and words: two high, one, and what is left over, of rows and of words
    ((3, 50, 70, 40), None),
]


@contextmanager
def bfloat16(isa: str) -> Iterator[None]:
    """The kernels with products of bfloat16 in force, and autocast that asks for them."""
    with kernels.use("fused", isa), torch.autocast("cpu", torch.bfloat16):
        yield


@contextmanager
def threads(number: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def norm(x: Tensor) -> float:
    return x.double().norm().item()


def assert_rounded(ours: Tensor, same: Tensor, exact: Tensor, share: float, what: str) -> None:
    """Ours is what the rounding makes of it, but for a share of what it makes of it."""
    assert ours.shape == same.shape, what
    assert ours.dtype == torch.float32, what
    assert norm(ours - same) <= share * norm(same - exact) + 2e-6 * max(1.0, norm(same)), what


def answers(p: Problem, dtype: torch.dtype) -> dict[str, Tensor]:
    """Output, final states and all gradients, by name; the backward as autocast's documentation has it, outside."""
    layer, leaves = p.named(dtype)
    output, final = layer(leaves["input"], p.states(leaves), lengths=p.lengths)
    states = dict(zip(layer.cell.state_names, states_of(final), strict=True))
    with torch.autocast("cpu", enabled=False):
        gradients = torch.autograd.grad(p.loss(output, final), list(leaves.values()), materialize_grads=True)
    named = {f"gradient of {key}": gradient for key, gradient in zip(leaves, gradients, strict=True)}
    return {"output": output} | {f"final {key}": state for key, state in states.items()} | named


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("isa", SETS)
def test_the_conformance_table(isa: str, name: str) -> None:
    for number, (shape, lengths) in enumerate(SITUATIONS):
        p = posed(name, shape, lengths, given=number % 2 == 1, bidirectional=True, seed=number)
        with bfloat16(isa), threads(1):
            ours = answers(p, torch.float32)
        with kernels.use("reference"):
            exact = answers(p, torch.float64)
            with RoundedProducts():
                same = answers(p, torch.float64)
        for key, value in ours.items():
            # mostly a hundredth; more where units pass on what one rounding made of another
            assert_rounded(value, same[key], exact[key], 0.5 if shape[3] > 100 else 0.25, f"{shape} {key}")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("isa", SETS)
def test_one_step_is_exact_but_for_the_rounding(isa: str, name: str) -> None:
    """Element by element, as closely as float32 can: no sum is rounded, and no state."""
    p = posed(name, (1, 27, 530, 35), None, True, True, seed=3)
    with bfloat16(isa), torch.no_grad():
        ours = p.forward(torch.float32)
    with kernels.use("reference"), RoundedProducts(), torch.no_grad():
        same = p.forward(torch.float64)
    for a, b in zip(ours, same, strict=True):
        differs = (a.double() - b).abs()
        # a product inside the step may have rounded its input the other way: a unit in a thousand
        assert (differs > 1e-5 * b.abs().max()).double().mean() <= (0.02 if reads_its_own(name) else 0.0)


def reads_its_own(name: str) -> bool:
    """Whether a cell multiplies with what it has computed in the same step."""
    return name in ("gru", "gru-norm", "gru-nobias", "lstm-proj", "lstm-all")


@pytest.mark.parametrize("training", [True, False], ids=["masks", "expectation"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("isa", SETS)
def test_under_noise(isa: str, name: str, training: bool) -> None:
    """Zoneout of every state and dropout of the recurrent input, both directions, rows of unequal length."""
    p = posed(name, (4, 27, 19, 35), tuple(n % 5 for n in range(27)), True, True, seed=8)
    with bfloat16(isa):
        names, ours = under_noise(p, training, torch.float32)
    _, exact = under_noise(p, training, torch.float64)
    with RoundedProducts():
        _, same = under_noise(p, training, torch.float64)
    for what, a, b, c in zip(names, ours, same, exact, strict=True):
        assert_rounded(a, b, c, 0.25, what)


@pytest.mark.parametrize("name", ["rnn-tanh", "gru", "gru-after-norm", "lstm", "lstm-all"])
@pytest.mark.parametrize("isa", SETS)
def test_threads_share_what_is_rounded(isa: str, name: str) -> None:
    """By units (few rows) and by rows: each thread rounds what it multiplies, and the sums are those of one thread."""
    for shape, lengths in SITUATIONS[3:5]:
        p = posed(name, shape, lengths, given=True, bidirectional=False, seed=0)
        results = []
        for number in (1, 2):
            with bfloat16(isa), threads(number):
                results.append(answers(p, torch.float32))
        for key, one in results[0].items():
            torch.testing.assert_close(results[1][key], one, rtol=0, atol=1e-5 * max(1.0, one.abs().max().item()))


LAYERS: dict[str, Callable[..., Recurrent]] = {
    "rnn": RNN,
    "gru": GRU,
    "gru-after": lambda *a, **k: GRU(*a, reset_after=True, **k),
    "lstm": LSTM,
}


def trained(layer: Recurrent, x: Tensor, **call: Any) -> list[Tensor]:
    """Output and gradients; the backward runs outside autocast, as torch wants it."""
    output, _ = layer(x, **call)
    with torch.autocast("cpu", enabled=False):
        return [output.detach(), *torch.autograd.grad(output.square().sum(), list(layer.parameters()))]


@pytest.mark.parametrize("isa", SETS)
def test_only_autocast_to_bfloat16_asks_for_it(isa: str) -> None:
    torch.manual_seed(0)
    layer, x = GRU(7, 20), torch.randn(9, 5, 7)
    with kernels.use("fused", isa.split("_")[0].replace("amx", "avx512")):
        exact = trained(layer, x)
        with torch.autocast("cpu", torch.bfloat16):  # an instruction set without these products: exact all the same
            without = trained(layer, x)
    with kernels.use("fused", isa):
        plain = trained(layer, x)
        with torch.autocast("cpu", torch.float16):
            other = trained(layer, x)
        with torch.autocast("cpu", torch.bfloat16):
            asked = trained(layer, x.bfloat16())
    for first, *others, different in zip(exact, without, plain, other, asked, strict=True):
        assert all(torch.equal(first, one) for one in others)
        assert different.dtype == torch.float32
        assert not torch.equal(first, different)
        torch.testing.assert_close(different, first, rtol=0, atol=0.02 * first.abs().max().item())


def test_by_default_only_where_it_gains() -> None:
    """Where the processor has the instruction and is one of AMD's; asked for by name, wherever it has it."""
    own = [name for name in SETS if name not in fused.EMULATED]
    cpuinfo = Path("/proc/cpuinfo")
    if fused.asked() is None and cpuinfo.exists():
        gains = "AuthenticAMD" in cpuinfo.read_text(encoding="utf-8") or "amx_bf16" in own
        assert fused.selected_bfloat16() == (own[0] if own and gains else "")
    for name in own:
        with kernels.use("auto", name):
            assert (fused.selected(), fused.selected_bfloat16()) == ("avx512", name)
    emulated = fused.EMULATED[0]
    with kernels.use("fused", emulated):
        assert (fused.selected(), fused.selected_bfloat16()) == ("avx2", emulated)
        with kernels.use("fused", "avx2"):
            assert fused.selected_bfloat16() == ""
        assert fused.selected_bfloat16() == emulated
    with pytest.raises(ArgumentError, match=r"'avx2_bf8', expected one of those at hand \(.*avx2, .*avx2_bf16.*\)"):
        kernels.use("fused", "avx2_bf8").__enter__()


@pytest.mark.parametrize("isa", SETS)
def test_what_is_too_small_to_be_packed_stays_exact(isa: str) -> None:
    """Up to four rows and steps in all, as in a stream, weights are read as they are."""
    layer, x = LSTM(5, 9), torch.randn(2, 2, 5)
    with torch.no_grad(), kernels.use("fused", isa):
        exact, _ = layer(x)
        with torch.autocast("cpu", torch.bfloat16):
            ours, _ = layer(x)
    torch.testing.assert_close(ours, exact, rtol=0, atol=1e-6)


@pytest.mark.parametrize("isa", SETS)
def test_rounding_to_the_nearest_even_and_what_is_no_number(isa: str) -> None:
    """A layer of one unit that passes its input on: halves go to the even side, NaN and infinities stay."""
    step = 2.0**-7
    x = torch.tensor([1 + step / 2, 1 + 3 * step / 2, 1 + step / 2 * 1.01, -1 - step / 2, 3e38, torch.inf, 0.0])
    # a NaN of which the upper half alone would be an infinity
    x = torch.cat((x, torch.tensor([0x7F800001, 0x7FFFFFFF]).to(torch.int32).view(torch.float32)))
    layer = RNN(1, 1, nonlinearity="relu", bias=False)
    with torch.no_grad(), bfloat16(isa):
        layer.weight_ih_l0.fill_(1.0)
        layer.weight_hh_l0.zero_()
        ours = torch.stack([layer(torch.full((1, 8, 1), float(value)))[0][0, 0, 0] for value in x[:7]])
        nan = layer(x[7:].repeat(4).view(1, 8, 1))[0]
    assert ours.tolist() == [1.0, 1 + 2 * step, 1 + step, 0.0, x[4].bfloat16().item(), torch.inf, 0.0]
    assert nan.isnan().all()


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("isa", SETS)
def test_a_nan_spoils_its_own_row_alone(isa: str, name: str) -> None:
    with bfloat16(isa), torch.no_grad():
        assert_nan_spoils_its_own_row_alone(LAYERS[name](3, 5))


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("isa", SETS)
def test_long_sums_are_summed_in_float32(isa: str, name: str) -> None:
    """The weights' gradients are sums over T * B = 9,600 products; in bfloat16 they would stop at a few hundred."""
    torch.manual_seed(0)
    layer, x = LAYERS[name](4, 6), torch.randn(300, 32, 4)
    with bfloat16(isa):
        ours = trained(layer, x)
    with kernels.use("reference"):
        exact = trained(copy.deepcopy(layer).double(), x.double())
        with RoundedProducts():
            same = trained(layer.double(), x.double())
    for a, b, c in zip(ours, same, exact, strict=True):
        assert_rounded(a, b, c, 0.25, "")


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("isa", SETS)
def test_checkpointed_and_compiled_alike(isa: str, name: str) -> None:
    torch.manual_seed(0)
    make = lambda **k: OURS[name](4, 6, bidirectional=True, **k)  # noqa: E731
    layer, x, lengths = make(), torch.randn(40, 5, 4), torch.tensor([40, 7, 0, 33, 12])
    saving = make(checkpoint_time=True)
    saving.load_state_dict(layer.state_dict())
    with bfloat16(isa):
        plain = trained(layer, x, lengths=lengths)
        segmented = trained(saving, x, lengths=lengths)
        compiled = trained(torch.compile(layer, fullgraph=True, backend="aot_eager"), x, lengths=lengths)
    for a, b, c in zip(plain, segmented, compiled, strict=True):
        torch.testing.assert_close(b, a, rtol=0, atol=1e-5 * a.abs().max().item())
        torch.testing.assert_close(c, a, rtol=0, atol=1e-5 * a.abs().max().item())
    assert torch.equal(segmented[0], plain[0])
    assert torch.equal(compiled[0], plain[0])
