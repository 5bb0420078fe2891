"""Whether C++ may read and write the memory of tensors: who must see torch's own operations, and who has no memory."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, float32
from torch._C import _is_tracing, _len_torch_dispatch_stack
from torch._C._functorch import peek_interpreter_stack
from torch.autograd import forward_ad
from torch.compiler import is_compiling, is_dynamo_compiling
from torch.nn import Parameter


def transformed() -> bool:
    """Whether a `torch.func` transform (vmap, grad, ...) is being applied: then values cannot be looked at.

    torch.compile shall call this and not trace it: traced, the comparison with None is true always.
    """
    return peek_interpreter_stack() is not None


# what torch.compiler.assume_constant_result does; it would import the whole compiler, which takes as long as torch does
transformed._dynamo_marked_constant = True  # type: ignore[attr-defined]


def recorded() -> bool:
    """Whether a trace is being made (torch.jit.trace, the older ONNX exporter)."""
    return not is_compiling() and _is_tracing()


def exporting() -> bool:
    """Whether a model is being exported to ONNX, by either exporter."""
    return not is_dynamo_compiling() and torch.onnx.is_in_onnx_export()


def dual() -> bool:
    """Whether forward-mode derivatives are being computed (torch.autograd.forward_ad)."""
    return forward_ad._current_level >= 0


def watched() -> bool:
    """Whether somebody follows torch's operations one by one, who would not see what C++ does."""
    return (
        _is_tracing()
        or _len_torch_dispatch_stack() > 0
        or peek_interpreter_stack() is not None
        or forward_ad._current_level >= 0
    )


def watcher() -> str | None:
    """Return who that is, and what the compiled kernels cannot do for it; None for nobody."""
    if transformed():
        return "the compiled kernels cannot be transformed by torch.func"
    if exporting():
        return "the compiled kernels cannot stand in a model for ONNX"
    if is_compiling() or not watched():  # a compiled graph has them as operators
        return None
    if recorded():
        return "the compiled kernels cannot stand in a trace (torch.jit.trace, torch.onnx.export with dynamo=False)"
    if dual():
        return "the compiled kernels have no forward-mode derivatives"
    mode = type(torch.utils._python_dispatch._get_current_dispatch_mode()).__name__
    return f"the compiled kernels are no operations that {mode} could see"


def has_memory(tensor: Tensor) -> bool:
    """Whether a tensor is float32 in the CPU's memory, as its address and strides say, and nothing besides.

    A subclass may mean something else by its memory or have none (fake); neither have other layouts and what vmap
    wraps; of a negative view (the imaginary part of a conjugate) every number has the wrong sign there.
    """
    if type(tensor) is not Tensor and type(tensor) is not Parameter:
        return False
    if not tensor.is_cpu or tensor.dtype is not float32 or tensor.is_neg():
        return False
    try:
        return tensor.data_ptr() != 0 or tensor.numel() == 0
    except RuntimeError:  # there is no address
        return False


def readable(tensor: Tensor) -> bool:
    """Whether the values of a tensor can be looked at, and what is decided by them stays true."""
    if is_compiling() or recorded() or transformed():
        return False
    return not tensor.is_meta and type(tensor).__torch_dispatch__ is Tensor.__torch_dispatch__


def obstacle(tensors: Sequence[Tensor]) -> str | None:
    """Return why the compiled kernels must not touch these tensors; None if they may.

    Under torch.compile they may always: there torch calls them, once there is memory.
    """
    if is_compiling() or watched():
        return watcher()
    if all(map(has_memory, tensors)):
        return None
    lacking = next(tensor for tensor in tensors if not has_memory(tensor))
    return f"the compiled kernels run float32 on the CPU, not {_described(lacking)}"


def _described(tensor: Tensor) -> str:
    if type(tensor) is not Tensor and type(tensor) is not Parameter:
        return f"a {type(tensor).__name__}, which may mean something else by its memory"
    if tensor.layout is not torch.strided:
        return f"a tensor whose layout is {tensor.layout}"
    if not tensor.is_cpu or tensor.dtype is not float32:
        return f"{tensor.dtype} on {tensor.device.type}"
    return "a negative view" if tensor.is_neg() else "a tensor without memory"
