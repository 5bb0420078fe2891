"""Autoencoder: pictures squeezed through a few numbers and drawn again."""

from __future__ import annotations

from throughtime.tasks.pictures.autoencoder.settings import AutoencoderSettings
from throughtime.tasks.pictures.autoencoder.task import PictureAutoencoder

__all__ = ["AutoencoderSettings", "PictureAutoencoder"]
