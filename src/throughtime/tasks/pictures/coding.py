"""Models of pictures that have codes: what goes in and out, and what can be drawn of the space of codes."""

from __future__ import annotations

from base64 import b64decode, b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from throughtime.tasks.base import Draws, GenerateSettings, Prediction
from throughtime.tasks.pictures import grids
from throughtime.tasks.pictures.base import PictureTask
from throughtime.tasks.pictures.baselines.principal import flat
from throughtime.tasks.pictures.conditions import DisturbedPictures
from throughtime.tasks.pictures.gaps import View
from throughtime.tasks.pictures.latent import Plane, between, draw_map
from throughtime.tasks.pictures.picture import PictureSet
from throughtime.tasks.pictures.reading.decode import decode
from throughtime.tasks.pictures.settings import CodingSettings

if TYPE_CHECKING:
    from throughtime.models.base import Model

SettingsT = TypeVar("SettingsT", bound=CodingSettings)


class CodingTask(PictureTask[SettingsT], Draws, DisturbedPictures):
    """A model with `encode` and `decode`; pictures are rows (N, C H W) of numbers from 0 to 1 here."""

    def encode(self, model: Any, rows: np.ndarray) -> np.ndarray:
        """Codes (N, L) of pictures."""
        import torch

        device = next(model.parameters()).device
        with torch.no_grad():
            codes = model.eval().encode(torch.from_numpy(rows).view(-1, *self.shape).to(device))
        codes = codes[0] if isinstance(codes, tuple) else codes  # of a distribution its mean
        return np.asarray(codes.float().cpu().numpy())

    def decode(self, model: Any, codes: np.ndarray) -> np.ndarray:
        """Pictures of codes (N, L)."""
        import torch

        device = next(model.parameters()).device
        with torch.no_grad():
            drawn = model.eval().decode(torch.from_numpy(codes.astype(np.float32)).to(device))
        return np.asarray(drawn.flatten(1).float().cpu().numpy())

    def pixels(self, rows: np.ndarray) -> np.ndarray:
        """Pictures as (N, H, W, C) uint8."""
        return grids.to_bytes(rows.reshape(-1, *self.shape))

    def generate(self, model: Model, out: Path, options: GenerateSettings) -> list[Path]:
        """Draw what was asked for as a PNG file."""
        asked: Any = self.Generation(**options.model_dump())
        assert self.kept is not None
        rows = flat(self.kept.array())
        codes = self.encode(model, rows)
        if asked.what == "map":
            draw_map(codes, self.kept.labels, out)
        else:
            sheet = self.sheet(model, asked, rows, codes)
            grids.write_png(out, grids.grid(self.pixels(sheet), asked.columns), asked.zoom)
        return [out]

    def view(self, model: Any, pictures: PictureSet, rows: int, columns: int) -> View:
        """The space of codes as some pictures lie in it."""
        codes = self.encode(model, flat(pictures.array()))
        lattice = Plane.of(codes).lattice(rows, columns)
        sheet = grids.grid(self.pixels(self.decode(model, lattice)), columns)
        return View(f"{self.name} of {codes.shape[1]} numbers", codes, pictures.labels, lattice, sheet)

    def sheet(self, model: Any, asked: Any, rows: np.ndarray, codes: np.ndarray) -> np.ndarray:
        """The pictures of a grid, row by row.

        Args:
            model: what draws.
            asked: what, and how many.
            rows: the pictures that the run has kept.
            codes: theirs.
        """
        random = np.random.default_rng(asked.seed)
        if asked.what == "between":
            return self.decode(model, Plane.of(codes).lattice(asked.rows, asked.columns))
        if asked.what == "interpolation":
            pairs = random.integers(len(codes), size=(asked.rows, 2))
            ways = [between(codes[first], codes[second], asked.columns) for first, second in pairs]
            return self.decode(model, np.concatenate(ways))
        shown = random.permutation(len(rows))[: asked.rows // 2 * asked.columns or asked.columns]
        made = self.decode(model, codes[shown])
        # each row of pictures above the row of what is made of them
        cuts = [slice(start, start + asked.columns) for start in range(0, len(shown), asked.columns)]
        return np.concatenate([part for cut in cuts for part in (rows[shown][cut], made[cut])])

    # -- predictions that can be looked at -----------------------------------------------------------------------

    @staticmethod
    def seen(picture: np.ndarray, drawn: np.ndarray) -> Prediction:
        """A picture (H, W, C) uint8 and what the model makes of it, as a prediction holds them."""
        return {"picture": _text(picture), "drawn": _text(drawn)}

    def draw(self, prediction: Prediction, path: Path) -> None:
        """The picture, what the model makes of it, and the difference."""
        contents = (b64decode(prediction[name]) for name in ("picture", "drawn"))
        seen, drawn = (decode(content, path, "white", self.findings) for content in contents)
        difference = np.abs(seen.astype(int) - drawn).astype(np.uint8)
        grids.write_png(path, grids.grid(np.stack([seen, drawn, difference]), columns=3), zoom=8)


def _text(pixels: np.ndarray) -> str:
    """A picture as JSON can have it: a PNG file in base 64."""
    return b64encode(grids.as_png(pixels)).decode("ascii")
