"""What happened inside a layer at every step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from throughtime.kernels.lengths import Lengths
from throughtime.layers.form import Form

Steps = Mapping[str, tuple[Tensor, ...]]


class Trace(Mapping[tuple[int, int], Mapping[str, Tensor]]):
    """Gates and states of every step, part of the autograd graph.

    `trace[layer, direction][name]` is (T, B, S) ((B, T, S) with `batch_first`, (T, S) without a batch, S the
    size of the gate or state), zero where a row has ended; direction 0 is forward, 1 backward. Times count
    from the input's beginning in both directions.

    Example:
        >>> from throughtime.layers import GRU
        >>> output, final, trace = GRU(3, 4, num_layers=2)(torch.zeros(5, 2, 3), trace=True)
        >>> sorted(trace[1, 0])
        ['candidate', 'hidden', 'reset', 'update']
        >>> trace[1, 0]["update"].shape
        torch.Size([5, 2, 4])
    """

    def __init__(self, steps: Mapping[tuple[int, int], Steps], lengths: Lengths | None, form: Form) -> None:
        self._steps = dict(steps)
        self._stacked: dict[tuple[int, int], dict[str, Tensor]] = {}
        for place, named in self._steps.items():
            self._stacked[place] = {}
            for name, values in named.items():
                whole = torch.stack(values)
                if lengths is not None:
                    whole = lengths.blank(whole)
                self._stacked[place][name] = form.steps(whole)

    def __getitem__(self, place: tuple[int, int]) -> Mapping[str, Tensor]:
        """Return everything traced in one layer and direction, by name."""
        return self._stacked[place]

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(self._stacked)

    def __len__(self) -> int:
        return len(self._stacked)

    def steps(self, layer: int, direction: int, name: str) -> tuple[Tensor, ...]:
        """Return the T tensors (B, S) of one gate or state that later steps were computed from.

        They lie between the input and the loss, so the gradient of a loss with respect to each step's
        state can be asked for (the stacked tensor is a copy beside that path). After a row has ended they
        repeat its last value.

        Example:
            >>> from throughtime.layers import RNN
            >>> output, final, trace = RNN(3, 4)(torch.ones(5, 2, 3), trace=["hidden"])
            >>> states = trace.steps(0, 0, "hidden")
            >>> gradients = torch.autograd.grad(output[-1].sum(), states)
            >>> len(gradients), gradients[0].shape
            (5, torch.Size([2, 4]))
        """
        return self._steps[layer, direction][name]
