"""What can be asked of the translation task."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from throughtime.settings import Probability, Schedule
from throughtime.tasks.base.recurrent import ResetSettings


class TranslationSettings(ResetSettings):
    """An encoder-decoder with attention; plain: one LSTM layer each of 256 units, byte-pair encoding, beam search."""

    source: str | None = None
    """What is read: the ending of its file (da of corpus.da), its column by name or number from 1, msgid or msgstr."""
    target: str | None = None
    """What is said, likewise; to turn the direction round, exchange the two. Built-in data: --source en --target da."""
    delimiter: str | None = None
    """Tables: what stands between columns: comma, semicolon, tab, bar, or a character; none: it is looked for."""
    quote: str | None = None
    """Tables: the mark around fields; the word none: there is none."""
    encoding: str = "utf-8"
    """Encoding of text files, such as utf-8, latin-1, utf-16."""
    level: Literal["bpe", "words"] = "bpe"
    """Sentences in pieces of words (byte-pair encoding; nothing is unknown), or in words."""
    vocabulary_size: int = Field(default=4_000, ge=5, le=1_000_000)
    """Pieces or words of each language, at most."""
    minimum_count: int = Field(default=2, ge=1)
    """Words: rarer ones are unknown."""
    max_length: int = Field(default=100, ge=1)
    """Pieces or words of a side of a pair that is learned from, at most; longer texts are translated in parts."""
    embedding_size: int = Field(default=256, ge=1)
    """Numbers of a piece's or word's vector."""
    hidden_size: int = Field(default=256, ge=1)
    """Units of each layer, in the encoder of each direction."""
    layers: int = Field(default=1, ge=1, le=100)
    """Recurrent layers of the encoder, and of the decoder."""
    attention: Literal["additive", "multiplicative"] = "additive"
    """How a state and a step of the source are compared (Bahdanau et al. 2015; Luong et al. 2015)."""
    input_feeding: bool = True
    """The decoder reads its last attention vector, too; without it training is quicker (Luong et al. 2015)."""
    tied: bool = False
    """Use the target's vectors as the output layer's weights (Press and Wolf 2017)."""
    dropout: Probability = 0.3
    """Dropout of vectors, attention vectors and between layers, the same features at every step."""
    label_smoothing: Probability = 0.1
    """Share of the probability that is wanted spread over the whole vocabulary (Szegedy et al. 2016)."""
    scheduled_sampling: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Largest share of target words that the decoder reads as its own guess in training (Bengio et al. 2015)."""
    sampling_steps: int = Field(default=5_000, ge=1)
    """Batches until that share is reached."""
    beams: int = Field(default=5, ge=1, le=200)
    """Beginnings that beam search keeps; 1: greedy."""
    n_best: int = Field(default=1, ge=1)
    """Translations of a sentence that are wanted at least."""
    length_penalty: Literal["gnmt", "plain", "none"] = "gnmt"
    """How the length of a translation counts (Wu et al. 2016)."""
    alpha: float = Field(default=1.0, ge=0, le=100)
    """How much it counts."""

    batch_size: int = Field(default=64, ge=1)
    """Pairs in a batch."""
    learning_rate: float = Field(default=2e-3, gt=0)
    schedule: Schedule = "cosine"
    minutes: float | None = Field(default=15.0, gt=0)
    """Stop after this many minutes of training."""
    epochs: int | None = Field(default=40, ge=0)
    """Stop after this many passes over the training data."""
    patience: int | None = Field(default=40, ge=1)
    """Stop after this many evaluations without improvement; none: never."""
