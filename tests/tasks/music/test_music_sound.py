"""Sound and picture: the right pitch at the right time, no clipping, no clicks, files that open."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from throughtime.errors import ThroughtimeError
from throughtime.tasks.music.scores.picture import draw
from throughtime.tasks.music.scores.score import Score, notes_of, pitch_name
from throughtime.tasks.music.scores.synthesis import INSTRUMENTS, RATE, synthesise, write_wav

CHORD = Score("", notes_of([(0, 4, 48), (0, 4, 64), (0, 4, 67), (0, 4, 72)]))


def centre(sound: np.ndarray, low: float, high: float) -> float:
    """Mean frequency in Hz of what sounds between two frequencies, by power."""
    power = np.abs(np.fft.rfft(sound.sum(1) * np.hanning(len(sound)))) ** 2
    frequencies = np.fft.rfftfreq(len(sound), 1 / RATE)
    inside = (frequencies > low) & (frequencies < high)
    return float((frequencies[inside] * power[inside]).sum() / power[inside].sum())


@pytest.mark.parametrize("instrument", INSTRUMENTS)
@pytest.mark.parametrize("pitch", [33, 57, 69, 93])
def test_pitch(instrument: str, pitch: int) -> None:
    expected = 440 * 2 ** ((pitch - 69) / 12)
    sound = synthesise(Score("", notes_of([(0, 4, pitch)])), instrument)
    # within five cents, less than anybody hears
    assert 1200 * abs(np.log2(centre(sound, expected * 0.94, expected * 1.06) / expected)) < 5


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_sound_is_clean(instrument: str) -> None:
    crowd = Score("", notes_of([(beat, 1.5, pitch, 127) for beat in range(3) for pitch in range(36, 96, 3)]))
    sound = synthesise(crowd, instrument)
    assert sound.dtype == np.float32
    assert np.isfinite(sound).all()
    assert 0.85 < np.abs(sound).max() <= 0.9
    assert np.abs(sound.mean(0)).max() < 1e-3
    # it begins and ends in silence, so that nothing clicks
    assert np.abs(sound[[0, -1]]).max() < 1e-3
    # both ears hear it, and not the same
    left, right = sound.T
    assert 0.3 < np.corrcoef(left, right)[0, 1] < 0.999


def test_notes_begin_when_they_should() -> None:
    sound = synthesise(Score("", notes_of([(2, 1, 60)])), "piano")
    loud = np.abs(sound).max(1)
    assert loud[: int(0.99 * RATE)].max() < 1e-6
    assert loud[int(1.0 * RATE) : int(1.05 * RATE)].max() > 0.3


def test_struck_strings_fade_and_pipes_do_not() -> None:
    held = Score("", notes_of([(0, 8, 60)]))

    def level(instrument: str, at: float) -> float:
        sound = synthesise(held, instrument)
        return float(np.sqrt((sound[int(at * RATE) : int((at + 0.3) * RATE)] ** 2).mean()))

    assert level("piano", 3.0) < 0.3 * level("piano", 0.2)
    assert level("organ", 3.0) > 0.8 * level("organ", 0.5)


def test_room_rings_on_and_falls_silent() -> None:
    sound = synthesise(Score("", notes_of([(0, 1, 60)])), "organ")
    after = np.abs(sound[int(0.7 * RATE) : int(0.8 * RATE)]).max()
    assert 1e-3 < after < 0.25
    assert np.abs(sound[int(1.7 * RATE) :]).max() < 0.1 * after


def test_louder_notes_are_louder() -> None:
    notes = [(0, 1, 60, 30), (2, 1, 60, 120)]
    sound = np.abs(synthesise(Score("", notes_of(notes)), "organ")).max(1)
    assert sound[: int(0.5 * RATE)].max() < 0.3 * sound[int(1.0 * RATE) : int(1.5 * RATE)].max()


def test_too_long_a_piece() -> None:
    with pytest.raises(ThroughtimeError, match="at most 1,800 s"):
        synthesise(Score("", notes_of([(0, 4000, 60)])))


def test_wav_file_holds_the_samples(tmp_path: Path) -> None:
    sound = synthesise(CHORD)
    write_wav(sound, tmp_path / "a.wav")
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, RATE)
        stored = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    np.testing.assert_allclose(stored / 32767, sound, atol=1e-4)
    assert [file.name for file in tmp_path.iterdir()] == ["a.wav"]


def test_picture_shows_each_note_in_its_place(tmp_path: Path) -> None:
    from matplotlib.image import imread

    path = tmp_path / "a.png"
    draw(Score("", notes_of([(0, 4, 60)])), path, "one note")
    alone = imread(path)
    draw(Score("", notes_of([(0, 4, 60), (8, 4, 60)])), path, "two notes")
    both = imread(path)
    # the first line of voices is red: a second note of the same length doubles the red
    red = [((image[..., 0] > 0.7) & (image[..., 2] < 0.35)).sum() for image in (alone, both)]
    # (a picture of one bar is one bar wide, one of three bars shows each a third as wide)
    assert red[1] == pytest.approx(red[0] * 2 / 3, rel=0.1)
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]


def test_pitch_names() -> None:
    assert [pitch_name(pitch) for pitch in (21, 60, 69, 108)] == ["A0", "C4", "A4", "C8"]
