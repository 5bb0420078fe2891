"""The network of a model of music, as its settings want it."""

from __future__ import annotations

from torch import nn

from throughtime.models.generator import Generator
from throughtime.models.outputs.base import Output
from throughtime.models.outputs.bernoulli import Bernoulli
from throughtime.models.outputs.nade import Nade
from throughtime.models.outputs.softmax import Softmax
from throughtime.models.parts.conditioned import Conditioned
from throughtime.models.parts.embedding import Embedding
from throughtime.models.sequence_vae import SequenceVAE
from throughtime.tasks.music.scores.events import VOCABULARY
from throughtime.tasks.music.scores.score import KEYS
from throughtime.tasks.music.settings import MusicSettings


def network(settings: MusicSettings) -> Generator | SequenceVAE:
    """Recurrent layers with the output layer that was asked for; with a latent space, an encoder before them."""
    hidden = settings.hidden_size
    encoder: nn.Module = nn.Identity()
    output: Output
    if settings.representation == "events":
        encoder, width = Embedding(VOCABULARY, settings.embedding_size), settings.embedding_size
        output = Softmax(hidden, VOCABULARY)
    else:
        width = KEYS
        output = Bernoulli(hidden, KEYS) if settings.output == "bernoulli" else Nade(hidden, KEYS, settings.nade_units)
    dropout = (settings.input_dropout, settings.dropout)
    layers: nn.Module = settings.recurrent(
        width + settings.latent,
        locked_dropout=settings.locked_dropout,
        weight_dropout=settings.weight_dropout,
        recurrent_dropout=settings.recurrent_dropout,
        zoneout=settings.zoneout,
        layer_norm=settings.layer_norm,
    )
    if settings.latent:
        layers = Conditioned(layers, settings.latent, settings.word_dropout)
    generator = Generator(encoder, layers, output, dropout, locked=settings.locked_dropout)
    if not settings.latent:
        return generator
    return settings.autoencoder(generator, width, settings.cell, reset_after=settings.reset_after)
