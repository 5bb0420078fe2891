"""What can be asked of the text task."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from throughtime.settings import CellName, Probability, Schedule
from throughtime.tasks.base.latent import LatentGeneration, LatentSettings

_LONGEST = {"characters": 120, "words": 40, "bpe": 60}

UNITS = {"characters": "characters", "words": "words", "bpe": "pieces of words"}
"""What the tokens of each level are."""


class TextSettings(LatentSettings):
    """A language model; plain: characters, one LSTM layer of 512 units, eight minutes."""

    level: Literal["characters", "words", "bpe"] = "characters"
    """What a token is: a character, a word, or a piece of a word (byte-pair encoding)."""
    encoding: str = "utf-8"
    """Encoding of the files, such as utf-8, latin-1, utf-16."""
    tokenizer: Literal["auto", "whitespace", "words"] = "auto"
    """Words: split at white space alone (text that is tokenised already), or take punctuation apart; auto: look."""
    vocabulary_size: int | None = Field(default=None, ge=3, le=1_000_000)
    """Largest vocabulary; none: 30,000 words, 8,000 pieces, 5,000 characters."""
    minimum_count: int | None = Field(default=None, ge=1)
    """Words: rarer ones are <unk>; none: 2, or 1 if the text has <unk> in it already."""
    cell: CellName = "lstm"
    """Recurrent cell; gru is the textbook's."""
    reset_after: bool = False
    """GRU: let the reset gate act after the matrix product, as torch.nn does."""
    layers: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)] = (512,)
    """Units of each recurrent layer, from the input up."""
    embedding_size: int | None = Field(default=None, ge=1)
    """Features of a token's vector; none: 64 for characters, else as many as the last layer has units."""
    tied: bool | None = None
    """Use the embedding as the output layer's weights; none: for words and pieces where the sizes allow it."""
    softmax: Literal["full", "adaptive"] = "full"
    """adaptive: rare words get fewer features, quicker for large vocabularies (Grave et al. 2017)."""
    window: int = Field(default=64, ge=1)
    """Tokens of truncated backpropagation through time; the state is carried from window to window."""
    vary_window: bool = False
    """Vary the window from batch to batch as AWD-LSTM does."""
    input_dropout: Probability = 0.0
    """Dropout of embedding features, the same at every step."""
    embedding_dropout: Probability = 0.0
    """Dropout of whole tokens' vectors."""
    hidden_dropout: Probability = 0.0
    """Dropout between recurrent layers, the same at every step."""
    weight_dropout: Probability = 0.0
    """Dropout of recurrent weights (DropConnect)."""
    dropout: Probability = 0.0
    """Dropout after the last recurrent layer, the same at every step."""
    activation_penalty: float = Field(default=0.0, ge=0)
    """Penalty on large outputs of the last layer (AWD-LSTM: 2)."""
    change_penalty: float = Field(default=0.0, ge=0)
    """Penalty on outputs that change from step to step (AWD-LSTM: 1)."""
    init_range: float | None = Field(default=None, gt=0)
    """Draw all weights uniformly from plus or minus this (Zaremba et al. 2014: 0.1); none: each layer's own way."""
    free_bits: float = Field(default=12.0, ge=0, le=10_000)
    """Latent: nats of the divergence that cost nothing, so that the code says at least so much."""
    longest: int | None = Field(default=None, ge=1, le=100_000)
    """Latent: tokens of a line that has a code, at most; longer ones are left out; none: 120 characters, 40 words, 60
    pieces."""

    batch_size: int = Field(default=32, ge=1)
    """Parallel streams that the text is cut into."""
    learning_rate: float = Field(default=6e-3, gt=0)
    schedule: Schedule = "cosine"
    minutes: float | None = Field(default=8.0, gt=0)
    """Stop after this many minutes of training."""
    patience: int | None = Field(default=20, ge=1)
    """Stop after this many evaluations without improvement; none: never."""
    evaluate_every: int | None = Field(default=500, ge=1)
    """Steps between two evaluations on the validation split; none: once an epoch."""

    latent_only: ClassVar = (*LatentSettings.latent_only, "longest")
    plain_only: ClassVar = ("window", "vary_window")

    @property
    def longest_sentence(self) -> int:
        """Tokens of a sentence that has a code, at most."""
        return self.longest or _LONGEST[self.level]


class TextGeneration(LatentGeneration):
    """How to write; --from, --to and --like are sentences, or files whose first lines they are."""

    length: int = Field(default=1000, ge=1)
    """Tokens to write: characters, words or pieces; of a run with a latent space in sentences, each of its own code."""
    primer: str = ""
    """The text that is to be continued."""
    allow_unknown: bool = False
    """Let the unknown word <unk> be written too."""

    plain_only: ClassVar = ("primer",)
