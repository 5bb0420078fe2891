"""Trees of tensors (tuples, lists and dictionaries in each other): walked, and stored without pickle."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from throughtime.errors import ThroughtimeError
from throughtime.storage.atomic import write_atomically
from throughtime.storage.tensors import check_sum, to_bytes


def map_tensors(function: Callable[[Tensor], Tensor], tree: Any) -> Any:
    """The same tree with the function applied to each tensor.

    Example:
        >>> map_tensors(lambda t: t + 1, {"h": (torch.zeros(2), None)})
        {'h': (tensor([1., 1.]), None)}
    """
    if isinstance(tree, Tensor):
        return function(tree)
    if isinstance(tree, dict):
        return {key: map_tensors(function, value) for key, value in tree.items()}
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):  # a named tuple takes its fields one by one
        return type(tree)(*(map_tensors(function, value) for value in tree))
    if isinstance(tree, (list, tuple)):
        return type(tree)(map_tensors(function, value) for value in tree)
    return tree


def save_tree(tree: Any, path: Path) -> None:
    """Write a tree as one safetensors file, atomically: tensors as such, all else as JSON in its metadata.

    Args:
        tree: tuples, lists, dictionaries (any plain keys), tensors, arrays, numbers, strings, None.
        path: the file.

    Raises:
        ThroughtimeError: the file cannot be written.
    """
    tensors: dict[str, Tensor] = {}
    skeleton = json.dumps(_encode(tree, "", tensors))
    write_atomically(path, to_bytes(tensors, {"tree": skeleton}))


def load_tree(path: Path) -> Any:
    """Read what `save_tree` wrote; arrays come back as tensors, on the CPU, named tuples as tuples.

    Raises:
        ThroughtimeError: the file is missing, broken or changed.
    """
    try:
        with safe_open(path, framework="pt") as file:
            skeleton = json.loads((file.metadata() or {})["tree"])
            # copies: the file may be replaced, or its disk filled, while they are in use
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118 - it is no mapping
        with path.open("rb") as content:
            check_sum(content, path)
        return _decode(skeleton, tensors)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise ThroughtimeError(
            f"{path}: found no readable checkpoint ({error}), expected one of throughtime"
        ) from error


def _encode(tree: Any, name: str, tensors: dict[str, Tensor]) -> Any:
    if isinstance(tree, np.ndarray):
        tree = torch.from_numpy(tree)
    if isinstance(tree, Tensor):
        tensors[name] = tree.detach().cpu().clone(memory_format=torch.contiguous_format)
        return {"tensor": name}
    if isinstance(tree, dict):
        return {"dict": [[key, _encode(value, f"{name}.{key}".lstrip("."), tensors)] for key, value in tree.items()]}
    if isinstance(tree, (list, tuple)):
        kind = "list" if isinstance(tree, list) else "tuple"
        return {kind: [_encode(value, f"{name}.{index}", tensors) for index, value in enumerate(tree)]}
    if tree is None or isinstance(tree, (bool, int, float, str)):
        return tree
    raise TypeError(f"{name} is a {type(tree).__name__}, which a checkpoint cannot hold")


def _decode(skeleton: Any, tensors: dict[str, Tensor]) -> Any:
    if not isinstance(skeleton, dict):
        return skeleton
    [(kind, content)] = skeleton.items()
    if kind == "tensor":
        return tensors[content]
    if kind == "dict":
        return {key: _decode(value, tensors) for key, value in content}
    values = [_decode(value, tensors) for value in content]
    return values if kind == "list" else tuple(values)
