"""A model's weights as a file: safetensors, tied weights once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from throughtime.errors import ThroughtimeError
from throughtime.storage.atomic import clear_errors, write_atomically


def save_weights(model: nn.Module, path: Path) -> None:
    """Write all parameters and buffers, atomically; tensors that are one and the same are stored once.

    Raises:
        ThroughtimeError: the file cannot be written.
    """
    write_atomically(path, save(weights(model)))


def load_weights(model: nn.Module, path: Path) -> None:
    """Read what `save_weights` wrote into a model of the same shape.

    Raises:
        ThroughtimeError: the file is missing, broken, or of another model.
    """
    put_weights(model, read_weights(path), path)


def read_weights(path: Path) -> dict[str, Tensor]:
    """What `save_weights` wrote, as `weights` gives it.

    Raises:
        ThroughtimeError: the file is missing or broken.
    """
    with clear_errors(path, "read"):
        content = path.read_bytes()
    try:
        return load(content)
    except SafetensorError as error:
        raise ThroughtimeError(f"{path}: found no readable weights ({error}), expected a safetensors file") from error


def weights(model: nn.Module) -> dict[str, Tensor]:
    """The tensors of a model by name, on the CPU, independent of it and of each other; of tied ones the first."""
    own = model.state_dict()
    firsts = set(_first_names(own).values())
    return {name: own[name].detach().cpu().clone(memory_format=torch.contiguous_format) for name in sorted(firsts)}


def put_weights(model: nn.Module, tensors: Mapping[str, Tensor], path: Path) -> None:
    """Copy tensors, as `weights` gives them, into a model; `path` is named if they are another model's.

    Raises:
        ThroughtimeError: names or shapes are not those of the model, which is then unchanged.
    """
    own = model.state_dict()
    first_names = _first_names(own)
    expected = set(first_names.values())
    missing, strange = sorted(expected - set(tensors)), sorted(set(tensors) - set(own))
    if missing or strange:
        what = f"no weights {missing[0]!r}" if missing else f"unknown weights {strange[0]!r}"
        raise ThroughtimeError(f"{path}: found {what}, expected those of the model that the settings ask for")
    for name in expected:
        found, needed = tuple(tensors[name].shape), tuple(own[name].shape)
        if found != needed:
            raise ThroughtimeError(
                f"{path}: found weights {name!r} of shape {found}, expected {needed} as the settings ask for"
            )
    model.load_state_dict({name: tensors[first] for name, first in first_names.items()})


def _first_names(state: Mapping[str, Tensor]) -> dict[str, str]:
    """Each name of a state_dict -> the first name of the same tensor."""
    first: dict[tuple[object, ...], str] = {}
    names = {}
    for name, tensor in state.items():
        # an empty tensor has no memory of its own to be known by
        key = (tensor.data_ptr(), tensor.shape, tensor.stride()) if tensor.numel() else (name,)
        names[name] = first.setdefault(key, name)
    return names
