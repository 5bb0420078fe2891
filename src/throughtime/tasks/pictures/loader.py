"""Batches of pictures, in an order that seed and epoch alone decide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from throughtime.tasks.pictures.picture import PictureSet

if TYPE_CHECKING:
    from throughtime.data.batch import Batch


class PictureLoader:
    """Batches `inputs` (B, H, W, C) uint8, and `classes` (B,) where there are such.

    Args:
        pictures: what is read.
        batch_size: B.
        seed: decides order and mirroring, with the epoch.
        shuffle: in another order in each epoch; an incomplete last batch is left out then, so that all weigh the same.
        mirror: turn half of them left to right, others in each epoch.
        classes: labels, of which each picture has one; none: they are not asked for.
    """

    def __init__(
        self,
        pictures: PictureSet,
        batch_size: int,
        *,
        seed: int = 0,
        shuffle: bool = False,
        mirror: bool = False,
        classes: Sequence[str] = (),
    ) -> None:
        self._pictures, self._seed, self._shuffle, self._mirror = pictures, seed, shuffle, mirror
        self._size = min(batch_size, len(pictures))
        numbers = {name: number for number, name in enumerate(classes)}
        self._classes = np.array([numbers[str(picture.label)] for picture in pictures]) if classes else None

    def __len__(self) -> int:
        whole, rest = divmod(len(self._pictures), self._size)
        return whole + (rest > 0 and not self._shuffle)

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[Batch]:
        """The batches of that epoch, without the first `skip`."""
        import torch

        from throughtime.data.batch import Batch

        random = np.random.default_rng((self._seed, epoch))
        count = len(self._pictures)
        order = random.permutation(count) if self._shuffle else np.arange(count)
        mirrored = random.random(count) < 0.5 if self._mirror else np.zeros(count, bool)
        for number in range(skip, len(self)):
            members = order[number * self._size : (number + 1) * self._size]
            pixels = self._pictures.array(members)
            turned = mirrored[members]
            pixels[turned] = pixels[turned, :, ::-1]
            tensors = {"inputs": torch.from_numpy(pixels)}
            if self._classes is not None:
                tensors["classes"] = torch.from_numpy(self._classes[members])
            yield Batch(tensors, len(members), len(members))
