"""What of a text is read, and what looks wrong with texts and labels that could be."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from throughtime.data.findings import Findings
from throughtime.data.labelled_texts import LabelledText
from throughtime.data.labels import note_alike
from throughtime.data.splits import Splits
from throughtime.data.words.splitting import has_markup, note_splitting, split_words
from throughtime.errors import DataError
from throughtime.tasks.sentiment.settings import SentimentSettings


def shortened(words: list[str], settings: SentimentSettings) -> list[str]:
    """The words of a text that are read."""
    most = settings.max_length
    if len(words) <= most:
        return words
    first = {"first": most, "ends": most // 4, "last": 0}[settings.keep]
    return words[:first] + words[len(words) - (most - first) :]


def note_cut(
    words: Sequence[str],
    settings: SentimentSettings,
    findings: Findings,
    path: Path | None = None,
    line: int | None = None,
) -> None:
    """Note a text that is read in part."""
    most = settings.max_length
    if len(words) > most:
        read = {"first": "the first", "ends": "the first and last", "last": "the last"}[settings.keep]
        what = f"a text of more words than --max-length: {read} {most} are read"
        findings.left_out("cut texts", what, path, line)


def with_words(path: Path, rows: Sequence[LabelledText], findings: Findings) -> list[LabelledText]:
    """Rows whose texts have words; others, of markup alone, are left out.

    Raises:
        DataError: no row has any.
    """
    kept = []
    for row in rows:
        if row.text[:1].isalnum() or split_words(row.text):
            kept.append(row)
        else:
            findings.left_out("empty texts", "a row whose text has no words", path, row.line)
    if not kept:
        raise DataError(path, "no text that has words", "rows of texts")
    return kept


def note_doubts(splits: Splits[LabelledText], settings: SentimentSettings, findings: Findings) -> None:
    """Note texts that are cut or have markup, labels that are alike, and such as training has not."""
    note_splitting(findings)
    for example in chain(splits.train, splits.valid, splits.test):
        # a word has a character at least: most texts need not be split to know that they are short enough
        if len(example.text) > settings.max_length:
            note_cut(split_words(example.text), settings, findings, example.path, example.line)
        if has_markup(example.text):
            findings.left_out("markup", "a text with tags of HTML, which are not read", example.path, example.line)
    labels = {label for example in splits.train for label in example.labels}
    note_alike(labels, findings)
    for example in chain(splits.valid, splits.test):
        for label in example.labels:
            if label not in labels:
                what = f"{label!r} is among those to be judged by, and not to learn from"
                findings.suspicious("labels", what, example.path, example.line)
