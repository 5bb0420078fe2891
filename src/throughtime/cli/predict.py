"""`throughtime predict RUN INPUT...`: answer arguments, files or standard input."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, TextIO

import tyro
from rich.console import Console

from throughtime import tasks as registry
from throughtime.cli.answers_file import check_place, write_answers
from throughtime.cli.arguments import new_folder
from throughtime.cli.plain_json import plain_json
from throughtime.cli.show import show_findings
from throughtime.errors import DataError, ThroughtimeError
from throughtime.tasks.base import Draws, Expresses, Paints, Prediction, Task

_TOGETHER = 1000


@dataclass(frozen=True)
class Arguments:
    """Answer each input, as they come: words on the command line, the lines of a file, or standard input."""

    run: tyro.conf.Positional[Path]
    """The run folder."""
    inputs: tyro.conf.Positional[tuple[str, ...]] = ()
    """What to answer: text, or files that the task reads; none or -: standard input, line by line."""
    json: bool = False
    """Print one JSON object a line."""
    form: str | None = None
    """Print another form that the task has, such as conll of entities."""
    out: Path | None = None
    """Write the answers to a file and not to the screen: .csv or .tsv a table, .jsonl JSON lines, else as printed."""
    pictures: Path | None = None
    """Draw each answer too, as 0001.png, 0002.png, ... in this folder, which must be new or empty."""


def run(arguments: Sequence[str]) -> int:
    """Print one answer for each input."""
    asked = tyro.cli(Arguments, prog="throughtime predict", args=arguments)

    from throughtime import verbs

    done = verbs.Run(asked.run)
    if asked.form is not None and asked.form not in (forms := registry.require(done.task, Expresses).forms):
        raise ThroughtimeError(f"found the form {asked.form!r}, expected one of: {', '.join(forms)}")
    if asked.out is not None:
        check_place(asked.out)
    if asked.pictures is not None:
        registry.require(done.task, Draws)
        new_folder(asked.pictures, "the pictures")
    together = _inputs(done.task, asked.inputs)
    predictions = chain.from_iterable(verbs.predict(done, inputs) for inputs in together)
    answers = predictions if asked.pictures is None else _drawn(done.task, predictions, asked.pictures)
    if asked.out is None:
        for prediction in answers:
            _print(done.task, prediction, asked)
    else:
        _write(done.task, answers, asked, asked.out)
    show_findings(done.task.findings)
    return 0


def _drawn(task: Task[Any, Any], predictions: Iterable[Prediction], folder: Path) -> Iterator[Prediction]:
    """The same, each drawn as it comes."""
    for number, prediction in enumerate(predictions, 1):
        registry.require(task, Draws).draw(prediction, folder / f"{number:04}.png")
        yield prediction


def _write(task: Task[Any, Any], predictions: Iterable[Prediction], asked: Arguments, path: Path) -> None:
    """Write all of them to a file, and say how far it has come."""
    from throughtime.data.progress import counted
    from throughtime.training.stages import shown

    with shown(quiet=False):
        write_answers(path, counted(predictions, "answering"), lambda prediction: _said(task, prediction, asked) or "")


def _inputs(task: Task[Any, Any], words: Sequence[str]) -> Iterator[Sequence[Any]]:
    """Inputs that may be answered together: those of a file by the thousand, those of standard input one by one."""
    for word in words or ("-",):
        if word != "-":
            inputs = task.read_inputs(word)
            while some := list(islice(inputs, _TOGETHER)):
                yield some
            continue
        if sys.stdin is None or sys.stdin.isatty():
            raise ThroughtimeError("found no INPUT, expected arguments, a file, or lines on standard input")
        for line in _lines(sys.stdin):
            yield [line]


def _lines(stream: TextIO) -> Iterator[str]:
    """The lines of a stream, each as soon as it is there; those that are no text are named by their number."""
    encoding = codecs.lookup(stream.encoding).name
    for number, line in enumerate(stream.buffer, 1):
        try:
            # a byte order mark, as Windows writes it, is no part of the first line
            text = line.decode("utf-8-sig" if number == 1 and encoding == "utf-8" else encoding)
        except UnicodeDecodeError as error:
            found = f"byte 0x{line[error.start]:02x}, which is not {encoding}"
            raise DataError("standard input", found, f"text in {encoding}", number) from error
        yield text.rstrip("\r\n")


def _print(task: Task[Any, Any], prediction: Prediction, asked: Arguments) -> None:
    on_screen = sys.stdout is not None and sys.stdout.isatty()
    if on_screen and isinstance(task, Paints) and not asked.json and asked.form is None:
        Console().print(task.paint(prediction), soft_wrap=True)
    elif (said := _said(task, prediction, asked)) is not None:
        print(said, flush=True)


def _said(task: Task[Any, Any], prediction: Prediction, asked: Arguments) -> str | None:
    """An answer in the form that was asked for; None: there is nothing to say of it, as of what is not whole yet."""
    if asked.json:
        return plain_json(prediction)
    if asked.form is not None:
        return registry.require(task, Expresses).express(prediction, asked.form) or None
    return task.render(prediction)
