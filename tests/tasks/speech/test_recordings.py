from __future__ import annotations

import io
import os
import struct
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from throughtime.data.findings import Findings
from throughtime.errors import DataError
from throughtime.tasks.speech.audio.recording import (
    Excerpt,
    PulseCode,
    Resampled,
    head_of,
    read_recording,
    stream_recording,
)


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
    samples = read_recording(Excerpt(path), 16000)
    assert len(samples) == pytest.approx(16000, abs=2400 if suffix == ".mp3" else 2)
    assert samples.dtype == np.float32
    middle = samples[4000:12000]
    assert pitch(middle, 16000) == pytest.approx(440, abs=2)
    assert np.sqrt(2 * np.mean(middle**2)) == pytest.approx(0.5, abs=0.02)
    assert head_of(Excerpt(path)).seconds == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW"])
def test_every_kind_of_sample_is_read(tmp_path: Path, subtype: str) -> None:
    wave = tone(440, 0.2, 8000)
    soundfile.write(tmp_path / "a.wav", wave, 8000, subtype=subtype)
    np.testing.assert_allclose(read_recording(Excerpt(tmp_path / "a.wav"), 8000), wave, atol=0.02)


def test_channels_are_mixed(tmp_path: Path) -> None:
    left, right = tone(440, 0.5, 8000), tone(1000, 0.5, 8000)
    soundfile.write(tmp_path / "a.wav", np.stack([left, right], axis=1), 8000, subtype="FLOAT")
    np.testing.assert_allclose(read_recording(Excerpt(tmp_path / "a.wav"), 8000), (left + right) / 2, atol=1e-6)


def test_faster_is_shorter_and_higher(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(400, 1.0, 8000), 8000)
    fast = read_recording(Excerpt(tmp_path / "a.wav"), 8000, speed=1.25)
    assert len(fast) == pytest.approx(8000 / 1.25, abs=2)
    assert pitch(fast[1000:-1000], 8000) == pytest.approx(500, abs=4)


def test_parts_of_a_long_file_are_the_whole(tmp_path: Path) -> None:
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, 200_000).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", samples, 8000, subtype="FLOAT")
    parts = list(stream_recording(Excerpt(tmp_path / "a.wav"), 16000))
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
        read_recording(Excerpt(path), 16000, longest=2)
    assert str(caught.value).startswith(f"{path}: found ")
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="found a folder"):
        read_recording(Excerpt(tmp_path), 8000)
    with pytest.raises(DataError, match="found nothing"):
        read_recording(Excerpt(tmp_path / "nowhere.wav"), 8000)
    (tmp_path / "locked.wav").write_bytes(WHOLE)
    (tmp_path / "locked.wav").chmod(0)
    if os.geteuid():
        with pytest.raises(DataError, match="cannot be read"):
            read_recording(Excerpt(tmp_path / "locked.wav"), 8000)


def test_a_wave_file_written_to_a_pipe_is_read(tmp_path: Path) -> None:
    at = WHOLE.index(b"data") + 4
    (tmp_path / "a.wav").write_bytes(WHOLE[:at] + b"\xff\xff\xff\xff" + WHOLE[at + 4 :])
    assert len(read_recording(Excerpt(tmp_path / "a.wav"), 8000)) == 8000


@pytest.mark.parametrize("length", [0, 2_000_000_000, 0x7FFFFFFF - 36, 16001])
def test_a_wave_file_whose_head_does_not_know_its_length_is_read_to_its_end(tmp_path: Path, length: int) -> None:
    at, path, findings = WHOLE.index(b"data") + 4, tmp_path / "a.wav", Findings()
    path.write_bytes(WHOLE[:at] + struct.pack("<I", length) + WHOLE[at + 4 :])
    assert head_of(Excerpt(path), findings).seconds == 1.0
    np.testing.assert_allclose(read_recording(Excerpt(path), 8000), tone(440, 1.0, 8000), atol=1e-4)
    assert [finding.what for finding in findings] == [
        "a WAV file whose head does not say how long it is, read to its end"
    ]


def test_half_an_mp3_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    soundfile.write(path, np.random.default_rng(0).uniform(-0.5, 0.5, 32000), 16000)
    assert head_of(Excerpt(path)).seconds == pytest.approx(2, abs=0.15)
    content = path.read_bytes()
    tag = b"ID3\x04\x00\x00" + bytes([0, 0, 1, 0]) + bytes(128)
    for damaged in (content[: len(content) // 2], tag + content[: len(content) * 3 // 4]):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=r"a\.mp3: found a file cut off after \d+ bytes of sound"):
            head_of(Excerpt(path))
    path.write_bytes(tag + content)
    assert head_of(Excerpt(path)).seconds == pytest.approx(2, abs=0.15)


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_a_part_is_what_lies_there(tmp_path: Path, suffix: str) -> None:
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, 24_000).astype(np.float32)
    path = tmp_path / f"a{suffix}"
    soundfile.write(path, samples, 8000, subtype="PCM_24")
    part = Excerpt(path, 1.25, 0.5)
    assert head_of(part).seconds == 0.5
    np.testing.assert_allclose(read_recording(part, 8000), samples[10_000:14_000], atol=1e-6)
    np.testing.assert_allclose(read_recording(Excerpt(path, 2.5), 8000), samples[20_000:], atol=1e-6)


@pytest.mark.parametrize(
    ("suffix", "codec", "rate"), [(".m4a", "aac", 16000), (".mp4", "aac", 44100), (".webm", "libopus", 48000)]
)
def test_the_sound_of_films_is_read(tmp_path: Path, suffix: str, codec: str, rate: int) -> None:
    path = write_film(tmp_path / f"a{suffix}", codec, np.concatenate([tone(440, 1, rate), tone(1000, 1, rate)]), rate)
    assert head_of(Excerpt(path)).seconds == pytest.approx(2, abs=0.1)
    assert pitch(read_recording(Excerpt(path), 8000)[1000:7000], 8000) == pytest.approx(440, abs=3)
    assert pitch(read_recording(Excerpt(path, 1.2, 0.6), 8000), 8000) == pytest.approx(1000, abs=5)
    path.write_bytes(b"no film at all" * 99)
    with pytest.raises(DataError, match="found no sound that can be read"):
        head_of(Excerpt(path))


def write_film(path: Path, codec: str, samples: np.ndarray, rate: int) -> Path:
    with av.open(str(path), "w") as film:
        stream = film.add_stream(codec, rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray((samples * 32767).astype(np.int16)[None], format="s16", layout="mono")
        frame.sample_rate = rate
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            film.mux(packet)
    return path


def test_raw_sound_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.raw").write_bytes(bytes(999))
    with pytest.raises(DataError, match=r"a\.raw: found raw sound, which does not say its rate"):
        head_of(Excerpt(tmp_path / "a.raw"))
