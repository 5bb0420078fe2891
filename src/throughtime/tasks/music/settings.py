"""What can be asked of the music task: how to learn, and how to compose."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from throughtime.settings import CellName, Probability, Schedule
from throughtime.tasks.base.latent import LatentGeneration, LatentSettings
from throughtime.tasks.base.many_files import ManyFilesSettings
from throughtime.tasks.base.recurrent import ResetSettings

_BARS = 8
_BAR = 4  # quarter notes
_EVENTS = 128


class MusicSettings(ManyFilesSettings, LatentSettings, ResetSettings):
    """A model of music; plain: a GRU over quarter-note frames, dependent keys, two minutes."""

    representation: Literal["roll", "events"] = "roll"
    """roll: which of the 88 keys sound in each frame; events: notes, velocities and time shifts of a performance."""
    resolution: float = Field(default=1.0, gt=0, le=96)
    """Roll: frames in a quarter note; 1 is how the literature samples the chorales, 2 hears eighth notes too."""
    transpose: Literal["common", "none", "all"] = "common"
    """common: move each piece so that its tonic is C; none: leave it; all: learn from each piece in all twelve keys."""
    output: Literal["nade", "bernoulli"] = "nade"
    """Roll: nade: the keys of a frame know of each other (RNN-NADE); bernoulli: independent given the past."""
    nade_units: int = Field(default=128, ge=1)
    """Size of the state that passes from key to key."""
    cell: CellName = "gru"
    hidden_size: int = Field(default=300, ge=1)
    layer_norm: bool = False
    """Normalise inside the cell."""
    embedding_size: int = Field(default=128, ge=1)
    """Events: features of an event's vector."""
    input_dropout: Probability = 0.2
    """Dropout of the input."""
    dropout: Probability = 0.5
    """Dropout of each recurrent layer's output."""
    locked_dropout: bool = True
    """Drop the same features at every step of a sequence."""
    weight_dropout: Probability = 0.5
    """Dropout of recurrent weights (DropConnect)."""
    recurrent_dropout: Probability = 0.0
    """Dropout of the hidden state where it enters the recurrent product, the same units at every step."""
    zoneout: Probability = 0.0
    """Probability of a unit keeping its old value at a step."""
    window: int | None = Field(default=None, ge=1)
    """Steps of truncated backpropagation through time; none: the whole piece (events: 500)."""
    segment: int | None = Field(default=None, ge=2, le=100_000)
    """Latent: frames (or events) of the segments that pieces are cut into, each with a code of its own; none: those of
    8 bars of four quarter notes, or 128 events."""

    batch_size: int = Field(default=16, ge=1)
    """Pieces in a batch."""
    learning_rate: float = Field(default=3e-3, gt=0)
    schedule: Schedule = "cosine"
    minutes: float | None = Field(default=2.0, gt=0)
    """Stop after this many minutes of training."""
    patience: int | None = Field(default=100, ge=1)
    """Stop after this many evaluations without improvement; none: never."""

    latent_only: ClassVar = (*LatentSettings.latent_only, "segment")
    plain_only: ClassVar = ("window",)

    @property
    def segment_length(self) -> int:
        """Frames or events of a segment."""
        if self.segment is not None:
            return self.segment
        return _EVENTS if self.representation == "events" else max(2, round(_BARS * _BAR * self.resolution))


class MusicGeneration(LatentGeneration):
    """How to compose; --from, --to and --like name music files."""

    length: int | None = Field(default=None, ge=1)
    """Frames (or events) to compose after the primer; none: 16 bars of four quarter notes, or 30 seconds of events;
    of a run with a latent space as many as its segments have.
    Events know where a piece ends and may stop before; frames do not, for an 89th key that ends a piece would make
    their NLL another than the literature's."""
    seconds: float | None = Field(default=None, gt=0, le=1800)
    """Seconds to compose, in place of the length."""
    primer: Path | None = None
    """A music file whose beginning is continued."""
    primer_beats: float = Field(default=8.0, gt=0)
    """Quarter notes of the primer to take."""
    tempo: float | None = Field(default=None, ge=10, le=400)
    """Quarter notes in a minute; none: as the pieces that were learned (events bring their own time)."""
    restrike: float | None = Field(default=None, gt=0)
    """Strike held keys anew every so many quarter notes; none: a key that stays on is one held note."""
    instrument: Literal["organ", "piano", "strings"] | None = None
    """What the MIDI and the WAV sound like; none: as most of the pieces that were learned."""

    plain_only: ClassVar = ("primer", "primer_beats")
