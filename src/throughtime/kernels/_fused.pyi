from collections.abc import Callable
from typing import Any

from torch import Tensor

def instruction_sets() -> list[str]: ...
def bfloat16_sets() -> list[str]: ...
def bfloat16_gains() -> bool: ...
def kept(set: str, cell: str, hidden: int, layer_norm: bool, /) -> int: ...
def traced(set: str, cell: str, /) -> int: ...
def peak(set: str, /) -> float: ...
def pooled(rows: int, columns: int, /) -> Tensor: ...
def forward(set: str, cell: str, addresses: list[int], numbers: list[int], shares: list[float], /) -> None: ...
def backward(set: str, cell: str, addresses: list[int], numbers: list[int], shares: list[float], /) -> None: ...

class Stream:
    def __init__(self, exchange: object, tensor: type, parameter: type, empty: Callable[..., Tensor], /) -> None: ...
    def step(
        self,
        set: str,
        threads: int,
        batch_first: bool,
        stages: tuple[Any, ...],
        x: object,
        hx: object,
        parameters: dict[str, Any],
        /,
    ) -> tuple[Any, ...] | None: ...

def packed_size(set: str, columns: int, depth: int, /) -> int: ...
def pack_linear(set: str, weight: int, bias: int, columns: int, depth: int, packed: int, /) -> None: ...
def largest(
    set: str,
    threads: int,
    rows: int,
    depth: int,
    columns: int,
    many: int,
    hidden: int,
    packed: int,
    excluded: list[int],
    values: int,
    places: int,
    normaliser: int,
    /,
) -> None: ...
def attend(
    set: str,
    threads: int,
    rows: int,
    beams: int,
    steps: int,
    features: int,
    size: int,
    own: int,
    queries: int,
    row: int,
    keys: int,
    values: int,
    mask: int,
    sentences: int,
    score: int,
    alpha: int,
    vector: int,
    /,
) -> None: ...
