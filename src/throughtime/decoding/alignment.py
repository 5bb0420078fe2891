"""When each symbol of a text was said: the most probable way of CTC through the steps that says it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from throughtime.errors import ArgumentError

_BLANK = 0


def align(log_probs: NDArray[np.floating], tokens: Sequence[int] | NDArray[np.int64]) -> NDArray[np.int64]:
    """The steps of each symbol on the most probable way that says a text (Viterbi over Graves et al. 2006, section 4).

    Args:
        log_probs: (T, K), of each symbol at each step; 0 is the blank.
        tokens: the text (U,), from 1 to K-1.

    Returns:
        First step and the one after the last, (U, 2).

    Raises:
        ArgumentError: fewer steps than the text needs, or symbols that are none.

    Example:
        >>> steps = np.log(np.eye(3)[[0, 1, 1, 0, 2]] * 0.9 + 0.05)
        >>> align(steps, [1, 2]).tolist()
        [[1, 3], [4, 5]]
    """
    text = np.asarray(tokens, dtype=np.int64)
    steps, symbols = log_probs.shape
    needed = len(text) + int((text[1:] == text[:-1]).sum())
    if steps < needed or (len(text) and not 1 <= text.min() <= text.max() < symbols):
        raise ArgumentError(
            f"found {steps} steps for {len(text)} symbols, expected {needed} steps and symbols below {symbols}"
        )
    if not len(text):
        return np.empty((0, 2), dtype=np.int64)
    # the text with blanks around and between: b a b t b
    states = np.full(2 * len(text) + 1, _BLANK)
    states[1::2] = text
    may_skip = np.zeros(len(states), dtype=bool)  # the blank between two symbols, unless they are the same
    may_skip[3::2] = text[1:] != text[:-1]
    emitted = log_probs[:, states].astype(np.float64)
    score = np.full(len(states), -np.inf)
    score[:2] = emitted[0, :2]
    came = np.zeros((steps, len(states)), dtype=np.int8)  # by how many states the way moved on
    for step in range(1, steps):
        moves = np.full((3, len(states)), -np.inf)
        moves[0] = score
        moves[1, 1:] = score[:-1]
        moves[2, 2:] = np.where(may_skip[2:], score[:-2], -np.inf)
        came[step] = moves.argmax(axis=0)
        score = moves.max(axis=0) + emitted[step]
    return _spans(came, len(states) - (1 if score[-1] >= score[-2] else 2), len(text))


def _spans(came: NDArray[np.int8], state: int, count: int) -> NDArray[np.int64]:
    """Walk the way back from its last state."""
    spans = np.zeros((count, 2), dtype=np.int64)
    for step in range(len(came) - 1, -1, -1):
        if state % 2:
            own = spans[state // 2]
            own[0], own[1] = step, own[1] or step + 1
        state -= int(came[step, state])
    return spans
