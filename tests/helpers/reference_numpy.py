"""The cells once more, in plain NumPy: one row at a time, one gate at a time, written from the literature.

Shares nothing with the package. Every function is analytic (relu apart), so a complex argument gives derivatives
to full precision: Im f(x + ih) / h (the complex step; Squire and Trapp, 1998).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.complex128] | NDArray[np.float64]
Weights = dict[str, Array]


def sigmoid(x: Array) -> Array:
    return 1.0 / (1.0 + np.exp(-x))


def relu(x: Array) -> Array:
    return np.where(x.real > 0, x, 0.0)


def layer_norm(x: Array, gain: Array) -> Array:
    centred = x - x.sum() / len(x)
    variance = (centred * centred).sum() / len(x)
    return gain * centred / np.sqrt(variance + 1e-5)


@dataclass(frozen=True)
class Rendering:
    """A cell: its kind and its variants."""

    kind: str  # rnn, gru, lstm
    hidden: int
    bias: bool = True
    layer_norm: bool = False
    g: str = "tanh"
    reset_after: bool = False
    peepholes: bool = False
    projection: bool = False

    def block(self, w: Weights, name: str, k: int) -> Array:
        return w[name][k * self.hidden : (k + 1) * self.hidden]

    def bias_of(self, w: Weights, name: str, k: int) -> Array | float:
        return self.block(w, name, k) if self.bias else 0.0

    def from_input(self, w: Weights, k: int, x: Array) -> Array:
        product = self.block(w, "weight_ih", k) @ x
        return layer_norm(product, self.block(w, "norm_ih", k)) if self.layer_norm else product

    def from_state(self, w: Weights, k: int, state: Array) -> Array:
        product = self.block(w, "weight_hh", k) @ state
        return layer_norm(product, self.block(w, "norm_hh", k)) if self.layer_norm else product

    def gate(self, w: Weights, k: int, x: Array, state: Array) -> Array:
        biases = self.bias_of(w, "bias_ih", k) + self.bias_of(w, "bias_hh", k)
        return self.from_input(w, k, x) + self.from_state(w, k, state) + biases

    def step(
        self, w: Weights, x: Array, states: Sequence[Array], mask: Array | float
    ) -> tuple[list[Array], dict[str, Array]]:
        return {"rnn": self.rnn, "gru": self.gru, "lstm": self.lstm}[self.kind](w, x, states, mask)

    def rnn(
        self, w: Weights, x: Array, states: Sequence[Array], mask: Array | float
    ) -> tuple[list[Array], dict[str, Array]]:
        g: Callable[[Array], Array] = {"tanh": np.tanh, "relu": relu, "sigmoid": sigmoid}[self.g]
        return [g(self.gate(w, 0, x, states[0] * mask))], {}

    def gru(
        self, w: Weights, x: Array, states: Sequence[Array], mask: Array | float
    ) -> tuple[list[Array], dict[str, Array]]:
        c = states[0]
        r = sigmoid(self.gate(w, 0, x, c * mask))
        second = sigmoid(self.gate(w, 1, x, c * mask))
        if self.reset_after:
            u = 1.0 - second  # torch's z is the share of the old state
            inner = self.from_state(w, 2, c * mask) + self.bias_of(w, "bias_hh", 2)
            candidate = np.tanh(self.from_input(w, 2, x) + self.bias_of(w, "bias_ih", 2) + r * inner)
        else:
            u = second
            candidate = np.tanh(self.gate(w, 2, x, r * c * mask))
        return [u * candidate + (1.0 - u) * c], {"reset": r, "update": u, "candidate": candidate}

    def lstm(
        self, w: Weights, x: Array, states: Sequence[Array], mask: Array | float
    ) -> tuple[list[Array], dict[str, Array]]:
        a, c = states
        p = w["weight_peephole"] if self.peepholes else np.zeros((3, self.hidden))
        i = sigmoid(self.gate(w, 0, x, a * mask) + p[0] * c)
        f = sigmoid(self.gate(w, 1, x, a * mask) + p[1] * c)
        candidate = np.tanh(self.gate(w, 2, x, a * mask))
        new = i * candidate + f * c
        o = sigmoid(self.gate(w, 3, x, a * mask) + p[2] * new)
        seen = new
        if self.layer_norm:
            seen = layer_norm(new, w["norm_cell"]) + (w["norm_cell_bias"] if self.bias else 0.0)
        out = o * np.tanh(seen)
        if self.projection:
            out = w["weight_hr"] @ out
        return [out, new], {"input": i, "forget": f, "candidate": candidate, "output": o}


@dataclass
class Disturbance:
    """Zoneout and recurrent dropout of one row: per state, per step, the share of the old value to keep."""

    zoneout: list[Array | float] = field(default_factory=list)  # each (T, S) of 0 and 1, or one share
    mask: Array | float = 1.0  # (S,)


def run_row(
    cell: Rendering,
    w: Weights,
    x: Array,
    initial: Sequence[Array],
    backward: bool = False,
    disturbance: Disturbance | None = None,
) -> tuple[Array, list[Array], list[dict[str, Array]]]:
    """Run one row (T, I); returns outputs (T, S), final states, and each step's gates and states."""
    noise = disturbance or Disturbance([0.0] * len(initial))
    states = list(initial)
    T = len(x)
    seen: list[dict[str, Array]] = [{} for _ in range(T)]
    names = ("hidden", "cell")
    for t in reversed(range(T)) if backward else range(T):
        new, gates = cell.step(w, x[t], states, noise.mask)
        for k, share in enumerate(noise.zoneout):
            z = share if isinstance(share, float) else share[t]
            new[k] = z * states[k] + (1.0 - z) * new[k]
        states = new
        seen[t] = gates | dict(zip(names, states, strict=False))
    outputs = np.array([seen[t]["hidden"] for t in range(T)]).reshape(T, len(initial[0]))
    return outputs, states, seen


def run_batch(
    cell: Rendering, directions: Sequence[Weights], x: Array, initial: Sequence[Array], lengths: Sequence[int]
) -> tuple[Array, list[Array]]:
    """Run a padded batch (T, B, I) row by row; initial states and final states (D, B, S)."""
    T, B, _ = x.shape
    size = initial[0].shape[-1]
    output = np.zeros((T, B, size * len(directions)), dtype=x.dtype)
    final = [np.array(state, dtype=x.dtype) for state in initial]
    for b in range(B):
        for d, w in enumerate(directions):
            row = x[: lengths[b], b]
            out, states, _ = run_row(cell, w, row, [state[d, b] for state in initial], backward=d == 1)
            output[: lengths[b], b, d * size : (d + 1) * size] = out
            for k, state in enumerate(states):
                final[k][d, b] = state
    return output, final
