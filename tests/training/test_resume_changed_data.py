"""A run goes on with the examples that it began with, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from throughtime import tasks
from throughtime.cli.main import main

SENTIMENT = ["--vectors", "none", "--hidden-size", "4", "--embedding-size", "4", "--steps", "2"]
TEXT = ["--layers", "4", "--batch-size", "2", "--window", "10", "--steps", "2"]
ROWS = [f"the film number {number} was {('bad', 'good')[number % 2]},{number % 2}\n" for number in range(40)]
LINES = [f"The cat sat on mat {number}.\n" for number in range(100)]


CHANGES: dict[str, tuple[str, list[str], str, Callable[[str], str]]] = {
    "swapped labels": (
        "sentiment",
        SENTIMENT,
        "text,label\n" + "".join(row.replace(" number ", f" {chr(97 + n)} ") for n, row in enumerate(ROWS)),
        lambda content: content.replace(",0", ",x").replace(",1", ",0").replace(",x", ",1"),
    ),
    "two rows on top": (
        "sentiment",
        SENTIMENT,
        "text,label\n" + "".join(ROWS),
        lambda content: content.replace("text,label\n", "text,label\nso good,1\nso bad,0\n"),
    ),
    "rows in another order": (
        "sentiment",
        SENTIMENT,
        "text,label\n" + "".join(ROWS),
        lambda _: "text,label\n" + "".join(reversed(ROWS)),
    ),
    "a changed corpus": ("text", TEXT, "".join(LINES), lambda content: content + "One more line.\n"),
    "a corpus of the same length": ("text", TEXT, "".join(LINES), lambda content: content.replace("cat", "dog", 1)),
}


@pytest.mark.parametrize("change", [name for name, (task, *_) in CHANGES.items() if task in tasks.names])
def test_changed_data_is_refused_and_nothing_is_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], change: str
) -> None:
    monkeypatch.setenv("THROUGHTIME_CACHE", str(tmp_path / "cache"))
    task, settings, content, changed = CHANGES[change]
    data, run = tmp_path / ("data.csv" if task == "sentiment" else "data.txt"), tmp_path / "run"
    data.write_text(content)
    assert main(["train", task, str(data), "--out", str(run), *settings]) == 0
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    again = ["train", task, "--out", str(run), "--resume", "--steps", "4"]

    data.write_text(changed(content))
    capsys.readouterr()
    assert main(again) == 2
    said = capsys.readouterr().err
    assert "the data has changed since this run began" in said
    assert said.count("\n") == 1
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before

    data.write_text(content)
    assert main(again) == 0
