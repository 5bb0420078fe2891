"""Attention and the decoder that uses it against their equations."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor

from helpers.attentions import CELLS, A, E, H, M, attention_of
from throughtime.errors import ArgumentError
from throughtime.layers import LSTM
from throughtime.models.parts.attention import AdditiveAttention, MultiplicativeAttention
from throughtime.models.parts.attentive import AttentiveDecoder


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


# -- attention -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["additive", "multiplicative"])
def test_attention_is_its_equation_and_heeds_no_padding(kind: str) -> None:
    attention = attention_of(kind).double()
    memory, queries = torch.randn(2, 4, M, dtype=torch.float64), torch.randn(2, 3, H, dtype=torch.float64)
    lengths = [4, 2]
    mask = torch.zeros(2, 1, 4, dtype=torch.float64)
    mask[1, :, 2:] = -torch.inf
    weight = attention.query_weight()
    asked = queries if weight is None else queries @ weight.t()
    found = attention.weights(asked, attention.keys(memory), mask)
    for b, t in product(range(2), range(3)):
        scores = []
        for s in range(lengths[b]):
            q, m = queries[b, t], memory[b, s]
            if isinstance(attention, AdditiveAttention):
                scores.append(attention.score @ torch.tanh(attention.query.weight @ q + attention.memory.weight @ m))
            else:
                scores.append(q @ (attention.memory.weight @ m))
        expected = torch.zeros(4, dtype=torch.float64)
        expected[: lengths[b]] = torch.stack(scores).softmax(dim=0)
        torch.testing.assert_close(found[b, t], expected)


def test_scaled_multiplicative_attention_divides_by_the_root_of_the_features() -> None:
    plain, scaled = MultiplicativeAttention(H, M), MultiplicativeAttention(H, M, scaled=True)
    scaled.load_state_dict(plain.state_dict())
    queries, keys = torch.randn(1, 2, H), plain.keys(torch.randn(1, 3, M))
    expected = plain.scores(queries, keys, torch.zeros(1, 1, 3)) / math.sqrt(H)
    torch.testing.assert_close(scaled.scores(queries, keys, torch.zeros(1, 1, 3)), expected)


# -- decoder -------------------------------------------------------------------------------------------------------


def by_the_book(decoder: AttentiveDecoder, inputs: Tensor, memory: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """The decoder's equations one step and one row at a time, by the layers' own one-step calls."""
    vectors, attention = (
        torch.zeros(*inputs.shape[:2], decoder.features),
        torch.zeros(*inputs.shape[:2], memory.shape[1]),
    )
    vectors, attention = vectors.to(inputs), attention.to(inputs)
    layers = decoder.recurrent
    for b in range(inputs.shape[1]):
        real, state, vector = memory[b, : lengths[b]], None, inputs.new_zeros(decoder.features)
        for t in range(len(inputs)):
            x = torch.cat([inputs[t, b], vector]) if decoder.input_feeding else inputs[t, b]
            output, state = layers(x[None], state)
            s, one = output[0], decoder.attention
            if isinstance(one, AdditiveAttention):
                scores = torch.tanh(one.query.weight @ s + real @ one.memory.weight.t()) @ one.score
            else:
                scores = (real @ one.memory.weight.t()) @ s
            alpha = scores.softmax(dim=0)
            context = alpha @ real
            combined = decoder.combine.weight @ s + decoder.combine.bias + decoder.values.weight @ context
            vector = torch.tanh(combined)
            vectors[t, b], attention[t, b, : lengths[b]] = vector, alpha
    return vectors, attention


@pytest.mark.parametrize(
    ("cell", "kind", "feeding", "layers"),
    [*product(CELLS, ("additive", "multiplicative"), (True, False), (1,)), (LSTM, "additive", True, 2)],
)
def test_decoder_is_its_equations_in_values_and_gradients(cell: type, kind: str, feeding: bool, layers: int) -> None:
    recurrent = cell(E + A if feeding else E, H, num_layers=layers)
    decoder = AttentiveDecoder(recurrent, attention_of(kind), M, A, input_feeding=feeding).double()
    inputs = torch.randn(4, 3, E, dtype=torch.float64, requires_grad=True)
    steps, lengths = torch.randn(3, 5, M, dtype=torch.float64, requires_grad=True), torch.tensor([5, 1, 3])
    memory = decoder.memory(steps, lengths)
    vectors, attention, state = decoder(inputs, decoder.start(memory), memory)
    expected, alpha = by_the_book(decoder, inputs, steps, lengths)
    torch.testing.assert_close(vectors, expected)
    torch.testing.assert_close(attention, alpha)
    torch.testing.assert_close(state.fed, expected[-1])
    learnt = [inputs, steps, *decoder.parameters()]
    weight = torch.randn_like(vectors)
    found, wanted = (torch.autograd.grad((out * weight).sum(), learnt) for out in (vectors, expected))
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize(
    "wrong", [{"batch_first": True}, {"bidirectional": True}, {"layer_norm": True}, {"zoneout": 0.1}]
)
def test_layers_that_cannot_decode_are_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(wrong))):
        AttentiveDecoder(LSTM(E + A, H, **wrong), attention_of("additive"), M, A)
