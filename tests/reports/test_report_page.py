"""A run's report: what is on the page, that it stands alone, and that nothing from outside becomes markup."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import throughtime
from helpers.made_run import HOSTILE, made_run
from helpers.pages import Page
from throughtime import tasks
from throughtime.cli.main import main
from throughtime.storage.folder import RunFolder
from throughtime.storage.notes import Note
from throughtime.storage.report import Table

STORED = Path(__file__).parents[1] / "tasks" / "stored_runs"
RUNS = sorted(path.name for path in STORED.iterdir() if (path / "run").is_dir())
RIGHT = np.arange(60) % 4 != 0


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THROUGHTIME_CACHE", str(tmp_path / "cache"))


def test_all_that_a_run_folder_holds_is_on_the_page(tmp_path: Path) -> None:
    made_run(tmp_path / "run", RIGHT, hidden_size=77)
    assert throughtime.report(tmp_path / "run") == tmp_path / "run" / "report.html"
    page = Page(tmp_path / "run" / "report.html")
    assert list(page.sections) == [
        "What was read",
        "How it learned",
        "How good it is",
        "Examples that are worth a look",
        "Energy",
        "How to make it again",
    ]
    assert page.rows("What was read")[3] == ["test", "60", "7.5", "40", "ab" * 6]
    assert page.rows("What was read", "findings")[1] == [
        "suspicious",
        "the film: it, 3 times (the film.csv, line 4; ...)",
    ]
    assert page.rows("How good it is", "held-out test")[1:] == [
        ["model", "0.75", "0.5"],
        ["the film", "0.5", "0.4"],
    ]
    assert "the world's mean" in page.sections["Energy"]
    assert page.rows("Energy")[1] == ["the whole run", "0.01", "4.73", "estimated", "120"]
    assert ["hidden_size", "77", "changed"] in page.rows("How to make it again", "all settings")
    assert "--hidden-size 77" in page.sections["How to make it again"]
    assert page.tree.findtext("body/header/p").startswith("accuracy 0.75 (95 % interval 0.6")
    assert page.tree.findtext("body/header/p").endswith("it beats the best simple method, the film (0.5)")


def test_examples_that_were_answered_wrong_come_first(tmp_path: Path) -> None:
    made_run(tmp_path / "run", RIGHT)
    rows = Page(throughtime.report(tmp_path / "run")).rows("Examples that are worth a look", "answered worst")
    assert rows[0] == ["number", "example", "right", "the model's answer", "score", "nats"]
    assert rows[1][:5] == ["57", "the film 56", "good", "bad", "0"]  # of the wrong ones the most surprising first
    assert len(rows) == 1 + 12


def test_a_confusion_matrix_is_shaded_by_its_rows(tmp_path: Path) -> None:
    made_run(tmp_path / "run", RIGHT)
    page = Page(throughtime.report(tmp_path / "run"))
    (matrix,) = page.tree.xpath("//table[@class='matrix']")
    assert [cell.get("style") for cell in matrix.iter("td")][1:3] == ["--share:0.750", "--share:0.250"]
    assert [cell.get("title") for cell in matrix.iter("td")][2] == "good answered as bad: 25.0%"


def test_curves_are_drawn_and_can_be_read_without_being_seen(tmp_path: Path) -> None:
    made_run(tmp_path / "run", RIGHT)
    page = Page(throughtime.report(tmp_path / "run"))
    one, other = page.tree.xpath("//figure[@class='chart']")
    assert one.findtext("figcaption") == "accuracy on the validation split"
    assert (
        one.find("svg")
        .get("aria-label")
        .startswith("accuracy on the validation split: from 0.9 at step 10 to 0.975 at step 40")
    )
    assert one.findtext("output") == "best 0.975 at step 40"
    heights = [float(point.split(",")[1]) for point in other.find("svg/polyline").get("points").split()]
    assert heights == sorted(heights)  # a falling loss goes down on the page
    assert heights[0] < heights[-1]


def test_what_comes_from_outside_never_becomes_markup(tmp_path: Path) -> None:
    run = made_run(tmp_path / "<b>run", RIGHT, words=HOSTILE, classes=(HOSTILE, "bad"))
    run.notes.mkdir()
    run.write_note("a<b>", Note(HOSTILE, [HOSTILE], [Table(HOSTILE, [HOSTILE], [[HOSTILE]])], [("../x.png", HOSTILE)]))
    alone, beside = throughtime.report(run.path), throughtime.report(run.path, run.path, out=tmp_path / "two.html")
    assert "alert(1)" in Page(alone).tree.text_content()
    for page in map(Page, (alone, beside)):
        assert page.tree.xpath("//img | //b") == []
        assert len(page.tree.xpath("//script")) == 1
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f]", page.source)


def test_pictures_and_notes_of_the_run_folder_are_shown_small(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run", RIGHT)
    noise = np.random.default_rng(0)
    for folder in (run.samples, run.notes):
        folder.mkdir()
    for step in range(0, 900, 100):
        pixels = noise.integers(0, 256, (700, 900, 3), dtype=np.uint8)  # the largest that a picture can be
        Image.fromarray(pixels).save(run.samples / f"step-{step:07}.png")
    Image.new("L", (8, 8)).save(run.notes / "gates.png")
    (run.samples / "step-0000950.png").write_bytes(b"no picture")
    gates = Note(
        "Gates", ["Most are shut."], [Table("shares", ["gate", "shut"], [["forget", 0.9]])], [("gates.png", "f")]
    )
    run.write_note("gates", gates)
    page = Page(throughtime.report(run.path))
    captions = page.tree.xpath("//section[@id='samples']//figcaption/text()")
    assert captions[0] == "step 0000000"
    assert "more pictures lie in the run folder" in page.sections["What it made while it learned"]
    assert page.sections["Gates"].startswith("Gates Most are shut. shares")
    assert page.rows("Gates", "shares") == [["gate", "shut"], ["forget", "0.9"]]


def test_a_long_run_of_many_classes_stays_small(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run", np.arange(20_000) % 3 != 0, words="a long text " * 4_000, steps=100_000)
    page = Page(throughtime.report(run.path))
    assert page.tree.xpath("//output/text()")[0] == "best 1 at step 100000"


@pytest.mark.parametrize("name", RUNS)
def test_runs_of_every_application_of_then_have_a_page(name: str, tmp_path: Path) -> None:
    run = shutil.copytree(STORED / name / "run", tmp_path / name)
    page = Page(throughtime.report(run))
    task = tasks.find(RunFolder.open(run).read_config()["task"])
    assert f"task {task.name}: {task.summary}" in page.tree.text_content()
    assert {"How it learned", "How good it is", "Energy", "How to make it again"} <= page.sections.keys()
    assert "this run is from before energy was counted" in page.sections["Energy"]


def test_the_command_makes_the_same_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = shutil.copytree(STORED / "sentiment", tmp_path / "sentiment") / "run"
    config = run / "config.toml"
    config.write_text(config.read_text().replace("DATA-FOLDER", str(tmp_path / "sentiment" / "data")))
    page = Page(throughtime.report(run))
    command = shlex.split(page.tree.findtext(".//pre/code"))
    assert command[:3] == ["throughtime", "train", "sentiment"]
    monkeypatch.chdir(tmp_path)
    assert main([*command[1:], "--quiet"]) == 0
    again = RunFolder.open(tmp_path / "again").read_config()
    assert again["settings"] == tasks.find("sentiment").Settings(
        **RunFolder.open(run).read_config()["settings"]
    ).model_dump(mode="json")
    assert (tmp_path / "again" / "report.html").exists()


def test_what_is_wrong_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = made_run(tmp_path / "run", RIGHT).path
    other = shutil.copytree(STORED / "music" / "run", tmp_path / "music")
    broken = shutil.copytree(run, tmp_path / "broken")
    (broken / "scores.json").write_text('{"metric": "accuracy"}')
    missing = str(tmp_path / "none")
    for words, sentence in {
        (): "found no run, expected one or more",
        (missing,): "none: found nothing, expected a run folder",
        (str(run), str(run)): "found 2 runs and no file to write",
        (str(run), "--out", str(tmp_path / "page.pdf")): "found the ending '.pdf', expected the name of a .html file",
        (str(run), "--out", f"{missing}/a.html"): "found no folder",
        (str(broken),): "scores.json: found no scores of examples ('counts')",
        (str(run), str(other), "--out", str(tmp_path / "a.html")): "found runs of sentiment, music",
    }.items():
        assert main(["report", *words]) == 2, words
        said = " ".join(capsys.readouterr().err.split())
        assert sentence in said
        assert said.count("throughtime:") == 1
    assert not (tmp_path / "a.html").exists()
    assert not (broken / "report.html").exists()
