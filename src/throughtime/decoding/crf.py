"""Linear-chain conditional random field: p(y | x) over whole sequences of tags, and the best of them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from throughtime.errors import ArgumentError


class CRF(nn.Module):
    """p(y | x) = exp(s) / Z, s = b[y<1>] + Σ_t e<t>[y<t>] + Σ_t A[y<t-1>, y<t>] + c[y<T>] (Lafferty et al. 2001).

    Args:
        tags: K.
        allowed: (K, K) bool, whether a tag (row) may be followed by another (column); None: all moves.
        first: (K,) bool, the tags that a sequence may begin with; None: all.
        last: (K,) bool, those that it may end with; None: all.

    A path that makes a move which is not allowed has the score -inf, and so probability 0. Every method takes the
    scores of each tag at each step, `emissions` (B, T, K), and `lengths` (B,) from 0 to T: what stands after a row's
    end counts nothing, and a row of length 0 has one path, of score 0.

    Raises:
        ArgumentError: no tags, or rules of the wrong shape or type, or that leave no path.

    Example:
        >>> crf = CRF(2, allowed=torch.tensor([[True, True], [True, False]]))
        >>> _ = [nn.init.zeros_(parameter) for parameter in crf.parameters()]
        >>> emissions, lengths = torch.tensor([[[0.0, 1.0], [0.0, 3.0], [0.0, 1.0]]]), torch.tensor([3])
        >>> crf.viterbi(emissions, lengths)
        (tensor([[0, 1, 0]]), tensor([3.]))
    """

    _allowed: Tensor
    _first: Tensor
    _last: Tensor

    def __init__(
        self, tags: int, allowed: Tensor | None = None, first: Tensor | None = None, last: Tensor | None = None
    ) -> None:
        super().__init__()
        if tags < 1:
            raise ArgumentError(f"found {tags} tags, expected at least 1")
        self.tags = tags
        self.transitions = nn.Parameter(torch.empty(tags, tags))
        self.start = nn.Parameter(torch.empty(tags))
        self.end = nn.Parameter(torch.empty(tags))
        # rules belong to the scheme of the tags, not to what was learned: they are not saved with the weights
        for name, rule, shape in (
            ("allowed", allowed, (tags, tags)),
            ("first", first, (tags,)),
            ("last", last, (tags,)),
        ):
            if rule is None:
                rule = torch.ones(shape, dtype=torch.bool)
            if rule.dtype != torch.bool or tuple(rule.shape) != shape or not rule.any():
                raise ArgumentError(
                    f"{name} is {rule.dtype} {tuple(rule.shape)}, expected bool {shape}, some of it true"
                )
            self.register_buffer(f"_{name}", rule.clone(), persistent=False)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new starting values: small, so that at first the emissions alone decide."""
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -0.1, 0.1)

    def log_likelihood(self, emissions: Tensor, tags: Tensor, lengths: Tensor) -> Tensor:
        """log p(y | x) = s(x, y) - log Z(x), (B,), of paths (B, T)."""
        return self.score(emissions, tags, lengths) - self.log_partition(emissions, lengths)

    def score(self, emissions: Tensor, tags: Tensor, lengths: Tensor) -> Tensor:
        """s(x, y), (B,), of paths (B, T); what the paths hold after a row's end may be any tag."""
        real = self._real(emissions, lengths)
        start, moves, end = self._ruled()
        steps = emissions.gather(2, tags[..., None])[..., 0]
        moved = moves[tags[:, :-1], tags[:, 1:]]
        total = torch.where(real, steps, 0).sum(dim=1) + torch.where(real[:, 1:], moved, 0).sum(dim=1)
        final = tags.gather(1, (lengths - 1).clamp_min(0)[:, None])[:, 0]
        return torch.where(lengths > 0, total + start[tags[:, 0]] + end[final], 0)

    def log_partition(self, emissions: Tensor, lengths: Tensor) -> Tensor:
        """log Z(x) = log Σ_y exp(s(x, y)), (B,).

        Z is a product of one matrix a step, M<t>[i, j] = exp(A[i, j] + e<t>[j]), and a product may be taken in any
        order: neighbours are multiplied pairwise, all pairs at once, so that T steps need log2(T) rounds and no loop
        over time (Blelloch 1990). Its gradient, which autograd sends down the same tree, is the forward-backward
        algorithm. Each matrix is divided by its greatest element, whose logarithm is kept apart; in double precision
        the scores of one step may then differ by 700 nats.
        """
        if emissions.shape[1] == 0:
            return emissions.new_zeros(len(emissions))
        real = self._real(emissions, lengths)
        double = torch.float32 if emissions.device.type == "mps" else torch.float64  # mps has none
        start, moves, end = (rule.to(double).exp() for rule in self._ruled())
        scores = emissions.to(double)
        top = scores.detach().amax(dim=2, keepdim=True)
        log_scale = torch.where(real, top[..., 0], 0).sum(dim=1)
        weights = (scores - top).exp()
        # a padded step is multiplication by one
        one = torch.eye(self.tags, dtype=double, device=emissions.device)
        product = torch.where(real[:, 1:, None, None], weights[:, 1:, None, :] * moves, one)
        while product.shape[1] > 1:
            paired = product.shape[1] // 2 * 2
            left_over = product[:, paired:]
            product = product[:, 0:paired:2] @ product[:, 1:paired:2]
            greatest = product.detach().amax(dim=(2, 3), keepdim=True)
            log_scale = log_scale + greatest.log().sum(dim=(1, 2, 3))
            product = torch.cat([product / greatest, left_over], dim=1)
        row = (start * weights[:, 0])[:, None]
        row = row @ product[:, 0] if product.shape[1] else row
        total = (row[:, 0] @ end).log() + log_scale
        return torch.where(lengths > 0, total, 0).to(emissions.dtype)

    def marginals(self, emissions: Tensor, lengths: Tensor) -> Tensor:
        """p(y<t> = k | x), (B, T, K), zero after a row's end: the gradient of log Z by the emissions."""
        with torch.enable_grad():
            leaf = emissions.detach().requires_grad_()
            (found,) = torch.autograd.grad(self.log_partition(leaf, lengths).sum(), leaf)
        return found

    @torch.no_grad()
    def viterbi(self, emissions: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """The best path, (B, T), 0 after a row's end, and its score, (B,) (Viterbi 1967).

        Of equally good paths it is the one with the lowest last tag, of these the one with the lowest last but one, ...
        """
        B, T, _ = emissions.shape
        if T == 0:
            return lengths.new_zeros(B, 0), emissions.new_zeros(B)
        real = self._real(emissions, lengths)
        start, moves, end = self._ruled()
        best = start + emissions[:, 0]
        pointers = []
        for t in range(1, T):
            best_before, before = (best[:, :, None] + moves).max(dim=1)
            best = torch.where(real[:, t, None], best_before + emissions[:, t], best)
            pointers.append(before)
        score, tag = (best + end).max(dim=1)
        path = [tag]
        for t in range(T - 1, 0, -1):  # a row that has ended keeps its last tag until its own end is reached
            tag = torch.where(real[:, t], pointers[t - 1].gather(1, tag[:, None])[:, 0], tag)
            path.append(tag)
        return torch.where(real, torch.stack(path[::-1], dim=1), 0), torch.where(lengths > 0, score, 0)

    def _ruled(self) -> tuple[Tensor, Tensor, Tensor]:
        """b, A and c, -inf where the rules forbid."""
        minus = -torch.inf
        return (
            self.start.masked_fill(~self._first, minus),
            self.transitions.masked_fill(~self._allowed, minus),
            self.end.masked_fill(~self._last, minus),
        )

    def _real(self, emissions: Tensor, lengths: Tensor) -> Tensor:
        """(B, T), true where a row has not ended."""
        if emissions.dim() != 3 or emissions.shape[2] != self.tags or lengths.shape != emissions.shape[:1]:
            raise ArgumentError(
                f"found emissions {tuple(emissions.shape)} and lengths {tuple(lengths.shape)}, "
                f"expected (B, T, {self.tags}) and (B,)"
            )
        return torch.arange(emissions.shape[1], device=lengths.device) < lengths[:, None]

    def extra_repr(self) -> str:
        """The number of tags, and of forbidden moves."""
        return f"{self.tags}, forbidden={int((~self._allowed).sum())}"
