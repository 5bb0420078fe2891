"""The autoencoder: the linear one is PCA; all architectures draw pictures of the size they are given."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.linalg import subspace_angles
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from torch import nn

from throughtime.data.batch import Batch
from throughtime.models.autoencoder import Autoencoder, unit
from throughtime.models.parts.coders import Architecture, Shape, decoder, encoder


def test_the_linear_one_learns_the_principal_subspace() -> None:
    pixels = np.round(load_digits().images[..., None] * (255 / 16)).astype(np.uint8)
    rows = pixels.reshape(len(pixels), -1) / 255
    torch.manual_seed(0)
    model = Autoencoder(encoder("dense", (1, 8, 8), 8, ()), decoder("dense", 8, (1, 8, 8), ()), bounded=False).double()
    batch = Batch({"inputs": torch.from_numpy(pixels)}, len(pixels), len(pixels))
    optimiser = torch.optim.LBFGS(model.parameters(), max_iter=2000, tolerance_grad=1e-10, tolerance_change=1e-14,
                                  history_size=50, line_search_fn="strong_wolfe")  # fmt: skip
    torch.set_default_dtype(torch.float64)
    try:

        def closure() -> torch.Tensor:
            optimiser.zero_grad()
            loss = model.loss(batch).total / len(pixels)
            loss.backward()
            return loss

        optimiser.step(closure)
        error = float(model.loss(batch).total.detach())
    finally:
        torch.set_default_dtype(torch.float32)
    known = PCA(8, svd_solver="full").fit(rows)
    best = float(np.square(rows - known.inverse_transform(known.transform(rows))).sum())
    assert error == pytest.approx(best, rel=1e-4)
    learned = model.decoder[0].weight.detach().numpy()  # type: ignore[index]
    assert subspace_angles(learned, known.components_.T).max() < 1e-3


@pytest.mark.parametrize("architecture", ["dense", "convolutional", "recurrent"])
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 28, 28), (1, 5, 5), (2, 4, 4), (1, 33, 33), (3, 64, 64)])
def test_each_architecture_has_a_gradient_in_every_weight(architecture: Architecture, shape: Shape) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(encoder(architecture, shape, 6, [8]), decoder(architecture, 6, shape, [8]))
    pictures = torch.rand(4, *shape)
    drawn = model(pictures)
    assert drawn.shape == pictures.shape
    (drawn - pictures).square().sum().backward()
    # of units that are never on there may be no gradient, but not of a whole layer
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


def test_noise_disturbs_what_is_seen_and_not_what_is_to_be_drawn() -> None:
    class Kept(nn.Module):
        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            return pictures.flatten(1)

    model = Autoencoder(Kept(), nn.Unflatten(1, (1, 16, 16)), bounded=False, noise=0.5)
    batch = Batch({"inputs": torch.randint(0, 256, (200, 16, 16, 1), dtype=torch.uint8)}, 200, 200)
    torch.manual_seed(0)
    variance = float(model.train().loss(batch).total) / (200 * 256)
    assert variance == pytest.approx(0.25, rel=0.03)
    assert float(model.eval().loss(batch).total) == 0


def test_pixels_become_numbers_channels_first() -> None:
    pixels = torch.zeros(1, 2, 3, 3, dtype=torch.uint8)
    pixels[0, 1, 2] = torch.tensor([255, 51, 0])
    numbers = unit(pixels)
    assert numbers.shape == (1, 3, 2, 3)
    assert numbers[0, :, 1, 2].tolist() == pytest.approx([1.0, 0.2, 0.0])
