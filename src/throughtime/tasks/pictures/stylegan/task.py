"""StyleGAN, from files of pictures to new ones, their mixtures, and how near they come."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from throughtime.errors import DataError, ThroughtimeError
from throughtime.storage.report import Report, Table
from throughtime.tasks.base import GenerateSettings, Splits, check_writable
from throughtime.tasks.pictures import grids
from throughtime.tasks.pictures.adversarial import AdversarialTask
from throughtime.tasks.pictures.measures.judge import spread
from throughtime.tasks.pictures.picture import Picture, joined
from throughtime.tasks.pictures.stylegan import painting
from throughtime.tasks.pictures.stylegan.film import write_film
from throughtime.tasks.pictures.stylegan.settings import StyleGANGeneration, StyleGANSettings

if TYPE_CHECKING:
    from torch import Tensor

    from throughtime.models.base import Model
    from throughtime.models.stylegan import StyleGAN

_SMALLEST = 8  # pixels of a side that the networks draw
_PSIS = (0.3, 0.5, 0.7, 0.85, 1.0)
_TRADED = ("frechet", "precision", "recall")


class PictureStyleGAN(AdversarialTask[StyleGANSettings]):
    """Learns to draw pictures whose coarse and fine features have styles of their own."""

    name = "stylegan"
    summary = "draws new pictures whose coarse and fine features can be mixed, also from few pictures"
    Settings = StyleGANSettings
    Generation = StyleGANGeneration
    safer = "--psi 0.7"

    @property
    def side(self) -> int:
        """Pixels of a side that the networks draw: a power of two."""
        return max(_SMALLEST, 1 << (self.shape[1] - 1).bit_length())

    def examine(self, splits: Splits[Picture]) -> None:
        """Say where pictures are smaller than what is drawn."""
        super().examine(splits)
        own = joined(splits.train).shape[1]
        side = max(_SMALLEST, 1 << (own - 1).bit_length())
        if side != own:
            what = f"{own} x {own} pixels in the middle of {side} x {side}, a power of two (--size tells another size)"
            self.findings.taken("drawn size", what)

    def model(self) -> StyleGAN:
        """Both networks, and what keeps them in order."""
        from throughtime.models.stylegan import (
            AdaptiveAugmentation,
            Discriminator,
            Generator,
            Mapping,
            Regularisation,
            StyleGAN,
            Synthesis,
        )

        asked, classes = self.settings, len(self.classes)
        colours, own, _ = self.shape
        augmented = asked.augment == "adaptive"
        regularisation = Regularisation(
            r1=asked.r1,
            r1_every=asked.r1_every,
            path_length=asked.path_length,
            path_length_every=asked.path_length_every,
            mixing=asked.style_mixing,
            half_life=asked.half_life,
        )
        return StyleGAN(
            Generator(
                Mapping(asked.style, asked.mapping_layers, classes),
                Synthesis(colours, self.side, asked.width, asked.widest, asked.style),
            ),
            Discriminator(colours, self.side, asked.width, asked.widest, classes),
            AdaptiveAugmentation(asked.augment_target, asked.augment_pictures) if augmented else None,
            regularisation,
            side=own,
        )

    def evaluate(self, model: Model, examples: Sequence[Picture]) -> Report:
        """All measures; and how truncation trades recall for precision."""
        report = super().evaluate(model, examples)
        if not report.metrics:
            return report
        assert self.sample_judge is not None
        assert self.kept is not None
        pictures = joined(examples)
        count = min(self.drawn_beside(pictures), len(self.kept))
        measures = self.sample_judge.beside(spread(pictures, count))
        chance, classes = self.chance(model, count, self.settings.seed), self.some_classes(count, self.settings.seed)
        rows: list[tuple[str | float, ...]] = []
        for psi in _PSIS:
            found = report.metrics if psi == 1 else measures(self._painted(model, chance, classes, psi))
            rows.append((f"{psi:g}", *(found[name] for name in _TRADED)))
        return Report(report.metrics, report.baselines, [*report.tables, Table("truncation", ("psi", *_TRADED), rows)])

    def drawn(self, model: Any, chance: np.ndarray, classes: np.ndarray | None) -> np.ndarray:
        """By the averaged generator, not truncated."""
        return self._painted(model, chance, classes, 1.0)

    def _painted(self, model: Any, chance: np.ndarray, classes: np.ndarray | None, psi: float) -> np.ndarray:
        # the noise follows from the chance, so that the same chance is the same picture
        return painting.paint(model, self._styles(model, chance, classes, psi), zlib.crc32(chance.tobytes()), "own")

    def _styles(
        self,
        model: Any,
        chance: np.ndarray,
        classes: np.ndarray | None,
        psi: float = 1.0,
        psi_sides: Sequence[int] | None = None,
    ) -> Tensor:
        """Styles (N, layers, style) of chance (N, Z) and classes (N,)."""
        import torch

        device = next(model.parameters()).device
        numbers = torch.from_numpy(chance).to(device, torch.get_default_dtype())
        labels = None if classes is None else torch.from_numpy(classes).to(device)
        with torch.no_grad():
            styles: Tensor = model.averaged.styles(numbers, labels, psi, psi_sides)
        return styles

    # -- use -------------------------------------------------------------------------------------------------

    def check_output(self, out: Path, options: GenerateSettings) -> None:
        """A walk is a film; and what a StyleGAN has not, or misses, is said."""
        asked = StyleGANGeneration(**options.model_dump())
        check_writable(out)
        ending = ".mp4" if asked.what == "walk" else ".png"
        if out.suffix.lower() != ending:
            raise DataError(out, f"the ending {out.suffix!r}", f"the name of a {ending} file")
        if asked.temperature != 1:
            raise ThroughtimeError(
                f"--temperature: found {asked.temperature:g}, expected 1: styles are what is nearer to the middle or "
                "farther from it: --psi"
            )
        if asked.what == "projection" and asked.like is None:
            raise ThroughtimeError("--what projection: found no picture to be found again, expected --like FILE")

    def generate(self, model: Model, out: Path, options: GenerateSettings) -> list[Path]:
        """Draw what was asked for as a PNG file, or as a film."""
        asked: Any = self.Generation(**options.model_dump())
        if asked.what == "walk":
            write_film(out, self._frames(model.eval(), asked))
            return [out]
        columns = {"mixing": asked.columns + 1, "projection": 2}.get(asked.what, asked.columns)
        grids.write_png(out, grids.grid(self._sheet(model.eval(), asked), columns), asked.zoom)
        return [out]

    def _sheet(self, model: Any, asked: Any) -> np.ndarray:
        """The pictures of a grid, row by row."""
        rows, columns, seed = asked.rows, asked.columns, asked.seed
        if asked.what == "projection":
            return self._projected(model, asked)
        if asked.what == "mixing":
            sources, lenders = self._asked_styles(model, asked, rows + columns).tensor_split([rows])
            layers = self._coarse_layers(model, asked.coarse_to)
            mixture = painting.mixed(sources, lenders, layers)
            drawn = (painting.paint(model, styles, seed, "shared") for styles in (sources, lenders, mixture))
            return painting.mixing_sheet(*drawn)
        if asked.what == "interpolation":
            first, second = self._asked_styles(model, asked, 2 * rows).tensor_split(2)
            return painting.paint(model, painting.between(first, second, columns), seed, "shared")
        return painting.paint(model, self._asked_styles(model, asked, rows * columns), seed, "own")

    def _frames(self, model: Any, asked: Any) -> Iterator[np.ndarray]:
        """The sheets of a film."""
        count, sides = asked.rows * asked.columns, self._psi_sides(model, asked)
        chance, classes = self.chance(model, 2 * count, asked.seed), self.of_class(count, asked)
        for way in painting.circle(chance[:count], chance[count:], asked.frames):
            styles = self._styles(model, way, classes, asked.psi, sides)
            sheet = grids.grid(painting.paint(model, styles, asked.seed, "shared"), asked.columns)
            yield sheet.repeat(asked.zoom, axis=0).repeat(asked.zoom, axis=1)

    def _asked_styles(self, model: Any, asked: Any, count: int) -> Tensor:
        """Styles (count, layers, style), truncated and of the class that is asked for."""
        chance, classes = self.chance(model, count, asked.seed), self.of_class(count, asked)
        return self._styles(model, chance, classes, asked.psi, self._psi_sides(model, asked))

    def _projected(self, model: Any, asked: Any) -> np.ndarray:
        """Each picture of a file or folder, and beside it what comes nearest."""
        import torch

        from throughtime.models.stylegan.projection import project

        pictures = joined(self.read(asked.like))
        self.accept(pictures)
        pixels = pictures.array()
        device = next(model.parameters()).device
        classes = self.of_class(len(pixels), asked)
        labels = None if classes is None else torch.from_numpy(classes).to(device)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(asked.seed)
            styles = project(model, torch.from_numpy(pixels).to(device), labels, asked.projection_steps)
        made = painting.paint(model, styles, asked.seed, "none")
        return np.stack([pixels, made], axis=1).reshape(-1, *pixels.shape[1:])

    @staticmethod
    def _coarse_layers(model: Any, coarse_to: int) -> int:
        sides = model.averaged.layer_sides
        possible = sorted({side for side in sides if side < sides[-1]})
        if coarse_to not in possible:
            known = ", ".join(map(str, possible))
            raise ThroughtimeError(f"--coarse-to: found {coarse_to}, expected one of the resolutions {known}")
        return sum(side <= coarse_to for side in sides)

    @staticmethod
    def _psi_sides(model: Any, asked: Any) -> list[int] | None:
        if asked.psi_resolutions is None:
            return None
        lowest, highest = map(int, asked.psi_resolutions.split("-"))
        sides = sorted(set(model.averaged.layer_sides))
        chosen = [side for side in sides if lowest <= side <= highest]
        if not chosen:
            known = ", ".join(map(str, sides))
            raise ThroughtimeError(
                f"--psi-resolutions: found {asked.psi_resolutions}, expected a range with some of {known}"
            )
        return chosen
