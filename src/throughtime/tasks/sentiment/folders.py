"""Folders of texts: a folder a class, in it a file a text, as aclImdb and 20 Newsgroups have them."""

from __future__ import annotations

from pathlib import Path

from throughtime.data.damaged import Damaged
from throughtime.data.findings import Findings
from throughtime.data.labelled_texts import LabelledText
from throughtime.data.progress import counted
from throughtime.data.text_files import read_text
from throughtime.errors import DataError

_UNLABELLED = ("unsup", "unsupervised", "unlabeled", "unlabelled")
"""What folders of texts without a class are called."""
_ENDINGS = ("", ".txt", ".text")


def visible(folder: Path) -> list[Path]:
    """What lies in a folder, in order of its names, but for what is hidden.

    Raises:
        DataError: it cannot be read.
    """
    try:
        return sorted(child for child in folder.iterdir() if not child.name.startswith((".", "__MACOSX")))
    except OSError as error:
        raise DataError(folder, f"a folder that cannot be read ({error.strerror})", "texts") from error


def read_text_folder(
    folder: Path, encoding: str, findings: Findings, *, skip_broken: bool = False
) -> list[LabelledText]:
    """The texts of a folder that has one folder for each class.

    Args:
        folder: of the classes' folders.
        encoding: of the texts.
        findings: takes what was taken for a class, and what was left out.
        skip_broken: leave out files that cannot be read, and count them.

    Raises:
        DataError: fewer than two such folders, or files that cannot be read, all of them named.
    """
    children = visible(folder)
    classes = [child for child in children if child.is_dir() and child.name.lower() not in _UNLABELLED]
    files = {child: _files(child) for child in classes}
    classes = [child for child in classes if files[child]]
    if len(classes) < 2:
        found = f"a folder with {len(classes)} folders of text files"
        raise DataError(folder, found, "one for each class, or a file (CSV, TSV, JSONL)")
    names = ", ".join(child.name for child in classes[:20])
    findings.taken("format", f"a folder of texts for each class: {names}", folder)
    for child in children:
        if child not in classes:
            unlabelled = child.name.lower() in _UNLABELLED
            what = "texts without a class" if unlabelled else "something beside the classes' folders"
            findings.left_out("unread files", what, child)
    rows = []
    every = [(child.name, file) for child in classes for file in files[child]]
    damaged = Damaged(folder, len(every), "--skip-broken leaves them out")
    for label, file in counted(every, "reading texts, by the file"):
        if not file.stat().st_size:
            findings.left_out("empty texts", "an empty file", file)
            continue
        apart = Findings()  # how each of thousands of files was decoded is not worth a line
        before = len(damaged.errors)
        with damaged.kept():
            rows.append(LabelledText(read_text(file, encoding, findings=apart).strip(), label, file, 1))
        if skip_broken and len(damaged.errors) > before:
            findings.left_out("broken files", "a text that cannot be read", file)
        for finding in apart:
            if finding.level != "taken":
                findings.add(finding)
    if not skip_broken:
        damaged.raise_all()
    return rows


def _files(folder: Path) -> list[Path]:
    return [file for file in visible(folder) if file.is_file() and file.suffix.lower() in _ENDINGS]
