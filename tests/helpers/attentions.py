"""What the tests of attention and of the translator share: sizes, cells, and attention of either kind."""

from __future__ import annotations

from throughtime.layers import GRU, LSTM, RNN
from throughtime.models.parts.attention import AdditiveAttention, Attention, MultiplicativeAttention

V, E, H, M, A = 7, 3, 4, 6, 5
BEGIN, END = 2, 3
CELLS = (RNN, GRU, LSTM)


def attention_of(kind: str, memory_size: int = M) -> Attention:
    return AdditiveAttention(H, memory_size, 5) if kind == "additive" else MultiplicativeAttention(H, memory_size)
