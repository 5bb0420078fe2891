"""StyleGAN, from the papers: the networks of Karras et al. 2019 and 2020a, the augmentation of Karras et al. 2020b."""

from __future__ import annotations

from throughtime.models.stylegan.augmentation import AdaptiveAugmentation
from throughtime.models.stylegan.discriminator import Discriminator
from throughtime.models.stylegan.generator import Generator
from throughtime.models.stylegan.mapping import Mapping
from throughtime.models.stylegan.stylegan import Regularisation, StyleGAN
from throughtime.models.stylegan.synthesis import Synthesis

__all__ = ["AdaptiveAugmentation", "Discriminator", "Generator", "Mapping", "Regularisation", "StyleGAN", "Synthesis"]
