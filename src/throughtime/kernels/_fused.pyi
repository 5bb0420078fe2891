def instruction_sets() -> list[str]: ...
def kept(set: str, cell: str, hidden: int, layer_norm: bool, /) -> int: ...
def traced(set: str, cell: str, /) -> int: ...
def peak(set: str, /) -> float: ...
def forward(set: str, cell: str, addresses: list[int], numbers: list[int], shares: list[float], /) -> None: ...
def backward(set: str, cell: str, addresses: list[int], numbers: list[int], shares: list[float], /) -> None: ...
def step(
    set: str,
    cell: str,
    variant: int,
    threads: int,
    rows: int,
    inputs: int,
    hidden: int,
    x: int,
    weight_ih: int,
    weight_hh: int,
    bias_ih: int,
    bias_hh: int,
    h0: int,
    c0: int,
    output: int,
    hn: int,
    cn: int,
    /,
) -> None: ...
