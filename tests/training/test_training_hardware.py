"""Devices, precision, threads and seeds."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from helpers.scripted_run import COUNT, Ones, Scripted
from helpers.toy_run import METRIC, plain_weights, train
from throughtime.data.batch import Batch
from throughtime.errors import ThroughtimeError
from throughtime.layers import LSTM
from throughtime.models.base import Loss
from throughtime.settings import TrainingSettings
from throughtime.storage.folder import RunFolder
from throughtime.training import loop
from throughtime.training.threads import cpu_threads
from throughtime.training.tree import load_tree


@pytest.mark.skipif(find_spec("torchmetrics") is not None, reason="lightning_fabric loads torchmetrics where it is")
def test_training_loads_no_scientific_packages() -> None:
    """scipy and matplotlib, which torchmetrics brings, take 100 MB and longer to load than torch."""
    code = "import sys, throughtime.training.loop; sys.exit(str({'scipy', 'matplotlib', 'sklearn'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "set()"


# -- devices and precision -----------------------------------------------------------------------------------


def test_bfloat16_mixed_precision_learns_on_the_cpu(tmp_path: Path) -> None:
    settings = {"steps": 150, "precision": "bf16-mixed", "learning_rate": 0.02}
    outcome = train(tmp_path / "run", "stream", settings)
    assert outcome.best < 1.2  # ln 11 = 2.40 is guessing; 0.50 is the entropy of the source
    assert all(t.dtype == torch.float32 for t in plain_weights(tmp_path / "run" / "model.safetensors").values())


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"precision": "16-mixed", "device": "cpu"}, "16-mixed needs a GPU.*bf16-mixed or 32"),
        ({"device": "cuda:77"}, "found 'cuda:77', expected auto or one that this machine has: cpu"),
        ({"device": "toaster"}, "setting device: found 'toaster', expected: auto, cpu, cuda, cuda:1 or mps"),
    ],
)
def test_what_the_device_cannot_do_is_said(settings: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(ThroughtimeError, match=sentence):
        train(tmp_path / "run", "stream", {"steps": 1, **settings})


def test_the_seed_decides_everything(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        train(tmp_path / name, "stream", {"steps": 5, "seed": seed})
    a, b, c = ((tmp_path / name / "model.safetensors").read_bytes() for name in "abc")
    assert a == b
    assert a != c


def test_how_often_it_is_evaluated_does_not_change_what_is_learned(tmp_path: Path) -> None:
    for every in (1, 5, 20):
        train(tmp_path / str(every), "stream", {"steps": 20, "evaluate_every": every})
    one, five, twenty = (load_tree(RunFolder(tmp_path / str(n)).checkpoint)["model"] for n in (1, 5, 20))
    for name in one:
        assert torch.equal(one[name], five[name])
        assert torch.equal(one[name], twenty[name])


# -- threads -------------------------------------------------------------------------------------------------


def test_small_recurrent_layers_get_one_thread_and_all_else_as_many_as_before() -> None:
    small, large, none = LSTM(100, 450), LSTM(100, 512), nn.Linear(5, 5)
    torch.set_num_threads(3)
    try:
        for model, asked, expected in (
            (small, None, 1),
            (nn.Sequential(nn.Linear(2000, 2000), small), None, 1),
            (nn.Sequential(LSTM(100, 300), LSTM(300, 300)), None, 3),
            (large, None, 3),
            (none, None, 3),
            (small, 2, 2),
            (large, 1, 1),
        ):
            with cpu_threads(model, asked):
                assert torch.get_num_threads() == expected
            assert torch.get_num_threads() == 3
        with pytest.raises(ZeroDivisionError), cpu_threads(small, 2):
            1 / 0  # noqa: B018
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(1)


def test_a_run_trains_with_the_threads_it_asks_for(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    seen: list[int] = []

    class Watched(Scripted):
        def loss(self, batch: Batch, state: Any = None) -> Loss:
            seen.append(torch.get_num_threads())
            return super().loss(batch, state)

    settings = TrainingSettings(**COUNT, steps=2, threads=2)
    loop.fit(Watched(), Ones(4), lambda _: 1.0, METRIC, settings, RunFolder.create(tmp_path / "run"), quiet=True)
    assert seen == [2, 2]
    assert torch.get_num_threads() == 1
