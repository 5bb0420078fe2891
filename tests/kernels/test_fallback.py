"""Where no kernel covers a call the reference runs, and says so: once for each reason, and only by accident."""

from __future__ import annotations

import sys
import warnings
from types import ModuleType
from typing import Any

import pytest
import torch
from torch.func import vmap

from throughtime import kernels
from throughtime.cells import Cell, RNNCell
from throughtime.cli import main as cli
from throughtime.errors import KernelFallbackWarning
from throughtime.kernels import fused
from throughtime.layers import GRU, LSTM, RNN, Recurrent

pytestmark = [
    pytest.mark.skipif(not fused.instruction_sets(), reason="no compiled kernels: no compiler, or no AVX2"),
    pytest.mark.filterwarnings("error::throughtime.errors.KernelFallbackWarning"),
]


def uncovered(name: str) -> Cell:
    """A cell that no kernel knows; its name makes the reason one that has not been said."""
    return type(f"{name}Cell", (RNNCell,), {})(3, 4)


def test_it_is_said_once_where_the_layer_was_called() -> None:
    one, other = Recurrent(uncovered("Once"), num_layers=2), Recurrent(uncovered("Other"))
    x = torch.zeros(5, 2, 3)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        for layer in (one, one, other, one):
            layer(x)
    for warning, name in zip(heard, ("Once", "Other"), strict=True):
        assert f"there is no compiled {name} (" in str(warning.message)
        assert (warning.category, warning.filename) == (KernelFallbackWarning, __file__)


@pytest.mark.parametrize("make", [RNN, GRU, LSTM])
def test_nothing_is_said_where_a_kernel_runs(make: Any) -> None:
    layer = make(3, 4, 2, bidirectional=True)
    output, _ = layer(torch.zeros(5, 2, 3), lengths=[5, 2])
    output.sum().backward()
    layer(torch.zeros(5, 0, 3))
    layer(torch.zeros(5, 2, 3), lengths=[0, 0])


def test_nothing_is_said_to_whoever_means_it() -> None:
    layer = Recurrent(uncovered("Meant"))
    x = torch.zeros(5, 2, 3)
    with kernels.use("reference"):
        layer(x)
    Recurrent(layer.cell, dtype=torch.float64)(x.double())
    vmap(lambda row: layer(row)[0], 1)(x)
    torch.compile(layer, fullgraph=True, backend="eager")(x)
    with pytest.raises(KernelFallbackWarning, match="no compiled Meant"):  # and none of these used it up
        layer(x)


@pytest.fixture
def verb(monkeypatch: pytest.MonkeyPatch) -> str:
    """A verb of the command line that runs a layer without a kernel, in a library that warns."""

    def run(words: list[str]) -> int:
        warnings.warn("a whisper", DeprecationWarning, stacklevel=1)
        Recurrent(uncovered("Typed"))(torch.zeros(5, 2, 3))
        return 0

    module = ModuleType("throughtime.cli.fly")
    module.run = run  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(cli.VERBS, "fly", "")
    return "fly"


def test_the_command_line_shows_it_in_one_line(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([verb]) == 0
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert error.startswith("throughtime: a layer runs in the slow reference loop: there is no compiled Typed")
