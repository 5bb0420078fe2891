"""Pictures as Inception v3 sees them, of a file of weights that the user has: what FID is measured in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from throughtime.data.progress import counted
from throughtime.errors import DataError
from throughtime.tasks.pictures.picture import PictureSet

if TYPE_CHECKING:
    from torch import Tensor

    from throughtime.models.inception import Inception

PUBLISHED = "6726825d"
"""What the SHA-256 of the published file begins with, as its name says: pt_inception-2015-12-05-6726825d.pth."""
_EXPECTED = "the weights of FID's Inception v3 (pt_inception-2015-12-05)"
_LARGEST = 2**30
_AT_ONCE = 50  # pictures
_COUNTER = "num_batches_tracked"  # of batch normalisation, which some files have and no forward pass needs


class InceptionFeatures:
    """The 2,048 numbers that Inception v3 says of a picture before it decides.

    Args:
        network: of the weights.
        checksum: SHA-256 of their file, in hexadecimal.
    """

    names: ClassVar = ("fid", "inception_kid", "inception_precision", "inception_recall")

    def __init__(self, network: Inception, checksum: str) -> None:
        self.network, self.checksum = network, checksum

    @classmethod
    def load(cls, path: Path) -> Self:
        """Of a file with torchvision's names, as PyTorch or safetensors write it; nothing that it may hold is run.

        Raises:
            DataError: there is no such file, or its tensors are others.
        """
        if not path.is_file():
            raise DataError(path, "a folder" if path.is_dir() else "no such file", _EXPECTED)
        if path.stat().st_size > _LARGEST:
            raise DataError(path, f"{path.stat().st_size:,} bytes", f"{_EXPECTED}, which are a tenth of that")
        import torch

        from throughtime.models.inception import Inception

        tensors = _read(path)
        network = Inception()
        _check(path, tensors, network)
        network.load_state_dict({name: tensors.get(name, own) for name, own in network.state_dict().items()})
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        with path.open("rb") as file:
            return cls(network.eval(), hashlib.file_digest(file, "sha256").hexdigest())

    @property
    def published(self) -> bool:
        """Whether these are the weights by which everybody's FID is measured."""
        return self.checksum.startswith(PUBLISHED)

    def features(self, pictures: PictureSet | np.ndarray) -> np.ndarray:
        """(N, 2048), of pictures (N, H, W, C) uint8; grey ones are shown in three equal colours."""
        import torch

        starts, found = range(0, len(pictures), _AT_ONCE), []
        for start in counted(starts, f"looking through Inception, {_AT_ONCE} pictures at a time"):
            part = pictures[start : start + _AT_ONCE]
            pixels = part.array() if isinstance(part, PictureSet) else np.array(part, order="C")
            seen = torch.from_numpy(pixels).permute(0, 3, 1, 2).float().expand(-1, 3, -1, -1)
            with torch.no_grad():
                found.append(self.network(seen.contiguous(memory_format=torch.channels_last)).numpy())
        return np.concatenate(found)

    def __str__(self) -> str:
        whose = "the published" if self.published else f"not the published {PUBLISHED}"
        return f"Inception v3 (weights {self.checksum[:8]}, {whose})"


def _read(path: Path) -> Mapping[str, Tensor]:
    """The tensors of a file by name."""
    import torch
    from safetensors.torch import load_file

    try:
        if path.suffix == ".safetensors":
            stored: Any = load_file(path)
        else:
            stored = torch.load(path, map_location="cpu", weights_only=True)  # builds tensors, and nothing else
    except MemoryError:
        raise
    except Exception as error:  # a damaged file raises whatever its broken part raises
        raise DataError(path, "nothing that can be read as weights", _EXPECTED) from error
    if not isinstance(stored, Mapping) or not all(isinstance(one, torch.Tensor) for one in stored.values()):
        raise DataError(path, f"a {type(stored).__name__} that is no table of tensors", _EXPECTED)
    return stored


def _check(path: Path, tensors: Mapping[str, Tensor], network: Inception) -> None:
    """Make sure that these are all tensors of this very network, the layer that decides included: Inception as others
    trained it on other classes has the same features by name alone.
    """
    from throughtime.models.inception import CLASSES, FEATURES

    shapes = {name: tuple(own.shape) for name, own in network.state_dict().items() if not name.endswith(_COUNTER)}
    shapes |= {"fc.weight": (CLASSES, FEATURES), "fc.bias": (CLASSES,)}
    found = {str(name): one for name, one in tensors.items() if not str(name).endswith(_COUNTER)}
    for name in sorted(shapes.keys() - found.keys()):
        raise DataError(path, f"no tensor {name!r}", _EXPECTED)
    for name in sorted(found.keys() - shapes.keys()):
        raise DataError(path, f"a tensor {name!r}", f"{_EXPECTED}, which have none of that name")
    for name, shape in shapes.items():
        if tuple(found[name].shape) != shape:
            raise DataError(path, f"{name!r} of shape {tuple(found[name].shape)}", f"{shape}, as {_EXPECTED} have it")
        if not found[name].is_floating_point() or not bool(found[name].isfinite().all()):
            raise DataError(path, f"{name!r} with values that are no numbers", _EXPECTED)
