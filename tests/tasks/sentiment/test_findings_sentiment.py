"""What `check`, `evaluate` and `predict` say of labelled texts, and that each input has one answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import throughtime
from throughtime.cli.main import main

SMALL: dict[str, Any] = {"vectors": (), "embedding_size": 4, "hidden_size": 4, "minutes": None, "steps": 1}
WORDS = [f"{a} {b}" for a in ("one", "two", "three", "four", "five") for b in ("cat", "dog", "hen", "pig")]
GOOD = [(f"The {words} was fine today.", "good") for words in WORDS]
BAD = [(f"The {words} was poor today.", "bad") for words in WORDS]


def write(path: Path, rows: list[tuple[str, str]], head: str = "text,label", mark: str = ",") -> Path:
    lines = [head, *(f"{text}{mark}{label}" for text, label in rows)]
    path.write_text("\n".join(line for line in lines if line) + "\n", encoding="utf-8")
    return path


def check(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """The exit status, and all findings, a line each."""
    status = main(["check", "sentiment", *arguments, "--json"])
    findings = json.loads(capsys.readouterr().out)["findings"]
    return status, "\n".join(f"{one['level']}: {one['subject']}: {one['what']} ({one['count']})" for one in findings)


def train(folder: Path, data: Path) -> throughtime.Run:
    return throughtime.train("sentiment", data, out=folder / "run", quiet=True, **SMALL)


# what is written, the exit status, and what is said
CASES: dict[str, tuple[str, str, int, str]] = {
    "a delimiter on its own line": (
        "a.csv",
        "sep=;\ntext;label\n" + "".join(f"{text};{label}\n" for text, label in GOOD + BAD),
        0,
        "taken: delimiter: a semicolon, as its first line says",
    ),
    "tabs in a .csv": (
        "a.csv",
        "text\tlabel\n" + "".join(f"{text}, yes\t{label}\n" for text, label in GOOD + BAD),
        0,
        "taken: delimiter: a tab, which splits all rows evenly, though the name ends in .csv",
    ),
    "a label called none": (
        "a.csv",
        "text,label\n" + "".join(f"{text},{'NONE' if label == 'bad' else label}\n" for text, label in GOOD + BAD),
        0,
        "taken: labels: 'NONE' is a class: only an empty cell is a missing label",
    ),
    "a label that pandas writes": (
        "a.csv",
        "text,label\n" + "".join(f"{text},{'nan' if label == 'bad' else label}\n" for text, label in GOOD + BAD),
        1,
        "suspicious: labels: 'nan' is a class: only an empty cell is a missing label",
    ),
    "empty cells": (
        "a.csv",
        "id,text,label\n1,,good\n2,so,\n" + "".join(f"3,{text},{label}\n" for text, label in GOOD + BAD),
        0,
        "left out: empty texts: a row without a text (1)\nleft out: missing labels: a row without a label (1)",
    ),
    "columns that are not read": (
        "a.csv",
        "id,text,label\n" + "".join(f"3,{text},{label}\n" for text, label in GOOD + BAD),
        0,
        "taken: columns: texts in 'text' (by its name); labels in 'label' (by its name); not read: 'id'",
    ),
    "several labels": (
        "a.txt",
        "".join(f"__label__{label} __label__animal {text}\n" for text, label in GOOD + BAD),
        0,
        "taken: several labels: each text may have any number: 40 of 40 have several, 0 none",
    ),
    "a first row of a rare class": (
        "a.csv",
        "The last of its kind here,rare\n" + "".join(f"{text},{label}\n" for text, label in GOOD + BAD),
        1,
        "suspicious: head line: none: the first row is read as data, though its label 'rare' stands nowhere else",
    ),
    "two cells of labels": (
        "a.csv",
        "text,label\n" + "".join(f"{text},{label}\n{text} so,Good\n" for text, label in GOOD + BAD),
        1,
        "suspicious: labels: 'Good' and 'good' are two classes",
    ),
    "texts without words": (
        "a.csv",
        "text,label\n<br>,good\n" + "".join(f"{text},{label}\n" for text, label in GOOD + BAD),
        0,
        "left out: empty texts: a row whose text has no words (1)",
    ),
    "tags of HTML": (
        "a.csv",
        "text,label\na <b>fine</b> one,good\n" + "".join(f"{text},{label}\n" for text, label in GOOD + BAD),
        0,
        "left out: markup: a text with tags of HTML, which are not read (1)",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_guessed_left_out_or_looks_wrong_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    name, content, status, says = CASES[case]
    (tmp_path / name).write_text(content, encoding="utf-8")
    found, said = check(capsys, str(tmp_path / name))
    assert says in said
    assert found == status


def test_many_labels_are_learned_where_the_file_says_what_a_label_is(tmp_path: Path) -> None:
    topics = [f"__label__t{n % 130} a text on topic{n % 130} number{n}" for n in range(520)]
    (tmp_path / "topics.txt").write_text("\n".join(topics), encoding="utf-8")
    checked = throughtime.check("sentiment", tmp_path / "topics.txt")
    assert len(checked.summaries["train"].classes) == 130


def test_cut_texts_are_counted_with_the_limit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write(tmp_path / "a.csv", [*GOOD, *BAD, ("It was all in all one very good film.", "good")])
    for keep, said in (("first", "the first 7"), ("ends", "the first and last 7"), ("last", "the last 7")):
        _, found = check(capsys, str(data), "--max-length", "7", "--keep", keep)
        assert f"left out: cut texts: a text of more words than --max-length: {said} are read (1)" in found


def test_labels_that_training_has_not_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parts = {"train": GOOD + BAD, "valid": GOOD[:3], "test": [("so so indeed", "mixed"), *BAD[:3]]}
    options = [
        word for name, rows in parts.items() for word in (f"--{name}", str(write(tmp_path / f"{name}.csv", rows)))
    ]
    status, said = check(capsys, *options)
    assert status == 1
    assert "suspicious: labels: 'mixed' is among those to be judged by, and not to learn from (1)" in said


def test_labels_understood_by_another_name_are_said(tmp_path: Path) -> None:
    number = {"good": "1", "bad": "0"}
    run = train(tmp_path, write(tmp_path / "a.csv", [(text, number[label]) for text, label in GOOD + BAD]))
    floats = [(text + " so", number[label] + ".0") for text, label in GOOD + BAD]
    throughtime.evaluate(run, write(tmp_path / "b.csv", floats))
    assert {finding.what for finding in run.task.findings if finding.subject == "labels"} == {
        "'0.0' is understood as '0'",
        "'1.0' is understood as '1'",
    }


@pytest.mark.parametrize(
    ("data", "head", "new", "texts"),
    [
        ("a.csv", "v2,v1", "v2\na fine cat\n\na poor dog\n", ["a fine cat", "", "a poor dog"]),
        ("a.csv", "", "a fine cat,\ntext,\n", ["a fine cat", "text"]),
        ("a.csv", "text,label", "id,text\n1,a fine cat\n2,\n,\n", ["a fine cat", "", ""]),
        ("a.csv", "text,label", "text\nnan\nnone\n", ["nan", "none"]),
    ],
)
def test_a_table_is_read_as_in_training_and_each_row_has_an_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], data: str, head: str, new: str, texts: list[str]
) -> None:
    run = train(tmp_path, write(tmp_path / data, GOOD + BAD, head))
    (tmp_path / "new.csv").write_text(new, encoding="utf-8")
    capsys.readouterr()
    assert main(["predict", str(run.folder.path), str(tmp_path / "new.csv"), "--json"]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [answer["text"] for answer in answers] == texts
    assert [answer["label"] is None for answer in answers] == [not text for text in texts]


@pytest.mark.parametrize(
    ("line", "new", "texts"),
    [
        (
            "__label__{1} {0}",
            "__label__bad a poor dog\na fine cat\n\n__label__good\n",
            ["a poor dog", "a fine cat", "", ""],
        ),
        ("{1} {0}", "bad a poor dog\ngood a fine cat\n", ["a poor dog", "a fine cat"]),
        ("{1} {0}", "bad a poor dog\na fine cat\n", ["bad a poor dog", "a fine cat"]),
        ("{1}\t{0}", "bad\ta poor dog\ngood\t\n", ["a poor dog", ""]),
        ("{1}\t{0}", "a poor dog\na fine cat\n", ["a poor dog", "a fine cat"]),
    ],
)
def test_a_text_file_is_read_as_in_training_where_it_looks_the_same(
    tmp_path: Path, line: str, new: str, texts: list[str]
) -> None:
    data = tmp_path / "a.txt"
    data.write_text("\n".join(line.format(*row) for row in GOOD + BAD), encoding="utf-8")
    run = train(tmp_path, data)
    (tmp_path / "new.txt").write_text(new, encoding="utf-8")
    again = throughtime.Run(run.folder.path)
    assert list(again.task.read_inputs(str(tmp_path / "new.txt"))) == texts


def test_cut_inputs_are_counted_when_they_are_answered(tmp_path: Path) -> None:
    run = train(tmp_path, write(tmp_path / "a.csv", GOOD + BAD))
    run.task.findings.clear()
    assert len(list(throughtime.predict(run, ["a cat", "word " * 401]))) == 2
    assert [(finding.subject, finding.count) for finding in run.task.findings] == [("cut texts", 1)]
