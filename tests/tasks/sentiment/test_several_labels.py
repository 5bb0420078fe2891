"""Texts of several labels: how they are read, learned, judged and answered."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score

import throughtime
from throughtime.cli.main import main
from throughtime.data.findings import Findings
from throughtime.data.labelled_texts import read_labelled_texts
from throughtime.data.layout import REST, Asked
from throughtime.errors import DataError
from throughtime.layers import LSTM
from throughtime.models.classifier import Classifier, OneHot
from throughtime.tasks.sentiment.baselines.bag_of_words import BagOfWords
from throughtime.tasks.sentiment.several_labels import scores_of
from throughtime.tasks.sentiment.thresholds import best_thresholds

TOPICS = {"cat": ("cat", "kitten"), "dog": ("dog", "puppy"), "soup": ("soup", "broth")}
SMALL: dict[str, Any] = {"vectors": (), "embedding_size": 12, "hidden_size": 12, "dropout": 0.0, "minutes": None}
SMALL |= {"batch_size": 16, "schedule": "constant", "learning_rate": 0.02, "epochs": 8}


def texts(count: int, seed: int) -> list[tuple[str, list[str]]]:
    """Texts that name none to three topics, between words that tell nothing."""
    draw = random.Random(seed)
    rows = []
    for number in range(count):
        topics = [topic for topic in TOPICS if draw.random() < 0.4]
        words = [draw.choice(TOPICS[topic]) for topic in topics] + draw.choices(["a", "the", "one", "old"], k=3)
        draw.shuffle(words)
        rows.append((f"{' '.join(words)} {number}", topics))
    return rows


def one_column_a_class(path: Path, rows: list[tuple[str, list[str]]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", "text", *TOPICS])
        table.writerows([f"r{n}", text, *(int(t in topics) for t in TOPICS)] for n, (text, topics) in enumerate(rows))
    return path


def lists(path: Path, rows: list[tuple[str, list[str]]]) -> Path:
    lines = [json.dumps({"text": text, "labels": topics}) for text, topics in rows]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> throughtime.Run:
    folder = tmp_path_factory.mktemp("several")
    data = lists(folder / "topics.jsonl", texts(600, seed=0))
    return throughtime.train("sentiment", data, out=folder / "run", quiet=True, **SMALL)


def test_all_labels_of_a_text_are_learned_and_none_where_there_are_none(run: throughtime.Run) -> None:
    asked = ["the cat old broth a 7", "old the puppy one 8", "the one old 9", ""]
    answers = list(throughtime.predict(run, asked))
    sure = answers[0]["probabilities"]
    assert sure["cat"] + sure["soup"] > 1.05  # each by itself, and not shares of one
    assert answers[0]["labels"] == sorted(("cat", "soup"), key=lambda name: -sure[name])
    assert [answer["labels"] for answer in answers[1:]] == [["dog"], [], None]
    assert run.task.render(answers[0]).endswith("\tthe cat old broth a 7")
    assert run.task.render(answers[2]) == "(none)\tthe one old 9"
    assert run.task.render(answers[3]).startswith("(no words)")


def test_a_label_is_answered_from_the_stored_threshold_on(run: throughtime.Run, tmp_path: Path) -> None:
    thresholds = json.loads((run.folder.path / "calibration.json").read_text())["thresholds"]
    assert thresholds.keys() == TOPICS.keys()
    assert throughtime.Run(run.folder.path).task.thresholds == thresholds  # type: ignore[attr-defined]
    out = tmp_path / "answers.jsonl"
    rows = texts(40, seed=2)
    assert (
        main(["predict", str(run.folder.path), str(one_column_a_class(tmp_path / "a.csv", rows)), "--out", str(out)])
        == 0
    )
    answers = [json.loads(line) for line in out.read_text().splitlines()]
    assert [answer["text"] for answer in answers] == [text for text, _ in rows]
    for answer in answers:
        above = {name for name, value in answer["probabilities"].items() if value >= thresholds[name]}
        assert set(answer["labels"]) == above


def test_labels_that_training_had_not_can_only_be_missed(run: throughtime.Run, tmp_path: Path) -> None:
    rows = texts(60, seed=3)
    lines = [" ".join([*(f"__label__{t}" for t in topics), "__label__bird", text]) for text, topics in rows]
    (tmp_path / "others.txt").write_text("\n".join(lines), encoding="utf-8")
    report = throughtime.evaluate(run, tmp_path / "others.txt")
    answers = [set(a["labels"]) for a in throughtime.predict(run, [text for text, _ in rows])]
    right = sum(len(set(topics) & said) for (_, topics), said in zip(rows, answers, strict=True))
    there, answered = sum(len(topics) + 1 for _, topics in rows), sum(map(len, answers))
    assert report.metrics["micro_f1"] == pytest.approx(2 * right / (there + answered))
    assert report.metrics["exact_match"] == 0
    assert "texts of 'bird', which training had not, count as missed" in [one.what for one in run.task.findings]


def test_the_bag_of_words_stands_beside_and_reads_these_as_well(run: throughtime.Run, tmp_path: Path) -> None:
    report = throughtime.evaluate(run, lists(tmp_path / "new.jsonl", texts(100, seed=5)))
    assert report.metrics["micro_f1"] > 0.95
    assert report.baselines["bag of words, logistic regression"]["micro_f1"] > 0.95
    (always,) = (one["micro_f1"] for name, one in report.baselines.items() if name.startswith("always "))
    assert always < 0.7
    assert report.scores is not None
    assert report.scores.counts["model"].sum(axis=0)[0] / report.scores.counts["model"].sum(axis=0)[1] == pytest.approx(
        report.metrics["micro_f1"]
    )


def test_a_run_of_several_labels_is_looked_into_and_stressed(
    run: throughtime.Run, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(run.folder.path)
    assert main(["inspect", "saliency", folder, "the cat and the broth"]) == 0
    assert capsys.readouterr().out.startswith(("cat, soup: log p", "soup, cat: log p"))
    assert main(["stress", folder, "--conditions", "typos", "--severities", "3", "--limit", "10"]) == 0
    assert "micro_f1" in capsys.readouterr().out


FORMS = {
    "cells with commas": ("a.csv", 'text,label\na b,"x, y"\nc d,y\n', Asked(several=True)),
    "cells with bars": ("a.csv", "text,label\na b,x|y\nc d,y\n", Asked(several=True)),
    "cells as Python writes lists": ("a.csv", "text,label\na b,\"['x', 'y']\"\nc d,['y']\n", Asked(several=True)),
    "lists of JSON": (
        "a.jsonl",
        '{"text": "a b", "labels": ["x", "y", "x"]}\n{"text": "c d", "labels": ["y"]}\n',
        Asked(),
    ),
    "fastText": ("a.txt", "__label__x __label__y a b\n__label__y c d\n", Asked()),
    "columns": ("a.csv", "n,text,x,y\n0,a b,1,1\n1,c d,0,1\n", Asked(classes=("x", "y"))),
    "columns without a head line": ("a.csv", "1,1,a b\n0,1,c d\n", Asked(text="3", classes=("1", "2"))),
    "all columns but the text": ("a.csv", "text,x,y,n\na b,true,yes,7\nc d,False,1.0,8\n", Asked(classes=(REST,))),
}


@pytest.mark.parametrize("form", FORMS)
def test_several_labels_are_read(form: str, tmp_path: Path) -> None:
    name, content, asked = FORMS[form]
    (tmp_path / name).write_text(content, encoding="utf-8")
    rows, layout = read_labelled_texts(tmp_path / name, asked)
    names = ("1", "2") if "without" in form else ("x", "y")
    assert [(row.text, row.labels) for row in rows] == [("a b", names), ("c d", names[1:])]
    assert layout.several


def test_a_text_of_no_class_is_learned_and_an_empty_cell_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,x,y\na b,0,0\nc d,1,\n", encoding="utf-8")
    rows, _ = read_labelled_texts(tmp_path / "a.csv", Asked(classes=("x", "y")))
    assert [row.labels for row in rows] == [(), ("x",)]
    (tmp_path / "b.csv").write_text('text,label\na b,"x,y"\nc d,\ne f,x\n', encoding="utf-8")
    findings = Findings()
    rows, _ = read_labelled_texts(tmp_path / "b.csv", Asked(several=True), findings=findings)
    assert [row.labels for row in rows] == [("x", "y"), ("x",)]
    assert "missing labels: a row without a label" in "\n".join(map(str, findings))


def test_what_is_neither_yes_nor_no_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,x,y\na b,0,1\nc d,0.7,1\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"a.csv, line 3: found \"0.7\" in the column 'x'.*, expected 1 or 0"):
        read_labelled_texts(tmp_path / "a.csv", Asked(classes=("x", "y")))


def test_a_run_of_one_label_says_that_it_reads_the_first_of_several(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("__label__x a b\n__label__y c d\n", encoding="utf-8")
    _, layout = read_labelled_texts(tmp_path / "one.txt")
    assert not layout.several
    (tmp_path / "two.txt").write_text("__label__x __label__y a b\n", encoding="utf-8")
    findings = Findings()
    (row,), _ = read_labelled_texts(tmp_path / "two.txt", Asked(before=layout), findings=findings)
    assert row.labels == ("x",)
    assert findings.worst == "suspicious"


def test_texts_of_two_columns_are_joined_in_training_and_prediction(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("title,body,label\nOne,two,x\nThree,,y\n", encoding="utf-8")
    rows, layout = read_labelled_texts(tmp_path / "a.csv", Asked(text="title+body"))
    assert [row.text for row in rows] == ["One two", "Three"]
    (tmp_path / "new.csv").write_text("body,title\nfive,four\n", encoding="utf-8")
    (row,), _ = read_labelled_texts(tmp_path / "new.csv", Asked(labels=False, before=layout))
    assert row.text == "four five"


def test_scores_are_those_of_scikit_learn() -> None:
    draw = np.random.default_rng(0)
    actual, answered = draw.random((40, 6)) < 0.3, draw.random((40, 6)) < 0.4
    found = scores_of(actual, answered)
    assert found["micro_f1"] == pytest.approx(f1_score(actual, answered, average="micro"))
    assert found["macro_f1"] == pytest.approx(f1_score(actual, answered, average="macro"))
    assert found["exact_match"] == (actual == answered).all(axis=1).mean()


def test_no_threshold_is_better_than_that_which_is_chosen() -> None:
    draw = np.random.default_rng(1)
    actual = draw.random((50, 3)) < 0.4
    scores = (draw.random((50, 3)) + 0.5 * actual).round(1)  # many are alike
    for label, threshold in enumerate(best_thresholds(scores, actual)):
        every = [f1_score(actual[:, label], scores[:, label] >= one) for one in np.arange(0, 1.6, 0.05)]
        assert f1_score(actual[:, label], scores[:, label] >= threshold) == pytest.approx(max(every))


def test_rare_labels_share_a_threshold() -> None:
    actual = np.zeros((30, 3), dtype=bool)
    actual[:4, 0] = actual[2:5, 1] = True
    actual[:12, 2] = True
    first, second, third = best_thresholds(np.random.default_rng(2).random((30, 3)) + actual, actual)
    assert first == second != third


def test_the_loss_is_the_cross_entropy_of_each_label_and_weighs_those_that_are_there() -> None:
    weights = torch.tensor([1.0, 3.0, 0.5])
    model = Classifier(OneHot(4), LSTM(4, 3, batch_first=True), 3, several=True, weights=weights)
    batch: Any = {"inputs": torch.tensor([[1, 2], [3, 0]]), "lengths": torch.tensor([2, 1])}
    batch["targets"] = torch.tensor([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    p = 1 / (1 + np.exp(-model(batch["inputs"], batch["lengths"]).logits.detach().double().numpy()))
    y = batch["targets"].numpy()
    expected = -(y * np.log(p) * weights.numpy() + (1 - y) * np.log(1 - p)).sum()
    assert float(model.loss(batch).total.detach()) == pytest.approx(expected, rel=1e-5)


def test_the_bag_of_words_is_read_again_with_its_thresholds(tmp_path: Path) -> None:
    rows = texts(120, seed=7)
    actual = np.array([[topic in topics for topic in TOPICS] for _, topics in rows])
    bag = BagOfWords.fit([text.split() for text, _ in rows], actual)
    bag.save(tmp_path)
    again = BagOfWords.load(tmp_path)
    assert again.answer(["kitten", "soup"]).tolist() == bag.answer(["kitten", "soup"]).tolist() == [True, False, True]
