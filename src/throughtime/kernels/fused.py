"""Our compiled kernels for the CPU: what they cover, and how a layer is handed to them."""

from __future__ import annotations

import os

import torch
from torch import Tensor

from throughtime.cells import Cell, GRUCell, LSTMCell, RNNCell
from throughtime.errors import ArgumentError
from throughtime.kernels import reference
from throughtime.kernels.calls import WEIGHTS, compiled
from throughtime.kernels.lengths import Lengths, Packing
from throughtime.kernels.memory import obstacle
from throughtime.kernels.naming import kernel_of
from throughtime.kernels.request import Noise, Request, Result, autocasting
from throughtime.kernels.sweep import Swept, sweep

MISSING = "the compiled kernels are not there: install throughtime where a C++ compiler is"
EMULATED = ("avx2_bf16", "amx_emulated")
"""Products of bfloat16 without an instruction for them, by vectors and in tiles: slower than float32, to test with and
to try what they do."""


def instruction_sets() -> list[str]:
    """Return the instruction sets that this processor has kernels for, best first."""
    return [] if compiled is None else list(compiled.instruction_sets())


def bfloat16_sets() -> list[str]:
    """Return those with products of bfloat16, best first: of the processor's own, and `EMULATED` ones, in float32."""
    # a module that was built before there were any has none
    return list(getattr(compiled, "bfloat16_sets", list)())


def bfloat16_gains() -> bool:
    """Whether the processor's own products of bfloat16 are quicker than those of float32.

    By its maker, and not by a measurement, so that a machine always answers the same. Measured: 1.7 to 1.9 times as
    quick on AMD's Zen 5, 0.6 on Intel's Emerald Rapids without its tiles (AMX), which is what `_fused.peak` of the two
    sets says too. With tiles products alone were 4 times as quick in a trial.
    """
    return bool(getattr(compiled, "bfloat16_gains", lambda: False)())


def select(instruction_set: str | None) -> str:
    """Take the kernels of that instruction set from now on (None: the best there is) and return its name.

    One with products of bfloat16 has them under autocast alone, and else runs in float32; under autocast, one without
    runs in float32 too. The best there is has them where they gain.

    Raises:
        ArgumentError: this processor or this installation has no such kernels.
    """
    global _asked, _isa, _isa_bfloat16
    best, bfloat16 = instruction_sets(), bfloat16_sets()
    if instruction_set is None:
        _isa = next(iter(best), "")
        _isa_bfloat16 = next((name for name in bfloat16 if name not in EMULATED and bfloat16_gains()), "")
    elif instruction_set in best:
        _isa, _isa_bfloat16 = instruction_set, ""
    elif instruction_set in bfloat16:
        _isa, _isa_bfloat16 = "avx2" if instruction_set.startswith("avx2") else "avx512", instruction_set
    else:
        there = ", ".join((*best, *bfloat16)) or "none: " + MISSING
        raise ArgumentError(f"instruction set is {instruction_set!r}, expected one of those at hand ({there})")
    _asked = instruction_set
    return _isa


def asked() -> str | None:
    """Return the instruction set that was selected; None for the best there is."""
    return _asked


def selected() -> str:
    """Return the instruction set in use; empty if there is none."""
    return _isa


def selected_bfloat16() -> str:
    """Return the one in use under autocast to bfloat16; empty if layers run in float32 there."""
    return _isa_bfloat16


_asked: str | None = None
_isa = _isa_bfloat16 = ""
select(os.environ.get("THROUGHTIME_ISA") if instruction_sets() else None)


def refusal(request: Request) -> str | None:
    """Return why the compiled kernels cannot run this request; None if they can."""
    if not _isa:
        return MISSING if compiled is None else "the compiled kernels need a processor with AVX2"
    # a subclass may have changed the equations, so it does not count
    if type(request.cell) not in (RNNCell, GRUCell, LSTMCell):
        return f"there is no compiled {request.cell.name}"
    x = request.input
    if not x.is_cpu or x.dtype != torch.float32:
        return f"the compiled kernels run float32 on the CPU, not {x.dtype} on {x.device.type}"
    if request.traced and torch.is_grad_enabled():
        return "the compiled kernels show gates and states (trace) without gradients only: under torch.no_grad()"
    tensors = [x, *request.initial]
    for weights in request.weights:
        tensors += weights.values()
    return obstacle(tensors)


def run(request: Request) -> Result:
    """Run a layer, one direction after the other."""
    lengths, (T, B, _) = request.lengths, request.input.shape
    packing = None if lengths is None else lengths.packing
    if not B or (packing is not None and not packing.rows.shape[0]):
        # nothing to sweep; the reference leaves every state as it was and keeps the gradient's path
        return reference.run(request)
    x = _blank(request.input, lengths).flatten(0, 1)
    if packing is None:
        sizes = torch.full((T,), B, dtype=torch.int64, device="cpu")
    else:
        x, sizes = x.index_select(0, packing.places), packing.batch_sizes
    swept = [_sweep(request, direction, x, sizes, packing) for direction in range(len(request.weights))]
    outputs = [_unpacked(one.output, packing, T, B) for one in swept]
    output = _blank(outputs[0] if len(outputs) == 1 else torch.cat(outputs, dim=-1), lengths)
    finals = [_final(request, direction, one, packing) for direction, one in enumerate(swept)]
    final = tuple(states[0][None] if len(states) == 1 else torch.stack(states) for states in zip(*finals, strict=True))
    steps = tuple(_steps(request, direction, one, packing) for direction, one in enumerate(swept))
    return Result(output, final, steps)


