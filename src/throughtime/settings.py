"""What can be asked of a training run: one typed object is the config file, the flags and their help."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from throughtime.errors import ThroughtimeError

# A float32 holds 3.4e38; products of what is asked for need room above.
_LARGEST = 1e30
_LARGEST_INTEGER = 2**31 - 1
LIMITS = ("steps", "epochs", "minutes")
"""Settings that say how long is learned."""

Probability = Annotated[float, Field(ge=0, lt=1)]
"""Of dropping something: were it 1, nothing would be left."""
CellName = Literal["lstm", "gru", "rnn"]
Schedule = Literal["constant", "linear", "cosine", "plateau", "exponential"]


class Settings(BaseModel):
    """A frozen set of options; unknown names are errors, never swallowed, and so are numbers beyond all arithmetic.

    Raises:
        ThroughtimeError: a value that cannot be, or a name that there is none of; also on the command line, where the
            library's own words (and the address of its handbook) would be no help.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @model_validator(mode="wrap")
    @classmethod
    def _refused_in_a_sentence(cls, values: Any, validate: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"])
            if first["type"] == "extra_forbidden":
                known = ", ".join(sorted(cls.model_fields))
                raise ThroughtimeError(f"found no setting named {name!r}, expected one of: {known}") from None
            expected = first["msg"].removeprefix("Input should be ")
            raise ThroughtimeError(f"setting {name}: found {first['input']!r}, expected: {expected}") from None

    @field_validator("*")
    @classmethod
    def _within_arithmetic(cls, value: Any) -> Any:
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, int) and abs(number) > _LARGEST_INTEGER:
                raise PydanticCustomError("range", f"a number up to {_LARGEST_INTEGER}")
            if isinstance(number, float) and not (math.isfinite(number) and abs(number) <= _LARGEST):
                raise PydanticCustomError("range", f"a number up to {_LARGEST:g}")
        return value


class TrainingSettings(Settings):
    """How long, how fast and on what to train; every task adds its own options to these.

    Example:
        >>> TrainingSettings(steps=100).clip_norm
        1.0
    """

    seed: int = Field(default=0, ge=0)
    """Seed of everything random: split, initial weights, order of the data, dropout, sampling."""
    steps: int | None = Field(default=None, ge=0)
    """Stop after this many optimiser steps."""
    epochs: int | None = Field(default=None, ge=0)
    """Stop after this many passes over the training data."""
    minutes: float | None = Field(default=None, gt=0)
    """Stop after this many minutes of training."""
    batch_size: int = Field(default=32, ge=1)
    """Sequences in a batch."""
    learning_rate: float = Field(default=1e-3, gt=0)
    """Highest learning rate."""
    optimiser: Literal["adam", "adamw", "sgd", "asgd", "rmsprop"] = "adam"
    """Update rule; asgd starts averaging when the validation metric stalls (NT-ASGD, Merity et al. 2018)."""
    betas: tuple[Probability, Probability] = (0.9, 0.999)
    """Adam: how much of the mean gradient and of the mean square is kept at each step."""
    weight_decay: float = Field(default=0.0, ge=0)
    """L2 penalty (decoupled in adamw)."""
    schedule: Schedule = "constant"
    """Course of the learning rate after the warm-up; linear and cosine end at the limit of steps, epochs or minutes."""
    decay: float = Field(default=0.5, gt=0, le=1)
    """Factor of the plateau schedule (at each stall) and of the exponential one (each epoch)."""
    decay_after: int = Field(default=1, ge=0)
    """Plateau: evaluations without improvement before a decay; exponential: epochs before the first decay."""
    warmup_steps: int = Field(default=0, ge=0)
    """Steps of linear warm-up of the learning rate."""
    clip_norm: float | None = Field(default=1.0, gt=0)
    """Largest norm of the whole gradient; none: no clipping."""
    loss_scale: Literal["step", "sequence"] = "step"
    """The masked sum over time is divided by the number of time steps, or by the number of sequences."""
    accumulate: int = Field(default=1, ge=1)
    """Batches whose gradients are added up for one optimiser step."""
    patience: int | None = Field(default=None, ge=1)
    """Stop after this many evaluations without improvement; none: never."""
    evaluate_every: int | None = Field(default=None, ge=1)
    """Steps between two evaluations on the validation split; none: once an epoch."""
    checkpoint_every: float = Field(default=60.0, ge=0)
    """Seconds between two checkpoints (one is always written after an evaluation)."""
    device: str = "auto"
    """auto, cpu, cuda, cuda:1, mps."""
    precision: Literal["32", "64", "bf16-mixed", "16-mixed"] = "32"
    """Arithmetic; the mixed ones where the device has them."""
    threads: int | None = Field(default=None, ge=1, le=1024)
    """CPU threads; none: one for small recurrent layers, which lose much of a second one to any other program, else a
    thread a core."""
    watch_gradients: int | None = Field(default=None, ge=1)
    """Steps between two looks at how far gradients reach back through time (models that read sequences)."""
    workers: int = Field(default=0, ge=0, le=1024)
    """Processes that prepare batches; 0: in the training process."""

    @field_validator("device")
    @classmethod
    def _a_kind_of_device(cls, device: str) -> str:
        # whether this machine has it only torch can say, which takes a second to ask
        if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", device):
            raise PydanticCustomError("device", "auto, cpu, cuda, cuda:1 or mps")
        return device
