"""Gradients watched while a model learns: the numbers, the file of a run that was killed, the picture in the report."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import throughtime
from helpers import tiny
from helpers.pages import Page
from throughtime import verbs
from throughtime.cli.main import main
from throughtime.errors import DataError, ThroughtimeError
from throughtime.insight.gradients import together
from throughtime.insight.pictures.watched import draw_watched
from throughtime.insight.watching import FILE, Watched, Watcher, watched

LIMITS = {"evaluate_every": 3, "threads": 1, "quiet": True, "schedule": "constant"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tiny.Tiny]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("THROUGHTIME_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield tiny.write("text", tmp_path_factory.mktemp("data") / "tiny")


def trained(data: tiny.Tiny, out: Path, **settings: Any) -> verbs.Run:
    return throughtime.train("text", data.data, out=out, **{**data.settings, **LIMITS, **settings})


@pytest.fixture(scope="module")
def run(data: tiny.Tiny, tmp_path_factory: pytest.TempPathFactory) -> verbs.Run:
    return trained(data, tmp_path_factory.mktemp("watched") / "run", steps=6, watch_gradients=2)


def test_it_measures_what_inspect_does(run: verbs.Run, tmp_path: Path) -> None:
    assert [one.steps.tolist() for one in watched(run.folder.path)] == [[0, 2, 4, 6]]
    # of the model that was kept: inputs of the validation split, each asked about by `inspect`
    examples = run.paths.read(run.task).valid
    Watcher(run.task, examples, tmp_path)(run.model, 9)
    inputs = [one for example in examples for one in run.task.inputs_of(example)][:4]
    found = [flows for given in inputs for flows in verbs.inspect_gradients(run, given)]
    (course,), (expected,) = watched(tmp_path), together(found)
    lags = course.lags.astype(int)
    np.testing.assert_allclose(course.left[0], expected.carried[lags], rtol=1e-5)
    norms = np.mean([flow.carried for (flow,) in found], axis=0)[lags]
    np.testing.assert_allclose(course.norms[0], norms, rtol=1e-5)
    assert lags[0] == 0
    assert lags[-1] == len(expected.carried) - 1


def test_killed_and_resumed_it_comes_to_the_same_file_and_model(
    run: verbs.Run, data: tiny.Tiny, tmp_path: Path
) -> None:
    whole, part = run.folder.path, trained(data, tmp_path / "run", steps=3, watch_gradients=2).folder.path
    with (part / FILE).open("a") as rows:  # measured after the last checkpoint, and then it was killed
        rows.writelines(f"{step},1,forward,0,7.0,1.0\n" for step in (4, 5))
    throughtime.train("text", out=part, resume=True, steps=3, quiet=True)
    assert (part / FILE).read_bytes() == (whole / FILE).read_bytes()
    trained(data, tmp_path / "plain", steps=6)
    assert not (tmp_path / "plain" / FILE).exists()
    for other in (part, tmp_path / "plain"):
        assert (other / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()


def test_the_report_shows_it(run: verbs.Run) -> None:
    page = Page(run.folder.page)
    head, first, last = page.rows("Gradients while it learned")
    assert head[:2] == ["", "step"]
    assert (first[:2], last[:2]) == (["layer 1 forward", "0"], ["layer 1 forward", "6"])
    assert first[2] in ("vanishing", "healthy", "exploding")
    assert len(page.tree.xpath("//section[@id='note-watched']//img")) == 1
    assert (run.folder.notes / "watched.png").stat().st_size > 5_000


def test_where_half_is_gone_is_read_between_the_lags_that_are_kept() -> None:
    lags = np.array([0.0, 1.0, 4.0, 40.0, 100.0])
    found = Watched(1, "forward", np.array([0.0]), lags, np.ones((1, 5)), 0.9 ** lags[None])
    assert found.memory(0) == pytest.approx(math.log(0.5) / math.log(0.9))
    assert found.verdict(0) == "vanishing"
    assert Watched(1, "forward", np.array([0.0]), lags, np.ones((1, 5)), 1.1 ** lags[None]).verdict(0) == "exploding"
    assert Watched(1, "forward", np.array([0.0]), lags, np.zeros((1, 5)), np.zeros((1, 5))).verdict(0) == "none"


def test_nothing_and_everything_can_be_drawn(tmp_path: Path) -> None:
    one = np.array([0.0])
    for left in (0.0, 1.0, 1e300):
        draw_watched([Watched(1, "forward", one, one, np.ones((1, 1)), np.full((1, 1), left))], tmp_path / "x.png")
        assert (tmp_path / "x.png").stat().st_size > 1_000


def test_what_cannot_be_watched_is_one_sentence(
    run: verbs.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "vae", "--out", str(tmp_path / "run"), "--watch-gradients", "5"]) == 2
    said = capsys.readouterr().err
    assert "found watch_gradients with the task vae, which reads no sequence of symbols, expected it with" in said
    assert said.count("\n") == 1
    assert not (tmp_path / "run").exists()
    (tmp_path / FILE).write_text("step,layer,direction,lag,norm,left\n1,1,sideways,0,1.0,1.0\n")
    with pytest.raises(DataError, match=r"gradients\.csv: found no course of gradients \(a direction 'sideways'\)"):
        watched(tmp_path)
    with pytest.raises(ThroughtimeError, match="found nothing to read in the validation split"):
        Watcher(run.task, [], tmp_path / "none")(run.model, 0)
