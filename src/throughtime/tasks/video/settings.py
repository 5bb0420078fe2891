"""What can be asked of the video task."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from throughtime.settings import CellName, Probability, Schedule
from throughtime.tasks.base.classifies import ClassifierSettings
from throughtime.tasks.base.many_files import ManyFilesSettings
from throughtime.tasks.base.recurrent import RecurrentSettings
from throughtime.tasks.video.clips.axes import Order


class VideoSettings(ManyFilesSettings, RecurrentSettings, ClassifierSettings):
    """A classifier of clips; plain: a small network on each frame, a bidirectional GRU over time (LRCN)."""

    size: int = Field(default=32, ge=8, le=512)
    """Pixels of a frame either way; frames are squeezed to a square."""
    axes: Order = "auto"
    """Order of the axes of arrays: ntc, steps before features; nct, features before steps, as aeon and sktime write
    them; auto: as the numbers tell, and refused where they do not."""
    joints: int | None = Field(default=None, ge=2, le=1000)
    """Joints of a skeleton, where a file has a joint a line (so many lines are then one step), or --origin is told;
    none: recognised where the numbers are certain."""
    origin: int | None = Field(default=None, ge=1)
    """Number of the joint, from 1, from which all others are seen (needs --joints); none: they are where they are."""
    group: str | None = None
    """Which clips stay on one side of a split, such as those of one person: a regular expression over their paths,
    whose first bracket is the group; none: a column subject, or what looks like a person's number in all names."""
    frames: int | None = Field(default=None, ge=1)
    """Frames of a clip that are looked at; none: 16 pictures, or all steps of a pose or sensor sequence."""
    width: int = Field(default=8, ge=1)
    """Channels of the first convolutions; the last have four times as many."""
    features: int = Field(default=64, ge=1)
    """Numbers that stand for a frame."""
    cell: CellName = "gru"
    hidden_size: int = Field(default=64, ge=1)
    bidirectional: bool = True
    """Read from both ends."""
    pooling: Literal["last", "mean", "max", "attention"] = "max"
    """How the states of all frames become one vector."""
    dropout: Probability = 0.1
    """Dropout of the frames' vectors, and before the softmax layer."""
    crop: Annotated[float, Field(ge=0, lt=0.5)] = 0.1
    """Training leaves out at most so large a share of a clip at either end."""
    stretch: Annotated[float, Field(ge=0, lt=1)] = 0.2
    """Training plays pose and sensor sequences faster or slower by up to this share."""
    noise: float = Field(default=0.1, ge=0)
    """Training adds noise to pose and sensor values, of this standard deviation (theirs is 1)."""
    shift: int = Field(default=2, ge=0)
    """Training moves pictures by up to so many pixels either way."""

    batch_size: int = Field(default=16, ge=1)
    """Clips in a batch."""
    learning_rate: float = Field(default=1.5e-3, gt=0)
    warmup_steps: int = Field(default=100, ge=0)
    schedule: Schedule = "cosine"
    minutes: float | None = Field(default=6.0, gt=0)
    """Stop after this many minutes of training."""
    epochs: int | None = Field(default=60, ge=0)
    """Stop after this many passes over the training data."""
    patience: int | None = Field(default=60, ge=1)
    """Stop after this many evaluations without improvement; none: never."""

    @model_validator(mode="before")
    @classmethod
    def _as_it_was_called(cls, values: Any) -> Any:
        """Runs of before there was `axes` have `transposed`."""
        if isinstance(values, dict) and isinstance(values.get("transposed"), bool):
            values = {name: value for name, value in values.items() if name != "transposed"} | {
                "axes": "nct" if values["transposed"] else "ntc"
            }
        return values
