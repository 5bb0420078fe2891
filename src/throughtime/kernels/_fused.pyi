def instruction_sets() -> list[str]: ...
def saved(set: str, cell: str, hidden: int, /) -> int: ...
def forward(
    set: str,
    cell: str,
    variant: int,
    threads: int,
    reverse: bool,
    steps: int,
    inputs: int,
    hidden: int,
    sizes: int,
    addresses: list[int],
    /,
) -> None: ...
def backward(
    set: str,
    cell: str,
    variant: int,
    threads: int,
    reverse: bool,
    steps: int,
    inputs: int,
    hidden: int,
    sizes: int,
    addresses: list[int],
    /,
) -> None: ...
