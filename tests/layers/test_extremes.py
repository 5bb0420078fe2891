"""Settings at the edge of what numbers can be: trained with, or refused in one sentence, and nothing half-written."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from throughtime import tasks, verbs
from throughtime.cli.main import main
from throughtime.errors import ThroughtimeError
from throughtime.settings import TrainingSettings
from throughtime.training.memory import check_memory, enough_memory

PROSE = "The cat sat on the mat.\nThe dog, who had eaten, was full!\n\n" * 60
TABLE = "text,label\n" + "".join(f"good film {n},pos\nbad film {n},neg\n" for n in range(40))
SMALL: dict[str, dict[str, Any]] = {
    "text": {"layers": (8,), "batch_size": 4, "window": 10, "threads": 1},
    "sentiment": {"vectors": ("none",), "embedding_size": 8, "hidden_size": 8, "batch_size": 8, "threads": 1},
}
# more threads or processes than there are cores are the operating system's concern
OTHERS = {"threads", "workers"}
# what would need the memory of a hundred machines is tried apart, under a limit of memory
SIZES = {"hidden_size", "embedding_size", "layers"}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THROUGHTIME_CACHE", str(tmp_path / "cache"))


def files(folder: Path) -> dict[str, Path]:
    (folder / "text.txt").write_text(PROSE, encoding="utf-8")
    (folder / "reviews.csv").write_text(TABLE, encoding="utf-8")
    return {"text": folder / "text.txt", "sentiment": folder / "reviews.csv"}


def extremes(task: str) -> list[tuple[str, Any]]:
    """Each numeric field with values that are as small, as large, and larger than can be."""
    found: list[tuple[str, Any]] = []
    for name, field in tasks.find(task).Settings.model_fields.items():
        kind, values = str(field.annotation), list[Any]()
        if name in OTHERS:
            continue
        if "int" in kind:
            values += [-1, 2**31, 10**30] if name in SIZES else [-1, 2**31 - 1, 2**31, 10**30]
        if "float" in kind:
            values += [-1.0, 1e30, 3e38, 1e300, float("inf"), float("nan")]
        found += [(name, (value,) if "tuple" in kind else value) for value in values]
    return found


@pytest.mark.parametrize("task", SMALL)
def test_no_number_ends_in_a_traceback(task: str, tmp_path: Path) -> None:
    data, refused = files(tmp_path)[task], set()
    for number, (name, value) in enumerate(extremes(task)):
        limits = {"steps": 2} if name not in ("steps", "epochs", "minutes") else {"patience": 1, "evaluate_every": 2}
        settings = {**SMALL[task], "minutes": None, **limits, name: value}
        out = tmp_path / f"{number}"
        try:
            verbs.train(task, data, out=out, quiet=True, **settings)
        except ThroughtimeError as error:
            sentence = str(error)
        else:
            continue
        assert "\n" not in sentence
        assert not out.exists(), name
        refused.add((name, value))
    assert {(name, 10**30) for name in ("seed", "accumulate", "batch_size")} <= refused
    assert {("learning_rate", value) for value in (-1.0, 3e38, 1e300, float("inf"))} <= refused


def test_a_vocabulary_of_pieces_has_a_bound_that_can_be_learned(tmp_path: Path) -> None:
    """The package tokenizers reserves memory for all pieces beforehand, and aborts the process if there is none."""
    data, settings = files(tmp_path)["text"], {**SMALL["text"], "level": "bpe", "steps": 2, "quiet": True}
    with pytest.raises(ThroughtimeError, match=r"vocabulary_size: found 2147483647, expected: .* 1000000"):
        verbs.train("text", data, out=tmp_path / "huge", vocabulary_size=2**31 - 1, **settings)
    run = verbs.train("text", data, out=tmp_path / "large", vocabulary_size=10**6, **settings)
    assert run.task.tokenizer.size < 400


def test_the_sentence_names_the_setting_what_was_found_and_what_was_expected() -> None:
    with pytest.raises(ThroughtimeError, match=r"setting learning_rate: found 3e\+38, expected: a number up to 1e\+30"):
        verbs.train("text", "nowhere.txt", out="nowhere", learning_rate=3e38)


def test_the_command_line_says_it_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["train", "text", str(files(tmp_path)["text"]), "--out", str(tmp_path / "run"), "--learning-rate", "3e38"]
    try:
        status: Any = main(words)
    except SystemExit as end:  # flags are refused before a verb begins
        status = end.code
    said = capsys.readouterr().err
    assert status == 2
    assert "1e+30" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("task", SMALL)
def test_a_model_that_no_memory_holds_is_one_sentence(task: str, tmp_path: Path) -> None:
    """In a process of its own with 8 GB, so that no machine has to be tried to its end."""
    fields = SIZES & set(tasks.find(task).Settings.model_fields) - ({"layers"} if task == "sentiment" else set())
    values = {name: (2**31 - 1,) if name == "layers" else 2**31 - 1 for name in fields}
    code = f"""
from throughtime import verbs
from throughtime.errors import ThroughtimeError
for name, value in {values!r}.items():
    try:
        settings = {SMALL[task]!r} | {{"steps": 2, name: value}}
        verbs.train({task!r}, {str(files(tmp_path)[task])!r}, out={str(tmp_path / "run")!r}, quiet=True, **settings)
    except ThroughtimeError as error:
        print(error)
"""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (8 * 2**30, 8 * 2**30))

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, preexec_fn=limited, check=True)
    assert done.stdout.count("not enough memory for what is asked: make the model smaller") == len(values) >= 2
    assert not (tmp_path / "run").exists()


def test_what_would_be_killed_for_its_memory_is_refused_before() -> None:
    with torch.device("meta"):  # sizes without memory
        model = nn.Linear(2**20, 2**20)
    with pytest.raises(ThroughtimeError, match=r"with gradients and what adam keeps, need 17,592 GB, but this machine"):
        check_memory(model, TrainingSettings())
    with pytest.raises(ThroughtimeError, match=r"what sgd keeps, need 8,796 GB"):
        check_memory(model, TrainingSettings(optimiser="sgd"))
    check_memory(nn.Linear(10, 10), TrainingSettings())


def test_other_errors_are_not_taken_for_want_of_memory() -> None:
    with pytest.raises(RuntimeError, match="shapes"), enough_memory():
        torch.zeros(2, 3) @ torch.zeros(2, 3)
    with pytest.raises(ThroughtimeError, match="not enough memory"), enough_memory():
        np.zeros((2**25, 2**30))
    with pytest.raises(ThroughtimeError, match="not enough memory"), enough_memory():
        torch.zeros(2**40, 2**40)
