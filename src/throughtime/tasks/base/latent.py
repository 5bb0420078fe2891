"""Settings of a latent space of sequences, and of where in it to begin; refused where a run has none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

import tyro
from pydantic import Field, model_validator

from throughtime.errors import ThroughtimeError
from throughtime.settings import CellName, Probability, Settings, TrainingSettings
from throughtime.tasks.base.generates import GenerateSettings

if TYPE_CHECKING:
    from throughtime.models.generator import Generator
    from throughtime.models.sequence_vae import SequenceVAE


class LatentSettings(TrainingSettings):
    """A generator that may write from a code (a recurrent variational autoencoder, Bowman et al. 2016)."""

    latent: int = Field(default=0, ge=0, le=4096)
    """Numbers of the code that a sequence is written from: a recurrent variational autoencoder; 0: no code."""
    encoder_size: int = Field(default=128, ge=1)
    """Latent: units of each direction of the layer that reads a sequence to find its code."""
    beta: float = Field(default=1.0, ge=0, le=1_000)
    """Latent: weight of the divergence of the codes from the prior."""
    kl_warmup: int = Field(default=500, ge=0)
    """Latent: training steps over which that weight rises from 0."""
    free_bits: float = Field(default=14.0, ge=0, le=10_000)
    """Latent: nats of the divergence that cost nothing, so that the code says at least so much."""
    word_dropout: Probability = 0.1
    """Latent: probability of hiding from the decoder what came last, so that the code has to tell it."""
    importance_samples: int = Field(default=50, ge=1, le=100_000)
    """Latent: codes drawn of each sequence where `evaluate` and `predict` compute bounds."""
    judged: int = Field(default=500, ge=1)
    """Latent: sequences that `evaluate` computes them on, at most."""

    latent_only: ClassVar[tuple[str, ...]] = (
        *("encoder_size", "beta", "kl_warmup", "free_bits", "word_dropout", "importance_samples", "judged"),
    )
    """What means nothing without a code."""
    plain_only: ClassVar[tuple[str, ...]] = ()
    """What means nothing with one."""

    def autoencoder(self, decoder: Generator, width: int, cell: CellName, **options: Any) -> SequenceVAE:
        """The model that writes by a decoder, as these settings want it.

        Args:
            decoder: its layers are told a code.
            width: features that its front end gives.
            cell: of the layer that reads.
            options: what else that layer takes.
        """
        from throughtime.models.parts.recurrent import recurrent
        from throughtime.models.sequence_vae import SequenceVAE

        reader = recurrent(cell, width, self.encoder_size, bidirectional=True, batch_first=True, **options)
        return SequenceVAE(decoder, reader, beta=self.beta, warmup=self.kl_warmup, free_bits=self.free_bits)

    @model_validator(mode="after")
    def _with_or_without_a_code(self) -> Self:
        for name in given(self):
            if not self.latent and name in self.latent_only:
                raise ThroughtimeError(f"found {flag(name)} without a latent space, expected it with --latent N")
            if self.latent and name in self.plain_only:
                raise ThroughtimeError(f"found {flag(name)} with --latent, which learns from whole sequences")
        return self


class LatentGeneration(GenerateSettings):
    """Where in the latent space to begin, if a run has one."""

    from_: Annotated[str | None, tyro.conf.arg(name="from")] = None
    """Latent: write all that lies between this and --to, by spherical interpolation of their codes."""
    to: str | None = None
    """Latent: where the way from --from ends."""
    steps: int | None = Field(default=None, ge=2, le=1_000)
    """Latent: how many to write from --from to --to, what is made of these two themselves included; none: 7."""
    like: str | None = None
    """Latent: write a neighbour of this."""
    spread: float | None = Field(default=None, ge=0, le=1)
    """Latent: how far a neighbour is; 0: what is made of --like itself, 1: nothing of it is left; none: 0.5."""

    latent_only: ClassVar[tuple[str, ...]] = ("from_", "to", "steps", "like", "spread")
    """What needs a latent space."""
    plain_only: ClassVar[tuple[str, ...]] = ()
    """What goes on from something, and so needs a run without one."""

    def check(self, latent: int) -> None:
        """Make sure that these options go together, and with a run of so many latent numbers.

        Raises:
            ThroughtimeError: they do not.
        """
        asked = given(self)
        for name in asked:
            if not latent and name in self.latent_only:
                expected = "one that was trained with --latent"
                raise ThroughtimeError(f"found {flag(name)} for a run without a latent space, expected {expected}")
            if latent and name in self.plain_only:
                raise ThroughtimeError(f"found {flag(name)} for a run with a latent space, expected --like or --from")
        for one, others in (("from_", ("to",)), ("to", ("from_",)), ("steps", ("from_", "to")), ("spread", ("like",))):
            for other in others:
                if one in asked and other not in asked:
                    raise ThroughtimeError(f"found {flag(one)} without {flag(other)}, expected both")
        if "like" in asked and "from_" in asked:
            raise ThroughtimeError("found both --like and --from, expected one of them")


def given(asked: Settings) -> list[str]:
    """Names of the options that differ from their defaults."""
    return [name for name, field in type(asked).model_fields.items() if getattr(asked, name) != field.default]


def flag(name: str) -> str:
    """An option as it is written on a command line.

    Example:
        >>> flag("from_"), flag("free_bits")
        ('--from', '--free-bits')
    """
    return f"--{name.strip('_').replace('_', '-')}"
