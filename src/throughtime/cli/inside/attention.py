"""`throughtime inspect attention RUN INPUT`: which words of an input each word of the answer looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tyro

from throughtime.cli.inside.showing import check_asked, say_written
from throughtime.cli.plain_json import plain_json
from throughtime.cli.show import report_console, show_findings, show_table
from throughtime.storage.report import Table

if TYPE_CHECKING:
    from throughtime.tasks.base import Alignment

_WIDTH = 20  # of the longest bar, in characters
_PASSED_OVER = 0.2


@dataclass(frozen=True)
class Arguments:
    """Show which symbols of an input each symbol of the answer looked at, and how much."""

    run: tyro.conf.Positional[Path]
    """The run folder."""
    input: tyro.conf.Positional[str]
    """What to read: text, or a file that the task reads."""
    out: Path | None = None
    """Draw the first input here, a .png file."""
    most: int = 16
    """Inputs of a file that are looked at."""
    json: bool = False
    """Print JSON, an input a line."""


def run(arguments: Sequence[str]) -> int:
    """Look, show, and draw if asked."""
    asked = tyro.cli(Arguments, prog="throughtime inspect attention", args=arguments)
    check_asked(asked.out, asked.most)

    from throughtime import verbs

    done = verbs.Run(asked.run)
    found = verbs.inspect_attention(done, asked.input, most=asked.most)
    for one in found:
        if asked.json:
            print(plain_json(_json(one)))
        elif len(one.said) == 1:
            _show_one(one)
        else:
            _show_matrix(one)
    if asked.out is not None:
        from throughtime.tasks.alignment_picture import draw_alignment

        draw_alignment(found[0].symbols, found[0].said, found[0].weights, asked.out)
        if not asked.json:
            say_written(asked.out, f"of the first of {len(found)} inputs" if len(found) > 1 else "")
    show_findings(done.task.findings)
    return 0


def _show_one(found: Alignment) -> None:
    """What counted for one answer to the whole, as bars."""
    (weights,), largest = found.weights.tolist(), float(found.weights.max()) or 1.0
    rows = [
        (symbol, f"{weight:.1%}", "█" * round(weight / largest * _WIDTH))
        for symbol, weight in zip(found.symbols, weights, strict=True)
    ]
    title = f"{found.answer}: attention spread as over {found.spread[0]:.3g} of {len(rows)} {found.unit}"
    show_table(Table(title, (found.unit, "weight", ""), rows))


def _show_matrix(found: Alignment) -> None:
    """Weights in percent, a row a symbol that was said, then what was passed over."""
    rows = [
        (said, *map(_percent, weights), f"{spread:.1f}")
        for said, weights, spread in zip(found.said, found.weights.tolist(), found.spread.tolist(), strict=True)
    ]
    rows.append(("(all together)", *map(_percent, found.coverage.tolist()), ""))
    title = f"{found.answer}\nattention in % to the {found.unit} that were read, and over how many it is spread"
    show_table(Table(title, ("", *found.symbols, "spread"), rows))
    passed = [symbol for symbol, in_all in zip(found.symbols, found.coverage, strict=True) if in_all < _PASSED_OVER]
    if passed:
        said = f"Passed over (below {_PASSED_OVER:.0%} in all): {', '.join(passed)}"
        report_console().print(said, highlight=False, markup=False, soft_wrap=True)


def _percent(weight: float) -> str:
    return f"{100 * weight:.0f}"


def _json(found: Alignment) -> dict[str, Any]:
    arrays = {"weights": found.weights.tolist(), "spread": found.spread.tolist(), "coverage": found.coverage.tolist()}
    return {**vars(found), **arrays}
