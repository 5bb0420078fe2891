"""What can be asked of the trajectory task."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from throughtime.settings import CellName, Probability, Schedule
from throughtime.tasks.base.many_files import ManyFilesSettings
from throughtime.tasks.base.recurrent import RecurrentSettings


class TrajectorySettings(ManyFilesSettings, RecurrentSettings):
    """A forecaster of tracks; plain: observe 8 points, predict the next 12."""

    columns: str | None = None
    """Names of the columns in order, such as "frame,id,x,y" (t, x, y, z, track; - for one to skip; "scene,id,frame,x,y"
    where ids begin anew in each scene); none: by the head line, or guessed."""
    time_unit: float | None = Field(default=None, gt=0)
    """Seconds that one unit of the time column lasts, such as 0.04 for the frames of a 25 Hz camera; none: 1, or less
    where times are so large that they must be milliseconds since 1970."""
    encoding: str = "utf-8"
    """Encoding of the files."""
    gap: float | None = Field(default=None, gt=0)
    """Seconds without a point after which a track that goes on is another one; none: it stays one."""
    unit: Literal["points", "seconds"] = "points"
    """What observe and predict count."""
    observe: float = Field(default=8.0, gt=0)
    """How much of a track is read before the moment of prediction; one point alone is always allowed."""
    predict: float = Field(default=12.0, gt=0)
    """How far ahead positions are asked."""
    asked: int = Field(default=12, ge=1)
    """Positions asked at most, where seconds are counted."""
    stride: float | None = Field(default=None, gt=0)
    """Points or seconds between two windows to be judged by; none: 1 point, or a quarter of predict."""
    frame: Literal["auto", "world", "height", "heading"] = "auto"
    """What the place may say. world: floors, tables and walls count. height: only the last coordinate counts, the
    others are seen from the last position and turned into the direction of motion. heading: nothing but the motion
    counts (in 3 dimensions turned about the last axis). auto: height in 3 dimensions, heading in 2."""
    one_position: Literal["unknown", "learned"] = "unknown"
    """What may be said of the direction from one position alone: nothing (such windows are turned at random in
    training), or what the place lets expect."""

    cell: CellName = "gru"
    hidden_size: int = Field(default=64, ge=1)
    """Units of encoder and decoder."""
    layers: int = Field(default=1, ge=1, le=100)
    """Recurrent layers of the encoder."""
    components: int = Field(default=4, ge=1)
    """Normal distributions in a mixture."""
    dropout: Probability = 0.1
    """Dropout of the encoder's and the decoder's outputs."""
    distance: float = Field(default=1.0, ge=0)
    """Weight of the distance between mean and target in the loss, beside the negative log-likelihood."""
    trust: Annotated[float, Field(ge=0, le=1)] | None = None
    """Share of the network's correction in the answer; none: as the validation split says. Places that training has not
    seen may want less than a validation split of its own places says."""
    rival: Literal["line", "parabola", "kalman"] | None = None
    """The simple method that it is added to: constant velocity, constant acceleration, or the filter that the network
    has learned to correct; none: as the validation split says."""
    widen: float = Field(default=1.0, gt=0)
    """The regions of 90 % shall be wider by this factor than the validation split asks for: places that training has
    not seen may be less usual than that split of its own places says."""
    partial: Annotated[float, Field(ge=0, le=1)] = 0.3
    """Share of the windows of which training sees fewer points, down to one."""
    drop: Probability = 0.1
    """Probability that training misses an observed point."""
    stretch: float = Field(default=0.0, ge=0)
    """Training makes ways longer or shorter by a factor of up to e to this: for things that know no gravity."""

    batch_size: int = Field(default=64, ge=1)
    """Windows in a batch."""
    learning_rate: float = Field(default=3e-3, gt=0)
    schedule: Schedule = "cosine"
    minutes: float | None = Field(default=4.0, gt=0)
    """Stop after this many minutes of training."""
    patience: int | None = Field(default=100, ge=1)
    """Stop after this many evaluations without improvement; none: never."""
