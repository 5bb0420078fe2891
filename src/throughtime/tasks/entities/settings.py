"""What can be asked of the entities task."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from throughtime.settings import Probability, Schedule
from throughtime.tasks.base.recurrent import ResetSettings


class EntitiesSettings(ResetSettings):
    """A tagger of words; plain: words, their letters and pretrained vectors, a bidirectional LSTM and a CRF."""

    word_column: int | None = Field(default=None, ge=1)
    """CoNLL files: column of the words, from 1; none: the first, or the second after one of numbers."""
    tag_column: int | None = Field(default=None, ge=1)
    """CoNLL files: column of the tags, from 1; none: the last."""
    tag_names: tuple[str, ...] = ()
    """JSON whose tags are whole numbers: the tags that they stand for, in order, from 0: O B-PER I-PER ..."""
    scheme: Literal["auto", "IO", "IOB1", "IOB2", "IOBES"] = "auto"
    """CoNLL files: scheme that the tags must follow strictly; auto: any, even mixed, are read as conlleval does."""
    encoding: str = "utf-8"
    """Encoding of the files, such as utf-8, latin-1, utf-16."""
    tagging: Literal["IO", "IOB2", "IOBES"] = "IOBES"
    """Scheme in which the model learns, whatever the files have."""
    hidden_size: int = Field(default=256, ge=1)
    bidirectional: bool = True
    """Read from both ends: whether Teddy is a person depends on the word that comes next."""
    output: Literal["crf", "softmax"] = "crf"
    """The best path of tags by a linear-chain CRF, or the best tag of each word by itself."""
    vectors: tuple[str, ...] = ("glove",)
    """Pretrained vectors beside the learned ones, fixed: glove, files in word2vec or GloVe text format, none."""
    vector_words: int = Field(default=100_000, ge=1)
    """Words at most that pretrained vectors are kept of; those of the training data come first."""
    embedding_size: int = Field(default=100, ge=1)
    """Numbers of a word's learned vector."""
    vocabulary_size: int = Field(default=50_000, ge=5)
    """Words that have a learned vector at most; casing is kept."""
    minimum_count: int = Field(default=2, ge=1)
    """Words that are rarer in training are unknown."""
    word_dropout: float = Field(default=0.25, ge=0, le=1e6)
    """Training takes a word seen n times for the unknown one with probability d / (d + n), d being this number."""
    digits: Literal["kept", "zero"] = "kept"
    """zero: all digits of a word are one, so that 1997 and 2014 are the same word."""
    characters: Literal["lstm", "cnn", "none"] = "lstm"
    """How a word's letters become a vector."""
    character_size: int = Field(default=25, ge=1)
    """Numbers of a letter's vector, and units of each direction (lstm) or twice as many filters (cnn)."""
    dropout: Probability = 0.3
    """Dropout of words' features and of hidden states."""
    locked: bool = True
    """Drop the same features at all words of a sentence."""

    batch_size: int = Field(default=32, ge=1)
    """Sentences in a batch."""
    learning_rate: float = Field(default=4e-3, gt=0)
    schedule: Schedule = "linear"
    clip_norm: float | None = Field(default=5.0, gt=0)
    """Largest norm of the whole gradient; none: no clipping."""
    loss_scale: Literal["step", "sequence"] = "sequence"
    """The masked sum over time is divided by the number of words, or by the number of sentences."""
    minutes: float | None = Field(default=8.0, gt=0)
    """Stop after this many minutes of training."""
    epochs: int | None = Field(default=8, ge=0)
    """Stop after this many passes over the training data."""
    patience: int | None = Field(default=8, ge=1)
    """Stop after this many evaluations without improvement; none: never."""
