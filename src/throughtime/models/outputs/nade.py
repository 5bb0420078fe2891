"""Dependent keys: a neural autoregressive distribution estimator whose biases the hidden state sets."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from throughtime.decoding.sampling import Sampling
from throughtime.models.outputs.base import Output
from throughtime.models.outputs.bernoulli import SILENT, draw_on


class Nade(Output):
    """p(v | h) = Π_k p(v_k | v_1, ..., v_{k-1}, h): each key knows the keys decided before it.

    The keys are decided from the highest to the lowest, the melody first.

        s_k = σ(b_s(h) + Σ_{j before k} v_j W_j)        p(v_k = 1 | ...) = σ(b_k(h) + V_k · s_k)

    A key that is off leaves s as it was, so of the K states of s only (keys that sound) + 1 differ: those alone are
    computed, all steps at once.

    Sampling goes key by key; temperature and top-p act on each on/off choice as in `Bernoulli`; top-k silences what
    remains once k keys sound.

    Args:
        hidden_size: H.
        keys: K.
        units: size of s.

    Source: Larochelle and Murray 2011 (NADE); Boulanger-Lewandowski et al. 2012 (RNN-NADE).

    Example:
        >>> Nade(3, 88).nll(torch.zeros(2, 3), torch.zeros(2, 88)).shape
        torch.Size([2])
    """

    def __init__(self, hidden_size: int, keys: int, units: int = 128) -> None:
        super().__init__()
        self.key_bias = nn.Linear(hidden_size, keys)
        self.state_bias = nn.Linear(hidden_size, units)
        self.into = nn.Parameter(torch.randn(keys, units) * 0.1)
        self.out = nn.Parameter(torch.randn(keys, units) * units**-0.5)
        nn.init.constant_(self.key_bias.bias, SILENT)

    def nll(self, hidden: Tensor, targets: Tensor) -> Tensor:
        """-Σ_k log p(v_k | v_<k, h) of each step: (N, H), (N, K) -> (N,)."""
        on = targets.to(hidden.dtype).flip(-1)
        before = on.cumsum(-1) - on  # how many keys sound among those decided before each: (N, K)
        states = self._states(hidden, on)
        given = (states @ self.out.T).gather(1, before.long()[:, None]).squeeze(1)
        logits = self.key_bias(hidden) + given
        return binary_cross_entropy_with_logits(logits, on, reduction="none").sum(-1)

    def _states(self, hidden: Tensor, on: Tensor) -> Tensor:
        """s after each sounding key in turn: (N, H), (N, K) -> (N, most keys that sound + 1, units)."""
        count = on.sum(-1).long()
        most = int(count.max()) if len(count) else 0
        # the sounding keys in their order, and then others that add nothing
        index = (on == 0).to(torch.uint8).argsort(dim=-1, stable=True)[:, :most]
        sounds = torch.arange(most, device=on.device) < count[:, None]
        steps = self.into[index] * sounds[..., None]
        sums = torch.cat([steps.new_zeros(len(on), 1, self.into.shape[1]), steps.cumsum(1)], dim=1)
        return torch.sigmoid(self.state_bias(hidden)[:, None] + sums)

    def sample(self, hidden: Tensor, sampling: Sampling) -> Tensor:
        """Draw key after key: (B, H) -> (B, K) of zeros and ones."""
        bias, summed = self.key_bias(hidden), self.state_bias(hidden)
        keys = []
        sounding = torch.zeros(len(hidden), dtype=hidden.dtype, device=hidden.device)
        for key in range(self.out.shape[0]):
            on = draw_on(bias[:, key] + torch.sigmoid(summed) @ self.out[key], sampling)
            if sampling.top_k is not None:
                on = on * (sounding < sampling.top_k)
            sounding = sounding + on
            summed = summed + on[:, None] * self.into[key]
            keys.append(on)
        return torch.stack(keys, dim=-1).flip(-1)
