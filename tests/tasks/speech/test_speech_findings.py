"""What reading speech finds: said by `throughtime check`, with the file and the line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from helpers.speech_files import RATE, say, write_corpus
from throughtime.cli.main import main

TEXTS = ("ab", "cd", "abc", "dab", "bad cab", "cad", "da", "bca")


def corpus(folder: Path, texts: tuple[str, ...] = TEXTS) -> Path:
    """Recordings, each with its text beside it."""
    random = np.random.default_rng(0)
    folder.mkdir()
    for number, text in enumerate(texts):
        soundfile.write(folder / f"{number}.wav", say(text, random), RATE)
        (folder / f"{number}.txt").write_text(text, encoding="utf-8")
    return folder


def check(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, data: Path, *words: str
) -> tuple[int, str]:
    """Exit status and what is printed."""
    monkeypatch.setenv("THROUGHTIME_CACHE", str(data.parent / "cache"))
    status = main(["check", "speech", str(data), "--rate", str(RATE), *words])
    printed = capsys.readouterr()
    return status, printed.out + printed.err


SECOND = say("abcd dcba", np.random.default_rng(1))
SOUNDS = {
    # what: samples (N,) or (N, C), what is said
    "silent": (SECOND * 1e-4, "silent recordings: a recording that is silent"),
    "a constant": (np.full(RATE, 0.4), "silent recordings"),
    "clipped": (np.clip(SECOND * 20, -1, 1), "clipped recordings"),
    "in opposite phase": (np.stack([SECOND, -SECOND], axis=1), "opposite phase: a recording whose channels cancel"),
    "a copy": (
        say(TEXTS[0], np.random.default_rng(0)),
        "same recording: a recording that is there twice, with another",
    ),
    "mostly silence": (np.pad(SECOND, (0, 40 * RATE)), "pace: a recording that is too long for its text"),
    "hardly anything": (SECOND[: RATE // 20], "pace: more characters than the model takes steps"),
}


@pytest.mark.parametrize("what", SOUNDS)
def test_sound_that_looks_wrong_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    samples, said = SOUNDS[what]
    data = corpus(tmp_path / "data")
    assert check(capsys, monkeypatch, data)[0] == 0
    soundfile.write(data / "x.wav", samples, RATE)
    (data / "x.txt").write_text("abcd dcba")
    status, printed = check(capsys, monkeypatch, data)
    assert status == 1
    (line,) = [line for line in printed.splitlines() if said in line]
    assert f"{data}/x." in line or what == "a copy"


def test_stereo_that_is_sound_is_mixed_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = corpus(tmp_path / "data")
    soundfile.write(data / "x.wav", np.stack([SECOND, np.zeros_like(SECOND)], axis=1), 2 * RATE)
    (data / "x.txt").write_text("abcd")
    status, printed = check(capsys, monkeypatch, data)
    assert status == 0
    assert f"channels: 2 channels, mixed to one ({data}/x.wav)" in printed
    assert f"sample rates: {2 * RATE:,} Hz, resampled to {RATE:,} ({data}/x.wav)" in printed


def test_what_is_left_out_of_a_folder_is_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = corpus(tmp_path / "data")
    soundfile.write(data / "lonely.wav", SECOND, RATE)
    (data / "unheard.txt").write_text("ab")
    (data / "a.pcm").write_bytes(bytes(99))
    (data / "1.txt").write_text("...")
    (data / "2.txt").write_text("a€b 5", encoding="utf-8")
    status, printed = check(capsys, monkeypatch, data)
    assert status == 0
    for said in (
        f"sounds without a text: a sound file with no text beside it ({data}/lonely.wav)",
        f"texts without a sound: a text with no sound file beside it ({data}/unheard.txt)",
        f"unread files: a sound file that ends in .pcm ({data}/a.pcm)",
        f"empty texts: a text with nothing to be spoken ({data}/1.txt)",
        f"characters: '€' (U+20AC) in a text, which is not learned ({data}/2.txt)",
        "spelling: in small letters, punctuation left out; 1 of 7 with numbers in figures",
        "layout: sound files, each with its text beside it",
        "speakers: no speakers are named",
    ):
        assert said in printed


def test_parts_of_a_recording_are_read_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(0)
    said = [say(text, random) for text in TEXTS]
    ends = np.cumsum([len(one) for one in said]) / RATE
    soundfile.write(tmp_path / "all.wav", np.concatenate(said), RATE)
    rows = [
        {"audio_filepath": "all.wav", "offset": float(end - len(one) / RATE), "duration": len(one) / RATE, "text": text}
        for one, end, text in zip(said, ends, TEXTS, strict=True)
    ]
    manifest = tmp_path / "m.jsonl"
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows))
    status, printed = check(capsys, monkeypatch, manifest)
    assert status == 0
    said_columns = (
        "sounds in 'audio_filepath' (1), texts in 'text' (4), parts from the seconds in 'offset' (2), durations"
    )
    assert said_columns in printed
    assert f"{max(len(one) for one in said) / RATE:.3f}" in printed  # the longest, not the whole file


def test_columns_and_rows_twice_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = write_corpus(tmp_path / "data", 6, seed=0)
    lines = manifest.read_text().splitlines()
    manifest.write_text("\n".join([*lines, lines[1], "0001.wav,"]) + "\n")
    status, printed = check(capsys, monkeypatch, manifest)
    assert status == 2
    assert "line 9: found 0001.wav once more with another text (first in line 3)" in printed
    manifest.write_text("\n".join([*lines, lines[1]]) + "\n")
    status, printed = check(capsys, monkeypatch, manifest)
    assert status == 0
    assert f"rows twice: a recording once more, with the same text ({manifest}, line 8)" in printed
    assert "sounds in 'path' (1), texts in 'text' (2)" in printed
    assert "head line: there is one" in printed


def test_all_damaged_recordings_are_named_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = corpus(tmp_path / "data")
    for number in (1, 4):
        (data / f"{number}.wav").write_bytes((data / f"{number}.wav").read_bytes()[:500])
    status, printed = check(capsys, monkeypatch, data)
    assert status == 2
    assert f"{data}: found 2 that cannot be read" in printed
    assert all(f"{data}/{number}.wav: found a file cut off" in printed for number in (1, 4))


def test_a_split_that_is_not_there_is_cut_from_train_and_the_others_are_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    corpus(data / "train")
    corpus(data / "test", ("ccc", "ddd"))
    corpus(data / "other", ("add",))
    _, printed = check(capsys, monkeypatch, data, "--json")
    seen = json.loads(printed)
    assert {name: split["examples"] for name, split in seen["splits"].items()} == {"train": 7, "valid": 1, "test": 2}
    said = {finding["what"]: finding["places"] for finding in seen["findings"]}
    assert {"train as given by train", "test as given by test", "valid is not given: cut from train"} <= {*said}
    assert said["a folder that is called as no split is"] == [[str(data / "other"), None]]
