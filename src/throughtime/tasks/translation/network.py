"""The network of a translator: an encoder-decoder with attention, as its settings want it."""

from __future__ import annotations

from throughtime.errors import ThroughtimeError
from throughtime.models.outputs.softmax import Softmax
from throughtime.models.parts.attention import AdditiveAttention, MultiplicativeAttention
from throughtime.models.parts.attentive import AttentiveDecoder
from throughtime.models.parts.embedding import Embedding
from throughtime.models.translator import Translator
from throughtime.tasks.translation.settings import TranslationSettings


def network(settings: TranslationSettings, sources: int, targets: int, begin: int) -> Translator:
    """Vectors, a bidirectional encoder, an attentive decoder, softmax.

    Args:
        settings: sizes and kinds.
        sources: pieces or words of the source, all marks among them.
        targets: those of the target.
        begin: the number of the target's mark that a sentence begins with.

    Raises:
        ThroughtimeError: sizes that do not fit together.
    """
    inner, vector = settings.hidden_size, settings.embedding_size
    if settings.tied and inner != vector:
        raise ThroughtimeError(
            f"found tied weights with vectors of {vector} numbers and {inner} units, expected as many of both"
        )
    encoder = settings.recurrent(vector, bidirectional=True)
    decoder = settings.recurrent(vector + inner if settings.input_feeding else vector)
    attention = (
        AdditiveAttention(inner, 2 * inner, inner)
        if settings.attention == "additive"
        else MultiplicativeAttention(inner, 2 * inner)
    )
    target = Embedding(targets, vector)
    return Translator(
        Embedding(sources, vector),
        target,
        encoder,
        AttentiveDecoder(
            decoder, attention, 2 * inner, inner, input_feeding=settings.input_feeding, dropout=settings.dropout
        ),
        Softmax(inner, targets, tied=target if settings.tied else None),
        begin=begin,
        dropout=settings.dropout,
        label_smoothing=settings.label_smoothing,
        sampling=settings.scheduled_sampling,
        sampling_steps=settings.sampling_steps,
    )
