"""The small classifier in whose features pictures are compared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Self

import numpy as np

from throughtime.data.progress import counted
from throughtime.errors import ThroughtimeError
from throughtime.storage.atomic import write_atomically
from throughtime.storage.written import readable
from throughtime.tasks.pictures import grids
from throughtime.tasks.pictures.picture import PictureSet

if TYPE_CHECKING:
    from torch import nn

_SEED = 2017  # its own, so that two runs on the same pictures are measured alike, whatever their seeds
_FEATURES, _WIDTH, _SIDE = 128, 32, 32
_BATCH, _RATE = 128, 2e-3
_MOST, _FEWEST = 60_000, 10  # pictures that it is trained on
_HELD_OUT = 2_000
_AT_ONCE, _VALUES = 500, 1 << 24  # pictures, and numbers in them, that are worked on at once


@dataclass(frozen=True)
class Learned:
    """What a classifier has learned to tell, and how well.

    Args:
        what: the label of a picture, or by which of four rotations it was turned.
        classes: how many there are.
        accuracy: the share of training pictures held out from it that it is right about.
        scale: root mean square of the numbers of its last hidden layer over them.
        shape: (C, H, W) of what it sees.
    """

    what: Literal["labels", "rotations"]
    classes: int
    accuracy: float
    scale: float
    shape: tuple[int, int, int]


class Classifier:
    """A convolutional network that tells labels or, where there are none, rotations (Gidaris et al. 2018).

    Its features are what its last hidden layer says of a picture, scaled to a mean square of 1: the layer's own scale
    means nothing, and a kernel that is no power of a product depends on it. It sees at most 32 x 32 pixels, each the
    mean of those that it covers in the picture.

    Args:
        network: (B, C, H, W) from 0 to 1 -> (B, classes); all but its last layer gives the features.
        learned: what it tells.
    """

    names: ClassVar = ("frechet", "kid", "precision", "recall")

    def __init__(self, network: nn.Sequential, learned: Learned) -> None:
        self.network, self.learned = network, learned

    @classmethod
    def fit(cls, train: PictureSet, steps: int) -> Self:
        """Train one: on the labels if all pictures have one and there are at least two, else on rotations.

        It depends on pictures and steps alone: its seed is its own, and torch's is left as it was.

        Args:
            train: square pictures of the training split; a tenth is held out to say how good it is.
            steps: of Adam, on 128 pictures each.

        Raises:
            ThroughtimeError: there are too few pictures.
        """
        if len(train) < _FEWEST:
            raise ThroughtimeError(
                f"found {len(train)} training pictures, expected at least {_FEWEST} for the classifier in whose "
                "features generated ones are measured; --classifier-steps 0 goes without"
            )
        random = np.random.default_rng(_SEED)
        labels = _labels(train)
        order = random.permutation(len(train))[: _MOST if labels is not None else _MOST // 4]
        pixels = np.concatenate([_small(part) for part in counted(_parts(train.pick(order)), "making pictures small")])
        held = min(_HELD_OUT, len(order) // 10)
        if labels is not None:
            seen, unseen = (pixels[held:], labels[order[held:]]), (pixels[:held], labels[order[:held]])
        else:
            seen, unseen = _turned(pixels[held:]), _turned(pixels[:held])
        shape, classes = (pixels.shape[3], pixels.shape[1], pixels.shape[2]), int(seen[1].max()) + 1
        with _one_thread():
            network = _network(shape, classes)
            _train(network, *seen, steps, random)
            accuracy = float((_run(network, unseen[0]).argmax(axis=1) == unseen[1]).mean())
            scale = float(np.sqrt(np.square(_run(network[:-1], unseen[0])).mean())) or 1.0
        what: Literal["labels", "rotations"] = "rotations" if labels is None else "labels"
        return cls(network, Learned(what, classes, accuracy, scale, shape))

    def features(self, pictures: PictureSet | np.ndarray) -> np.ndarray:
        """(N, 128), of pictures (N, H, W, C) uint8."""
        return _run(self.network[:-1], pictures) / np.float32(self.learned.scale)

    def save(self, folder: Path) -> None:
        """As classifier.safetensors and classifier.json."""
        from throughtime.storage.weights import save_weights

        save_weights(self.network, folder / "classifier.safetensors")
        write_atomically(folder / "classifier.json", json.dumps(asdict(self.learned)))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """What `save` wrote.

        Raises:
            ThroughtimeError: a file is missing or damaged.
        """
        from throughtime.storage.weights import build_like, load_weights

        weights = folder / "classifier.safetensors"
        with readable(folder / "classifier.json", "account of a classifier"):
            stored = json.loads((folder / "classifier.json").read_text(encoding="utf-8"))
            channels, height, width = stored.pop("shape")
            learned = Learned(**stored, shape=(channels, height, width))
            network = build_like(lambda: _network(learned.shape, learned.classes), weights)
        load_weights(network, weights)
        return cls(network, learned)

    def __str__(self) -> str:
        told = "the labels" if self.learned.what == "labels" else "four rotations"
        return f"a classifier of {told}, {self.learned.accuracy:.1%} right on training pictures held out from it"


def _labels(pictures: PictureSet) -> np.ndarray | None:
    """Numbers of the labels (N,); None if a picture has none, or all have the same."""
    labels = [picture.label for picture in pictures]
    numbers = {name: number for number, name in enumerate(sorted({name for name in labels if name is not None}))}
    if None in labels or len(numbers) < 2:
        return None
    return np.array([numbers[str(label)] for label in labels])


def _turned(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All pictures (N, H, H, C) by all four quarter turns (4 N, H, H, C), and how many each was turned by."""
    turns = range(4)
    return np.concatenate([np.rot90(pixels, turn, axes=(1, 2)) for turn in turns]), np.repeat(turns, len(pixels))


