"""Principal components: the best that a linear autoencoder can do (Pearson 1901; Hotelling 1933)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from throughtime.storage.written import read_arrays, readable
from throughtime.tasks.pictures.picture import PictureSet

_MOST = 5_000  # pictures that components are fitted to


@dataclass(frozen=True)
class Principal:
    """The mean picture and the directions in which pictures differ most.

    Args:
        mean: (D,) from 0 to 1.
        components: (L, D) orthonormal, the strongest first.
    """

    mean: np.ndarray
    components: np.ndarray

    @classmethod
    def fit(cls, pictures: PictureSet, count: int) -> Self:
        """The first components of some pictures, at most as many as there are pictures or pixels."""
        places = np.linspace(0, len(pictures) - 1, min(_MOST, len(pictures))).astype(int)
        rows = flat(pictures.array(places))
        mean = rows.mean(axis=0)
        _, _, components = np.linalg.svd(rows - mean, full_matrices=False)
        return cls(mean, components[:count])

    def draw(self, rows: np.ndarray) -> np.ndarray:
        """Pictures (N, D) squeezed through the components and drawn again."""
        drawn: np.ndarray = self.mean + (rows - self.mean) @ self.components.T @ self.components
        return drawn

    def sample(self, rows: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
        """New pictures (count, D): normal codes, along each component as wide as those of pictures (N, D)."""
        spread = ((rows - self.mean) @ self.components.T).std(axis=0)
        drawn: np.ndarray = self.mean + (random.standard_normal((count, len(spread))) * spread) @ self.components
        return drawn

    def save(self, path: Path) -> None:
        """As .npz, in half precision."""
        np.savez(path, mean=self.mean.astype(np.float16), components=self.components.astype(np.float16))

    @classmethod
    def load(cls, path: Path) -> Self:
        """What `save` wrote."""
        with readable(path, "principal components"):
            arrays = read_arrays(path)
            return cls(arrays["mean"].astype(np.float32), arrays["components"].astype(np.float32))


def flat(pixels: np.ndarray) -> np.ndarray:
    """Pixels (N, H, W, C) uint8 as rows (N, C H W) of numbers from 0 to 1, channels first as the networks have them."""
    return pixels.transpose(0, 3, 1, 2).reshape(len(pixels), -1).astype(np.float32) / 255
