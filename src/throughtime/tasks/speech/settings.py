"""What can be asked of the speech task."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from throughtime.settings import CellName, Probability, Schedule
from throughtime.tasks.base.many_files import ManyFilesSettings
from throughtime.tasks.base.recurrent import RecurrentSettings
from throughtime.tasks.speech.audio.log_mel import FRAMES_A_SECOND


class SpeechSettings(ManyFilesSettings, RecurrentSettings):
    """A transcriber; plain: log-mel features, convolutions, two bidirectional GRU layers, characters, CTC, n-grams."""

    start: str | None = None
    """Folder of a speech run of the same sizes that training goes out from (fine-tuning), with its letters' weights."""
    audio_column: str | None = None
    """Column of the sound files by name or number from 1; none: path, audio, file, ..., or the one that holds such."""
    text_column: str | None = None
    """Column of what is said; none: text, sentence, transcript, ..., or the other one of two."""
    encoding: str = "utf-8"
    """Encoding of manifests and transcripts, such as utf-8, latin-1, utf-16."""
    rate: int = Field(default=16_000, ge=4_000, le=48_000)
    """Samples a second that the model hears; recordings of any other rate are resampled. Telephones: 8000."""
    bins: int = Field(default=80, ge=8, le=256)
    """Mel bands of a frame."""
    longest: float = Field(default=60.0, ge=0.1, le=3_600)
    """Seconds that a recording may last; what is longer is an error in training, and predicted in parts."""
    case: Literal["lower", "keep"] = "lower"
    """Transcripts in small letters, or as they are."""
    punctuation: Literal["drop", "keep"] = "drop"
    """Transcripts without punctuation (apostrophes within words stay), or with it."""
    level: Literal["characters", "bpe"] = "characters"
    """What the model writes: characters, or pieces of words (byte-pair encoding)."""
    vocabulary_size: int = Field(default=500, ge=2, le=20_000)
    """Different characters or pieces at most; of pieces, 256 are the bytes."""
    streaming: bool = False
    """Hear forward only, so that text comes while the sound does: predict RUN pcm:16000 (raw samples from a pipe)."""
    lookahead: float = Field(default=0.2, ge=0, le=5)
    """Seconds that a streaming model hears on before it says what it heard (row convolution, Wang et al. 2016)."""
    normalise: Literal["auto", "utterance", "training"] = "auto"
    """Features by mean and spread of each utterance, or of the training split (what streaming needs); auto: which."""
    channels: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)] = (16, 32)
    """Channels of each convolution."""
    stride: Literal[1, 2, 4] = 4
    """Frames of 10 ms to a step of the recurrent layers; 4 needs two convolutions, and at most 25 symbols a second."""
    cell: CellName = "gru"
    layers: int = Field(default=2, ge=1, le=100)
    dropout: Probability = 0.1
    """Dropout before, between and behind the recurrent layers."""
    frequency_masks: int = Field(default=2, ge=0, le=100)
    """SpecAugment: bands of frequency that training does not hear (Park et al. 2019)."""
    frequency_width: int = Field(default=15, ge=0)
    """Mel bands of each, at most."""
    time_masks: int = Field(default=2, ge=0, le=100)
    """SpecAugment: moments that training does not hear."""
    time_width: int = Field(default=20, ge=0)
    """Frames of each, at most."""
    time_share: Annotated[float, Field(ge=0, le=1)] = 0.2
    """Share of an utterance that each may be, at most."""
    time_warp: int = Field(default=0, ge=0)
    """SpecAugment: frames by which training shifts a moment, what is around it stretched and squeezed; 0: none."""
    gain: float = Field(default=6.0, ge=0, le=60)
    """Decibels by which training makes a recording louder or softer, at most (where features keep the loudness)."""
    speeds: tuple[Annotated[float, Field(ge=0.5, le=2)], ...] = ()
    """Training also plays each recording at these speeds, such as 0.9 1.1 (Ko et al. 2015); kept in the cache, too."""
    beam: int = Field(default=16, ge=1, le=1_000)
    """Texts that the search keeps; 1: greedy."""
    language_model: str = "ngram"
    """ngram: of the symbols of the training texts; none; or the folder of a run of the text task."""
    order: int = Field(default=6, ge=1, le=12)
    """Symbols that the n-gram model looks at, the predicted one among them."""
    language_weight: float = Field(default=0.5, ge=0, le=10)
    """How much the language model counts."""
    bonus: float = Field(default=1.0, ge=-10, le=10)
    """Added for each symbol where there is a language model, which would have the text too short."""

    batch_size: int = Field(default=16, ge=1)
    """Recordings in a batch."""
    learning_rate: float = Field(default=2e-3, gt=0)
    warmup_steps: int = Field(default=200, ge=0)
    schedule: Schedule = "cosine"
    minutes: float | None = Field(default=20.0, gt=0)
    """Stop after this many minutes of training."""
    epochs: int | None = Field(default=40, ge=0)
    """Stop after this many passes over the training data."""
    patience: int | None = Field(default=40, ge=1)
    """Stop after this many evaluations without improvement; none: never."""

    @property
    def by_utterance(self) -> bool:
        """Whether features are normalised by each utterance itself."""
        return self.normalise == "utterance" or (self.normalise == "auto" and not self.streaming)

    @property
    def lookahead_steps(self) -> int:
        """Steps of the recurrent layers that are heard before what is in the first of them is said."""
        return round(self.lookahead * FRAMES_A_SECOND / self.stride) if self.streaming else 0
