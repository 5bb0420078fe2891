"""Rows of different lengths: does the time follow their sum, and what does torch.nn take for them, packed?"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from sections.base import Asked, Line, Shape
from throughtime.bench.subjects import training

SHAPE: Shape = (100, 64, 256, 256)


class Packed(nn.Module):
    """How lengths are given to a layer of torch.nn: pack, run, pad again."""

    def __init__(self, layer: nn.RNNBase) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        packed, final = self.layer(pack_padded_sequence(x, lengths, enforce_sorted=False))
        return pad_packed_sequence(packed, total_length=x.shape[0])[0], final


def run(asked: Asked) -> Iterator[Line]:
    T, B, inputs, hidden = SHAPE
    lengths = torch.randint(1, T + 1, (B,), generator=torch.Generator().manual_seed(0))
    share = lengths.sum().item() / (T * B)
    for subject in asked.subjects:
        x, ours = torch.randn(T, B, inputs), subject.ours(inputs, hidden)
        ways = {
            "ours": training(ours, x, lengths=lengths),
            "all T steps": training(ours, x),
            "torch.nn": training(Packed(subject.torch(inputs, hidden)), x, lengths=lengths),
        }
        timings = asked.measure(ways)
        proportional = timings.ratio("ours", "all T steps")
        numbers = {
            "ours, ms": timings.seconds("ours") * 1e3,
            "all T steps, ms": timings.seconds("all T steps") * 1e3,
            "packed torch.nn, ms": timings.seconds("torch.nn") * 1e3,
            "time / proportional": type(proportional)(*(v / share for v in vars(proportional).values())),
            "torch.nn / ours": timings.ratio("torch.nn", "ours"),
        }
        yield Line(subject.name, f"uniform 1..{T}, {100 * share:.0f} % real", numbers)
