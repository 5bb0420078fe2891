"""Everything that is printed is whole on a terminal of 80 columns: nothing ends in an ellipsis, no number is broken."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from throughtime import tasks
from throughtime.bench.clock import Spread
from throughtime.bench.short import Row
from throughtime.cli.bench import _speeds
from throughtime.cli.main import VERBS, main
from throughtime.cli.show import report_console, show_report
from throughtime.storage.report import Report, Table
from throughtime.tasks.base import Metric


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def whole(out: str) -> list[str]:
    """The lines, none of them cut or too long."""
    assert "\u2026" not in out
    assert max(map(len, out.splitlines())) <= 80
    return out.splitlines()


def test_help_of_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert {line.split()[1] for line in whole(capsys.readouterr().out) if "  throughtime" in line} == set(VERBS)
    for words in (*([verb] for verb in VERBS), *([verb, task] for verb in ("train", "check") for task in tasks.names)):
        with pytest.raises(SystemExit):
            main([*words, "--help"])
        assert "\u2026" not in capsys.readouterr().out


def test_tasks_and_doctor(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tasks"]) == 0
    out = " ".join(" ".join(whole(capsys.readouterr().out)).split())
    for name in tasks.names:
        assert tasks.find(name).built_in in out
    assert main(["bench", "--doctor"]) == 0
    whole(capsys.readouterr().out)


def test_the_table_of_speeds(capsys: pytest.CaptureFixture[str]) -> None:
    ratio = Spread(median=12.34, low=11.11, high=13.57)
    cells = ("RNN", "GRU", "GRU reset_after", "LSTM")
    rows = [
        Row(work, cell, (1000, 1024, 1024, 1024), "reference", 0.00123456, 0.987654, ratio, cell != "GRU")
        for work in ("training", "one step")
        for cell in cells
    ]
    report_console().print(_speeds(rows), highlight=False)
    lines = whole(capsys.readouterr().out)
    measured = [line for line in lines if "reference" in line]
    assert [line.split("  ")[1].strip(" *") for line in measured] == [*cells, *cells]
    for line in measured:
        assert re.search(r"  reference +1\.23 ms +988 ms +12\.34 \(11\.11-13\.57\)", line)


def test_a_report_of_many_classes(capsys: pytest.CaptureFixture[str]) -> None:
    labels = [f"label{n}" for n in range(40)]
    counts = [[label, *(1000 + 41 * row + column for column in range(40))] for row, label in enumerate(labels)]
    metrics = {f"metric_number_{n}": 0.1234 + n for n in range(9)}
    tables = [Table("confusion", ["", *labels], counts)]
    report = Report(metrics, {"bag of words, logistic regression": metrics}, tables)
    show_report(report, Metric("accuracy", "share of the texts that are right", "max"), "held-out test")
    lines = whole(capsys.readouterr().out)
    told = {label: [] for label in labels}
    for line in lines:
        name, *numbers = line.split() or [""]
        if name in told and not any(number in told for number in numbers):
            told[name] += [int(number.replace(",", "")) for number in numbers]
    assert all(told[row[0]] == row[1:] for row in counts)
    assert all(re.search(rf"\b{name}\b", "\n".join(lines)) for name in metrics)


def test_check_train_and_evaluate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draw = random.Random(0)
    labels = [f"a label of several words, number {n}" for n in range(12)]
    rows = [f'"text {n} {draw.random()}","{labels[n % 12]}"' for n in range(240)]
    data = tmp_path / "texts.csv"
    data.write_text("text,label\n" + "\n".join(rows) + "\n")
    assert main(["check", "sentiment", str(data)]) in (0, 1)
    out = capsys.readouterr().out
    assert "\u2026" not in out
    out = " ".join(out.split())
    assert all(label in out for label in labels[:3])
    words = ["--vectors", "none", "--hidden-size", "4", "--embedding-size", "4", "--steps", "2", "--quiet"]
    assert main(["train", "sentiment", str(data), "--out", str(tmp_path / "run"), *words]) == 0
    assert main(["evaluate", str(tmp_path / "run")]) == 0
    out = capsys.readouterr().out
    assert "\u2026" not in out
    assert out.count("bag of words") == 2
