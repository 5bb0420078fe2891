"""How recordings are disturbed: each says a number, and that number is measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from throughtime.tasks.speech.audio.utterance import Utterance
from throughtime.tasks.speech.conditions import DisturbedUtterances, clipped, faster, noisy, reverberant

RATE = 8000
TIMES = np.arange(2 * RATE) / RATE
TONE = (0.3 * np.sin(2 * np.pi * 500 * TIMES)).astype(np.float32)


@pytest.mark.parametrize("decibels", [20, 5, 0])
def test_the_noise_lies_so_many_decibels_below(decibels: float) -> None:
    heard = noisy(TONE, RATE, decibels, np.random.default_rng(0))
    background = (heard - TONE).astype(np.float64)
    assert 10 * np.log10(np.mean(TONE**2) / np.mean(background**2)) == pytest.approx(decibels, abs=0.01)
    power = np.abs(np.fft.rfft(background)) ** 2
    low, high = power[200:400].mean(), power[3200:6400].mean()  # pink: four octaves up, a sixteenth of the power
    assert low / high == pytest.approx(16, rel=0.4)


@pytest.mark.parametrize("seconds", [0.2, 0.6])
def test_a_sound_takes_so_long_to_fall_by_60_decibels(seconds: float) -> None:
    click = np.zeros(RATE, dtype=np.float32)
    click[0] = 1
    heard = reverberant(click, RATE, seconds, np.random.default_rng(1))
    left = np.cumsum(np.square(heard[:0:-1], dtype=np.float64))[::-1]  # Schroeder: what is still to come
    level = 10 * np.log10(left / left[0])
    from_five, to_twentyfive = (int(np.argmax(level < below)) for below in (-5, -25))
    assert 3 * (to_twentyfive - from_five) / RATE == pytest.approx(seconds, rel=0.1)
    assert np.square(heard, dtype=np.float64).sum() == pytest.approx(1.0, rel=1e-4)
    assert heard[0] ** 2 == pytest.approx(0.5, abs=0.01)  # as much is reflected as is not


def test_it_is_cut_off_and_played_faster() -> None:
    assert np.abs(clipped(TONE, RATE, 12, np.random.default_rng(0))).max() == pytest.approx(0.12 * np.abs(TONE).max())
    fast = faster(TONE, RATE, 150, np.random.default_rng(0))
    assert len(fast) == pytest.approx(len(TONE) / 1.5, abs=2)
    loudest = np.abs(np.fft.rfft(fast)).argmax() * RATE / len(fast)
    assert loudest == pytest.approx(750, abs=1)


def test_a_part_of_a_file_becomes_a_file_of_its_own(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "long.wav", np.concatenate([TONE, np.zeros(RATE, np.float32)]), RATE, subtype="FLOAT")
    one = Utterance(tmp_path / "long.wav", "two", 1.0, tmp_path / "m.csv", 2, part=(0.5, 1.0))
    room = tmp_path / "room"
    room.mkdir()
    for condition in DisturbedUtterances().conditions(room):
        (found,) = condition.disturb([one], 1, seed=0)
        assert (found.text, found.line, found.part) == ("two", 2, (0.0, None))
        samples, rate = soundfile.read(found.audio)
        assert rate == RATE
        assert len(samples) / rate == pytest.approx(found.seconds)
        assert found.seconds == pytest.approx(1.0 if condition.name != "speed" else 1 / 1.1, abs=1e-3)
        assert condition.disturb([one], 1, seed=0) == [found]
    assert {path.parent for path in room.iterdir()} == {room}
    kept = DisturbedUtterances().store(found, tmp_path / "worst")
    assert kept is not None
    assert kept.read_bytes() == found.audio.read_bytes()
