"""A decoder that attends to a memory at each step: hidden state -> attention -> attention vector."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from throughtime.cells import State
from throughtime.errors import ArgumentError
from throughtime.kernels.decoding import attend, covers
from throughtime.layers import Recurrent
from throughtime.models.parts.attention import AdditiveAttention, Attention

_WORTH_KEEPING = 0.7  # share of a memory's rows below which those that are left are copied


class Memory(NamedTuple):
    """What a decoder attends to, prepared once.

    Args:
        keys: (B, S, K), what the attention's queries meet.
        values: (B, S, A), each step's contribution to the attention vector, W_m m.
        mask: (B, 1, S), 0, or minus infinity where a row has ended.
        sentences: (M,), which of the B rows are attended to.
    """

    keys: Tensor
    values: Tensor
    mask: Tensor
    sentences: Tensor

    def select(self, rows: Tensor) -> Memory:
        """The memory of some of the M rows; nothing is copied before many of them have been left out."""
        fewer = self._replace(sentences=self.sentences.index_select(0, rows))
        return fewer if len(fewer.sentences) > _WORTH_KEEPING * len(self.keys) else fewer.whole()

    def whole(self) -> Memory:
        """The same with M = B: all rows attended to, in their order."""
        rows = self.sentences
        if len(rows) == len(self.keys):
            return self
        keys, values, mask = (tensor.index_select(0, rows) for tensor in (self.keys, self.values, self.mask))
        return Memory(keys, values, mask, torch.arange(len(rows), device=rows.device))


class DecoderState(NamedTuple):
    """Where a decoder stands.

    Args:
        cells: the states of each layer, each (N, H).
        fed: the attention vector of the step before (N, A).
    """

    cells: tuple[State, ...]
    fed: Tensor

    def select(self, rows: Tensor) -> DecoderState:
        """The state of some rows."""
        cells = tuple(tuple(state.index_select(0, rows) for state in layer) for layer in self.cells)
        return DecoderState(cells, self.fed.index_select(0, rows))


Advance = Callable[[Tensor, DecoderState, Memory, Tensor | None], tuple[DecoderState, Tensor]]
"""One step: (input's contribution (N, G), state, memory, dropout mask (N, A)) -> (new state, attention (N, S))."""


class AttentiveDecoder(nn.Module):
    """Recurrent layers whose states look back at a memory (Luong et al. 2015, section 3).

        s<t> = cell(s<t-1>, [x<t>; a~<t-1>])      a~<t-1>: input feeding; without it, x<t> alone
        α<t> = softmax(score(s<t>, m<1..S>))      c<t> = Σ_s α<t,s> m<s>
        a~<t> = tanh(W_s s<t> + W_m c<t> + b)

    W_m c<t> = Σ_s α<t,s> (W_m m<s>), so that W_m is applied to each memory once and not at every step. With input
    feeding the steps follow one another; their inputs' part of the cell is one product for all of them beforehand, and
    without it the layers run in one call.

    Args:
        recurrent: layers of throughtime.layers, time first, one direction; their input_size is I, or I + A with input
            feeding.
        attention: of queries of H features.
        memory_size: M, features of the memory.
        features: A, of the attention vector.
        input_feeding: whether a~<t-1> enters the cell.
        dropout: of the attention vectors' features, the same ones at every step of a row (Gal and Ghahramani 2016);
            the vectors are fed as they are after it.

    Raises:
        ArgumentError: layers that are batch first, bidirectional, normalised within, or with noise in the recurrence.

    Example:
        >>> from throughtime.layers import GRU
        >>> from throughtime.models.parts.attention import MultiplicativeAttention
        >>> decoder = AttentiveDecoder(GRU(3 + 5, 4), MultiplicativeAttention(4, 6), memory_size=6, features=5)
        >>> memory = decoder.memory(torch.zeros(2, 7, 6), torch.tensor([7, 3]))
        >>> vectors, attention, _ = decoder(torch.zeros(10, 2, 3), decoder.start(memory), memory)
        >>> vectors.shape, attention.shape
        (torch.Size([10, 2, 5]), torch.Size([10, 2, 7]))
    """

    def __init__(
        self,
        recurrent: Recurrent,
        attention: Attention,
        memory_size: int,
        features: int,
        *,
        input_feeding: bool = True,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        noisy = any(recurrent.zoneout) or recurrent.recurrent_dropout or recurrent.weight_dropout
        if recurrent.batch_first or recurrent.bidirectional or noisy or recurrent.cell.layer_norm:
            raise ArgumentError(
                f"found the decoder layers {recurrent}, expected them time first, of one direction, without "
                "layer normalisation, zoneout and dropout of states or weights"
            )
        self.recurrent, self.attention = recurrent, attention
        self.features, self.input_feeding, self.dropout = features, input_feeding, dropout
        self.values = nn.Linear(memory_size, features, bias=False)
        self.combine = nn.Linear(recurrent.cell.state_sizes[0], features)

    def memory(self, steps: Tensor, lengths: Tensor) -> Memory:
        """Prepare a memory (B, S, M) of which so many steps of each row are real; a row without any is one of zeros."""
        real = torch.arange(steps.shape[1], device=steps.device) < lengths.clamp(min=1)[:, None]
        mask = torch.zeros_like(real, dtype=steps.dtype).masked_fill_(~real, -torch.inf).unsqueeze(1)
        rows = torch.arange(len(steps), device=steps.device)
        return Memory(self.attention.keys(steps), self.values(steps), mask, rows)

    def start(self, memory: Memory, hidden: Any = None) -> DecoderState:
        """The state before the first step; `hidden` as the layers take it (L, B, H), zero if None."""
        rows, layers = len(memory.sentences), self.recurrent.num_layers
        sizes = self.recurrent.cell.state_sizes
        if hidden is None:
            hidden = tuple(memory.keys.new_zeros(layers, rows, size) for size in sizes)
        states = (hidden,) if isinstance(hidden, Tensor) else hidden
        cells = tuple(tuple(state[layer] for state in states) for layer in range(layers))
        return DecoderState(cells, memory.keys.new_zeros(rows, self.features))

    def forward(self, inputs: Tensor, state: DecoderState, memory: Memory) -> tuple[Tensor, Tensor, DecoderState]:
        """Run over given inputs.

        Args:
            inputs: (T, B, I).
            state: before the first of them.
            memory: of B rows.

        Returns:
            Attention vectors (T, B, A), attention (T, B, S), and the state after the last step.
        """
        mask = self.mask(inputs.shape[1])
        if not self.input_feeding:
            return self._at_once(inputs, state, memory, mask)
        contributions, advance = self.project(inputs), self.advance()
        vectors, attention = [], []
        for contribution in contributions.unbind(0):
            state, weights = advance(contribution, state, memory, mask)
            vectors.append(state.fed)
            attention.append(weights)
        return torch.stack(vectors), torch.stack(attention), state

    def mask(self, rows: int) -> Tensor | None:
        """What the attention vectors of each row are multiplied by, (B, A); None where nothing is dropped."""
        if not (self.training and self.dropout):
            return None
        return F.dropout(self.combine.weight.new_ones(rows, self.features), self.dropout)

    def project(self, inputs: Tensor) -> Tensor:
        """The inputs' part of the first layer's cell, for all steps in one product: (T, B, I) -> (T, B, G)."""
        weights = self._weights(0)
        weights["weight_ih"] = weights["weight_ih"][:, : inputs.shape[-1]]
        parts = self.recurrent.cell.project(inputs, weights)
        return parts[0] if len(parts) == 1 else torch.cat(parts, dim=-1)

    @property
    def contribution_size(self) -> int:
        """G, what `project` makes of an input."""
        return sum(self._parts())

    def advance(self) -> Advance:
        """The function that computes one step; rows may be several to each row of the memory, side by side."""
        cells = self.recurrent.cells
        layers = [self._weights(layer) for layer in range(len(cells))]
        steps = [cell.equations(weights) for cell, weights in zip(cells, layers, strict=True)]
        fed_weight = layers[0]["weight_ih"][:, -self.features :].t() if self.input_feeding else None
        look, parts = self._look(), self._parts()
        dropout = self.recurrent.dropout if self.training else 0.0

        def advance(x: Tensor, state: DecoderState, memory: Memory, mask: Tensor | None) -> tuple[DecoderState, Tensor]:
            if fed_weight is not None:
                x = torch.addmm(x, state.fed, fed_weight)
            contributions: State = torch.split(x, parts, dim=1)
            new: list[State] = []
            for layer, (step, before) in enumerate(zip(steps, state.cells, strict=True)):
                if layer:
                    above = F.dropout(new[-1][0], dropout) if dropout else new[-1][0]
                    projected = cells[layer].project(above.unsqueeze(0), layers[layer])
                    contributions = tuple(part[0] for part in projected)
                after, _ = step(contributions, before)
                new.append(after)
            vector, attention = look(new[-1][0], memory)
            return DecoderState(tuple(new), vector if mask is None else vector * mask), attention

        return advance

    def _look(self) -> Callable[[Tensor, Memory], tuple[Tensor, Tensor]]:
        """The function from hidden states (N, H) to attention vectors (N, A) and attention (N, S)."""
        query_weight, features = self.attention.query_weight(), self.features
        # the query's and the vector's product with the hidden state are one
        weight: Tensor = self.combine.weight
        bias: Tensor = self.combine.bias
        if query_weight is not None:
            weight = torch.cat((weight, query_weight))
            bias = torch.cat((bias, bias.new_zeros(len(query_weight))))
        weight = weight.t()

        def look(hidden: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
            both = torch.addmm(bias, hidden, weight)
            if isinstance(self.attention, AdditiveAttention) and covers(both, memory.keys, self.attention.score):
                return attend(both, features, *memory, self.attention.score)
            memory = memory.whole()
            rows = len(memory.keys)
            own, queries = (both, hidden) if query_weight is None else both.tensor_split((features,), dim=1)
            alpha = self.attention.weights(queries.view(rows, -1, queries.shape[-1]), memory.keys, memory.mask)
            vector = torch.baddbmm(own.view(rows, -1, features), alpha, memory.values)
            return torch.tanh(vector).view(len(hidden), features), alpha.view(len(hidden), -1)

        return look

    def _at_once(
        self, inputs: Tensor, state: DecoderState, memory: Memory, mask: Tensor | None
    ) -> tuple[Tensor, Tensor, DecoderState]:
        """Without input feeding no step waits for the one before but in the cell."""
        T, B, _ = inputs.shape
        states = tuple(torch.stack(layer) for layer in zip(*state.cells, strict=True))
        hidden, final = self.recurrent(inputs, states if len(states) > 1 else states[0])
        by_row = hidden.transpose(0, 1).reshape(B * T, -1)
        vectors, attention = self._look()(by_row, memory)
        vectors, attention = vectors.view(B, T, -1).transpose(0, 1), attention.view(B, T, -1).transpose(0, 1)
        if mask is not None:
            vectors = vectors * mask
        finals = (final,) if isinstance(final, Tensor) else final
        cells = tuple(tuple(one[layer] for one in finals) for layer in range(self.recurrent.num_layers))
        return vectors, attention, DecoderState(cells, vectors[-1])

    def _weights(self, layer: int) -> dict[str, Tensor]:
        return dict(zip(self.recurrent.cells[layer].shapes(), self.recurrent.all_weights[layer], strict=True))

    def _parts(self) -> list[int]:
        """How wide each part of the inputs' contribution is that the first layer's cell tells apart."""
        cell = self.recurrent.cell
        nothing = self.combine.weight.new_zeros(1, 1, cell.input_size)
        return [part.shape[-1] for part in cell.project(nothing, self._weights(0))]
