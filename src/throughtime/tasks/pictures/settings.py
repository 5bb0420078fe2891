"""What can be asked of every model of pictures: how they are read, and the sizes of its networks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from throughtime.tasks.base import GenerateSettings
from throughtime.tasks.base.many_files import ManyFilesSettings

Units = Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(max_length=8)]


class PictureSettings(ManyFilesSettings):
    """How pictures are read and learned from."""

    built_in: Literal["glyphs", "digits"] = "glyphs"
    """What is learned from where no DATA is given: drawn digits and letters (28 x 28), or written digits (8 x 8)."""
    size: int | None = Field(default=None, ge=4, le=1024)
    """Pixels of a side; none: guessed from the pictures (and said)."""
    channels: Literal["auto", "grey", "colour"] = "auto"
    """auto: grey if all pictures are."""
    crop: Literal["centre", "squeeze", "pad"] = "centre"
    """What is done with a picture that is not square."""
    background: str = "white"
    """Colour behind what is transparent and beside what is padded: a name or #rrggbb."""
    mirror: bool = False
    """Training sees half of the pictures mirrored, others in each epoch."""

    batch_size: int = Field(default=100, ge=1)
    """Pictures in a batch."""
    optimiser: Literal["adam", "adamw", "sgd", "asgd", "rmsprop"] = "adam"
    """Update rule."""
    schedule: Literal["constant", "linear", "cosine", "plateau", "exponential"] = "cosine"
    """Course of the learning rate after the warm-up; linear and cosine end at the limit of steps, epochs or minutes."""
    clip_norm: float | None = Field(default=None, gt=0)
    """Largest norm of the whole gradient; none: no clipping."""
    minutes: float | None = Field(default=5.0, gt=0)
    """Stop after this many minutes of training."""
    epochs: int | None = Field(default=40, ge=0)
    """Stop after this many passes over the training data."""


class CodingSettings(PictureSettings):
    """Networks from pictures to codes and back."""

    architecture: Literal["dense", "convolutional", "recurrent"] = "convolutional"
    """Networks of layers that see all pixels, of convolutions, or of an LSTM over the rows."""
    units: Units = (32,)
    """dense: units of each hidden layer; convolutional: channels of the first layer, twice as many after each halving;
    recurrent: units of the LSTM."""


class PictureGeneration(GenerateSettings):
    """What is drawn."""

    temperature: float = Field(default=1.0, ge=0)
    """Deviation of the codes that are drawn; below 1: nearer to the middle; 0: the middle alone."""
    rows: int = Field(default=10, ge=1, le=100)
    """Rows of the grid."""
    columns: int = Field(default=10, ge=1, le=100)
    """Columns of the grid."""
    zoom: int = Field(default=2, ge=1, le=16)
    """Pixels of the picture file to a pixel."""
