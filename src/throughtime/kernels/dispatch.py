"""The one place that chooses how a layer is run over time."""

from __future__ import annotations

import os
from collections.abc import Callable
from types import TracebackType
from typing import NamedTuple

from throughtime.errors import ArgumentError, KernelUnavailableError
from throughtime.kernels import fused, native, reference
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
        instruction_set: "avx512" or "avx2", for the fused kernels; None leaves what is in force (the best that
            the processor has, or the one in THROUGHTIME_ISA).

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
        self.set_before = fused.selected()
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
    """Run one layer with the kernel that `choose` returns."""
    return choose(request).run(request)
