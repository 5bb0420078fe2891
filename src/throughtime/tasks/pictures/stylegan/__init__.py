"""StyleGAN: pictures drawn layer by layer, each in a style that can be chosen, mixed and moved."""

from __future__ import annotations

from throughtime.tasks.pictures.stylegan.settings import StyleGANSettings
from throughtime.tasks.pictures.stylegan.task import PictureStyleGAN

__all__ = ["PictureStyleGAN", "StyleGANSettings"]
