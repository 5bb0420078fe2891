"""Inspect: what happens inside a trained model while it reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from throughtime import tasks as registry
from throughtime.errors import ThroughtimeError
from throughtime.reports.notes.gates import leave_gates
from throughtime.reports.notes.gradients import leave_gradients
from throughtime.reports.notes.saliency import leave_saliency
from throughtime.reports.notes.units import leave_units
from throughtime.reports.writing import write_report
from throughtime.tasks.base import Symbols
from throughtime.training.memory import enough_memory
from throughtime.verbs.run import Run, opened

if TYPE_CHECKING:
    from throughtime.insight.gates import Gates
    from throughtime.insight.gradients import Flow
    from throughtime.insight.saliency import Saliency
    from throughtime.insight.units import Detector, Units
    from throughtime.tasks.base import SymbolSequence


@enough_memory()
def inspect_gates(run: Run | str | Path, given: Any, *, most: int = 100, keep: bool = False) -> list[Gates]:
    """Every gate and state of a run's recurrent layers, over an input's own symbols.

    Args:
        run: a run or its folder.
        given: what `predict` takes as one argument: a sentence, a line, the path of a file.
        most: inputs (or parts of such that the model reads by themselves) that are looked at; that there are more is in
            `run.task.findings` afterwards.
        keep: leave what was found as a section of the run's report.

    Returns:
        One for each input.

    Raises:
        ThroughtimeError: it is no run folder, its task reads no symbols, or the input cannot be read or is empty.
    """
    run = opened(run)
    readings = _readings(run, given, most)
    from throughtime.insight.gates import gates

    with _threads(run):
        found = [gates(run.model, reading) for reading in readings]
    if keep:
        kept(run, partial(leave_gates, run.folder, found))
    return found


@enough_memory()
def inspect_gradients(
    run: Run | str | Path, given: Any = None, *, most: int = 16, keep: bool = False
) -> list[tuple[Flow, ...]]:
    """How far gradients reach back through a run's recurrent layers.

    Args:
        run, most, keep: as `inspect_gates` takes them.
        given: the same; None: examples of the test split of the run's own data.

    Returns:
        For each input one for each layer and direction; `throughtime.insight.gradients.together` brings several inputs
        together.

    Raises:
        ThroughtimeError: as `inspect_gates`.
    """
    run = opened(run)
    readings = _readings(run, given, most)
    from throughtime.insight.gradients import gradients, together

    with _threads(run):
        found = [gradients(run.model, reading) for reading in readings]
    if keep:
        what = "one input" if len(found) == 1 else f"mean of {len(found)} inputs"
        flows = found[0] if len(found) == 1 else together(found)
        kept(run, partial(leave_gradients, run.folder, {flow.name: flow for flow in flows}, what))
    return found


@enough_memory()
def inspect_saliency(
    run: Run | str | Path, given: Any, *, most: int = 16, step: int | None = None, keep: bool = False
) -> list[Saliency]:
    """What each symbol of an input counts for the answer, by integrated gradients.

    Args:
        run, given, most, keep: as `inspect_gates` takes them.
        step: whose answer is explained, from 0, where each step has one of its own; None: that of the last.

    Raises:
        ThroughtimeError: as `inspect_gates`, or there is no such step.
    """
    run = opened(run)
    readings = _readings(run, given, most)
    from throughtime.insight.saliency import saliency

    with _threads(run):
        found = [saliency(run.model, reading, step=step) for reading in readings]
    if keep:
        kept(run, partial(leave_saliency, run.folder, found))
    return found


@enough_memory()
def inspect_units(
    run: Run | str | Path, data: str | Path | None = None, *, most: int = 200, keep: bool = False
) -> tuple[tuple[Units, ...], list[Detector]]:
    """What each unit of a run's recurrent layers responds to, and which unit tells which trait of the symbols.

    Args:
        run, most, keep: as `inspect_gates` takes them.
        data: a file or folder that the task reads; None: the test split of the run's own data.

    Returns:
        The states of each layer and direction; the best detector of each trait that can be looked for.

    Raises:
        ThroughtimeError: as `inspect_gates`.
    """
    run = opened(run)
    readings = _readings(run, None if data is None else Path(data), most, of_examples=True)
    from throughtime.insight.units import detectors, units

    with _threads(run):
        found, traits = units(run.model, readings)
        telling = detectors(found, traits)
    if keep:
        kept(run, partial(leave_units, run.folder, found, telling))
    return found, telling


def kept(run: Run, leave: Callable[[], None]) -> None:
    """Leave a section in a run's report, and write that anew; where that cannot be, it is a finding."""
    try:
        leave()
        write_report(run.folder.path)
    except ThroughtimeError as error:
        run.task.findings.left_out("report", f"what was found, which could not be left there: {error}")


def _readings(run: Run, given: Any, most: int, *, of_examples: bool = False) -> Iterable[SymbolSequence]:
    """What a run's model reads of an argument of `predict` (None: of its test split; or of the examples of a file), at
    least one, at most so many; what is wrong with the argument is said before torch is imported.
    """
    task: Any = registry.require(run.task, Symbols)
    run.task.findings.clear()
    inputs: Iterator[Any]
    if given is None or of_examples:
        examples = run.paths.read(run.task).test if given is None else run.task.read(given)
        inputs = (one for example in examples for one in task.inputs_of(example))
    else:
        inputs = task.read_inputs(str(given)) if isinstance(given, (str, Path)) else iter([given])
    first = list(islice(inputs, 1))

    def read() -> Iterator[SymbolSequence]:
        for one in first:
            yield from task.readings(run.model, one)
        for one in inputs:
            yield from task.readings(run.model, one)

    return _some(run, read(), given, most)


def _some(run: Run, readings: Iterator[SymbolSequence], given: Any, most: int) -> Iterator[SymbolSequence]:
    count = 0
    for reading in readings:
        if count == most:
            run.task.findings.left_out("inputs", f"what comes after the first {most} inputs, which are looked at")
            return
        count += 1
        yield reading
    if not count:
        raise ThroughtimeError(f"{given!r}: found nothing to read, expected an input that is not empty")


@contextmanager
def _threads(run: Run) -> Iterator[None]:
    from throughtime.training.threads import cpu_threads

    with cpu_threads(run.model, run.task.settings.threads):
        yield
