"""Streams: what is heard forward only, while it is being said."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import throughtime
from helpers.speech_files import RATE, answers, learn, say, write_corpus
from throughtime.cli.main import main
from throughtime.tasks.speech.answers import Decoder, describe, log_probabilities
from throughtime.tasks.speech.audio.log_mel import LogMel
from throughtime.tasks.speech.live import LiveTranscriber, Sound


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> throughtime.Run:
    folder = tmp_path_factory.mktemp("live")
    return learn(write_corpus(folder / "data", 200, seed=0), folder / "run", folder / "cache", streaming=True)


@pytest.mark.parametrize("part", [80, 333, 4000])
def test_a_stream_says_what_the_whole_says(live: throughtime.Run, part: int) -> None:
    features, decoder = live.task.features, Decoder(4)
    for seed, text in enumerate(("abc da", "b", "dd aa cc")):
        sound = say(text, np.random.default_rng(seed + 50))
        (whole,) = log_probabilities(live.model, features, [LogMel(RATE, 24).all_of(sound)])
        parts = [sound[start : start + part] for start in range(0, len(sound), part)]
        said = list(LiveTranscriber(live.model, features, decoder, Sound(parts, RATE, "test")))
        expected = describe(features, whole, decoder.best(whole), 0.0)
        assert said[-1]["text"] == expected["text"] == text
        for one, other in zip(said[-1]["words"], expected["words"], strict=True):
            assert one == {**other, "confidence": pytest.approx(other["confidence"], abs=1e-4)}
        for one, other in zip(said[-1]["symbols"], expected["symbols"], strict=True):
            assert one == (*other[:2], pytest.approx(other[2], abs=1e-4))
        assert all(one["final"] == (one is said[-1]) for one in said)
        partial = [one["text"] for one in said if not one["final"]]
        assert len(partial) == len(set(partial))
        assert partial or text == "b"  # which is over before the model has heard enough to say it
        assert said[-1]["seconds"] == pytest.approx(len(sound) / RATE, abs=1e-3)


def test_text_comes_while_the_sound_does(live: throughtime.Run) -> None:
    """Each part is answered before the next one is taken from the source."""
    sound = np.concatenate([say("abcd", np.random.default_rng(1)), np.zeros(RATE, dtype=np.float32)])
    given = 0

    def parts() -> Any:
        nonlocal given
        for start in range(0, len(sound), 400):
            given = start + 400
            yield sound[start : start + 400]

    first: dict[str, float] = {}
    task = live.task
    for answer in LiveTranscriber(live.model, task.features, Decoder(4), Sound(parts(), RATE, "test")):
        for letter in answer["text"]:
            first.setdefault(letter, given / RATE)
    onsets = dict(zip("abcd", (0.05, 0.19, 0.33, 0.47), strict=True))  # of tones of 0.1 s with pauses of 0.04 s
    for letter, onset in onsets.items():
        assert first[letter] < onset + 0.4, (letter, first)


def test_pauses_end_a_text_and_its_times_go_on(live: throughtime.Run, tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    quiet = 0.003 * random.standard_normal(int(1.2 * RATE)).astype(np.float32)
    sound = np.concatenate([say("ab", random), quiet, say("cd", random), quiet, quiet, say("a", random)])
    soundfile.write(tmp_path / "a.wav", sound, RATE)
    final = [one for one in throughtime.predict(live, [f"stream:{tmp_path / 'a.wav'}"]) if one["final"]]
    assert [one["text"] for one in final] == ["ab", "cd", "a"]
    starts = [one["words"][0]["start"] for one in final]
    expected = [0.05, 0.43 + 1.2 + 0.05, 0.43 * 2 + 1.2 * 3 + 0.05]
    assert starts == pytest.approx(expected, abs=0.3)
    assert [one["first_caption"] for one in final] == [1, 2, 3]


def pipe(content: bytes, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def test_raw_samples_come_through_a_pipe(
    live: throughtime.Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sound = say("ab dc", np.random.default_rng(4), rate=16000)  # the model hears 8000 a second
    raw = (sound * 32767).astype("<i2").tobytes()
    pipe(raw, monkeypatch)
    assert main(["predict", str(live.folder.path), "pcm:16000"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith("ab dc\t(")
    assert lines[0].startswith("... ")
    assert len(lines) > 3
    pipe(raw, monkeypatch)
    assert main(["predict", str(live.folder.path), "pcm:16000", "--form", "srt"]) == 0
    captions = capsys.readouterr().out.rstrip().split("\n")
    assert (captions[0], captions[-1]) == ("1", "ab dc")


def test_nothing_on_the_pipe_is_nothing_said(
    live: throughtime.Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pipe(b"", monkeypatch)
    assert main(["predict", str(live.folder.path), "pcm:8000", "--json"]) == 0
    (answer,) = answers(capsys)
    assert (answer["text"], answer["words"], answer["final"]) == ("", [], True)
    mistakes = {
        "pcm:8000": "half a sample",
        "pcm:7": "a rate of 7 Hz",
        "stream:nowhere.wav": "nowhere.wav: found nothing",
    }
    for argument, sentence in mistakes.items():
        pipe(b"abc", monkeypatch)
        assert main(["predict", str(live.folder.path), argument]) == 2
        assert sentence in " ".join(capsys.readouterr().err.split())
