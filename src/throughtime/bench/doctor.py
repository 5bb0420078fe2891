"""Why the compiled kernels run or do not: what is there, what was chosen and why, and what to do about it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Literal

from throughtime.bench import machine
from throughtime.errors import ThroughtimeError

if TYPE_CHECKING:
    from throughtime.kernels import Request


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Args:
        level: fine, note (good to know), problem (slow or wrong until it is put right).
        subject: what was looked at.
        found: what is there.
        advice: what to do; empty if nothing is to be done.
    """

    level: Literal["fine", "note", "problem"]
    subject: str
    found: str
    advice: str = ""


@dataclass(frozen=True)
class Coverage:
    """Who runs a cell with an option.

    Args:
        option: plain, layer_norm, ...
        cell: which.
        kernel: fused, torch or reference.
        reason: why not the compiled kernel; empty if it is that one.
    """

    option: str
    cell: str
    kernel: str
    reason: str = ""


def findings() -> Iterator[Finding]:
    """Look at everything, from the processor to a first call.

    The kernels are imported here and not with this module: a variable that forbids that is one of the findings.
    """
    yield _processor()
    yield _compiled_module()
    try:
        import_module("throughtime.kernels")
    except ThroughtimeError as error:
        yield Finding("problem", "choice", str(error), "unset or correct the variable THROUGHTIME_ISA")
        return
    yield from _choice()
    yield from _threads()
    yield _openmp()
    yield Finding("note", "huge pages", machine.huge_pages(), _HUGE_PAGES.get(machine.huge_pages(), ""))
    yield _first_call()


_HUGE_PAGES = {
    "never": "training of large layers gains some per cent from them: "
    "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled",
    "madvise": "THP_MEM_ALLOC_ENABLE=1 in the environment lets torch ask for them; large layers gain some per cent",
}


def _processor() -> Finding:
    has = machine.instructions()
    if has is None:
        return Finding("note", "processor", f"{machine.processor()}; the system does not list its instructions")
    lacks = [name for name in machine.INSTRUCTIONS if name not in has]
    found = f"{machine.processor()}; has {', '.join(has) or 'nothing'} of use to the kernels, not {', '.join(lacks)}"
    if not {"avx2", "fma"} <= set(has):
        return Finding("problem", "processor", found, "the compiled kernels need AVX2; other processors run torch's")
    return Finding("fine", "processor", found)


def _compiled_module() -> Finding:
    try:
        module = import_module("throughtime.kernels._fused")
    except ModuleNotFoundError as error:
        if error.name != "throughtime.kernels._fused":
            return Finding("problem", "torch", f"cannot be imported: {error}", "pip install torch")
        compiler = machine.compiler()
        if compiler is None:
            found = "not there, and there is no C++ compiler"
            advice = "install one (Debian, Ubuntu: apt install g++), then install throughtime again"
        else:
            found = f"not there, though there is a compiler ({compiler})"
            advice = "install throughtime again (pip install -v --force-reinstall --no-deps ...): it says why it fails"
        return Finding("problem", "compiled module", found, f"{advice}; until then layers run torch's or the reference")
    except ImportError as error:
        advice = "it was built for another Python, system or C++ library: install throughtime again on this machine"
        return Finding("problem", "compiled module", f"there, but cannot be loaded: {error}", advice)
    except ThroughtimeError:  # from a variable, and told of where that is looked at
        return Finding("note", "compiled module", "not looked at, since the choice of kernels is broken (see below)")
    return Finding("fine", "compiled module", str(module.__file__))


def _choice() -> Iterator[Finding]:
    from throughtime import kernels
    from throughtime.kernels import fused

    forced = os.environ.get("THROUGHTIME_KERNELS")
    try:
        current = kernels.current()
    except ThroughtimeError as error:
        yield Finding("problem", "THROUGHTIME_KERNELS", str(error), "unset or correct it")
    else:
        if forced is None:
            yield Finding("fine", "THROUGHTIME_KERNELS", "not set: the first that can run a call of fused, torch's")
        elif current in ("torch", "reference"):
            yield Finding("problem", "THROUGHTIME_KERNELS", f"{current}: no compiled kernel runs", "unset it")
        else:
            yield Finding("fine", "THROUGHTIME_KERNELS", current)
    isa, there = fused.selected(), fused.instruction_sets()
    if not isa:
        yield Finding("problem", "instruction set", "none in use: there is no compiled kernel for this processor")
        return
    asked = os.environ.get("THROUGHTIME_ISA")
    why = "THROUGHTIME_ISA asks for it" if asked else "the best of those that this processor has kernels for"
    found = f"{isa}: {why} ({', '.join(there)})"
    if isa == there[0]:
        yield Finding("fine", "instruction set", found)
    else:
        yield Finding("problem", "instruction set", found, f"unset THROUGHTIME_ISA: {there[0]} is quicker")
    own = [name for name in fused.bfloat16_sets() if name not in fused.EMULATED]
    yield _bfloat16(fused.selected_bfloat16(), own, fused.bfloat16_gains())


