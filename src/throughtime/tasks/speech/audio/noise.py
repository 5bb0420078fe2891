"""Background noise, mixed in at a stated signal-to-noise ratio."""

from __future__ import annotations

import numpy as np

from throughtime.errors import ArgumentError

# power falls with the frequency to this power: hiss, a room or a street, an engine or the wind
COLOURS = {"white": 0.0, "pink": 1.0, "brown": 2.0}
_LOWEST = 50.0  # Hz; below it a brown noise would have nearly all of its power


def noise(colour: str, samples: int, rate: int, random: np.random.Generator) -> np.ndarray:
    """Noise of mean power 1, float32 (N,).

    Args:
        colour: white, pink or brown.
        samples: N.
        rate: samples a second.
        random: where it comes from.

    Raises:
        ArgumentError: no such colour.
    """
    if colour not in COLOURS:
        raise ArgumentError(f"found the noise {colour!r}, expected one of: {', '.join(COLOURS)}")
    frequencies = np.fft.rfftfreq(samples, 1 / rate)
    spectrum = np.fft.rfft(random.standard_normal(samples))
    spectrum *= np.maximum(frequencies, _LOWEST) ** (-COLOURS[colour] / 2)
    spectrum[0] = 0  # no constant part: it would not be heard
    shaped = np.fft.irfft(spectrum, samples)
    return np.asarray(shaped / np.sqrt(np.mean(shaped**2)), dtype=np.float32)


def with_noise(samples: np.ndarray, background: np.ndarray, decibels: float) -> np.ndarray:
    """A recording (N,) with a background (N,) added so that its power is `decibels` below that of the recording.

    Example:
        >>> tone = np.sin(np.arange(8000) * 0.3).astype(np.float32)
        >>> random = np.random.default_rng(0)
        >>> both = with_noise(tone, noise("white", 8000, 8000, random), decibels=10)
        >>> round(float(10 * np.log10(np.mean(tone**2) / np.mean((both - tone) ** 2))), 3)
        10.0
    """
    power, own = (
        float(np.mean(np.square(samples, dtype=np.float64))),
        float(np.mean(background.astype(np.float64) ** 2)),
    )
    if not power or not own:
        return samples
    return np.asarray(samples + background * np.sqrt(power / own) * 10 ** (-decibels / 20), dtype=np.float32)
