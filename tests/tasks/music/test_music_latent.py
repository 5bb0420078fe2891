"""Music with codes: how pieces are cut, what lies between two, what is refused."""

from __future__ import annotations

import wave
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from helpers.music_files import END, midi
from throughtime import verbs
from throughtime.cli.main import main
from throughtime.tasks.music.scores.representation import Frames, Piece
from throughtime.tasks.music.segments import segments

LATENT: dict[str, Any] = {"hidden_size": 24, "nade_units": 8, "transpose": "none", "batch_size": 4, "latent": 4}
LATENT |= {"segment": 8, "encoder_size": 16, "free_bits": 4.0, "kl_warmup": 50, "word_dropout": 0.3, "minutes": None}
LATENT |= {"dropout": 0.0, "input_dropout": 0.0, "weight_dropout": 0.0, "importance_samples": 8}
TUNES = {"low": [48, 50, 48, 50, 48, 50, 48, 50], "high": [72, 76, 72, 76, 72, 76, 72, 76], "held": [60] * 8}


def tune(pitches: list[int]) -> bytes:
    """Quarter notes."""
    return midi(b"".join(bytes([0x00, 0x90, p, 0x40, 0x60, 0x80, p, 0x00]) for p in pitches) + END)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three tunes, in each split."""
    folder = tmp_path_factory.mktemp("tunes")
    for name, pitches in TUNES.items():
        (folder / f"{name}.mid").write_bytes(tune(pitches))
    return folder


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> verbs.Run:
    """One that knows three tunes by their codes."""
    out = tmp_path_factory.mktemp("latent") / "run"
    places = {"train": data, "valid": data, "test": data}
    return verbs.train("music", **places, out=out, quiet=True, steps=300, learning_rate=0.02, patience=None, **LATENT)


def keys(path: Path) -> list[list[int]]:
    """The keys of each frame of a file."""
    from throughtime.tasks.music.scores.files import read_score

    roll, _ = Frames(1).encode(read_score(path))
    return [np.flatnonzero(frame).tolist() for frame in roll]


def pitch_of(path: Path) -> float:
    """The MIDI number of the lowest of what sounds loudly in the first 0.4 seconds of a file."""
    with wave.open(str(path)) as file:
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(int(0.4 * rate)), "<i2").reshape(-1, 2).mean(axis=1)
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 1 << 17))
    begins = int(np.flatnonzero(power > power.max() / 4)[0])
    peak = begins + int(np.argmax(power[begins : begins + 20]))
    return float(69 + 12 * np.log2(peak * rate / (1 << 17) / 440))


def expected(name: str) -> list[list[int]]:
    return [[pitch - 21] for pitch in TUNES[name]]


def generate(run: verbs.Run, data: Path, out: Path, *words: str) -> int:
    named = [str(data / f"{word}.mid") if word in TUNES else word for word in words]
    return main(["generate", str(run.folder.path), "--out", str(out), "--temperature", "0", *named])


def test_seven_pieces_lead_from_one_to_another_and_one_picture_shows_them(
    run: verbs.Run, data: Path, tmp_path: Path
) -> None:
    assert generate(run, data, tmp_path / "way", "--from", "low", "--to", "high") == 0
    numbered = [f"{number}.{ending}" for number in range(1, 8) for ending in ("mid", "wav")]
    assert sorted(path.name for path in (tmp_path / "way").iterdir()) == [*numbered, "way.png"]
    for number, pitches in ((1, TUNES["low"]), (7, TUNES["high"])):
        assert pitch_of(tmp_path / "way" / f"{number}.wav") == pytest.approx(pitches[0], abs=0.3)
    assert keys(tmp_path / "way" / "1.mid") == expected("low")
    assert keys(tmp_path / "way" / "7.mid") == expected("high")
    with Image.open(tmp_path / "way" / "way.png") as picture:
        assert len(picture.getcolors(1 << 24) or ()) > 10


def test_a_file_that_is_named_names_them_all(run: verbs.Run, data: Path, tmp_path: Path) -> None:
    assert generate(run, data, tmp_path / "new.mid", "--from", "high", "--to", "held", "--steps", "3") == 0
    numbered = [f"new-{number}.{ending}" for number in range(1, 4) for ending in ("mid", "wav")]
    assert sorted(path.name for path in tmp_path.iterdir()) == [*numbered, "new.png"]
    assert keys(tmp_path / "new-1.mid") == expected("high")
    assert keys(tmp_path / "new-3.mid") == expected("held")


def test_a_neighbour_that_is_not_away_is_the_piece_itself(run: verbs.Run, data: Path, tmp_path: Path) -> None:
    assert generate(run, data, tmp_path / "new.mid", "--like", "high", "--spread", "0") == 0
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".mid", ".png", ".wav"]
    assert keys(tmp_path / "new.mid") == expected("high")


def test_what_is_told_by_the_code_comes_back(run: verbs.Run, data: Path) -> None:
    report = run.folder.read_report()
    assert report.metrics["reconstruction"] > 0.95
    assert report.metrics["kl"] > 1
    assert report.metrics["nll"] <= report.metrics["nelbo"] < report.baselines["repeat the last frame"]["nll"]
    [answer] = verbs.predict(run, [data / "low.mid"])
    assert answer["nll"] < 1
    assert answer["frames"] == 8


def test_only_the_beginning_of_a_long_piece_has_the_code_and_that_is_said(
    run: verbs.Run, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "long.mid").write_bytes(tune(TUNES["low"] + TUNES["high"]))
    assert generate(run, data, tmp_path / "new.mid", "--like", str(tmp_path / "long.mid"), "--spread", "0") == 0
    assert keys(tmp_path / "new.mid") == expected("low")
    assert "what comes after the first 8 frames of a piece" in capsys.readouterr().err


def test_a_piece_is_moved_to_the_common_key_and_back(tmp_path: Path, data: Path) -> None:
    settings = LATENT | {"transpose": "common", "steps": 300, "learning_rate": 0.02, "patience": None}
    places = {"train": data, "valid": data, "test": data}
    moved = verbs.train("music", **places, out=tmp_path / "run", quiet=True, **settings)
    (tmp_path / "up.mid").write_bytes(tune([pitch + 1 for pitch in TUNES["high"]]))
    assert generate(moved, data, tmp_path / "new.mid", "--like", str(tmp_path / "up.mid"), "--spread", "0") == 0
    assert keys(tmp_path / "new.mid") == [[pitch + 1 - 21] for pitch in TUNES["high"]]


# -- segments ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [1, 7, 8, 9, 16, 29])
def test_segments_lose_nothing(steps: int) -> None:
    piece = Piece("a", np.arange(steps))
    cut = segments([piece], 8)
    np.testing.assert_array_equal(np.concatenate([one.elements for one in cut]), piece.elements)
    assert all(len(one.elements) == 8 for one in cut[:-1])
    overlapping = segments([piece], 8, training=True)
    assert all(len(one.elements) == min(8, steps) for one in overlapping)
    assert set(np.concatenate([one.elements for one in overlapping]).tolist()) == set(range(steps))
    starts = [int(one.elements[0]) for one in overlapping]
    assert starts == sorted(set(starts))
    assert all(later - earlier <= 2 for earlier, later in pairwise(starts))


def test_cuts_are_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(10):
        (tmp_path / f"{number}.mid").write_bytes(tune([60 + number, 62] * 10))
    assert main(["check", "music", str(tmp_path), "--latent", "4", "--segment", "8"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "up to 8 frames, each learned and judged by itself" in said
    assert "a cut through a piece of train, beyond which nothing is remembered, 16 times" in said


@pytest.mark.parametrize("representation", ["roll", "events"])
def test_both_representations_have_codes(tmp_path: Path, data: Path, representation: str) -> None:
    settings = {"hidden_size": 8, "nade_units": 4, "latent": 3, "encoder_size": 4, "steps": 2, "embedding_size": 4}
    settings |= {"representation": representation, "importance_samples": 2}
    run = verbs.train("music", train=data, valid=data, test=data, out=tmp_path / "run", quiet=True, **settings)
    places = {"from_": str(data / "low.mid"), "to": str(data / "high.mid")}
    written = verbs.generate(run, tmp_path / "way", steps=2, temperature=3.0, **places)
    assert [path.name for path in written] == ["1.mid", "2.mid", "1.wav", "2.wav", "way.png"]


# -- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--from", "low"], "found --from without --to, expected both"),
        (["--from", "low", "--to", "nowhere.mid"], "nowhere.mid: found no such file or folder"),
        (["--like", "FOLDER"], "found a folder, expected one music file"),
        (["--primer", "low"], "found --primer for a run with a latent space"),
        (["--like", "low", "--spread", "1.5"], "setting spread: found 1.5"),
    ],
)
def test_what_cannot_be_composed_is_one_sentence(
    run: verbs.Run, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], expected: str
) -> None:
    words = [str(data) if word == "FOLDER" else word for word in words]
    assert generate(run, data, tmp_path / "new.mid", *words) == 2
    error = capsys.readouterr().err
    assert expected in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_way_needs_a_place_to_be_written_to(
    run: verbs.Run, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").touch()
    for name, what in (("taken", "a file without an ending"), ("no/where", "no folder"), ("no/where.mid", "no folder")):
        assert generate(run, data, tmp_path / name, "--from", "low", "--to", "high") == 2
        assert f"found {what}" in capsys.readouterr().err


def test_settings_that_do_not_go_together_are_refused(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words, expected in (
        (["--segment", "8"], "found --segment without a latent space, expected it with --latent N"),
        (["--latent", "4", "--window", "9"], "found --window with --latent, which learns from whole sequences"),
    ):
        assert main(["train", "music", str(data), "--out", str(tmp_path / "run"), *words]) == 2
        assert expected in capsys.readouterr().err
        assert not (tmp_path / "run").exists()
