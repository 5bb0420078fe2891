"""Sound from a score by additive synthesis: sums of partials under an envelope, in a small room."""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from throughtime.errors import ThroughtimeError
from throughtime.tasks.music.scores.score import KEYS, LOWEST_KEY, Score

RATE = 44_100
"""Samples in a second."""
LONGEST = 1800.0
"""Seconds of sound that we make at most: half an hour is 318 MB."""
_PEAK = 0.89  # one decibel below full scale
_ROOM, _WET = 1.3, 0.07  # seconds until the echo has fallen by 60 dB, and its share


@dataclass(frozen=True)
class Instrument:
    """How one note sounds.

    Args:
        partials: amplitude of each harmonic, the fundamental first.
        attack: seconds until it is fully there.
        release: seconds in which it fades after its end.
        decay: how fast the fundamental of middle C fades while held, in nepers a second (0: it does not).
        brightness_decay: how much faster each further harmonic fades, as a share of `decay`.
        stiffness: inharmonicity of its strings: harmonic k sounds at k f sqrt(1 + stiffness k²).
        detune: how far its two voices are apart, in cents.
    """

    partials: tuple[float, ...]
    attack: float
    release: float
    decay: float = 0.0
    brightness_decay: float = 0.0
    stiffness: float = 0.0
    detune: float = 3.0


INSTRUMENTS = {
    "organ": Instrument((1.0, 0.62, 0.22, 0.34, 0.05, 0.12, 0.02, 0.10), attack=0.035, release=0.14, detune=4.0),
    "piano": Instrument(
        tuple(0.72**k * (0.25 if k == 6 else 1.0) for k in range(16)),
        attack=0.004,
        release=0.16,
        decay=0.9,
        brightness_decay=0.45,
        stiffness=2.5e-4,
        detune=1.5,
    ),
    "strings": Instrument(
        tuple(1.0 / k**1.25 for k in range(1, 19)), attack=0.09, release=0.22, brightness_decay=0.0, detune=7.0
    ),
}
"""The instruments by name."""
PROGRAMS = {"organ": 19, "piano": 0, "strings": 48}
"""Their General MIDI numbers, so that a MIDI player chooses alike."""


def synthesise(score: Score, instrument: str = "organ") -> NDArray[np.float32]:
    """The sound of a score.

    Args:
        score: the piece.
        instrument: one of `INSTRUMENTS`.

    Returns:
        (N, 2) stereo samples at 44,100 Hz within -0.9 to 0.9; low keys stand left, high ones right.

    Raises:
        ThroughtimeError: longer than half an hour.
    """
    check_length(score)
    sound = INSTRUMENTS[instrument]
    onset = score.seconds(score.notes["onset"])
    end = score.seconds(score.notes["onset"] + score.notes["duration"])
    dry = np.zeros((2, int((end.max(initial=0.0) + sound.release + _ROOM) * RATE) + 1), np.float32)
    made: dict[tuple[int, int], NDArray[np.float32]] = {}  # chorales repeat a few notes often
    for note, start, stop in zip(score.notes, onset, end, strict=True):
        key = (int(note["pitch"]), round((stop - start) * 1000))
        if key not in made:
            made[key] = _tone(sound, *key)
        tone = made[key] * (int(note["velocity"]) / 100.0) ** 1.5
        first = round(start * RATE)
        dry[:, first : first + tone.shape[1]] += tone[:, : dry.shape[1] - first]
    return _finish(_room(dry))


def check_length(score: Score) -> None:
    """Make sure that sound can be made of a score.

    Raises:
        ThroughtimeError: longer than half an hour.
    """
    seconds = float(score.seconds(np.array([score.end]))[0])
    if seconds > LONGEST:
        raise ThroughtimeError(f"found {seconds:,.0f} s of music, expected at most {LONGEST:,.0f} s to make sound of")


