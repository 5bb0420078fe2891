"""Sound files whose names, heads or channels are not as they should be."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from throughtime.data.findings import Findings
from throughtime.errors import DataError
from throughtime.tasks.speech.audio.recording import Excerpt, head_of, read_recording

RATE = 16_000
TONE = (0.3 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE)).astype(np.float32)


def encode(path: Path, codec: str, container: str, rate: int = RATE) -> Path:
    """Two seconds of a tone, by FFmpeg."""
    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream(codec, rate=rate)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(TONE[None], format="fltp", layout="mono")
        frame.sample_rate = RATE
        turned = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=rate)
        waiting = av.AudioFifo()
        for part in [*turned.resample(frame), *turned.resample(None)]:
            waiting.write(part)
        while (part := waiting.read(stream.codec_context.frame_size or 1024, partial=True)) is not None:
            out.mux(stream.encode(part))
        out.mux(stream.encode(None))
    return path


def heard(path: Path) -> float:
    """Hertz of what is loudest."""
    samples = read_recording(Excerpt(path), RATE)
    return float(np.abs(np.fft.rfft(samples)).argmax() * RATE / len(samples))


OTHER_NAMES = {
    "m4a named .wav": ("aac", "mp4", "a.wav"),
    "m4a named .mp3": ("aac", "mp4", "a.mp3"),
    "webm named .ogg": ("libopus", "webm", "a.ogg"),
    "aac named .wav": ("aac", "adts", "b.wav"),
    "mp3 named .wav": ("libmp3lame", "mp3", "c.wav"),
    "mp3 within a WAV": ("libmp3lame", "wav", "d.wav"),
    "a-law": ("pcm_alaw", "wav", "e.wav"),
    "wav named .mp4": ("pcm_s16le", "wav", "f.mp4"),
}


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_the_content_decides_what_a_file_is(tmp_path: Path, name: str) -> None:
    codec, container, file = OTHER_NAMES[name]
    rate = 48_000 if codec == "libopus" else 8000 if codec == "pcm_alaw" else RATE
    path = encode(tmp_path / file, codec, container, rate)
    findings = Findings()
    assert head_of(Excerpt(path), findings).seconds == pytest.approx(2, abs=0.15)
    assert heard(path) == pytest.approx(440, abs=2)
    other = name.startswith(("m4a", "webm", "aac"))
    assert any("holds another format" in str(finding) for finding in findings) == other


CUT = {
    "aiff": ("AIFF", None),
    "au": ("AU", None),
    "w64": ("W64", None),
    "wav": ("RF64", None),
    "flac": ("FLAC", None),
    "webm": ("libopus", "webm"),
    "mp3": ("libmp3lame", "mp3"),
}


@pytest.mark.parametrize("ending", CUT)
def test_a_file_cut_off_is_an_error_and_a_whole_one_none(tmp_path: Path, ending: str) -> None:
    kind, container = CUT[ending]
    path = tmp_path / f"a.{ending}"
    if container is None:
        soundfile.write(path, TONE, RATE, format=kind)
    else:
        encode(path, kind, container, 48_000 if container == "webm" else RATE)
    assert heard(path) == pytest.approx(440, abs=2)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match=r"cut off|no sound that can be read"):
        read_recording(Excerpt(path), RATE)


@pytest.mark.parametrize("placeholder", [0, 0xFFFFFFFF])
def test_a_stream_in_au_that_does_not_know_its_length_is_read_to_its_end(tmp_path: Path, placeholder: int) -> None:
    path = tmp_path / "a.au"
    soundfile.write(path, TONE, RATE)
    content = bytearray(path.read_bytes())
    content[8:12] = placeholder.to_bytes(4, "big")
    path.write_bytes(content)
    if placeholder:  # the format's own word for it
        assert heard(path) == pytest.approx(440, abs=2)
    else:
        with pytest.raises(DataError, match="no samples"):
            read_recording(Excerpt(path), RATE)


def test_channels_in_opposite_phase_are_heard_by_the_first_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.stack([TONE, -TONE], axis=1), RATE)
    np.testing.assert_allclose(read_recording(Excerpt(path), RATE), TONE, atol=1e-4)
    np.testing.assert_allclose(read_recording(Excerpt(path, 0.5, 0.5), RATE), TONE[8000:16000], atol=1e-4)
    soundfile.write(path, np.stack([TONE, 0.5 * TONE], axis=1), RATE)
    np.testing.assert_allclose(read_recording(Excerpt(path), RATE), 0.75 * TONE, atol=1e-4)
