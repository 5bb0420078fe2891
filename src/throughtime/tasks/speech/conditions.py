"""How recordings are disturbed: by what is heard beside the voice, by the room, by the microphone, by haste."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from shutil import copyfile
from typing import Any

import numpy as np

from throughtime.tasks.base.conditions import Condition, Conditions
from throughtime.tasks.speech.audio.noise import noise, with_noise
from throughtime.tasks.speech.audio.opening import package
from throughtime.tasks.speech.audio.recording import Resampled, head_of, read_recording
from throughtime.tasks.speech.audio.utterance import Utterance

Sound = Callable[[np.ndarray, int, float, np.random.Generator], np.ndarray]
"""What becomes of samples float32 (N,), so many a second, by an amount, and chance."""
# in nats of amplitude: the time of reverberation is that in which a sound falls so far
_SIXTY_DECIBELS = 3 * np.log(10)


class DisturbedUtterances(Conditions[Utterance]):
    """Recordings in which the same is said."""

    def conditions(self, room: Path) -> Sequence[Condition[Utterance]]:
        """Those of all recordings, each written as a WAV file of its own."""
        return [Condition(name, says, amounts, _on(change, room)) for name, says, amounts, change in _CHANGES]

    def question(self, example: Utterance) -> Any:
        """What is heard."""
        return example.excerpt

    def store(self, example: Utterance, stem: Path) -> Path | None:
        """The recording (of a part of a longer one, all of it) under another name."""
        path = stem.with_suffix(example.audio.suffix)
        copyfile(example.audio, path)
        return path


def noisy(samples: np.ndarray, rate: int, decibels: float, random: np.random.Generator) -> np.ndarray:
    """With pink noise behind it, so many decibels below it."""
    return with_noise(samples, noise("pink", len(samples), rate, random), decibels)


def reverberant(samples: np.ndarray, rate: int, seconds: float, random: np.random.Generator) -> np.ndarray:
    """As in a room in which a sound takes so long to fall by 60 decibels; as much sound is reflected as is not.

    The reflections are noise that dies away exponentially (Moorer 1979). Length and power stay what they were.
    """
    count = max(2, round(seconds * rate))
    times = np.arange(1, count) / rate
    reflections = random.standard_normal(count - 1) * np.exp(-_SIXTY_DECIBELS * times / seconds)
    answer = np.concatenate([[1.0], reflections / np.sqrt(np.square(reflections).sum())])
    size = len(samples) + count - 1
    heard = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(answer, size), size)[: len(samples)]
    power, own = (float(np.mean(np.square(one, dtype=np.float64))) for one in (heard, samples))
    return np.asarray(heard * np.sqrt(own / power) if power else heard, dtype=np.float32)


def clipped(samples: np.ndarray, _rate: int, percent: float, _: np.random.Generator) -> np.ndarray:
    """Cut off at so much of its loudest moment."""
    most = percent / 100 * float(np.abs(samples).max(initial=0.0))
    return samples.clip(-most, most)


def faster(samples: np.ndarray, rate: int, percent: float, _: np.random.Generator) -> np.ndarray:
    """Played so fast, the pitch goes with it."""
    turned = Resampled(rate * percent / 100, rate)
    return np.concatenate([turned.add(samples), turned.end()])


_CHANGES: tuple[tuple[str, str, tuple[float, ...], Sound], ...] = (
    ("noise", "pink noise is heard, the recording {} decibels above it", (20, 15, 10, 5, 0), noisy),
    ("reverberation", "a room in which a sound takes {} seconds to fall by 60 decibels", (0.2, 0.4, 0.6, 0.9, 1.2),
     reverberant),
    ("clipping", "all is cut off at {} % of the loudest sample", (50, 25, 12, 6, 3), clipped),
    ("speed", "it is played {} % as fast, the pitch goes with it", (110, 120, 135, 150, 170), faster),
)  # fmt: skip


def _on(change: Sound, room: Path) -> Callable[[Utterance, float, np.random.Generator], Utterance]:
    def disturbed(one: Utterance, amount: float, random: np.random.Generator) -> Utterance:
        rate = head_of(one.excerpt).rate
        samples = change(read_recording(one.excerpt, rate), rate, amount, random)
        path = room / f"{one.audio.stem}-{blake2b(samples.tobytes(), digest_size=8).hexdigest()}.wav"
        package("soundfile").write(path, samples, rate, subtype="FLOAT")
        return replace(one, audio=path, seconds=len(samples) / rate, part=(0.0, None))

    return disturbed
