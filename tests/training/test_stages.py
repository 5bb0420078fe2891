"""What is told of reading and fitting, before anything is learned, and of a training without a terminal."""

from __future__ import annotations

import io
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import throughtime
from helpers.toy_run import train
from throughtime.data import progress
from throughtime.data.progress import counted, stage, watched
from throughtime.tasks.sentiment import Sentiment
from throughtime.training import log, stages

SMALL: dict[str, Any] = {"vectors": ("none",), "embedding_size": 4, "hidden_size": 4, "steps": 1}
LONGEST = 60.0  # seconds after which a test gives up


class Heard(io.StringIO):
    """Standard error; of a terminal or not."""

    def __init__(self, terminal: bool = False) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal

    def wait_for(self, words: str) -> None:
        deadline = time.monotonic() + LONGEST
        while not re.search(words, self.getvalue()):
            assert time.monotonic() < deadline, f"{words} was not said, but {self.getvalue()}"
            time.sleep(0.001)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rows = [f"good film {n},pos\nbad film {n},neg\n" for n in range(40)]
    (tmp_path / "reviews.csv").write_text("text,label\n" + "".join(rows))
    return tmp_path / "reviews.csv"


def test_stages_are_open_as_long_as_they_are_worked_at() -> None:
    with watched() as here, stage("reading"):
        assert [one.what for one in here] == ["reading"]
        rows = counted(iter("abc"), "reading rows", 3)
        assert next(rows) == "a"
        assert next(rows) == "b"
        assert [(one.what, one.done, one.total) for one in here] == [("reading", 0, None), ("reading rows", 1, 3)]
        rows.close()  # whoever reads has seen enough
        assert [one.what for one in here] == ["reading"]
        with pytest.raises(ZeroDivisionError), stage("fitting"):
            1 / 0  # noqa: B018
        assert [one.what for one in here] == ["reading"]
    assert here == []
    assert progress._open.get() is None
    assert list(counted("ab", "unseen")) == ["a", "b"]


@pytest.mark.parametrize("terminal", [True, False])
def test_reading_says_how_far_it_is(
    terminal: bool, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are read only when what has been read before them has been told of."""
    heard = Heard(terminal)
    monkeypatch.setattr(sys, "stderr", heard)
    monkeypatch.setattr(stages, "PLAIN_EVERY", 0.01)
    monkeypatch.setenv("TERM", "xterm")
    read = Sentiment.read

    def slowly(task: Sentiment, path: Path) -> list[Any]:
        heard.wait_for("reading  *0:00" if terminal else "reading: 0:00")
        for number in counted(range(3), "looking at things"):
            heard.wait_for(f"looking at things:? .*{number} of 3")
        for number in counted(iter(range(3)), "counting things"):
            heard.wait_for(f"counting things:? +{number}" if number else "counting things")
        return read(task, path)

    monkeypatch.setattr(Sentiment, "read", slowly)
    throughtime.train("sentiment", data, out=tmp_path / "run", **SMALL)
    said = len(heard.getvalue())
    monkeypatch.setattr(Heard, "wait_for", lambda *_: None)
    throughtime.train("sentiment", data, out=tmp_path / "quiet", quiet=True, **SMALL)
    assert len(heard.getvalue()) == said


def test_a_training_without_a_terminal_says_where_it_is_within_an_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = Heard()
    monkeypatch.setattr(sys, "stderr", heard)
    monkeypatch.setattr(log, "PLAIN_EVERY", 0.01)
    step = log.Log.step

    def slowly(self: log.Log, loss: float) -> None:
        step(self, loss)
        heard.wait_for(rf"step {self.progress.step}  loss \d")

    monkeypatch.setattr(log.Log, "step", slowly)
    train(tmp_path / "run", "stream", {"steps": 5})
    lines = iter(heard.getvalue().splitlines())
    assert_in_order(
        lines,
        ["stops after 5 steps"]
        + [rf"step {n}  loss .*to go.* tokens/s" for n in range(1, 6)]
        + ["step 5  epoch", "stopped"],
    )


def assert_in_order(lines: Iterator[str], patterns: list[str]) -> None:
    for pattern in patterns:
        assert any(re.match(pattern, line) for line in lines), pattern