def _blank(padded: Tensor, lengths: Lengths | None) -> Tensor:
    """Zeros where rows have ended, if the packing did not leave that out: nobody sweeps it or writes its gradient."""
    return padded if lengths is None or lengths.packing.there is None else lengths.blank(padded)


def _sweep(request: Request, direction: int, x: Tensor, sizes: Tensor, packing: Packing | None) -> Swept:
    initial = tuple(states[direction] for states in request.initial)
    noise = request.noise[direction]
    mask = noise.recurrent
    if packing is not None:
        initial = tuple(_there(state.index_select(0, packing.rows), packing) for state in initial)
        mask = None if mask is None else mask.index_select(0, packing.rows)
    weights = request.weights[direction]
    zones, shares = _zones(noise, packing)
    return sweep(
        x,
        [weights.get(name) for name in WEIGHTS],
        initial[0],
        initial[1] if len(initial) > 1 else None,
        mask,
        zones,
        sizes,
        (_set(x), *kernel_of(request.cell), request.backward(direction)),
        shares,
        bool(request.traced),
        request.segment,
    )


def _set(x: Tensor) -> str:
    """Instruction set of a call; empty, the best of the machine that will run it, in a program that is exported."""
    if torch.compiler.is_exporting() and not torch.is_grad_enabled():
        return ""
    return _isa_bfloat16 if _isa_bfloat16 and autocasting(x, torch.bfloat16) else _isa


def _zones(noise: Noise, packing: Packing | None) -> tuple[list[Tensor | None], list[float]]:
    """Zoneout of hidden and cell state: masks (N, S) of bool, and shares."""
    zones: list[Tensor | None] = [None, None]
    shares = [0.0, 0.0]
    for place, share in enumerate(noise.zoneout):
        if isinstance(share, float):
            shares[place] = share
        elif share is not None:
            flat = share.flatten(0, 1)
            zones[place] = flat if packing is None else flat.index_select(0, packing.places)
    return zones, shares


def _unpacked(packed: Tensor, packing: Packing | None, T: int, B: int) -> Tensor:
    """Padded values (T, B, ...) of packed ones (N, ...); zero where a row has ended."""
    if packing is not None:
        packed = packed.new_zeros(T * B, *packed.shape[1:]).index_copy_(0, packing.places, packed)
    return packed.view(T, B, *packed.shape[1:])


def _final(request: Request, direction: int, swept: Swept, packing: Packing | None) -> tuple[Tensor, ...]:
    final = (swept.hidden, swept.cell)[: len(request.initial)]
    if packing is None:
        return final
    initial = (states[direction] for states in request.initial)
    return tuple(_merged(old, new, packing) for old, new in zip(initial, final, strict=True))


def _merged(old: Tensor, new: Tensor, packing: Packing) -> Tensor:
    """States (B, S): new ones of the rows that have steps, old ones of the others."""
    if packing.there is not None:
        new = torch.where(packing.there, new, old.index_select(0, packing.rows))
    return old.index_copy(0, packing.rows, new)


def _there(state: Tensor, packing: Packing) -> Tensor:
    """Initial states whose gradients are zero, and not garbage, where a row has no steps."""
    return state if packing.there is None else torch.where(packing.there, state, 0.0)


def _steps(request: Request, direction: int, swept: Swept, packing: Packing | None) -> dict[str, tuple[Tensor, ...]]:
    """What was asked to be traced, step by step."""
    T, B, _ = request.input.shape
    steps = {}
    for name in request.traced:
        if name in request.cell.state_names:
            place = request.cell.state_names.index(name)
            values = _unpacked((swept.output, swept.cells)[place], packing, T, B)
            values = _held(values, request, request.initial[place][direction], request.backward(direction))
        else:
            values = _unpacked(_gate(request.cell, name, swept.trace), packing, T, B)
        steps[name] = values.unbind(0)
    return steps


def _gate(cell: Cell, name: str, trace: Tensor) -> Tensor:
    """One gate (N, H) of a trace."""
    if isinstance(cell, GRUCell) and cell.reset_after:
        # the compiled order is candidate, reset, z; the update gate is the share of the new
        gate = trace[:, ("candidate", "reset", "update").index(name)]
        return 1 - gate if name == "update" else gate
    return trace[:, cell.gates.index(name)]


def _held(values: Tensor, request: Request, initial: Tensor, backward: bool) -> Tensor:
    """States (T, B, S) of every step; where a row has no step, the state that it holds there."""
    if request.lengths is None:
        return values
    B = values.shape[1]
    last = (request.lengths.rows - 1).clamp(min=0)
    held = initial if backward else values[last, torch.arange(B, device=values.device)]
    held = torch.where((request.lengths.rows > 0)[:, None], held, initial)
    return torch.where(request.lengths.real, values, held)
