"""Inspect: what happens inside a trained model while it reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from throughtime import tasks as registry
from throughtime.data.findings import Findings
from throughtime.data.sources import cache_folder
from throughtime.data.words.pretrained import pretrained_vectors
from throughtime.data.words.space import WordSpace
from throughtime.errors import ThroughtimeError
from throughtime.reports.notes.gates import leave_gates
from throughtime.reports.notes.gradients import leave_gradients
from throughtime.reports.notes.saliency import leave_saliency
from throughtime.reports.notes.units import leave_units
from throughtime.reports.writing import write_report
from throughtime.tasks.base import Attends, Embeds, Symbols
from throughtime.training.memory import enough_memory
from throughtime.verbs.run import Run, opened

if TYPE_CHECKING:
    from throughtime.insight.gates import Gates
    from throughtime.insight.gradients import Flow
    from throughtime.insight.saliency import Saliency
    from throughtime.insight.units import Detector, Units
    from throughtime.tasks.base import Alignment, SymbolSequence

Found = TypeVar("Found")


@enough_memory()
def inspect_gates(run: Run | str | Path, given: Any = None, *, most: int = 100, keep: bool = False) -> list[Gates]:
    """Every gate and state of a run's recurrent layers, over an input's own symbols.

    Args:
        run: a run or its folder.
        given: what `predict` takes as one argument: a sentence, a line, the path of a file; None: examples of the test
            split of the run's own data.
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
        run, given, most, keep: as `inspect_gates` takes them.

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
def inspect_attention(run: Run | str | Path, given: Any, *, most: int = 16) -> list[Alignment]:
    """Which symbols of an input each symbol of the answer looked at.

    Args:
        run, given, most: as `inspect_gates` takes them.

    Returns:
        One for each input, or part of one that the model reads by itself.

    Raises:
        ThroughtimeError: it is no run folder, its model has no attention, or the input cannot be read or is empty.
    """
    run = opened(run)
    task = registry.require(run.task, Attends)
    task.check_attends()
    found = _looked_at(run, given, most, lambda one: task.alignments(run.model, one))
    with _threads(run):
        return list(found)


@enough_memory()
def inspect_units(
    run: Run | str | Path,
    data: str | Path | None = None,
    *,
    most: int = 200,
    marked: str | Path | None = None,
    gate: str | None = None,
    keep: bool = False,
) -> tuple[tuple[Units, ...], list[Detector]]:
    """What each unit of a run's recurrent layers responds to, and which unit tells which trait of the symbols.

    Args:
        run, most, keep: as `inspect_gates` takes them.
        data: a file or folder that the task reads; None: the test split of the run's own data.
        marked: in place of data, a file of texts in which traits are marked (`throughtime.insight.marked`), which are
            looked for in place of those that the task knows.
        gate: look at the values of this gate, and not at the states.

    Returns:
        The states of each layer and direction; the best detector of each trait that can be looked for.

    Raises:
        ThroughtimeError: as `inspect_gates`.
    """
    run = opened(run)
    if marked is None:
        readings = _readings(run, None if data is None else Path(data), most, of_examples=True)
    else:
        readings = _marked(run, Path(marked), most)
    from throughtime.insight.units import detectors, units

    with _threads(run):
        found, traits = units(run.model, readings, gate)
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


@enough_memory()
def inspect_embeddings(
    given: Run | str | Path, *, of: str | None = None, findings: Findings | None = None
) -> WordSpace:
    """The vectors of words: of a run, of a file, or built-in ones.

    Args:
        given: a run or its folder; a file of word vectors; or a name: glove, reviews, ratings.
        of: a word of the name of one of several, such as "source" or "target"; None: the first.
        findings: is told what was found while reading a file, and which other vectors a run has.

    Raises:
        ThroughtimeError: it is none of these, it reads words in another way, or has no vectors of that name.
    """
    findings = Findings() if findings is None else findings
    if isinstance(given, Run) or (Path(given) / "config.toml").exists():
        run = opened(given)
        task = registry.require(run.task, Embeds)
        spaces = task.word_spaces(run.model)
    else:
        (found,) = pretrained_vectors([str(given)], cache_folder(), findings=findings)
        spaces = [WordSpace(found.words, found.vectors)]
    names = ", ".join(space.name for space in spaces)
    wanted = [space for space in spaces if of is None or of in space.name.split()]
    if not wanted:
        raise ThroughtimeError(f"found no vectors of {of!r}, expected one of: {names}")
    if len(wanted) > 1:
        findings.taken("vectors", f"{wanted[0].name}, of: {names}")
    return wanted[0]


def _readings(run: Run, given: Any, most: int, *, of_examples: bool = False) -> Iterable[SymbolSequence]:
    """What a run's model reads of an argument of `predict` (None: of its test split; or of the examples of a file), at
    least one, at most so many; what is wrong with the argument is said before torch is imported.
    """
    task = registry.require(run.task, Symbols)
    return _looked_at(run, given, most, lambda one: task.readings(run.model, one), of_examples)


def _looked_at(
    run: Run, given: Any, most: int, look: Callable[[Any], Iterator[Found]], of_examples: bool = False
) -> Iterator[Found]:
    """What is found in each input that an argument of `predict` stands for, as `_readings` has it."""
    task: Any = run.task
    task.findings.clear()
    inputs: Iterator[Any]
    if given is None or of_examples:
        examples = run.paths.read(run.task).test if given is None else run.task.read(given)
        inputs = (one for example in examples for one in task.inputs_of(example))
    else:
        inputs = task.read_inputs(str(given)) if isinstance(given, (str, Path)) else iter([given])
    first = list(islice(inputs, 1))

    def read() -> Iterator[Found]:
        for one in first:
            yield from look(one)
        for one in inputs:
            yield from look(one)

    return _some(run, read(), given, most)


def _marked(run: Run, path: Path, most: int) -> Iterable[SymbolSequence]:
    """What a run's model reads of the texts of a file in which traits are marked."""
    task: Any = registry.require(run.task, Symbols)
    run.task.findings.clear()
    from throughtime.insight.marked import labels_of, read_marked, with_marks

    texts = read_marked(path)
    labels = labels_of(texts)
    each = (with_marks(task.readings(run.model, one.text), one, labels) for one in texts)
    return _some(run, chain.from_iterable(each), str(path), most)


def _some(run: Run, readings: Iterator[Found], given: Any, most: int) -> Iterator[Found]:
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
