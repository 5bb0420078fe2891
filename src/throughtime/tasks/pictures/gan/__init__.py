"""Generative adversarial network: a generator of pictures that learns from an opponent."""

from __future__ import annotations

from throughtime.tasks.pictures.gan.settings import GANSettings
from throughtime.tasks.pictures.gan.task import PictureGAN

__all__ = ["GANSettings", "PictureGAN"]
