"""`throughtime bench agreement`: does a language model know which form of a verb goes with a subject far away?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import tyro
from rich.console import Console

from throughtime.cli.plain_json import plain_json
from throughtime.cli.show import show_findings, show_table
from throughtime.errors import ArgumentError, DataError
from throughtime.storage.report import Table


@dataclass(frozen=True)
class Arguments:
    """How often a language model finds the sentence whose verb agrees with its subject the more probable one.

    Guessing: 0.5. On BLiMP's pairs (Warstadt et al., 2020) a 5-gram has 0.60, an LSTM 0.80, people have 0.91.
    """

    run: tyro.conf.Positional[Path | None] = None
    """The run folder of a language model."""
    pairs: tyro.conf.Positional[Path | None] = None
    """Pairs in BLiMP's format: a .jsonl file, a folder or a zip archive; none: our own grammar, by attractors (nouns of
    the other number between subject and verb)."""
    most: int = 1000
    """Pairs of each kind."""
    corpus: Path | None = None
    """Write sentences of that grammar to learn from into this new folder, and beside it some with marks (inspect units
    --marked); no sentence that is asked about is among those of training."""
    sentences: int = 60_000
    """How many to write for training."""
    json: bool = False
    """Print JSON."""


def run(arguments: Sequence[str]) -> int:
    """Write sentences, or judge a run."""
    asked = tyro.cli(Arguments, prog="throughtime bench agreement", args=arguments)
    if (asked.run is None) == (asked.corpus is None):
        raise ArgumentError("found neither RUN nor --corpus, or both, expected one of them")
    for name, number in (("most", asked.most), ("sentences", asked.sentences)):
        if number < 1:
            raise ArgumentError(f"--{name} is {number}, expected at least 1")
    if asked.corpus is not None:
        _write(asked.corpus, asked.sentences)
    elif asked.run is not None:
        _judge(asked.run, asked)
    return 0


def _write(folder: Path, count: int) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(folder, "something there already", "a new or empty folder")

    from throughtime.bench.memory.corpus import write_corpus

    console = Console(highlight=False, soft_wrap=True)
    for path in write_corpus(folder, count):
        console.print(f"wrote {path}", markup=False)
    console.print(f"next: throughtime train text {folder} --level words --cell gru", markup=False)


def _judge(place: Path, asked: Arguments) -> None:
    from throughtime import verbs
    from throughtime.bench.memory.pairs import pairs_of_grammar, read_pairs

    done = verbs.Run(place)
    pairs = pairs_of_grammar(asked.most) if asked.pairs is None else read_pairs(asked.pairs, asked.most)
    found = verbs.prefer(done, [(pair.kind, pair.right, pair.wrong) for pair in pairs], quiet=asked.json)
    if asked.json:
        print(plain_json([asdict(one) | {"share": one.share} for one in found], indent=2))
    else:
        rows = [(one.kind, one.share, one.pairs, one.undecided) for one in found]
        total = sum(one.pairs for one in found)
        rows.append(
            ("all", sum(one.share * one.pairs for one in found) / total, total, sum(one.undecided for one in found))
        )
        show_table(Table("the right sentence is the more probable one", ("", "share", "pairs", "undecided"), rows))
    show_findings(done.task.findings)
