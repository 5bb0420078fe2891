from __future__ import annotations

import io
import os
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from throughtime.errors import DataError
from throughtime.tasks.speech.audio.recording import PulseCode, Resampled, read_recording, seconds_of, stream_recording


def tone(hertz: float, seconds: float, rate: int, loudness: float = 0.5) -> np.ndarray:
    times = np.arange(round(seconds * rate)) / rate
    return np.asarray(loudness * np.sin(2 * np.pi * hertz * times), dtype=np.float32)


def pitch(samples: np.ndarray, rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax() * rate / len(samples))


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3", ".ogg", ".aiff"])
@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_every_format_and_rate_gives_the_same_sound(tmp_path: Path, suffix: str, rate: int) -> None:
    path = tmp_path / f"tone{suffix}"
    soundfile.write(path, tone(440, 1.0, rate), rate)
    samples = read_recording(path, 16000)
    assert len(samples) == pytest.approx(16000, abs=2400 if suffix == ".mp3" else 2)
    assert samples.dtype == np.float32
    middle = samples[4000:12000]
    assert pitch(middle, 16000) == pytest.approx(440, abs=2)
    assert np.sqrt(2 * np.mean(middle**2)) == pytest.approx(0.5, abs=0.02)
    assert seconds_of(path) == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW"])
def test_every_kind_of_sample_is_read(tmp_path: Path, subtype: str) -> None:
    wave = tone(440, 0.2, 8000)
    soundfile.write(tmp_path / "a.wav", wave, 8000, subtype=subtype)
    np.testing.assert_allclose(read_recording(tmp_path / "a.wav", 8000), wave, atol=0.02)


def test_channels_are_mixed(tmp_path: Path) -> None:
    left, right = tone(440, 0.5, 8000), tone(1000, 0.5, 8000)
    soundfile.write(tmp_path / "a.wav", np.stack([left, right], axis=1), 8000, subtype="FLOAT")
    np.testing.assert_allclose(read_recording(tmp_path / "a.wav", 8000), (left + right) / 2, atol=1e-6)


def test_faster_is_shorter_and_higher(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(400, 1.0, 8000), 8000)
    fast = read_recording(tmp_path / "a.wav", 8000, speed=1.25)
    assert len(fast) == pytest.approx(8000 / 1.25, abs=2)
    assert pitch(fast[1000:-1000], 8000) == pytest.approx(500, abs=4)


def test_parts_of_a_long_file_are_the_whole(tmp_path: Path) -> None:
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, 200_000).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", samples, 8000, subtype="FLOAT")
    parts = list(stream_recording(tmp_path / "a.wav", 16000))
    assert len(parts) > 3
    whole = Resampled(8000, 16000)
    np.testing.assert_array_equal(np.concatenate(parts), np.concatenate([whole.add(samples), whole.end()]))


def test_resampling_keeps_no_ghosts() -> None:
    down = Resampled(48000, 8000)
    heard = np.concatenate([down.add(tone(7000, 1.0, 48000)), down.end()])  # above half of the new rate
    assert np.abs(heard[1000:-1000]).max() < 1e-3


def test_pulse_code_is_read_in_parts() -> None:
    samples = (np.arange(-50, 50) * 300).astype("<i2")
    parts = list(PulseCode(io.BytesIO(samples.tobytes()), 1000, part=0.03))
    assert [len(part) for part in parts] == [30, 30, 30, 10]
    np.testing.assert_allclose(np.concatenate(parts), samples / 32768)
    with pytest.raises(DataError, match="half a sample"):
        list(PulseCode(io.BytesIO(b"abc"), 8000))
    with pytest.raises(DataError, match="a rate of 7 Hz"):
        PulseCode(io.BytesIO(), 7)


def wave_bytes(samples: np.ndarray, rate: int = 8000, subtype: str = "PCM_16") -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="WAV", subtype=subtype)
    return file.getvalue()


WHOLE = wave_bytes(tone(440, 1.0, 8000))
FLAC = io.BytesIO()
soundfile.write(FLAC, np.random.default_rng(0).uniform(-0.5, 0.5, 8000), 8000, format="FLAC")
INFINITE = np.array([0.1] * 4000 + [np.inf] + [0.1] * 4000, dtype=np.float32)
BROKEN = {
    "empty": (b"", "an empty file"),
    "text": (b"no sound at all\n" * 99, "no sound that can be read"),
    "zeros": (bytes(9999), "no sound that can be read"),
    "head alone": (WHOLE[:44], "cut off after 0 bytes"),
    "half": (WHOLE[:9000], "cut off after 8956 bytes of sound, expected the 16000 of its head"),
    "half a head": (WHOLE[:20], "no sound that can be read"),
    "half a flac": (FLAC.getvalue()[: len(FLAC.getvalue()) // 2], "found"),
    "no samples": (wave_bytes(np.zeros(0)), "no samples"),
    "one sample": (wave_bytes(np.zeros(1)), "0.000 seconds of sound"),
    "no number": (wave_bytes(np.where(np.arange(8000) == 5, np.nan, 0.1), subtype="FLOAT"), "no number (after 0.0 s"),
    "infinite": (wave_bytes(INFINITE, subtype="FLOAT"), "a sample that is no number"),
    "too loud": (wave_bytes(np.full(8000, 1e30), subtype="DOUBLE"), "a sample of 1e+30"),
    "huge rate": (WHOLE[:24] + struct.pack("<I", 2_000_000_000) + WHOLE[28:], "a rate of 2000000000 Hz"),
    "no rate": (WHOLE[:24] + struct.pack("<I", 0) + WHOLE[28:], "found"),
    "too long": (wave_bytes(np.zeros(8000 * 3)), "3.0 seconds of sound, expected at most 2"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_sound_files_are_named(tmp_path: Path, name: str) -> None:
    content, sentence = BROKEN[name]
    path = tmp_path / "broken.wav"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_recording(path, 16000, longest=2)
    assert str(caught.value).startswith(f"{path}: found ")
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="found a folder"):
        read_recording(tmp_path, 8000)
    with pytest.raises(DataError, match="found nothing"):
        read_recording(tmp_path / "nowhere.wav", 8000)
    (tmp_path / "locked.wav").write_bytes(WHOLE)
    (tmp_path / "locked.wav").chmod(0)
    if os.geteuid():
        with pytest.raises(DataError, match="cannot be read"):
            read_recording(tmp_path / "locked.wav", 8000)


def test_a_wave_file_written_to_a_pipe_is_read(tmp_path: Path) -> None:
    at = WHOLE.index(b"data") + 4
    (tmp_path / "a.wav").write_bytes(WHOLE[:at] + b"\xff\xff\xff\xff" + WHOLE[at + 4 :])
    assert len(read_recording(tmp_path / "a.wav", 8000)) == 8000
