"""How sure a metric is: resampled examples (Efron 1979), and whether two methods differ on the same examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

Pooled = Callable[[np.ndarray], float]
"""The metric of examples whose counts (K,) have been summed, as `Task.pooled` says it."""

_RESAMPLED = 1_000
_SWAPPED = 2_000
_TAILS = (2.5, 97.5)  # percentiles
_AT_ONCE = 4_000_000  # numbers in memory


def intervals(counts: Mapping[str, np.ndarray], pooled: Pooled, seed: int = 0) -> dict[str, tuple[float, float]]:
    """The 95 % bootstrap interval of each method's metric, over the same resampled examples.

    Args:
        counts: method -> (N, K) shares of each example.
        pooled: the metric of their sum.
        seed: of the resampling.

    Example:
        >>> counts = {"model": np.stack([np.arange(100) % 2, np.ones(100)], axis=1)}
        >>> low, high = intervals(counts, lambda sums: sums[0] / sums[1])["model"]
        >>> (round(low, 1), round(high, 1))
        (0.4, 0.6)
    """
    many = len(next(iter(counts.values())))
    random = np.random.default_rng(seed)
    counts, times_seen = _alike(counts)
    sums: dict[str, list[np.ndarray]] = {method: [] for method in counts}
    left = _RESAMPLED
    while left:
        some = min(left, max(1, _AT_ONCE // len(times_seen)))
        times = random.multinomial(many, times_seen / many, size=some)
        for method, shares in counts.items():
            sums[method].extend(times @ shares)
        left -= some
    found = {method: np.percentile([pooled(one) for one in all_of_it], _TAILS) for method, all_of_it in sums.items()}
    return {method: (float(low), float(high)) for method, (low, high) in found.items()}


def _alike(counts: Mapping[str, np.ndarray]) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Examples that are the same to all methods as one, and how often each is there: right or wrong answers are of few
    kinds, however many there are.
    """
    wide = np.concatenate(list(counts.values()), axis=1)
    kinds, times_seen = np.unique(wide, axis=0, return_counts=True)
    ends = np.cumsum([some.shape[1] for some in counts.values()])[:-1]
    return dict(zip(counts, np.split(kinds, ends, axis=1), strict=True)), times_seen


def significance(one: np.ndarray, other: np.ndarray, pooled: Pooled, seed: int = 0) -> float:
    """How probable so large a difference would be if it were chance which method gave which answer: a paired
    permutation test, two-sided (approximate randomisation, Noreen 1989).

    Args:
        one, other: (N, K) shares of the same examples in the same order.
        pooled: the metric of their sum.
        seed: of the permutations.

    Example:
        >>> right, wrong = np.array([[1.0, 1.0]] * 20), np.array([[0.0, 1.0]] * 20)
        >>> round(significance(right, wrong, lambda sums: sums[0] / sums[1]), 4)
        0.0005
    """
    random = np.random.default_rng(seed)
    apart, both = (one - other) / 2, (one + other).sum(axis=0) / 2
    seen = abs(pooled(one.sum(axis=0)) - pooled(other.sum(axis=0)))
    apart = apart[(apart != 0).any(axis=1)]  # to swap what is the same changes nothing
    if not len(apart):
        return 1.0
    as_far, left = 0, _SWAPPED
    while left:
        some = min(left, max(1, _AT_ONCE // len(apart)))
        swaps = random.integers(0, 2, size=(some, len(apart)), dtype=np.int8) * 2 - 1
        for moved in swaps.astype(np.float64) @ apart:
            as_far += abs(pooled(both + moved) - pooled(both - moved)) >= seen - 1e-12
        left -= some
    return float((as_far + 1) / (_SWAPPED + 1))
