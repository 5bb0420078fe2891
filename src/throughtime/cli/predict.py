"""`throughtime predict RUN INPUT...`: answer arguments, files or standard input."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import tyro
from rich.console import Console

from throughtime import tasks as registry
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
    pictures: Path | None = None
    """Draw each answer too, as 0001.png, 0002.png, ... in this folder, which must be new or empty."""


def run(arguments: Sequence[str]) -> int:
    """Print one answer for each input."""
    asked = tyro.cli(Arguments, prog="throughtime predict", args=arguments)

    from throughtime import verbs

    done = verbs.Run(asked.run)
    if asked.form is not None and asked.form not in (forms := registry.require(done.task, Expresses).forms):
        raise ThroughtimeError(f"found the form {asked.form!r}, expected one of: {', '.join(forms)}")
    if asked.pictures is not None:
        registry.require(done.task, Draws)
        _make_room(asked.pictures)
    together = _inputs(done.task, asked.inputs)
    predictions = (prediction for inputs in together for prediction in verbs.predict(done, inputs))
    for number, prediction in enumerate(predictions, 1):
        if asked.pictures is not None:
            registry.require(done.task, Draws).draw(prediction, asked.pictures / f"{number:04}.png")
        _print(done.task, prediction, asked)
    show_findings(done.task.findings)
    return 0


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
    if asked.json:
        print(plain_json(prediction), flush=True)
    elif asked.form is not None:
        # of what is not whole yet there may be nothing to say
        if expressed := registry.require(task, Expresses).express(prediction, asked.form):
            print(expressed, flush=True)
    elif sys.stdout is not None and sys.stdout.isatty() and isinstance(task, Paints):
        Console().print(task.paint(prediction), soft_wrap=True)
    else:
        print(task.render(prediction), flush=True)


def _make_room(folder: Path) -> None:
    """A folder for pictures, in which none can be overwritten."""
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        found = "a folder that is not empty" if folder.is_dir() else "a file"
        raise ThroughtimeError(f"{folder}: found {found}, expected a new or empty folder for the pictures")
    folder.mkdir(parents=True, exist_ok=True)
