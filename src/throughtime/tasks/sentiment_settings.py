"""What can be asked of the sentiment task."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from throughtime.settings import TrainingSettings


class SentimentSettings(TrainingSettings):
    """A classifier of texts; plain: a bidirectional LSTM over pretrained word vectors."""

    text_column: str | None = None
    """Column of the texts, by name or number from 1; none: guessed."""
    label_column: str | None = None
    """Column of the labels, by name or number from 1; none: guessed."""
    encoding: str = "utf-8"
    """Encoding of the files, such as utf-8, latin-1, utf-16."""
    cell: Literal["lstm", "gru", "rnn"] = "lstm"
    """Recurrent cell; gru is the textbook's."""
    reset_after: bool = False
    """GRU: let the reset gate act after the matrix product, as torch.nn does."""
    hidden_size: int = Field(default=200, ge=1)
    """Units of each layer and direction."""
    layers: int = Field(default=1, ge=1, le=100)
    """Recurrent layers on top of each other."""
    bidirectional: bool = False
    """Read from both ends; one direction did better on negations of the development pairs."""
    pooling: Literal["last", "mean", "max", "attention"] = "max"
    """How the states of all words become one vector; attention shows which words counted."""
    embedding: Literal["auto", "trained", "frozen", "one-hot"] = "auto"
    """Word vectors that learn on, that stay as they are, or one-hot (then of the 5,000 most frequent words); auto: they
    stay if pretrained ones are known for nine tenths of the text."""
    vectors: tuple[str, ...] = ("glove", "reviews")
    """Pretrained vectors, put side by side: glove, reviews (made from the built-in reviews' text), files in word2vec or
    GloVe text format, none."""
    embedding_size: int = Field(default=150, ge=1)
    """Numbers of a word vector where none are pretrained."""
    vocabulary_size: int = Field(default=30_000, ge=5)
    """Words known at most; those of pretrained vectors fill up what training leaves free."""
    minimum_count: int = Field(default=2, ge=1)
    """Words that are rarer in training are unknown, unless they have a pretrained vector."""
    max_length: int = Field(default=150, ge=1)
    """Words of a text that are read; longer texts are shortened."""
    keep: Literal["ends", "first", "last"] = "ends"
    """What is read of a longer text: a quarter from its beginning and the rest from its end, or one of them."""
    pieces: Annotated[float, Field(ge=0, le=1)] = 0.8
    """Share of the longer texts of which training reads, in each epoch, some other sentences in a row instead: so that
    it learns what short passages say, too."""
    piece_length: int = Field(default=40, ge=1)
    """Words of the longest such passage; texts that are no longer are always read as they are."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.3
    """Dropout of word vectors' features, and before the softmax layer."""

    batch_size: int = Field(default=64, ge=1)
    """Texts in a batch."""
    learning_rate: float = Field(default=2e-3, gt=0)
    """Highest learning rate."""
    schedule: Literal["constant", "linear", "cosine", "plateau", "exponential"] = "cosine"
    """Course of the learning rate after the warm-up; linear and cosine end at the limit of steps, epochs or minutes."""
    minutes: float | None = Field(default=8.0, gt=0)
    """Stop after this many minutes of training."""
    epochs: int | None = Field(default=12, ge=0)
    """Stop after this many passes over the training data."""
