"""`throughtime bench memory`: how far back layers remember, by cell, the published numbers beside ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Literal

import tyro
from rich.console import Console

from throughtime.cli.plain_json import plain_json
from throughtime.cli.show import show_table
from throughtime.errors import ArgumentError, DataError
from throughtime.storage.atomic import write_atomically
from throughtime.storage.report import Table

if TYPE_CHECKING:
    from throughtime.bench.memory.suite import Result

PROBLEMS = ("adding", "copying", "digits", "permuted", "agreement")
CELLS = ("rnn", "relu", "irnn", "gru", "reset_after", "lstm")


@dataclass(frozen=True)
class Arguments:
    """Learn problems whose answers depend on what stood long ago, with each cell, and judge what was learned.

    Each training has a folder in OUT; the same command goes on where it was, and reads what is done. The small size
    takes minutes of one core, the full one (600 numbers to add, 200 steps to remember over, digits by pixels) hours.
    """

    out: Path = Path("memory")
    """Folder of the trainings and of results.json."""
    size: Literal["small", "full"] = "small"
    """How far back."""
    problems: tuple[str, ...] = PROBLEMS
    """Some of adding, copying, digits, permuted (digits in a drawn order), agreement."""
    cells: tuple[str, ...] = CELLS
    """Some of rnn (tanh), relu, irnn (ReLU that begins with the identity), gru, reset_after (torch.nn's GRU), lstm."""
    seeds: tuple[int, ...] = (0,)
    """Each is a training of its own."""
    plain: bool = False
    """Begin with gates half open; otherwise units begin with memories of all lengths (Tallec and Ollivier, 2018)."""
    data: Path | None = None
    """Labelled pictures for digits and permuted, such as a folder of MNIST's IDX files; none: built-in glyphs."""
    json: bool = False
    """Print JSON."""


def run(arguments: Sequence[str]) -> int:
    """Learn what is not learned yet, and show all of it."""
    asked = tyro.cli(Arguments, prog="throughtime bench memory", args=arguments)
    _check(asked)
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(
        f"{len(asked.problems) * len(asked.cells) * len(asked.seeds)} trainings, in {asked.out}; loading torch"
    )

    from throughtime.bench.memory.problems import problems
    from throughtime.bench.memory.suite import results, trials

    some = trials(problems(asked.problems, asked.size, asked.data), asked.cells, asked.seeds, plain=asked.plain)
    found: list[Result] = []
    for result in results(some, asked.out, lambda line: console.print(line, style="bold")):
        found.append(result)
        write_atomically(asked.out / "results.json", plain_json([asdict(one) for one in found], indent=2) + "\n")
    if asked.json:
        print(plain_json([asdict(one) for one in found], indent=2))
    else:
        _show(found)
    return 0


def _check(asked: Arguments) -> None:
    """Say what is wrong before anything that takes long.

    Raises:
        ThroughtimeError: an unknown name, a number twice, no such file, or a file where the folder should be.
    """
    for what, given, known in (("problem", asked.problems, PROBLEMS), ("cell", asked.cells, CELLS)):
        for name in given:
            if name not in known:
                raise ArgumentError(f"found the {what} {name!r}, expected some of {', '.join(known)}")
        if len(set(given)) < len(given) or not given:
            raise ArgumentError(f"found the {what}s {', '.join(given) or '(none)'}, expected each once")
    if not asked.seeds or len(set(asked.seeds)) < len(asked.seeds) or min(asked.seeds) < 0:
        raise ArgumentError(f"found the seeds {asked.seeds}, expected some from 0 on, each once")
    if asked.data is not None and not asked.data.exists():
        raise DataError(asked.data, "no such file or folder", "labelled pictures, such as MNIST's IDX files")
    if asked.out.exists() and not asked.out.is_dir():
        raise DataError(asked.out, "a file", "a folder for the trainings")


def _show(found: Sequence[Result]) -> None:
    """A table a problem: cells down."""
    for name, some in groupby(found, key=lambda one: one.problem):
        of_problem = list(some)
        first = of_problem[0]
        rows = [_row(list(own)) for _, own in groupby(of_problem, key=lambda one: one.cell)]
        title = f"{name}: {first.unit}, test split; without any memory {first.guess:.3g}"
        show_table(Table(title, ("cell", "ours", "published", "steps", "minutes", "weights"), rows))
        if len(first.test) > 1:
            names = sorted(first.test)
            cells: list[Sequence[str | float]] = [[own.cell, *(own.test[one] for one in names)] for own in of_problem]
            show_table(Table(f"{name}, all of it", ("cell", *names), cells))
    for one in found:
        if one.stopped:
            print(f"{one.problem}, {one.cell}, seed {one.seed} ended early: {one.stopped}")
    for source in dict.fromkeys(one.source for one in found if one.published):
        print(f"published: {source}")


def _row(own: Sequence[Result]) -> tuple[str | int | float, ...]:
    """A cell over its seeds: the mean, and where they lie."""
    values = [one.value for one in own]
    spread = f" ({min(values):.3g} to {max(values):.3g})" if len(values) > 1 else ""
    first = own[0]
    minutes = mean(one.minutes for one in own)
    return (
        first.cell,
        f"{mean(values):.4g}{spread}",
        first.published or "-",
        first.steps,
        f"{minutes:.1f}",
        first.weights,
    )
