"""A picture, and a set of pictures of one size that may be larger than memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One picture.

    Args:
        pixels: (H, W, C) uint8; C is 1 (grey) or 3 (red, green, blue).
        label: its class; None where that is not known.
        path: where it comes from.
        line: the row or number there, from 1; None where it is a file of its own.
    """

    pixels: np.ndarray
    label: str | None = None
    path: Path = Path("-")
    line: int | None = None


@dataclass(frozen=True, eq=False)
class PictureSet(Sequence[Picture]):
    """Pictures of one size, in one array.

    Args:
        pixels: (N, H, W, C) uint8, in memory or mapped from a file.
        labels: of each; None where there are none.
        places: the file of each, and the row there.
        chosen: (M,) which of the N are members, in order; None: all.

    Example:
        >>> some = PictureSet(np.zeros((3, 4, 4, 1), np.uint8), ["a", "b", "a"], [(Path("x"), n) for n in (1, 2, 3)])
        >>> len(some), some[1].label, [picture.label for picture in some.pick([2, 0])]
        (3, 'b', ['a', 'a'])
    """

    pixels: np.ndarray
    labels: Sequence[str | None]
    places: Sequence[tuple[Path, int | None]]
    chosen: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.pixels) if self.chosen is None else len(self.chosen)

    @overload
    def __getitem__(self, index: int) -> Picture: ...

    @overload
    def __getitem__(self, index: slice) -> PictureSet: ...

    def __getitem__(self, index: int | slice) -> Picture | PictureSet:
        if isinstance(index, slice):
            return self.pick(np.arange(len(self))[index])
        place = self._place(range(len(self))[index])
        path, line = self.places[place]
        return Picture(self.pixels[place], self.labels[place], path, line)

    def _place(self, index: int) -> int:
        return index if self.chosen is None else int(self.chosen[index])

    def pick(self, members: Sequence[int] | np.ndarray) -> PictureSet:
        """Those members, in that order; no pixel is copied."""
        wanted = np.asarray(members, dtype=np.int64)
        chosen = wanted if self.chosen is None else self.chosen[wanted]
        return PictureSet(self.pixels, self.labels, self.places, chosen)

    def array(self, members: Sequence[int] | np.ndarray | None = None) -> np.ndarray:
        """Pixels (M, H, W, C) of those members, copied; None: of all."""
        wanted = np.arange(len(self)) if members is None else np.asarray(members, dtype=np.int64)
        return np.asarray(self.pixels[wanted if self.chosen is None else self.chosen[wanted]])

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W)."""
        height, width, channels = self.pixels.shape[1:]
        return channels, height, width


def joined(pictures: Sequence[Picture]) -> PictureSet:
    """Pictures of one size, one by one, as a set; a set stays what it is."""
    if isinstance(pictures, PictureSet):
        return pictures
    return PictureSet(
        np.stack([picture.pixels for picture in pictures]),
        [picture.label for picture in pictures],
        [(picture.path, picture.line) for picture in pictures],
    )
