"""The layers that tests go through, and how two answers are compared."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from throughtime.layers import GRU, LSTM, RNN

PAIRS: dict[str, tuple[Any, Any]] = {
    "rnn": (RNN, nn.RNN),
    "gru": (lambda *a, **k: GRU(*a, reset_after=True, **k), nn.GRU),
    "lstm": (LSTM, nn.LSTM),
}
OURS: dict[str, Any] = {
    "rnn": RNN,
    "gru": GRU,
    "gru-after": PAIRS["gru"][0],
    "lstm": LSTM,
    "lstm-all": lambda *a, **k: LSTM(*a, proj_size=2, peepholes=True, layer_norm=True, **k),
}


def states(final: Any) -> tuple[Tensor, ...]:
    return final if isinstance(final, tuple) else (final,)


def equal(ours: Any, theirs: Any, tolerance: float = 1e-12) -> None:
    for a, b in zip(states(ours), states(theirs), strict=True):
        torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance)


def assert_nan_spoils_its_own_row_alone(layer: Any) -> None:
    """A NaN in one row of a layer's inputs (T, B, 3) spoils that row from its step on, and no other."""
    x = torch.randn(6, 4, 3)
    x[2, 1, 0] = torch.nan
    output, _ = layer(x)
    spoilt = output.isnan().any(-1)
    assert spoilt[2:, 1].all()
    assert not spoilt[:2].any()
    assert not spoilt[:, [0, 2, 3]].any()
