"""The compiled kernels of a decoder's step: the largest of a linear layer, additive attention; no gradients."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from throughtime.kernels import dispatch, fused
from throughtime.kernels.calls import compiled
from throughtime.kernels.memory import has_memory, watched


def covers(*tensors: Tensor) -> bool:
    """Whether the compiled kernels can compute with these: plain float32 on the CPU, nobody asking for gradients."""
    if not fused.selected() or dispatch.current() not in ("auto", "fused") or torch.is_grad_enabled():
        return False
    if torch.is_autocast_enabled("cpu") or torch.compiler.is_compiling() or watched():
        return False
    return all(map(has_memory, tensors))


class PackedLinear:
    """A linear layer W h + b laid out for the search of its largest outputs.

    Args:
        weight: (V, K), as `covers` wants it.
        bias: (V,).

    Example:
        >>> with torch.no_grad():  # doctest: +SKIP
        ...     values, places, normaliser = PackedLinear(torch.eye(3), torch.zeros(3)).largest(torch.eye(3), 1)
        >>> places.flatten().tolist()  # doctest: +SKIP
        [0, 1, 2]
    """

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        self.columns, self.depth = weight.shape
        self.instruction_set = fused.selected()  # the layout is its own
        weight, bias = weight.detach().contiguous(), bias.detach().contiguous()
        self.packed = weight.new_empty(compiled.packed_size(self.instruction_set, self.columns, self.depth))
        addresses = weight.data_ptr(), bias.data_ptr(), self.columns, self.depth, self.packed.data_ptr()
        compiled.pack_linear(self.instruction_set, *addresses)

    def largest(self, hidden: Tensor, many: int, excluded: Sequence[int] = ()) -> tuple[Tensor, Tensor, Tensor]:
        """The largest outputs of each row, without writing down the others.

        Args:
            hidden: (N, K), as `covers` wants it.
            many: at most V.
            excluded: outputs that are not looked for.

        Returns:
            Values (N, many), the largest first, minus infinity where no output is left; their places (N, many); and
            log Σ exp of all outputs (N,), the excluded ones among them.
        """
        hidden = hidden.contiguous()
        rows = len(hidden)
        values, normaliser = hidden.new_empty(rows, many), hidden.new_empty(rows)
        places = torch.empty(rows, many, dtype=torch.int64, device="cpu")
        sizes = torch.get_num_threads(), rows, self.depth, self.columns, many
        given = hidden.data_ptr(), self.packed.data_ptr(), sorted(excluded)
        results = values.data_ptr(), places.data_ptr(), normaliser.data_ptr()
        compiled.largest(self.instruction_set, *sizes, *given, *results)
        return values, places, normaliser


def attend(
    both: Tensor, size: int, keys: Tensor, values: Tensor, mask: Tensor, sentences: Tensor, score: Tensor
) -> tuple[Tensor, Tensor]:
    """Additive attention and the attention vector: α = softmax(v · tanh(q + k)), tanh(own + Σ_s α_s value_s).

    Args:
        both: (N, A + K): what is the row's own, and its query; rows of one sentence side by side.
        size: A.
        keys, values: (B, S, K) and (B, S, A), of each sentence.
        mask: (B, 1, S), 0, or minus infinity where a sentence has ended.
        sentences: (M,) int64, which sentence each N / M rows look at.
        score: (K,), v.

    Returns:
        Attention vectors (N, A) and attention (N, S).
    """
    both, keys, values, mask, sentences, score = (t.contiguous() for t in (both, keys, values, mask, sentences, score))
    (rows, row), steps = both.shape, keys.shape[1]
    vector, alpha = both.new_empty(rows, size), both.new_empty(rows, steps)
    if rows:
        sizes = torch.get_num_threads(), rows, rows // len(sentences), steps, row - size, size
        given = both.data_ptr(), both.data_ptr() + size * both.element_size(), row
        memory = keys.data_ptr(), values.data_ptr(), mask.data_ptr(), sentences.data_ptr(), score.data_ptr()
        compiled.attend(fused.selected(), *sizes, *given, *memory, alpha.data_ptr(), vector.data_ptr())
    return vector, alpha
