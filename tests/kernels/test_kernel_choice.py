"""Which kernel runs a call, and what is said where none can."""

from __future__ import annotations

import pytest
import torch

from throughtime import kernels
from throughtime.errors import ArgumentError, KernelUnavailableError, ThroughtimeError
from throughtime.kernels import Kernel, dispatch, reference
from throughtime.layers import GRU, LSTM, RNN


def test_asking_for_a_kernel_that_is_not_there() -> None:
    x = torch.zeros(2, 1, 3)
    with kernels.use("fused"), pytest.raises(KernelUnavailableError, match=r"fused: .*compiled kernels"):
        LSTM(3, 4, dtype=torch.float64)(x.double())
    with kernels.use("torch"):
        LSTM(3, 4)(x, lengths=[1])
        for layer, call, reason in (
            (GRU(3, 4), {}, "reset_after=True"),
            (LSTM(3, 4, zoneout=0.1), {}, "zoneout"),
            (LSTM(3, 4, recurrent_dropout=0.1), {}, "recurrent dropout"),
            (LSTM(3, 4), {"trace": True}, "trace"),
        ):
            with pytest.raises(KernelUnavailableError, match=reason):
                layer(x, **call)
    assert kernels.current() == "auto"
    with pytest.raises(ArgumentError, match="fastest"):
        kernels.use("fastest")


def test_unknown_environment_variable_is_one_clear_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "_choice", "quick")
    with pytest.raises(ThroughtimeError, match="THROUGHTIME_KERNELS is 'quick', expected one of auto, fused"):
        RNN(3, 4)(torch.zeros(2, 1, 3))


def test_a_registered_kernel_is_taken_unless_it_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def run(request: kernels.Request) -> kernels.Result:
        calls.append(request.cell.name)
        return reference.run(request)

    monkeypatch.setattr(dispatch, "_fused", [])
    kernels.register(Kernel("mine", lambda r: "only without lengths" if r.lengths is not None else None, run))
    layer, x = GRU(3, 4, 2), torch.zeros(2, 1, 3)
    layer(x)
    layer(x, lengths=[1])
    assert calls == ["GRU", "GRU"]
    with kernels.use("fused"), pytest.raises(KernelUnavailableError, match="mine: only without lengths"):
        layer(x, lengths=[1])


def test_the_choice_ends_with_the_block_even_after_an_error() -> None:
    with pytest.raises(ArgumentError), kernels.use("reference"):
        RNN(3, 4)(torch.zeros(2, 1, 5))
    assert kernels.current() == "auto"
