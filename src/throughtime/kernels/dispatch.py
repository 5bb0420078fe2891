"""The one place that chooses how a layer is run over time."""

from __future__ import annotations

import os
from collections.abc import Callable
from types import TracebackType
from typing import NamedTuple

import torch

from throughtime.errors import ArgumentError, KernelUnavailableError
from throughtime.kernels import exported, fused, native, reference
from throughtime.kernels.checkpoint import run_in_segments
from throughtime.kernels.memory import recorded, watcher
from throughtime.kernels.notice import tell_once
from throughtime.kernels.request import Request, Result

CHOICES = ("auto", "fused", "torch", "reference")


class Kernel(NamedTuple):
    """One way to run a layer.

    Args:
        name: shown in messages.
        refusal: returns why it cannot run a request, None if it can.
        run: runs a request that was not refused.
    """

    name: str
    refusal: Callable[[Request], str | None]
    run: Callable[[Request], Result]


EXPORTED = Kernel("ONNX's", exported.refusal, exported.run)
FUSED = Kernel("fused", fused.refusal, fused.run)
TORCH = Kernel("torch", native.refusal, native.run)
REFERENCE = Kernel("reference", reference.refusal, reference.run)
_fused: list[Kernel] = [FUSED]

# A plain global: torch.compile guards on it, which it cannot do for a context variable.
_choice = os.environ.get("THROUGHTIME_KERNELS", "auto")


def register(kernel: Kernel) -> None:
    """Offer a fused kernel; the first that does not refuse a request runs it."""
    _fused.append(kernel)


def current() -> str:
    """Return the kernels in force: "auto", "fused", "torch" or "reference".

    Raises:
        ArgumentError: the environment variable THROUGHTIME_KERNELS has another value.
    """
    if _choice not in CHOICES:
        raise ArgumentError(f"THROUGHTIME_KERNELS is {_choice!r}, expected one of {', '.join(CHOICES)}")
    return _choice


class use:
    """Force the kernels that run the layers inside a `with` block, for the whole process.

    Args:
        choice: "auto" takes the first that can run the call of: fused, torch's own, reference. "fused",
            "torch" and "reference" take that one or raise `KernelUnavailableError`, saying why it cannot.
        instruction_set: "avx512" or "avx2", for the fused kernels; "avx512_bf16" or "avx2_bf16" if they shall multiply
            in bfloat16 under autocast; None leaves what is in force (the best that the processor has, or the one in
            THROUGHTIME_ISA).

    Raises:
        ArgumentError: choice is none of these.

    Example:
        >>> import torch
        >>> from throughtime import kernels
        >>> from throughtime.layers import LSTM
        >>> with kernels.use("reference"):
        ...     output, (hidden, cell) = LSTM(3, 4)(torch.zeros(5, 2, 3))
        >>> kernels.current()
        'auto'
    """

    def __init__(self, choice: str, instruction_set: str | None = None) -> None:
        if choice not in CHOICES:
            raise ArgumentError(f"kernels are {choice!r}, expected one of {', '.join(CHOICES)}")
        self.choice, self.instruction_set = choice, instruction_set

    def __enter__(self) -> None:
        global _choice
        self.set_before = fused.asked()
        if self.instruction_set is not None:
            fused.select(self.instruction_set)
        self.before, _choice = _choice, self.choice

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        global _choice
        _choice = self.before
        if self.instruction_set is not None:
            fused.select(self.set_before)


def choose(request: Request) -> Kernel:
    """Return the kernel that will run this request.

    Raises:
        KernelUnavailableError: the one asked for cannot run it.
        ArgumentError: THROUGHTIME_KERNELS has an unknown value.
    """
    choice = current()
    if choice == "reference":
        return REFERENCE
    candidates = [] if choice == "torch" else list(_fused)
    if choice == "auto":
        candidates.insert(0, EXPORTED)
    if choice != "fused":
        candidates.append(TORCH)
    reasons = []
    for kernel in candidates:
        reason = kernel.refusal(request)
        if reason is None:
            return kernel
        reasons.append(f"{kernel.name}: {reason}")
    if choice == "auto":
        return REFERENCE
    why = "; ".join(reasons) or "no fused kernel is installed"
    raise KernelUnavailableError(f"kernels were asked to be {choice!r}, which cannot run this call ({why})")


def run(request: Request) -> Result:
    """Run one layer with the kernel that `choose` returns.

    Warns:
        KernelFallbackWarning: nobody asked for the reference, but no kernel covers a call that this processor
            has kernels for (float32 on the CPU). Once for each reason. Silent while torch.compile, torch.func or a mode
            of torch's looks on: what they need of the reference is no accident. And: a trace (torch.jit) of a layer
            that shows its gates holds a loop as long as the example.
    """
    kernel = choose(request)
    if kernel is REFERENCE and not torch.compiler.is_compiling():
        _tell(request)
    if request.segment is not None and (kernel is not FUSED or torch.compiler.is_compiling()):
        return run_in_segments(request, run)
    return kernel.run(request)


def _tell(request: Request) -> None:
    if recorded():
        _tell_of_the_trace(request)
        return
    x = request.input
    if current() != "auto" or not fused.selected() or not x.is_cpu or x.dtype != torch.float32 or watcher() is not None:
        return
    reason = fused.refusal(request)
    if reason is not None:
        tell_once(
            reason,
            f"a layer runs in the slow reference loop: {reason} (said once; whoever asks for the reference, by "
            "THROUGHTIME_KERNELS=reference or kernels.use, is not told)",
        )


def _tell_of_the_trace(request: Request) -> None:
    """That a loop is traced, of as many steps as there are."""
    if request.traced:
        tell_once(
            "trace of a trace",
            f"a layer asked for its gates and states (trace) is traced as a loop of {int(request.input.shape[0])} "
            "steps and takes inputs of that length alone (said once)",
        )
