"""The network of a language model, as its settings want it."""

from __future__ import annotations

from torch.nn import init

from throughtime.errors import ThroughtimeError
from throughtime.models.generator import Generator
from throughtime.models.outputs.base import Output
from throughtime.models.outputs.softmax import AdaptiveSoftmax, Softmax
from throughtime.models.parts.conditioned import Conditioned
from throughtime.models.parts.embedding import Embedding
from throughtime.models.parts.stack import stack
from throughtime.models.sequence_vae import SequenceVAE
from throughtime.tasks.text.settings import TextSettings


def network(settings: TextSettings, size: int) -> Generator | SequenceVAE:
    """Embedding, recurrent layers, softmax; with a latent space, an encoder before them.

    Args:
        settings: sizes and kinds.
        size: tokens of the vocabulary.

    Raises:
        ThroughtimeError: sizes that do not fit together.
    """
    last = settings.layers[-1]
    width = settings.embedding_size or (64 if settings.level == "characters" else last)
    encoder = Embedding(size, width, settings.embedding_dropout)
    output: Output
    if settings.softmax == "adaptive":
        if settings.tied:
            raise ThroughtimeError("found tied weights with the adaptive softmax, expected one or the other")
        output = AdaptiveSoftmax(last, size)
    else:
        tied = _is_tied(settings, width, last)
        output = Softmax(last, size, tied=encoder if tied else None)
        if tied:  # an output layer's weights are small; those of an embedding alone learn faster if they are not
            init.uniform_(encoder.weight, -0.1, 0.1)
    layers = stack(
        settings.cell,
        width + settings.latent,
        settings.layers,
        dropout=settings.hidden_dropout,
        weight_dropout=settings.weight_dropout,
        reset_after=settings.reset_after,
    )
    if settings.latent:
        layers = Conditioned(layers, settings.latent, settings.word_dropout)
    generator = Generator(
        encoder,
        layers,
        output,
        (settings.input_dropout, settings.dropout),
        locked=True,
        activation_penalty=settings.activation_penalty,
        change_penalty=settings.change_penalty,
    )
    model: Generator | SequenceVAE = generator
    if settings.latent:
        model = settings.autoencoder(generator, width, settings.cell, reset_after=settings.reset_after)
    if settings.init_range is not None:
        for parameter in model.parameters():
            init.uniform_(parameter, -settings.init_range, settings.init_range)
    return model


def _is_tied(settings: TextSettings, width: int, last: int) -> bool:
    if settings.tied and width != last:
        raise ThroughtimeError(
            f"found tied weights with vectors of {width} features and a last layer of {last} units, "
            "expected the same number: give --embedding-size"
        )
    if settings.tied is None:
        return settings.level != "characters" and width == last
    return settings.tied