def _bfloat16(isa: str, there: list[str], gains: bool) -> Finding:
    """What layers do under torch.autocast("cpu", torch.bfloat16), which precision bf16-mixed is.

    Args:
        isa: what is in use there; empty for none.
        there: what the processor has.
        gains: whether that is quicker than float32.
    """
    if isa in there and gains:
        return Finding("fine", "bfloat16", f"{isa}: under autocast (precision bf16-mixed) layers multiply in it")
    if isa in there:
        found = f"{isa}: under autocast layers multiply in it, which on this processor is slower than float32"
        return Finding("problem", "bfloat16", found, "unset THROUGHTIME_ISA, unless you want to see what rounding does")
    if isa:
        advice = "unset THROUGHTIME_ISA, unless you want to see what the rounding does"
        return Finding("problem", "bfloat16", f"{isa}: emulated under autocast, slower than float32", advice)
    if there and not gains:
        found = f"{there[0]} is there but slower than float32: under autocast layers run in float32"
        return Finding("note", "bfloat16", found, f"THROUGHTIME_ISA={there[0]} lets them multiply in it all the same")
    if there:
        found = f"{there[0]} is there but not in use: under autocast layers run in float32"
        return Finding("note", "bfloat16", found, "unset THROUGHTIME_ISA to let them multiply in it")
    lack = "the processor has no AVX-512 BF16, or the module was built by a compiler that does not know it"
    return Finding("note", "bfloat16", f"{lack}: under autocast layers run in float32")


def _threads() -> Iterator[Finding]:
    import torch

    variables = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OMP_WAIT_POLICY", "OMP_PROC_BIND", "GOMP_CPU_AFFINITY")
    there = [f"{name}={os.environ[name]}" for name in variables if name in os.environ]
    threads, cores, quota = torch.get_num_threads(), machine.cores(), machine.quota()
    granted = f"{cores} cores" + ("" if quota is None else f", of which the container grants {quota:g}")
    found = f"torch {torch.__version__}, {threads} threads on {granted}{''.join(f'; {value}' for value in there)}"
    most = cores if quota is None else min(cores, max(1, int(quota)))
    if threads > most:
        advice = f"threads that wait for a core hold up all others: OMP_NUM_THREADS={most}"
        yield Finding("problem", "threads", found, advice)
    elif threads < most:
        advice = "more threads may be quicker where the batch or the layer is large: torch.set_num_threads"
        yield Finding("note", "threads", found, advice)
    else:
        yield Finding("fine", "threads", found)
    load = machine.load()
    if load is not None and load > cores + 0.5:
        found = f"{load:.1f} programs want a core, on average of the last minute; there are {cores}"
        yield Finding("note", "load", found, "the layers' threads wait for each other: give them fewer, or wait")


def _openmp() -> Finding:
    runtimes = machine.openmp_runtimes()
    if runtimes is None:
        return Finding("note", "OpenMP", "the system does not say which runtimes are loaded")
    found = ", ".join(runtimes) or "none loaded"
    if len(runtimes) > 1:
        advice = (
            "each runtime has threads of its own, and those that have just worked hold up the others' for a while; "
            "OMP_WAIT_POLICY=passive ends that, at some cost"
        )
        return Finding("note", "OpenMP", found, advice)
    return Finding("fine", "OpenMP", found)


def _first_call() -> Finding:
    """A small layer forward and backward, compiled against the reference."""
    import torch

    from throughtime import kernels
    from throughtime.layers import GRU

    torch.manual_seed(0)
    layer, x = GRU(19, 35), torch.randn(7, 5, 19)
    results = []
    try:
        for choice in ("fused", "reference"):
            with kernels.use(choice):
                output, _ = layer(x)
            results.append([output.detach(), *torch.autograd.grad(output.sum(), list(layer.parameters()))])
    except ThroughtimeError as error:
        return Finding("problem", "a first call", str(error), "see above")
    worst = max(float((a - b).abs().max() / b.abs().max()) for a, b in zip(*results, strict=True))
    found = f"a small GRU, forward and backward, differs from the reference by {worst:.1e} at most"
    if not worst < 1e-4:
        return Finding("problem", "a first call", found, "the compiled module is broken: install throughtime again")
    return Finding("fine", "a first call", found)


def coverage() -> Iterator[Coverage]:
    """Who runs which cell with which option, as things are set now."""
    import torch

    from throughtime.bench.subjects import request
    from throughtime.cells import Cell, GRUCell, LSTMCell, RNNCell

    cells: dict[str, Cell] = {
        "RNN": RNNCell(3, 4),
        "GRU": GRUCell(3, 4),
        "GRU reset_after": GRUCell(3, 4, reset_after=True),
        "LSTM": LSTMCell(3, 4),
    }
    asked: list[tuple[str, str, Request]] = []
    for name, cell in cells.items():
        asked += [
            ("plain", name, request(cell, 100, 32)),
            ("lengths", name, request(cell, 100, 32, lengths=range(1, 33))),
            ("one step", name, request(cell, 1, 1)),
            ("layer_norm", name, request(replace(cell, layer_norm=True))),
            ("zoneout", name, request(cell, noise="zoneout")),
            ("recurrent_dropout", name, request(cell, noise="recurrent_dropout")),
            ("trace", name, request(cell, traced=(*cell.gates, *cell.state_names))),
            ("bfloat16", name, request(cell, dtype=torch.bfloat16)),
            ("float64", name, request(cell, dtype=torch.float64)),
        ]
    asked.append(("peepholes", "LSTM", request(LSTMCell(3, 4, peepholes=True))))
    asked.append(("projection", "LSTM", request(LSTMCell(3, 4, proj_size=2))))
    for option, name, call in asked:
        yield _who_runs(option, name, call)


def _who_runs(option: str, cell: str, call: Request) -> Coverage:
    from throughtime import kernels
    from throughtime.kernels import fused

    try:
        kernel = kernels.choose(call).name
    except ThroughtimeError as error:
        return Coverage(option, cell, "none", str(error))
    if kernel == "fused":
        return Coverage(option, cell, kernel)
    return Coverage(option, cell, kernel, fused.refusal(call) or _chosen_otherwise(kernels.current()))


def _chosen_otherwise(choice: str) -> str:
    return (
        "torch's kernel is quicker for this shape" if choice == "auto" else f"THROUGHTIME_KERNELS={choice} asks for it"
    )
