"""Many to many, unaligned: an encoder-decoder with attention, p(y | x) = Π_t p(y<t> | y<1..t-1>, x)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from throughtime.data.batch import Batch
from throughtime.decoding.continuations import Continuations
from throughtime.errors import ArgumentError
from throughtime.layers import Recurrent
from throughtime.models.base import Loss, Model
from throughtime.models.outputs.softmax import Softmax
from throughtime.models.parts.attentive import AttentiveDecoder, DecoderState, Memory
from throughtime.models.parts.stack import locked_dropout


class Translator(Model):
    """A bidirectional encoder, a bridge to the decoder, the decoder and a softmax over the target's vocabulary.

    The encoder's final state becomes the decoder's first one through a bridge, s<0> = tanh(W_bridge [final states] + b)
    for each state of each layer (Bahdanau et al. 2015, appendix A.2.2; they use the backward state alone).

    Args:
        source: ids of the source -> vectors (.., I).
        target: ids of the target -> vectors (.., I).
        encoder: layers of throughtime.layers, time first.
        decoder: of the same cell; its memory is the encoder's output.
        output: over the target's vocabulary, of the decoder's attention vectors.
        begin: the id of the target's begin mark.
        dropout: of source and target vectors' features, the same ones at every step of a row.
        label_smoothing: ε of the loss (1-ε) (-log p(y)) - ε/V Σ_k log p(k) (Szegedy et al. 2016).
        sampling: scheduled sampling (Bengio et al. 2015): the largest share of target words that the decoder reads as
            its own best guess instead of as they are; it grows linearly from 0, the first word is never replaced.
        sampling_steps: batches until that share is reached.

    The batch holds `inputs` (B, S) and their `input_lengths` (B,), `targets` (B, T), which end with an end mark, and
    their `lengths` (B,): each target is predicted from the begin mark and those before it.

    Raises:
        ArgumentError: a decoder of another cell, or scheduled sampling without input feeding.
    """

    seen: Tensor

    def __init__(
        self,
        source: nn.Module,
        target: nn.Module,
        encoder: Recurrent,
        decoder: AttentiveDecoder,
        output: Softmax,
        *,
        begin: int,
        dropout: float = 0.0,
        label_smoothing: float = 0.0,
        sampling: float = 0.0,
        sampling_steps: int = 5_000,
    ) -> None:
        super().__init__()
        layers = decoder.recurrent
        if type(layers.cell) is not type(encoder.cell) or encoder.batch_first:
            raise ArgumentError(f"found {encoder} and {layers}, expected layers of one cell, time first")
        if sampling and not decoder.input_feeding:
            raise ArgumentError("found scheduled sampling without input feeding, expected both: it goes step by step")
        self.source, self.target, self.encoder, self.decoder, self.output = source, target, encoder, decoder, output
        self.bridges = nn.ModuleList(
            nn.Linear(inner * encoder.num_directions, outer * layers.num_layers)
            for inner, outer in zip(encoder.cell.state_sizes, layers.cell.state_sizes, strict=True)
        )
        self.begin, self.dropout = begin, dropout
        self.label_smoothing, self.sampling, self.sampling_steps = label_smoothing, sampling, sampling_steps
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))

    def encode(self, inputs: Tensor, lengths: Tensor) -> tuple[Memory, DecoderState]:
        """What the decoder attends to and starts from: source ids (B, S) of these lengths (B,)."""
        vectors = self._dropped(self.source(inputs.t()))
        steps, final = self.encoder(vectors, lengths=lengths)
        memory = self.decoder.memory(steps.transpose(0, 1), lengths)
        finals = (final,) if isinstance(final, Tensor) else final
        starts = []
        for bridge, state in zip(self.bridges, finals, strict=True):
            top = state[-self.encoder.num_directions :].transpose(0, 1).flatten(1)
            first = torch.tanh(bridge(top))
            starts.append(torch.stack(first.chunk(self.decoder.recurrent.num_layers, dim=1)))
        return memory, self.decoder.start(memory, tuple(starts))

    def forward(self, inputs: Tensor, lengths: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Attention vectors and attention before each of some targets.

        Args:
            inputs: (B, S) source ids.
            lengths: (B,), how many of them are real.
            targets: (B, T).

        Returns:
            (T, B, A), each of which the softmax takes for the distribution of the target of its place, and (T, B, S).
        """
        memory, state = self.encode(inputs, lengths)
        read = torch.cat((targets.new_full((1, len(targets)), self.begin), targets.t()[:-1]))
        if self.training and self.sampling:
            return self._sampled(read, memory, state)
        vectors, attention, _ = self.decoder(self._dropped(self.target(read)), state, memory)
        return vectors, attention

    def loss(self, batch: Batch, state: Any = None) -> Loss:
        """Cross-entropy of all targets, in training with label smoothing: one product for all that are real."""
        targets, lengths = batch["targets"], batch["lengths"]
        vectors, _ = self(batch["inputs"], batch["input_lengths"], targets)
        real = torch.arange(targets.shape[1], device=lengths.device)[:, None] < lengths
        places = real.flatten().nonzero().squeeze(1)
        hidden, wanted = (part.flatten(0, 1).index_select(0, places) for part in (vectors, targets.t()))
        smoothing = self.label_smoothing if self.training else 0.0
        return Loss(self.output.total(hidden, wanted, smoothing), len(places))

    def _dropped(self, vectors: Tensor) -> Tensor:
        return locked_dropout(vectors, self.dropout, time=0, training=self.training)

    def _sampled(self, given: Tensor, memory: Memory, state: DecoderState) -> tuple[Tensor, Tensor]:
        """As the decoder's own loop, but some words are replaced by what it would have said itself."""
        self.seen += 1
        share = self.sampling * (self.seen / self.sampling_steps).clamp(max=1)
        replaced = torch.rand(given.shape, device=given.device) < share
        advance, mask = self.decoder.advance(), self.decoder.mask(given.shape[1])
        read, vectors, attention = given[0], [], []
        kept = self._dropped(torch.ones_like(self.target(read)).unsqueeze(0))
        for t in range(len(given)):
            if t:
                with torch.no_grad():
                    guess = self.output.logits(state.fed).argmax(dim=-1)
                read = torch.where(replaced[t], guess, given[t])
            contribution = self.decoder.project(self.target(read) * kept)[0]
            state, weights = advance(contribution, state, memory, mask)
            vectors.append(state.fed)
            attention.append(weights)
        return torch.stack(vectors), torch.stack(attention)

    def prepare(self) -> Prepared:
        """What decoding batches of sentences one after the other needs once."""
        return Prepared(self)

    def decoding(self, inputs: Tensor, lengths: Tensor) -> Decoding:
        """The decoding of a batch of sentences, source ids (B, S) of these lengths (B,), at its start."""
        return self.prepare().decoding(inputs, lengths)


