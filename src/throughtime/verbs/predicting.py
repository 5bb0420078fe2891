"""Predict: an answer for each input."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from pathlib import Path, PurePath
from typing import Any

from throughtime.errors import ArgumentError
from throughtime.tasks.base import Prediction, Streams
from throughtime.training.memory import enough_memory
from throughtime.verbs.run import Run, opened


def predict(run: Run | str | Path, inputs: Iterable[Any]) -> Iterator[Prediction]:
    """One JSON-like answer for each input, as they come.

    Args:
        run: a run or its folder.
        inputs: what the task answers: sentences, lines, paths of files.

    Raises:
        ArgumentError: one input in place of several.
        ThroughtimeError: it is no run folder; and, as the answers come, what is wrong with an input.
    """
    if isinstance(inputs, (str, bytes, PurePath)):  # the letters of a sentence would be answered one by one
        raise ArgumentError(f"found the single input {inputs!r}, expected several: [{inputs!r}]")
    with enough_memory():
        return _answers(opened(run), inputs)


def _answers(run: Run, inputs: Iterable[Any]) -> Iterator[Prediction]:
    from throughtime.training.threads import cpu_threads

    with enough_memory():
        answers = _answered(run, inputs)
        while True:
            with cpu_threads(run.model, run.task.settings.threads):  # not while the caller works with an answer
                answer = next(answers, None)
            if answer is None:
                return
            yield answer


def _answered(run: Run, inputs: Iterable[Any]) -> Iterator[Prediction]:
    """Inputs that are whole are answered together, those that still come in one by one."""
    task = run.task
    if not isinstance(task, Streams):
        yield from task.predict(run.model, inputs)
        return
    opened = ((given, task.stream(given)) for given in inputs)
    for whole, some in groupby(opened, key=lambda pair: pair[1] is None):
        if whole:
            yield from task.predict(run.model, [given for given, _ in some])
        else:
            yield from chain.from_iterable(task.listen(run.model, stream) for _, stream in some)
