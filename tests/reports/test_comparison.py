"""Runs side by side: what differs, their curves in one chart, and whether one is better by more than chance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import throughtime
from helpers.made_run import made_run
from helpers.pages import Page
from throughtime.cli.main import main

ALL = np.ones(80, dtype=bool)
HALF = np.arange(80) % 2 == 0
MANY = np.arange(80) % 20 != 0


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THROUGHTIME_CACHE", str(tmp_path / "cache"))


def test_runs_side_by_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = {"one": (MANY, 8), "two": (HALF, 9), "three": (ALL, 8)}
    for name, (right, size) in names.items():
        made_run(tmp_path / name, right, hidden_size=size)
    out = tmp_path / "compared.html"
    assert main(["report", *(str(tmp_path / name) for name in names), "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"wrote {out}\n"
    page = Page(out)
    assert page.rows("What differs") == [["setting", "one", "two", "three"], ["hidden_size", "8", "9", "8"]]
    assert page.rows("How good they are")[1:] == [["one", "0.95", "0.5"], ["two", "0.5", "0.5"], ["three", "1", "0.5"]]
    tested = page.rows("Whether that can be chance")[1:]
    assert [row[:3] for row in tested] == [["one", "two", "0.45"], ["one", "three", "-0.05"], ["two", "three", "-0.5"]]
    assert [row[4] for row in tested] == ["hardly chance", "may be chance", "hardly chance"]
    chart = page.tree.xpath("//figure[@class='chart']")[0]
    assert len(chart.findall("svg/polyline")) == 3
    assert [key.text for key in chart.iter("span")] == ["one", "two", "three"]


def test_what_cannot_be_compared_is_said(tmp_path: Path) -> None:
    made_run(tmp_path / "one", HALF)
    made_run(tmp_path / "other", HALF, test=1)
    bare = made_run(tmp_path / "bare", HALF).path
    (bare / "scores.json").unlink()
    page = Page(throughtime.report(tmp_path / "one", tmp_path / "other", bare, out=tmp_path / "page.html"))
    assert [row[4] for row in page.rows("Whether that can be chance")[1:]] == [
        "cannot be said: they were judged by different test examples",
        "cannot be said: a run without scores of single examples",
        "cannot be said: a run without scores of single examples",
    ]


def test_runs_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for parent in ("a", "b"):
        (tmp_path / parent).mkdir()
        made_run(tmp_path / parent / "run", ALL)
    page = Page(throughtime.report(tmp_path / "a" / "run", tmp_path / "b" / "run", out=tmp_path / "page.html"))
    assert [row[0] for row in page.rows("How good they are")[1:]] == ["a/run", "b/run"]
    assert "Settings, data and versions are the same." in page.sections["What differs"]
