"""Weights that came from elsewhere: compared with what is asked for before memory is taken, and with their checksum."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from helpers.toy_run import ToyModel
from throughtime.errors import ThroughtimeError
from throughtime.layers import GRU
from throughtime.storage.folder import RunFolder
from throughtime.training.tree import load_tree, save_tree


class Endless(nn.Module):
    """What no machine has the time for, though each of its weights is small."""

    def __init__(self) -> None:
        super().__init__()
        for number in range(10**12):
            self.register_parameter(f"weight_{number}", nn.Parameter(torch.zeros(1)))


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    made = RunFolder.create(tmp_path / "run")
    made.save_model(ToyModel())
    return made


def other_sizes() -> ToyModel:
    model = ToyModel()
    model.embedding = nn.Embedding(10**6, 10**6)
    return model


@pytest.mark.parametrize(
    "make",
    [lambda: nn.Linear(10**6, 10**6), lambda: nn.LSTM(3, 10**12), lambda: GRU(3, 10**6), Endless, other_sizes],
    ids=["large", "larger than can be counted", "of ours", "without end", "of the same names"],
)
def test_a_model_of_absurd_size_is_refused_before_it_is_made(make: Callable[[], nn.Module], run: RunFolder) -> None:
    with pytest.raises(
        ThroughtimeError, match=r"model\.safetensors: found weights of 4,539 numbers, expected far more"
    ):
        run.build_model(make)


def test_what_fits_is_made_as_it_would_have_been(run: RunFolder) -> None:
    torch.manual_seed(3)
    expected = ToyModel().state_dict()
    torch.manual_seed(3)
    made = run.build_model(ToyModel)
    assert all(torch.equal(tensor, expected[name]) for name, tensor in made.state_dict().items())


def flipped(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def test_a_changed_bit_is_said_wherever_it_is(run: RunFolder) -> None:
    size, sound = run.weights.stat().st_size, run.weights.read_bytes()
    for at in (*range(0, 600, 31), *range(600, size, size // 20), size - 1):
        flipped(run.weights, at)
        with pytest.raises(
            ThroughtimeError, match=r"model\.safetensors: found (other bits than were written|no readab)"
        ):
            run.load_model(ToyModel())
        run.weights.write_bytes(sound)
    run.load_model(ToyModel())


def test_a_changed_bit_of_a_checkpoint_is_said(tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    save_tree({"weights": torch.arange(50.0), "step": 7}, path)
    flipped(path, path.stat().st_size - 3)
    with pytest.raises(ThroughtimeError, match="found other bits than were written"):
        load_tree(path)


def test_runs_from_before_there_was_a_checksum_open(run: RunFolder, tmp_path: Path) -> None:
    tensors = load_file(run.weights)
    save_file(tensors, run.weights)
    save_file(
        {"t": torch.ones(2)}, tmp_path / "tree", metadata={"tree": json.dumps({"dict": [["a", {"tensor": "t"}]]})}
    )
    model = ToyModel()
    run.load_model(model)
    assert torch.equal(model.embedding.weight, tensors["embedding.weight"])
    assert torch.equal(load_tree(tmp_path / "tree")["a"], torch.ones(2))


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda tensor: tensor.index_fill(0, torch.tensor([2]), torch.nan), "'embedding.weight' that are no numbers"),
        (lambda tensor: tensor / 0, "'embedding.weight' that are no numbers"),
        (lambda tensor: tensor.to(torch.int32), "'embedding.weight' of type I32, expected F32"),
        (lambda tensor: tensor.bfloat16(), "'embedding.weight' of type BF16, expected F32"),
    ],
    ids=["NaN", "infinite", "whole numbers", "half precision"],
)
def test_what_is_no_weight_of_a_model_is_refused(
    damage: Callable[[Tensor], Tensor], sentence: str, run: RunFolder
) -> None:
    tensors = load_file(run.weights)
    save_file({**tensors, "embedding.weight": damage(tensors["embedding.weight"])}, run.weights)
    with pytest.raises(ThroughtimeError, match=rf"model\.safetensors: found weights {sentence}"):
        run.load_model(run.build_model(ToyModel))
