"""A number that may be absent is a number or the word none, as the help says."""

from __future__ import annotations

import pytest

from throughtime import tasks
from throughtime.cli.arguments import DataArguments, asked_for
from throughtime.cli.main import main
from throughtime.cli.optional import registry


@pytest.mark.parametrize("none", ["none", "None", "NONE"])
def test_none_takes_a_limit_away(none: str) -> None:
    task = tasks.names[0]
    defaults = tasks.find(task).Settings(clip_norm=1.0)
    with registry:
        found = asked_for(DataArguments, "train", task, ["--clip-norm", none, "--steps", "7"], defaults)
    assert found == {"clip_norm": None, "steps": 7}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["train", tasks.names[0], "--steps", "nun"], "a whole number"),
        (["train", tasks.names[0], "--minutes", "nun"], "a number"),
        (["stress", "run", "--limit", "nun"], "a whole number"),
    ],
)
def test_what_is_neither_is_said(words: list[str], expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == 2
    said = " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert f"found 'nun', expected {expected} or the word none" in said
