"""A model's weights as a file: safetensors, tied weights once, with a checksum."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from throughtime.errors import DataError, ThroughtimeError
from throughtime.storage.atomic import clear_errors, write_atomically
from throughtime.storage.tensors import Outline, check_sum, not_readable, outlines, to_bytes

# what a weight's type is called in the file, and what else may stand there: runs in double precision
_NAMES = {torch.float32: ("F32", "F64"), torch.float64: ("F64",), torch.float16: ("F16",), torch.bfloat16: ("BF16",)}
_NAMES |= {torch.int64: ("I64",), torch.int32: ("I32",), torch.uint8: ("U8",), torch.bool: ("BOOL",)}
_MAKERS = (torch.empty, torch.zeros, torch.ones, torch.rand, torch.randn)
_SPARE, _LEAST = 2**22, 2**8
"""Numbers that a model may make and throw away while it is built; as how many a tensor counts at least."""
ModelT = TypeVar("ModelT", bound=nn.Module)


def save_weights(model: nn.Module, path: Path) -> None:
    """Write all parameters and buffers, atomically; tensors that are one and the same are stored once.

    Raises:
        ThroughtimeError: the file cannot be written.
    """
    write_atomically(path, to_bytes(weights(model)))


def load_weights(model: nn.Module, path: Path) -> None:
    """Read what `save_weights` wrote into a model of the same shape.

    Raises:
        ThroughtimeError: the file is missing, broken, or of another model.
    """
    put_weights(model, read_weights(path), path)


def read_weights(path: Path) -> dict[str, Tensor]:
    """What `save_weights` wrote, as `weights` gives it.

    Raises:
        ThroughtimeError: the file is missing, broken or changed, or holds what is no number.
    """
    with clear_errors(path, "read"):
        content = path.read_bytes()
    try:
        tensors = load(content)
    except SafetensorError as error:
        raise not_readable(path, error) from error
    check_sum(io.BytesIO(content), path)
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not tensor.isfinite().all():
            raise ThroughtimeError(f"{path}: found weights {name!r} that are no numbers (NaN, infinity), expected some")
    return tensors


def build_like(make: Callable[[], ModelT], path: Path) -> ModelT:
    """A model to put stored weights into; settings that ask for one of another order of size are refused before there
    is memory for it.

    Args:
        make: the model that the settings ask for.
        path: what `save_weights` wrote of it.

    Raises:
        ThroughtimeError: the file is missing or broken, or the model far larger.
    """
    stored = sum(one.numel for one in outlines(path).values())
    try:
        with _Bounded(stored, path):
            return make()
    except (ThroughtimeError, MemoryError):
        raise
    except Exception as error:  # features of other kinds fail wherever they are first reckoned with
        found = f"settings and features of which no model can be made ({str(error).splitlines()[0][:200]})"
        raise DataError(path.parent, found, "what training wrote there") from error


class _Bounded(TorchFunctionMode):
    """Inside, tensors may have only as many numbers together as a model of some size needs while it is built.

    Args:
        stored: numbers that the model has.
        path: where.
    """

    def __init__(self, stored: int, path: Path) -> None:
        super().__init__()
        self.stored, self.path, self.left = stored, path, _SPARE + 4 * stored

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if function in _MAKERS:
            sizes = args or tuple(kwargs.get("size", ()))
            count = math.prod(sizes[0] if isinstance(sizes[0], (tuple, list)) else sizes) if sizes else 1
            self.left -= max(_LEAST, count)
            if self.left < 0:
                what = f"found weights of {self.stored:,} numbers, expected far more as the settings ask for"
                raise ThroughtimeError(f"{self.path}: {what}")
        return function(*args, **kwargs)


def weights(model: nn.Module) -> dict[str, Tensor]:
    """The tensors of a model by name, on the CPU, independent of it and of each other; of tied ones the first."""
    own = model.state_dict()
    firsts = set(_first_names(own).values())
    return {name: own[name].detach().cpu().clone(memory_format=torch.contiguous_format) for name in sorted(firsts)}


def put_weights(model: nn.Module, tensors: Mapping[str, Tensor], path: Path) -> None:
    """Copy tensors, as `weights` gives them, into a model; `path` is named if they are another model's.

    Raises:
        ThroughtimeError: names, shapes or types are not those of the model, which is then unchanged.
    """
    own = model.state_dict()
    stored = {name: Outline(_NAMES.get(one.dtype, ("?",))[0], tuple(one.shape)) for name, one in tensors.items()}
    first_names = _check(own, stored, path)
    model.load_state_dict({name: tensors[first] for name, first in first_names.items()})


def _check(own: Mapping[str, Tensor], stored: Mapping[str, Outline], path: Path) -> dict[str, str]:
    """Make sure that what is stored is a model's; where each of its names is to be found."""
    first_names = _first_names(own)
    expected = set(first_names.values())
    missing, strange = sorted(expected - set(stored)), sorted(set(stored) - set(own))
    if missing or strange:
        what = f"no weights {missing[0]!r}" if missing else f"unknown weights {strange[0]!r}"
        raise ThroughtimeError(f"{path}: found {what}, expected those of the model that the settings ask for")
    for name in sorted(expected):
        found, needed = stored[name], own[name]
        if found.shape != tuple(needed.shape):
            raise ThroughtimeError(
                f"{path}: found weights {name!r} of shape {found.shape}, expected {tuple(needed.shape)} "
                "as the settings ask for"
            )
        if found.dtype not in (names := _NAMES[needed.dtype]):
            raise ThroughtimeError(f"{path}: found weights {name!r} of type {found.dtype}, expected {names[0]}")
    return first_names


def _first_names(state: Mapping[str, Tensor]) -> dict[str, str]:
    """Each name of a state_dict -> the first name of the same tensor."""
    first: dict[tuple[object, ...], str] = {}
    names = {}
    for name, tensor in state.items():
        # where it lies is no answer for tensors that are empty or have no memory yet
        place = tensor.untyped_storage()._cdata, tensor.storage_offset(), tensor.shape, tensor.stride()
        names[name] = first.setdefault(place, name)
    return names