class Prepared:
    """What a translator's weights are prepared for once, as long as they do not change.

    Args:
        model: in evaluation mode.
    """

    def __init__(self, model: Translator) -> None:
        self.model = model
        self.advance, self.continuations = model.decoder.advance(), model.output.continuations()
        # the words' part of the cell: many beams, of one sentence or of several, say the same words again and again
        bias = model.output.bias
        self._contributions = bias.new_empty(len(bias), model.decoder.contribution_size)
        self._known = torch.zeros(len(bias), dtype=torch.bool, device=bias.device)

    def decoding(self, inputs: Tensor, lengths: Tensor) -> Decoding:
        """The decoding of a batch of sentences, source ids (B, S) of these lengths (B,), at its start."""
        return Decoding(self, *self.model.encode(inputs, lengths))

    def contributions(self, words: Tensor) -> Tensor:
        """The words' part of the decoder's cell, (N,) -> (N, G), worked out when a word is said for the first time."""
        new = torch.unique(words[~self._known[words]])
        if len(new):
            fresh = self.model.decoder.project(self.model.target(new.unsqueeze(0)))[0]
            self._contributions[new] = fresh.to(self._contributions)  # autocast makes it of a kind of its own
            self._known[new] = True
        return self._contributions.index_select(0, words)


class Decoding:
    """A translator at work on a batch of sentences, as `throughtime.decoding.beam` wants it: B sentences of K beams.

    Args:
        prepared: the translator's.
        memory: of B sentences.
        state: of B * K beams, those of one sentence side by side.
    """

    def __init__(self, prepared: Prepared, memory: Memory, state: DecoderState) -> None:
        self.prepared, self.memory, self.state = prepared, memory, state

    def step(self, tokens: Tensor) -> tuple[Continuations, Tensor]:
        """Read the last word of each beam, (B, K): what may come next, and attention (B, K, S)."""
        prepared, (rows, beams) = self.prepared, tokens.shape
        contributions = prepared.contributions(tokens.to(self.state.fed.device).flatten())
        self.state, attention = prepared.advance(contributions, self.state, self.memory, None)
        return prepared.continuations(self.state.fed.view(rows, beams, -1)), attention.view(rows, beams, -1)

    def select(self, sentences: Tensor | None, parents: Tensor) -> None:
        """Go on with some beams.

        Args:
            sentences: (B',), which sentences; None: all.
            parents: (B', K'), which of its beams each of a sentence's new beams goes on from.
        """
        beams = len(self.state.fed) // len(self.memory.sentences)
        first = torch.arange(len(parents), device=parents.device) if sentences is None else sentences
        self.state = self.state.select((first.unsqueeze(1) * beams + parents).flatten())
        if sentences is not None:
            self.memory = self.memory.select(sentences)
