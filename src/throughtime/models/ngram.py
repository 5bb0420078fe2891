"""The simple method beside a language model: an interpolated Kneser-Ney n-gram model."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from throughtime.errors import ArgumentError
from throughtime.storage.written import read_arrays, readable

_CHUNK = 2**18


class NGram:
    """p(w | the n-1 tokens before), each order discounted and interpolated with the one below (Kneser and Ney 1995).

    p_n(w | h) = max(c(h w) - D_n, 0) / c(h) + D_n N(h) / c(h) p_{n-1}(w | h'), where N(h) is how many different tokens
    follow h, and h' is h without its first token. The highest order counts tokens, the lower ones how many different
    tokens stand before; p_0 = 1 / V. D_n = n_1 / (n_1 + 2 n_2) from the n-grams seen once and twice (Ney et al. 1994).

    Args:
        grams: for each order from 1 up, the n-grams seen, as numbers in base V, sorted (int64).
        counts: how often each counts.
        vocabulary_size: V.

    Example:
        >>> model = NGram.fit(np.array([0, 1, 0, 1, 0, 2]), vocabulary_size=3, order=2)
        >>> round(model.nll(np.array([0, 1])), 3)
        0.439
    """

    def __init__(self, grams: list[np.ndarray], counts: list[np.ndarray], vocabulary_size: int) -> None:
        self.grams, self.counts, self.vocabulary_size = grams, counts, vocabulary_size
        self._contexts = [_contexts(gram, count, vocabulary_size) for gram, count in zip(grams, counts, strict=True)]

    @property
    def order(self) -> int:
        """The n of the n-grams."""
        return len(self.grams)

    @classmethod
    def fit(cls, tokens: np.ndarray, vocabulary_size: int, order: int) -> NGram:
        """Count; the order is lowered where V^n would not fit into 63 bits.

        Args:
            tokens: (N,) ids below V.
            vocabulary_size: V.
            order: n.
        """
        if len(tokens) == 0 or vocabulary_size < 1 or order < 1:
            raise ArgumentError(f"found {len(tokens)} tokens, V = {vocabulary_size}, n = {order}, expected 1 or more")
        while order > 1 and (vocabulary_size**order >= 2**63 or order > len(tokens)):
            order -= 1
        gram, count = np.unique(_keys(tokens, vocabulary_size, order), return_counts=True)
        grams, counts = [gram], [count]
        for lower in range(order - 1, 0, -1):
            # the n-grams of the order above are all different: each says that one more token stands before
            gram, count = np.unique(grams[0] % vocabulary_size**lower, return_counts=True)
            grams.insert(0, gram)
            counts.insert(0, count)
        return cls(grams, counts, vocabulary_size)

    def nll(self, tokens: np.ndarray) -> float:
        """-log p of all tokens but the first, each given those before it, in nats, summed."""
        total = 0.0
        for start in range(1, len(tokens), _CHUNK):
            stop = min(start + _CHUNK, len(tokens))
            before = min(start, self.order - 1)
            probability = self._probabilities(np.asarray(tokens[start - before : stop]), stop - start)
            total -= float(np.log(probability).sum())
        return total

    def following(self, contexts: np.ndarray) -> np.ndarray:
        """p of every token after each of some contexts.

        Args:
            contexts: (N, C), the tokens before; of more than n - 1, the last ones.

        Returns:
            (N, V), each row a distribution.
        """
        V, known = self.vocabulary_size, contexts.shape[1]
        p = np.full(len(contexts) * V, 1 / V)
        for n in range(1, min(self.order, known + 1) + 1):
            last = np.zeros(len(contexts), dtype=np.int64)
            for token in contexts[:, known - n + 1 :].T:
                last = last * V + token
            p = self._interpolate(n - 1, (last[:, None] * V + np.arange(V)).ravel(), p)
        return p.reshape(-1, V)

    def _probabilities(self, tokens: np.ndarray, last: int) -> np.ndarray:
        """p of each of the last so many tokens, (last,)."""
        p = np.full(last, 1 / self.vocabulary_size)
        for n in range(1, self.order + 1):
            keys = _keys(tokens, self.vocabulary_size, n)[-last:]
            if len(keys) == 0:
                break
            # tokens with fewer than n-1 before them keep the probability of the order below
            p[-len(keys) :] = self._interpolate(n - 1, keys, p[-len(keys) :])
        return p

    def _interpolate(self, level: int, keys: np.ndarray, lower: np.ndarray) -> np.ndarray:
        contexts, totals, followers, discount = self._contexts[level]
        count, _ = _look_up(self.grams[level], self.counts[level], keys)
        total, seen = _look_up(contexts, totals, keys // self.vocabulary_size)
        different, _ = _look_up(contexts, followers, keys // self.vocabulary_size)
        total = np.maximum(total, 1)
        return np.where(seen, np.maximum(count - discount, 0) / total + discount * different / total * lower, lower)

    def save(self, path: Path) -> None:
        """Write all counts to an .npz file."""
        arrays = {f"grams{n}": gram for n, gram in enumerate(self.grams, 1)}
        arrays |= {f"counts{n}": count.astype(np.uint32) for n, count in enumerate(self.counts, 1)}
        with path.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, vocabulary_size=self.vocabulary_size, **arrays)

    @classmethod
    def load(cls, path: Path) -> NGram:
        """Read what `save` wrote.

        Raises:
            DataError: it is missing or damaged.
        """
        with readable(path, "usable n-gram counts", "those that training wrote"):
            file = read_arrays(path)
            orders = range(1, max(2, (len(file) + 1) // 2))
            grams, counts = ([file[f"{name}{n}"] for n in orders] for name in ("grams", "counts"))
            return cls(grams, [count.astype(np.int64) for count in counts], int(file["vocabulary_size"]))


def _keys(tokens: np.ndarray, base: int, n: int) -> np.ndarray:
    """The n-gram that ends at each token from the n-th on, as one number, its first token the highest digit."""
    many = len(tokens) - n + 1
    keys = np.zeros(max(many, 0), dtype=np.int64)
    for offset in range(n if many > 0 else 0):
        keys *= base
        keys += tokens[offset : offset + many]
    return keys


def _contexts(grams: np.ndarray, counts: np.ndarray, base: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Of the n-grams of one order: the different contexts, c(h), N(h) and the discount."""
    contexts, first, followers = np.unique(grams // base, return_index=True, return_counts=True)
    once, twice = int((counts == 1).sum()), int((counts == 2).sum())
    discount = once / (once + 2 * twice) if once and twice else 0.5
    return contexts, np.add.reduceat(counts, first), followers, discount


def _look_up(keys: np.ndarray, values: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The value of each wanted key (0 where there is none), and whether there is one."""
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    found = keys[place] == wanted
    return np.where(found, values[place], 0), found
