"""What looks into a run leave in its report: those that are asked for, and those that a training takes by itself."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import throughtime
from helpers.pages import Page
from throughtime import verbs
from throughtime.cli.main import main
from throughtime.storage.folder import RunFolder
from throughtime.verbs import looking

STORED = Path(__file__).parents[1] / "tasks" / "stored_runs"
TEXT = "the plot was good not bad"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THROUGHTIME_CACHE", str(tmp_path / "cache"))


def stored(task: str, folder: Path) -> Path:
    """A run that may be written to, and knows where its data is."""
    shutil.copytree(STORED / task, folder / task)
    config = folder / task / "run" / "config.toml"
    config.write_text(config.read_text().replace("DATA-FOLDER", str(folder / task / "data")))
    return folder / task / "run"


def pictures(page: Page, section: str) -> int:
    return len(page.tree.xpath(f"//section[@id='note-{section}']//img"))


def test_what_is_looked_at_becomes_a_section_of_the_report(tmp_path: Path) -> None:
    run = stored("sentiment", tmp_path)
    for look in (["gates", TEXT], ["gradients", TEXT], ["saliency", TEXT], ["units"]):
        assert main(["inspect", look[0], str(run), *look[1:]]) == 0
    assert main(["stress", str(run), "--limit", "4", "--severities", "5", "--conditions", "typos"]) == 0
    page = Page(run / "report.html")
    (gates,), (flows,) = throughtime.inspect_gates(run, TEXT), throughtime.inspect_gradients(run, TEXT)
    openness = (gates.layers[0].gates["forget"] > 0.9).mean()
    rows = {row[1]: row for row in page.rows("Gates and states", "gates over")[1:]}
    assert float(rows["forget"][3]) == pytest.approx(openness, rel=1e-3)
    assert f"the answer: {gates.answer}" in page.sections["Gates and states"]
    assert page.rows("Gradients through time")[1][:3] == [flows[0].name, "LSTM", flows[0].verdict]
    assert "what counts for" in page.sections["What each symbol counts"]
    assert "steps of" in page.sections["What units respond to"]
    assert page.rows("What it bears", "accuracy (")[1][0] == "typos"
    drawn = {name: pictures(page, name) for name in ("gates", "gradients", "saliency", "stress")}
    assert drawn == {"gates": 1, "gradients": 1, "saliency": 1, "stress": 1}
    assert len(page.source) < 500_000


def test_of_other_weights_nothing_is_left_and_that_is_said(tmp_path: Path) -> None:
    run = stored("sentiment", tmp_path)
    throughtime.inspect_saliency(run, TEXT, keep=True)
    assert "What each symbol counts" in Page(run / "report.html").sections
    on = throughtime.train("sentiment", out=run, resume=True, steps=1, quiet=True)
    page = Page(run / "report.html")
    assert "What each symbol counts" not in page.sections
    assert any("the weights before: saliency" in str(one) for one in on.task.findings)


def test_calibration_is_drawn_before_and_after(tmp_path: Path) -> None:
    folder = RunFolder(stored("sentiment", tmp_path))
    folder.write_calibration(2.0, {})
    run = verbs.Run(folder.path)
    looking.leave_looks(run, run.paths.read(run.task).test, 0.0)
    page = Page(throughtime.report(run))
    head, before, after = page.rows("May it be believed?")
    assert head[1:] == ["temperature", "calibration error", "nll"]
    assert (before[1], after[1]) == ("1", "2")
    assert "Before: It is right" in page.sections["May it be believed?"]
    assert "After: It is right" in page.sections["May it be believed?"]
    assert pictures(page, "calibration") == 1


def test_a_section_that_cannot_be_written_is_said_and_the_answer_stands(tmp_path: Path) -> None:
    run = verbs.Run(stored("sentiment", tmp_path))
    run.folder.notes.write_text("no folder")
    (found,) = throughtime.inspect_saliency(run, TEXT, keep=True)
    assert len(found.scores) == 6
    assert ["what was found, which could not be left" in str(one) for one in run.task.findings] == [True]


def test_a_training_looks_inside_by_itself(tmp_path: Path) -> None:
    done = verbs.Run(stored("trajectory", tmp_path))
    test = done.paths.read(done.task).test
    done.folder.write_report(done.task.evaluate(done.model, test))
    looking.leave_looks(done, test, looking.WORTH - 1)
    assert done.folder.read_notes() == {}  # a short one is not made longer
    looking.leave_looks(done, test, looking.WORTH)
    page = Page(throughtime.report(done))
    worst = done.folder.read_scores().worst[0]  # type: ignore[union-attr]
    assert f"example {worst + 1}, ade" in page.sections["The worst answers, drawn"]
    assert {name: pictures(page, name) > 0 for name in ("gates", "gradients", "worst")} == dict.fromkeys(
        ("gates", "gradients", "worst"), True
    )
