"""What can be asked of the sentiment task."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from throughtime.settings import Probability, Schedule
from throughtime.tasks.base.classifies import ClassifierSettings
from throughtime.tasks.base.recurrent import ResetSettings


class SentimentSettings(ResetSettings, ClassifierSettings):
    """A classifier of texts; plain: an LSTM over pretrained word vectors, sentence by sentence."""

    text_column: str | None = None
    """Column of the texts, by name or number from 1; with + between several they are joined: title+body; none:
    guessed."""
    label_column: str | None = None
    """Column of the labels, by name or number from 1; none: guessed."""
    several_labels: bool = False
    """A cell may hold several labels, a,b or a|b; lines of several __label__ and lists of JSON are read so unasked."""
    label_columns: tuple[str, ...] = ()
    """Columns of which each stands for a class, 1 where a text is of it and 0 where not (several labels a text); the
    word rest: all columns but that of the texts which hold nothing else."""
    class_weights: tuple[str, ...] = ()
    """By how much the loss of classes counts: the word balanced, then rare ones count as much as frequent ones, or
    NAME=WEIGHT for some."""
    encoding: str = "utf-8"
    """Encoding of the files, such as utf-8, latin-1, utf-16."""
    delimiter: str | None = None
    """Tables: what stands between columns: comma, semicolon, tab, bar, or a character; none: it is looked for."""
    quote: str | None = None
    """Tables: the mark around fields; the word none: there is none."""
    skip_broken: bool = False
    """Leave out the files of a folder that cannot be read, and count them."""
    hidden_size: int = Field(default=150, ge=1)
    bidirectional: bool = False
    """Read from both ends."""
    pooling: Literal["last", "mean", "max", "attention"] = "max"
    """How the states of all words become one vector; attention shows which words counted."""
    embedding: Literal["auto", "trained", "frozen", "one-hot"] = "auto"
    """Word vectors that learn on, that stay as they are, or one-hot (then of the 5,000 most frequent words); auto: they
    stay if pretrained ones are known for nine tenths of the text."""
    vectors: tuple[str, ...] = ("glove", "reviews", "ratings")
    """Pretrained vectors, put side by side: glove, reviews (made from the built-in reviews' text), ratings (how
    positive or negative people called English words), files in word2vec or GloVe text format, none."""
    embedding_size: int = Field(default=150, ge=1)
    """Numbers of a word vector where none are pretrained."""
    vocabulary_size: int = Field(default=30_000, ge=5)
    """Words known at most; those of pretrained vectors fill up what training leaves free."""
    minimum_count: int = Field(default=2, ge=1)
    """Words that are rarer in training are unknown, unless they have a pretrained vector."""
    max_length: int = Field(default=400, ge=1)
    """Words of a text that are read; longer texts are shortened."""
    keep: Literal["ends", "first", "last"] = "ends"
    """What is read of a longer text: a quarter from its beginning and the rest from its end, or one of them."""
    sentence_length: int = Field(default=60, ge=1)
    """Words of the longest sentence: each sentence is read alone, and what all of them say is added up."""
    sentences: int | None = Field(default=6, ge=1)
    """Sentences of a text that training reads in an epoch, others in each; none: all."""
    repeat: int = Field(default=4, ge=1)
    """Times that texts of a single sentence are read in an epoch, if they are few beside longer texts: their label is
    about that very sentence."""
    dropout: Probability = 0.3
    """Dropout of word vectors' features, and before the softmax layer."""

    batch_size: int = Field(default=64, ge=1)
    """Texts in a batch."""
    learning_rate: float = Field(default=2e-3, gt=0)
    schedule: Schedule = "cosine"
    minutes: float | None = Field(default=8.0, gt=0)
    """Stop after this many minutes of training."""
    epochs: int | None = Field(default=12, ge=0)
    """Stop after this many passes over the training data."""
    patience: int | None = Field(default=12, ge=1)
    """Stop after this many evaluations without improvement; none: never."""
