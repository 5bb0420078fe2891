"""Where labelled texts come from: a file, a folder a class, given splits; and what `predict` is given."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from pathlib import Path

from throughtime.data.delimiters import Marks
from throughtime.data.findings import Findings
from throughtime.data.labelled_texts import LabelledText, is_alike, labelled_texts, read_labelled_texts
from throughtime.data.layout import Asked, Layout
from throughtime.data.packed import suffix_of
from throughtime.data.splits import Split, Splits, named_splits
from throughtime.data.tables import SUFFIXES
from throughtime.data.text_files import read_text
from throughtime.errors import DataError
from throughtime.tasks.base import existing
from throughtime.tasks.sentiment.doubts import with_words
from throughtime.tasks.sentiment.folders import read_text_folder, visible
from throughtime.tasks.sentiment.settings import SentimentSettings


def read_labelled(
    path: Path, settings: SentimentSettings, before: Layout | None, findings: Findings
) -> tuple[list[LabelledText], Layout | None]:
    """The texts of a file or folder that have words and a label, and how a table's columns were understood.

    Args:
        path: a table, lines of `label text`, or a folder a class.
        settings: which columns and encoding.
        before: how the table of training was understood; None: this is the first.
        findings: takes how it was understood, and what was left out.

    Raises:
        DataError: it cannot be read, at which line and why.
    """
    layout: Layout | None = None
    if path.is_dir():
        rows = read_text_folder(path, settings.encoding, findings, skip_broken=settings.skip_broken)
    else:
        rows, layout = read_labelled_texts(path, asked(settings, before), encoding=settings.encoding, findings=findings)
    return with_words(path, rows, findings), layout


def given_splits(folder: Path, findings: Findings) -> dict[Split, Path] | None:
    """The files or folders that a folder names after splits; None: it names none.

    Raises:
        DataError: as `named_splits`.
    """
    parts = [child for child in visible(folder) if child.is_dir() or suffix_of(child) in (*SUFFIXES, ".txt")]
    return named_splits(folder, parts, findings)


def texts_to_answer(
    argument: str, settings: SentimentSettings, layout: Layout | None, labels: Sequence[str], findings: Findings
) -> Iterator[str]:
    """What an argument of `predict` stands for: the rows of a table, the lines of another file, or itself.

    Args:
        argument: a path, or a text.
        settings: of the run.
        layout: of the table that it learned from.
        labels: its classes.
        findings: takes how a file was understood.
    """
    path, named = Path(argument), suffix_of(Path(argument)) in SUFFIXES
    looks_like_file = (named or suffix_of(path) == ".txt") and len(argument.split()) == 1
    if not looks_like_file and existing(argument) is None:
        yield argument
        return
    content = read_text(path, settings.encoding, findings=findings)
    if named or (layout is not None and is_alike(path, content, layout, labels)):
        rows, _ = labelled_texts(path, content, asked(settings, layout, labels=False), findings)
        yield from (row.text for row in rows)
    else:
        yield from content.removesuffix("\n").split("\n")


def asked(settings: SentimentSettings, before: Layout | None, *, labels: bool = True) -> Asked:
    """What is known of a table before it is looked at."""
    marks = Marks(settings.delimiter, settings.quote)
    label = settings.label_column if labels else None
    several = settings.several_labels if before is None else before.several
    classes = tuple(settings.label_columns if before is None else before.classes)
    return Asked(settings.text_column, label, labels, before, marks, several, classes)


def with_all_labels(
    path: Path, splits: Splits[LabelledText], group: Callable[[LabelledText], Hashable], findings: Findings
) -> Splits[LabelledText]:
    """Splits in which each label is among those to learn from: texts of one that was drawn for the others move there.

    Args:
        path: where they come from, for messages.
        splits: as they were drawn.
        group: of a text: groups move whole.
        findings: takes what was moved.

    Raises:
        DataError: nothing else is left to be judged by.
    """
    learned = {label for example in splits.train for label in example.labels}
    rare = {group(e) for e in (*splits.valid, *splits.test) if not learned.issuperset(e.labels)}
    moved = [e for e in (*splits.valid, *splits.test) if group(e) in rare]
    valid, test = ([e for e in part if group(e) not in rare] for part in (splits.valid, splits.test))
    for example in moved:
        what = "a text of a label that was drawn for valid or test alone, put to those to learn from"
        findings.taken("splits", what, path, example.line)
    if not valid or not test:
        raise DataError(path, "labels that occur in one text only", "several texts of each label")
    return Splits([*splits.train, *moved], valid, test)