def _tone(sound: Instrument, pitch: int, milliseconds: int) -> NDArray[np.float32]:
    """One note (2, n): two voices a little apart in tune, each with its own phases, one more to the left."""
    seconds = milliseconds / 1000.0
    time = np.arange(int((seconds + sound.release) * RATE) + 1, dtype=np.float32) / np.float32(RATE)
    random = np.random.default_rng(pitch)
    frequency = 440.0 * 2.0 ** ((pitch - 69) / 12)
    fade = sound.decay * (frequency / 261.6) ** 0.5
    voices = np.zeros((2, len(time)), np.float32)
    for voice, side in enumerate((-0.5, 0.5)):
        for k, amplitude in enumerate(sound.partials, start=1):
            tuned = k * frequency * np.sqrt(1 + sound.stiffness * k * k) * 2.0 ** (side * sound.detune / 1200)
            if tuned > 0.45 * RATE:
                break
            partial = np.sin(np.float32(2 * np.pi * tuned) * time + np.float32(random.uniform(0, 2 * np.pi)))
            if fade:
                partial *= np.exp(np.float32(-fade * (1 + sound.brightness_decay * (k - 1))) * time)
            voices[voice] += np.float32(amplitude) * partial
    # low notes carry more energy to the ear's discomfort, high ones less: even them out a little
    loudness = (261.6 / frequency) ** 0.15 / sum(sound.partials)
    place = (pitch - LOWEST_KEY) / (KEYS - 1) - 0.5
    left, right = np.cos(np.pi / 4 * (1 + 0.8 * place)), np.sin(np.pi / 4 * (1 + 0.8 * place))
    stereo = np.stack([left * (0.65 * voices[0] + 0.35 * voices[1]), right * (0.35 * voices[0] + 0.65 * voices[1])])
    return np.asarray(stereo * (loudness * _envelope(sound, time, seconds)), np.float32)


def _envelope(sound: Instrument, time: NDArray[np.float32], seconds: float) -> NDArray[np.float32]:
    """Raised-cosine attack and release: (n,) from 0 to 1 and back, without corners that would click."""
    rise = np.clip(time / sound.attack, 0, 1)
    fall = np.clip((time - seconds) / sound.release, 0, 1)
    return np.asarray((0.5 - 0.5 * np.cos(np.pi * rise)) * (0.5 + 0.5 * np.cos(np.pi * fall)), np.float32)


def _room(dry: NDArray[np.float32]) -> NDArray[np.float32]:
    """Add the echo of a small room: decaying noise, duller as it fades, another on each side."""
    random = np.random.default_rng(0)
    time = np.arange(int(_ROOM * RATE)) / RATE
    noise = random.standard_normal((2, len(time)))
    dull = np.cumsum(noise, axis=1)
    dull = (dull[:, 40:] - dull[:, :-40]) / 40**0.5  # a moving average lets the low frequencies through
    early = np.exp(-time * 12.0)[40:]
    echo = (early * noise[:, 40:] * 0.5 + (1 - early) * dull) * np.exp(-6.9 * time / _ROOM)[40:]
    echo[:, : int(0.012 * RATE)] = 0.0  # the nearest wall is two metres away
    echo /= np.sqrt((echo**2).sum(axis=1, keepdims=True))
    size = 1 << (dry.shape[1] + echo.shape[1]).bit_length()
    wet = np.fft.irfft(np.fft.rfft(dry, size) * np.fft.rfft(echo, size), size)[:, : dry.shape[1]]
    return np.asarray(dry + _WET * wet, np.float32)


def _finish(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale to just below full scale, fade the last moment: (2, n) -> (n, 2)."""
    peak = float(np.abs(sound).max())
    if peak > 0:
        sound = sound * np.float32(_PEAK / peak)
    tail = min(int(0.1 * RATE), sound.shape[1])
    sound[:, -tail:] *= np.linspace(1, 0, tail, dtype=np.float32)
    return np.ascontiguousarray(sound.T)


def write_wav(samples: NDArray[np.float32], path: Path) -> None:
    """Write stereo samples (N, 2) within -1 to 1 as a 16-bit WAV file; it is replaced as a whole or not at all."""
    scratch = path.with_name(path.name + ".part")
    with wave.open(str(scratch), "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    scratch.replace(path)
