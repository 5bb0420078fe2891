"""Variational autoencoder: pictures as draws from a distribution over codes."""

from __future__ import annotations

from throughtime.tasks.pictures.vae.settings import VAESettings
from throughtime.tasks.pictures.vae.task import PictureVAE

__all__ = ["PictureVAE", "VAESettings"]