def _network(shape: tuple[int, int, int], classes: int) -> nn.Sequential:
    """The untrained network, the same each time."""
    import torch
    from torch import nn

    from throughtime.models.parts.coders import encoder

    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(_SEED)  # no GPU's generator
        reader = encoder("convolutional", shape, _FEATURES, (_WIDTH,))
        network = nn.Sequential(reader, nn.ReLU(), nn.Linear(_FEATURES, classes))
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def _train(
    network: nn.Module, pixels: np.ndarray, classes: np.ndarray, steps: int, random: np.random.Generator
) -> None:
    """Descend on the cross-entropy, by steps that become shorter evenly."""
    import torch
    from torch.nn import functional

    from throughtime.models.autoencoder import unit

    optimiser = torch.optim.Adam(network.parameters(), lr=_RATE, fused=True)
    for step in counted(range(steps), "training the classifier in whose features pictures are compared"):
        optimiser.param_groups[0]["lr"] = _RATE * (1 - step / steps)
        batch = random.integers(len(pixels), size=_BATCH)
        given, right = torch.from_numpy(pixels[batch]), torch.from_numpy(classes[batch])
        loss = functional.cross_entropy(network(unit(given)), right)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()


def _run(network: nn.Module, pictures: PictureSet | np.ndarray) -> np.ndarray:
    """What a network gives for pictures (N, H, W, C) uint8, in the same arithmetic whatever that of the training."""
    import torch

    from throughtime.models.autoencoder import unit

    with torch.no_grad(), torch.autocast("cpu", enabled=False):
        given = [network(unit(torch.from_numpy(_small(part))).float()).numpy() for part in _parts(pictures)]
    return np.concatenate(given)


def _parts(pictures: PictureSet | np.ndarray) -> Iterator[np.ndarray]:
    """Pixels of some pictures at a time, as many as memory easily holds, copied: torch takes no array that is mirrored
    or not to be written to.
    """
    shape = pictures.shape if isinstance(pictures, PictureSet) else pictures.shape[1:]
    size = min(_AT_ONCE, max(1, _VALUES // int(np.prod(shape))))
    for start in range(0, len(pictures), size):
        part = pictures[start : start + size]
        yield part.array() if isinstance(part, PictureSet) else np.array(part, order="C")


def _small(pixels: np.ndarray) -> np.ndarray:
    """(N, H, W, C) uint8, by average pooling at most 32 x 32."""
    import torch
    from torch.nn import functional

    from throughtime.models.autoencoder import unit

    height, width = (min(side, _SIDE) for side in pixels.shape[1:3])
    if (height, width) == pixels.shape[1:3]:
        return pixels
    return grids.to_bytes(functional.adaptive_avg_pool2d(unit(torch.from_numpy(pixels)), (height, width)).numpy())


@contextmanager
def _one_thread() -> Iterator[None]:
    """Inside, torch has one CPU thread: sums are the same on every machine of a kind."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
