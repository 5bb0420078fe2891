"""What stands on the time axis of each application, by the runs that are stored with the tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from helpers.music_files import END, midi
from throughtime import tasks, verbs
from throughtime.tasks.base.symbols import SymbolSequence, visible

STORED = Path(__file__).parents[1] / "tasks" / "stored_runs"
CASES = {
    "text": ("a cat\nsat", [list("↵a␣cat↵sat")], "characters"),
    "sentiment": ("the Plot was good", [["the", "plot", "was", "good"]], "words"),
    "entities": ("Ann lives in Oslo.", [["Ann", "lives", "in", "Oslo", "."]], "words"),
    "translation": ("En ny bil 7.", [["␣En", "␣ny", "␣bil", "␣7", ".", "(end)"]], "pieces of words"),
    "music": ("music/inputs/new.mid", [["(begin)", "E3", "C3", "G3", "C3", "C4", "C4"]], "frames"),
    "speech": ("speech/inputs/new.flac", [["0.00", "0.04", "0.08", "0.12", "0.16"]], "steps of 0.04 s"),
    "video": ("video/inputs/new.csv", [list("123456")], "frames"),
    "trajectory": ("0,1,2 1,1.5,2.5", [["1, 2", "1.5, 2.5"]], "points"),
}


def read(task: str, argument: str) -> tuple[verbs.Run, list[SymbolSequence]]:
    if task not in tasks.names:
        pytest.skip(f"this house has no {task}")
    run = verbs.Run(STORED / task / "run")
    given = str(STORED / argument) if "/" in argument else argument
    application: Any = run.task
    found = [one for each in application.read_inputs(given) for one in application.readings(run.model, each)]
    return run, found


@pytest.mark.parametrize("task", CASES)
def test_every_step_has_its_name(task: str) -> None:
    argument, symbols, unit = CASES[task]
    _, found = read(task, argument)
    assert [list(one.symbols) for one in found] == symbols
    assert {one.unit for one in found} == {unit}


@pytest.mark.parametrize("task", ["sentiment", "entities", "video"])
def test_the_answer_is_that_of_predict(task: str) -> None:
    argument, _, _ = CASES[task]
    run, (found,) = read(task, argument)
    given = str(STORED / argument) if "/" in argument else argument
    (said,) = verbs.predict(run, [given])
    assert found.answer == (" ".join(said["tags"]) if task == "entities" else said["label"])


def test_the_loss_is_that_of_the_answer() -> None:
    run, (found,) = read("sentiment", CASES["sentiment"][0])
    (said,) = verbs.predict(run, [CASES["sentiment"][0]])
    with torch.no_grad():
        assert run.model.loss(found.batch).total.neg().exp().item() == pytest.approx(said["probability"], rel=1e-5)


def test_a_language_model_s_loss_holds_all_that_predict_judges() -> None:
    run, (found,) = read("text", "a cat sat")
    (said,) = verbs.predict(run, ["a cat sat"])
    assert found.answer.startswith(repr(visible(said["continuation"][:1])))
    tensors = {name: found.batch[name][:, :-1] for name in ("inputs", "targets")}
    with torch.no_grad():
        nats = run.model.loss(type(found.batch)(tensors, 1, 9)).total.item()
    assert nats / 9 / torch.tensor(2.0).log().item() == pytest.approx(said["bits_per_character"], rel=1e-5)


@pytest.mark.parametrize(
    ("task", "nothing"), [("text", ""), ("sentiment", " "), ("entities", ""), ("translation", " ")]
)
def test_of_nothing_there_is_nothing_to_read(task: str, nothing: str) -> None:
    assert read(task, nothing)[1] == []


def test_music_sounds_as_it_was_before_it_was_moved_to_a_common_key(tmp_path: Path) -> None:
    song = tmp_path / "d-major.mid"
    pitches = (62, 64, 66, 67, 69, 71, 73, 74)
    song.write_bytes(midi(b"".join(bytes([0x00, 0x90, p, 0x40, 0x60, 0x80, p, 0x00]) for p in pitches) + END))
    run, (found,) = read("music", str(song))
    task: Any = run.task
    moved = type(task)(task.settings.model_copy(update={"transpose": "common"}), task.cache)
    (read_moved,) = moved.readings(run.model, song)
    assert read_moved.symbols == found.symbols == ("(begin)", "D4", "E4", "F♯4", "G4", "A4", "B4", "C♯5", "D5")
    assert not torch.equal(read_moved.batch["inputs"], found.batch["inputs"])
