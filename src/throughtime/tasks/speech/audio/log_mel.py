"""Log-mel features: what the ear makes of sound, 100 frames a second."""

from __future__ import annotations

from typing import Any

import numpy as np

from throughtime.tasks.speech.audio.opening import package

FRAMES_A_SECOND = 100
_FULL_SCALE = 32768.0
# of a bin's log energy at 16 bits: below it there is only rounding, or the exact zeros of made-up sound
_FLOOR = 0.0


class LogMel:
    """Logarithm of the energies in mel-spaced bands, of frames of 25 ms every 10 ms, as samples come.

    Kaldi's filter bank (Povey window, pre-emphasis 0.97, no dither) in the package kaldi-native-fbank; the features
    of a frame depend on its own 25 ms alone, so that parts give what the whole gives. Source: Davis and Mermelstein
    (1980), without their last step, the cosine transform.

    Args:
        rate: samples a second.
        bins: bands F.

    Example:
        >>> tone = np.sin(np.arange(16000) * 2 * np.pi * 440 / 16000).astype(np.float32)
        >>> LogMel(16000, 80).all_of(tone).shape
        (98, 80)
    """

    def __init__(self, rate: int, bins: int) -> None:
        self.rate, self.bins = rate, bins
        self._kaldi = package("kaldi_native_fbank")
        self._bank = self._fresh()
        self._given = 0

    def _fresh(self) -> Any:
        options = self._kaldi.FbankOptions()
        options.frame_opts.samp_freq = self.rate
        options.frame_opts.dither = 0.0
        options.mel_opts.num_bins = self.bins
        return self._kaldi.OnlineFbank(options)

    def all_of(self, samples: np.ndarray) -> np.ndarray:
        """Features float32 (T, F) of all the samples (N,) of a recording; T is 0 if it lasts less than a frame."""
        self._bank, self._given = self._fresh(), 0
        return self.add(samples)

    def add(self, samples: np.ndarray) -> np.ndarray:
        """Features (T, F) of the frames that are complete now that these samples (N,), from -1 to 1, have come."""
        self._bank.accept_waveform(self.rate, samples * _FULL_SCALE)
        ready = self._bank.num_frames_ready
        features = np.empty((ready - self._given, self.bins), dtype=np.float32)
        for row in features:
            row[:] = self._bank.get_frame(self._given)
            self._given += 1
        self._bank.pop(ready)
        return np.maximum(features, _FLOOR)
