"""`throughtime inspect WHAT RUN ...`: what happens inside a trained model while it reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console

from throughtime.cli.inside import attention, embeddings, gates, gradients, saliency, units
from throughtime.errors import ThroughtimeError

# what is looked at -> what does it, and what it shows
SUBJECTS: dict[str, tuple[Callable[[Sequence[str]], int], str]] = {
    "attention": (attention.run, "which words of an input each word of the answer looked at (runs that attend)"),
    "embeddings": (
        embeddings.run,
        "what word vectors know: neighbours, analogies, named axes, maps",
    ),
    "gates": (gates.run, "every gate and state over the symbols of an input; are gates nearly always on or off?"),
    "gradients": (gradients.run, "how far back gradients reach in a run's layers, or in --cells rnn irnn gru lstm"),
    "saliency": (saliency.run, "what each symbol of an input counts for the answer (integrated gradients)"),
    "units": (units.run, "what each unit responds to; units that track quotation marks, brackets, line length, ..."),
}


def run(arguments: Sequence[str]) -> int:
    """Look at one thing."""
    if arguments and arguments[0] in ("-h", "--help"):
        _help()
        raise SystemExit(0)
    if not arguments or arguments[0] not in SUBJECTS:
        found = f"found {arguments[0]!r} to inspect" if arguments else "found nothing to inspect"
        raise ThroughtimeError(f"{found}, expected one of: {', '.join(SUBJECTS)}")
    look, _ = SUBJECTS[arguments[0]]
    return look(arguments[1:])


def _help() -> None:
    console = Console()
    lines = ["usage: throughtime inspect WHAT RUN [INPUT] [--out PICTURE] [--json]\n", "WHAT is one of:"]
    lines += [f"  {name:<10}  {purpose}" for name, (_, purpose) in SUBJECTS.items()]
    for line in (*lines, "\nthroughtime inspect WHAT --help says more"):
        console.print(line, highlight=False, markup=False)
