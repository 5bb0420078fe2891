"""`throughtime bench memory`: what is done is not done again, what was killed goes on, and it says what is wrong."""

from __future__ import annotations

import json
import math
import os
import signal
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from throughtime.bench.memory.adding import Adding
from throughtime.bench.memory.problem import Split
from throughtime.bench.memory.problems import PROBLEMS, problems
from throughtime.bench.memory.suite import CELLS, Result, Trial, results, trials
from throughtime.cli import bench_memory
from throughtime.cli.main import main
from throughtime.errors import ThroughtimeError
from throughtime.models.base import Model


class Tiny(Adding):
    """Few numbers, few steps; asks to be stopped at one of its evaluations."""

    def __init__(self, steps: int = 6, stop_at: int | None = None) -> None:
        super().__init__(6, hidden_size=4, steps=steps)
        self.settings = self.settings.model_copy(update={"evaluate_every": 2, "warmup_steps": 0})
        self.judged, self.stop_at = 0, stop_at

    def judge(self, model: Model, split: Split) -> dict[str, float]:
        self.judged += 1
        if self.judged == self.stop_at:
            os.kill(os.getpid(), signal.SIGINT)
        return super().judge(model, split)


def quiet(_: str) -> None: ...


def done(problem: Tiny, out: Path, cell: str = "gru") -> Result:
    (result,) = results([Trial(problem, cell, seed=0)], out, quiet, quiet=True)
    return result


def test_one_that_is_stopped_goes_on_to_the_same_result(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt, match="after step 4"):
        done(Tiny(stop_at=2), tmp_path / "stopped")
    rest = Tiny()
    stopped, whole = done(rest, tmp_path / "stopped"), done(Tiny(), tmp_path / "whole")
    assert rest.judged == 2  # what was left: step 6, and the test split
    assert replace(stopped, minutes=0) == replace(whole, minutes=0)
    assert (whole.steps, whole.weights, whole.valid > 0) == (6, 3 * 4 * (2 + 4 + 2) + 5, True)


def test_what_is_done_is_read_and_what_was_learned_otherwise_is_refused(tmp_path: Path) -> None:
    first = done(Tiny(), tmp_path)
    again = Tiny()
    assert done(again, tmp_path) == first
    assert again.judged == 0
    with pytest.raises(ThroughtimeError, match=r"result.json: found a training with steps = 6, expected 8"):
        done(Tiny(steps=8), tmp_path)


def test_one_that_was_stopped_is_not_gone_on_with_otherwise(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        done(Tiny(stop_at=1), tmp_path)
    with pytest.raises(ThroughtimeError, match=r"asked.json: found a training with steps = 6, expected 8"):
        done(Tiny(steps=8), tmp_path)


class Exploding(Tiny):
    """Answers that are no number from some evaluation on."""

    def judge(self, model: Model, split: Split) -> dict[str, float]:
        found = super().judge(model, split)
        return {name: math.nan if self.judged == 3 else value for name, value in found.items()}


def test_one_that_explodes_is_a_result_too(tmp_path: Path) -> None:
    result = done(Exploding(), tmp_path)
    assert "step 6: the validation squared_error is no number" in result.stopped
    assert (result.steps, result.best_step in (2, 4)) == (4, True)
    assert result.value == pytest.approx(done(Tiny(steps=4), tmp_path / "other").value, rel=0.5)
    assert done(Exploding(), tmp_path) == result


def test_each_cell_and_seed_is_a_training_of_its_own(tmp_path: Path) -> None:
    asked = trials([Tiny(steps=1)], ["rnn", "irnn"], [0, 1])
    found = list(results(asked, tmp_path, quiet, quiet=True))
    assert [(one.cell, one.seed) for one in found] == [("rnn", 0), ("rnn", 1), ("irnn", 0), ("irnn", 1)]
    assert len({one.valid for one in found}) == 4
    assert sorted(path.name for path in (tmp_path / "adding-6").iterdir()) == ["irnn-0", "irnn-1", "rnn-0", "rnn-1"]


def test_names_of_the_command_line_are_those_of_the_suite() -> None:
    assert set(bench_memory.PROBLEMS) == set(PROBLEMS)
    assert bench_memory.CELLS == CELLS


def kept(out: Path, cell: str, error: float) -> None:
    """Put a result where the small adding problem would have it."""
    (problem,) = problems(["adding"], "small")
    trial = Trial(problem, cell, 0)
    (out / trial.folder).mkdir(parents=True)
    result = Result(
        *(problem.name, cell, 0, False, "squared_error", "error", "min", 1 / 6, "", "", error),
        *({"squared_error": error}, 1500, 1400, 2.5, 3489, trial.settings.model_dump(mode="json"), {}),
    )
    (out / trial.folder / "result.json").write_text(json.dumps(asdict(result)))


def test_the_table_has_a_row_a_cell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept(tmp_path, "rnn", 0.1654321)
    kept(tmp_path, "gru", 0.0009)
    words = ["bench", "memory", "--out", str(tmp_path), "--problems", "adding", "--cells", "rnn", "gru"]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "without any memory 0.167" in said
    rows = [line.split() for line in said.splitlines() if line.split()[:1] in (["rnn"], ["gru"])]
    assert rows == [["rnn", "0.1654", "-", "1,500", "2.5", "3,489"], ["gru", "0.0009", "-", "1,500", "2.5", "3,489"]]
    assert [one["cell"] for one in json.loads((tmp_path / "results.json").read_text())] == ["rnn", "gru"]
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[1]["test"] == {"squared_error": 0.0009}


def test_a_broken_result_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept(tmp_path, "gru", 0.0009)
    (place,) = tmp_path.rglob("result.json")
    place.write_text("{")
    assert main(["bench", "memory", "--out", str(tmp_path), "--problems", "adding", "--cells", "gru"]) == 2
    assert str(place) in capsys.readouterr().err


@pytest.mark.slow
def test_a_gru_remembers_what_a_simple_network_does_not(tmp_path: Path) -> None:
    problem = Adding(40, hidden_size=32, steps=500)
    asked = trials([problem], ["rnn", "gru"], [0])
    simple, gated = (one.value for one in results(asked, tmp_path, quiet, quiet=True))
    assert gated < 0.01
    assert simple > 0.1
