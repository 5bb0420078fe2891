"""Pictures: models that draw them again, learn where they lie, and make new ones."""

from __future__ import annotations

from throughtime.tasks.pictures.autoencoder import AutoencoderSettings, PictureAutoencoder
from throughtime.tasks.pictures.gan import GANSettings, PictureGAN
from throughtime.tasks.pictures.stylegan import PictureStyleGAN, StyleGANSettings
from throughtime.tasks.pictures.vae import PictureVAE, VAESettings

__all__ = [
    "AutoencoderSettings",
    "GANSettings",
    "PictureAutoencoder",
    "PictureGAN",
    "PictureStyleGAN",
    "PictureVAE",
    "StyleGANSettings",
    "VAESettings",
]
