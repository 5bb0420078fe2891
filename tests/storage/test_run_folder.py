"""The run folder: what is written is either whole or not there, whatever happens to the disk."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from helpers.toy_run import ToyModel
from throughtime import __version__
from throughtime.errors import ThroughtimeError
from throughtime.layers import GRU
from throughtime.settings import TrainingSettings
from throughtime.storage.folder import RunFolder
from throughtime.storage.report import Report, Table
from throughtime.training.tree import load_tree, save_tree

WHOLE = b'format = 1\ntask = "x"\nunset = []\n[settings]\n[data]\n[versions]\n'


class SomeSettings(TrainingSettings):
    """Defaults that are not None, so that None must survive."""

    minutes: float | None = 8.0
    patience: int | None = 3
    sizes: tuple[int, ...] = (1, 2)
    file: Path | None = None


# -- creating and opening ------------------------------------------------------------------------------------


def test_a_configuration_comes_back_as_it_was_none_included(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "deep" / "run")
    settings = SomeSettings(minutes=None, steps=7, sizes=(4, 5, 6), file=Path("a/ü.txt"), learning_rate=1 / 3)
    run.write_config("music", {"data": "/somewhere/with spaces.mid"}, settings)
    config = RunFolder.open(run.path).read_config()
    assert SomeSettings(**config["settings"]) == settings
    assert config["task"] == "music"
    assert config["data"] == {"data": "/somewhere/with spaces.mid"}
    assert config["versions"]["throughtime"] == __version__
    assert config["versions"]["torch"] == torch.__version__
    text = (run.path / "config.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text)["settings"]["steps"] == 7
    assert run.features.is_dir()


def test_what_exists_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    RunFolder.create(tmp_path / "empty")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("years of work")
    with pytest.raises(ThroughtimeError, match=r"full exists and is not empty.*--resume"):
        RunFolder.create(tmp_path / "full")
    (tmp_path / "file").write_text("")
    with pytest.raises(ThroughtimeError, match="file: found a file, expected a folder"):
        RunFolder.create(tmp_path / "file")
    with pytest.raises(ThroughtimeError, match=r"cannot .*file.inside"):
        RunFolder.create(tmp_path / "file" / "inside")
    assert sorted(path.name for path in (tmp_path / "full").iterdir()) == ["thesis.txt"]


def test_what_is_no_run_folder_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for name, found in (("nothing", "found nothing"), ("file", "found a file"), ("", "found no config.toml")):
        with pytest.raises(ThroughtimeError, match=found):
            RunFolder.open(tmp_path / name)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "found no 'format'"),
        (b"\xff\xfe\x00", "found no readable TOML"),
        (b"task = ", "found no readable TOML"),
        (b'format = 1\ntask = "music"\n', "found no 'unset'"),
        (b"x = " + b"[" * 100_000, "found no readable TOML"),
        (b"#" * 2**21, "found more than 1,048,576 bytes"),
        (WHOLE.replace(b"unset = []", b"unset = [[1]]"), r"found unset = \[\[1\]\], expected names"),
        (WHOLE.replace(b"[data]", b"[data]\nvalid = 3"), "found the data valid = 3"),
        (WHOLE.replace(b"[data]", b'[data]\ndata = "a\\u0000"'), "found the data data = "),
        (WHOLE.replace(b"[data]", b'[data]\nother = "a"'), "found the data other = "),
        (b'format = 9\ntask = "x"\nunset = []\n[settings]\n[data]\n[versions]\nthroughtime = "7.0"\n', "7.0, this is"),
    ],
)
def test_a_broken_configuration_is_one_sentence(content: bytes, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(content)
    with pytest.raises(ThroughtimeError, match=f"config.toml: found .*{sentence.removeprefix('found ')}"):
        RunFolder.open(tmp_path).read_config()


def test_a_report_comes_back(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "run")
    report = Report({"nll": 8.4, "accuracy": 1 / 3}, {"chance": {"nll": 61.0}}, [Table("t", ["a"], [[1], ["x"]])])
    run.write_report(report)
    assert run.read_report() == report
    (run.path / "report.json").write_text('{"metrics": {}')
    with pytest.raises(ThroughtimeError, match=r"report\.json: found no readable report"):
        run.read_report()


# -- weights -------------------------------------------------------------------------------------------------


def test_tied_weights_are_stored_once_and_stay_tied(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "run")
    model, other = ToyModel(), ToyModel()
    run.save_model(model)
    names = set(load_file(run.weights))
    assert {"embedding.weight", "output.weight"} - names == {"output.weight"}
    run.load_model(other)
    for name, tensor in model.state_dict().items():
        assert torch.equal(other.state_dict()[name], tensor)
    assert other.output.weight is other.embedding.weight


def test_views_into_one_storage_and_odd_dtypes_survive(tmp_path: Path) -> None:
    class Odd(nn.Module):
        def __init__(self, value: float) -> None:
            super().__init__()
            base = torch.full((4, 6), value)
            self.register_buffer("left", base[:, :3])
            self.register_buffer("turned", base.t())
            self.register_buffer("brief", torch.full((3,), value, dtype=torch.bfloat16))
            self.register_buffer("flag", torch.tensor(value > 0))
            self.register_buffer("empty", torch.zeros(0, 5))

    run = RunFolder.create(tmp_path / "run")
    one, other = Odd(2.5), Odd(-1.0)
    run.save_model(one)
    run.load_model(other)
    for name, tensor in one.state_dict().items():
        assert other.state_dict()[name].dtype == tensor.dtype
        assert torch.equal(other.state_dict()[name], tensor)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda path: path.unlink(), "cannot read .*no such file"),
        (lambda path: path.write_bytes(path.read_bytes()[:200]), "found no readable weights"),
        (lambda path: path.write_bytes(b""), "found no readable weights"),
        (lambda path: path.write_bytes(b"\x80\x04\x95cposix\nsystem"), "found no readable weights"),
        (lambda path: save_file({"w": torch.ones(2)}, path), "found no weights 'embedding.weight'"),
        (lambda path: save_file({**load_file(path), "w": torch.ones(2)}, path), "found unknown weights 'w'"),
        (
            lambda path: save_file({**load_file(path), "output.bias": torch.ones(99)}, path),
            r"found weights 'output.bias' of shape \(99,\), expected \(11,\)",
        ),
    ],
)
def test_weights_that_do_not_fit_are_one_sentence_and_change_nothing(
    damage: Callable[[Path], object], sentence: str, tmp_path: Path
) -> None:
    run = RunFolder.create(tmp_path / "run")
    run.save_model(ToyModel())
    damage(run.weights)
    model = ToyModel()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(ThroughtimeError, match=sentence) as caught:
        run.load_model(model)
    assert "model.safetensors" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_the_other_kind_of_gru_is_refused(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "run")
    for saved, loaded in ((True, False), (False, True)):
        run.save_model(GRU(3, 4, reset_after=saved))
        with pytest.raises(ThroughtimeError):
            run.load_model(GRU(3, 4, reset_after=loaded))


def test_a_tree_comes_back_without_pickle(tmp_path: Path) -> None:
    tree = {"a": (torch.arange(3), [None, True, 1.5, float("inf")]), 7: {"b": "ü"}, "empty": ((), {}, [])}
    save_tree(tree, tmp_path / "tree")
    back = load_tree(tmp_path / "tree")
    assert torch.equal(back["a"][0], torch.arange(3))
    assert back["a"][1] == [None, True, 1.5, float("inf")]
    assert (back[7], back["empty"]) == ({"b": "ü"}, ((), {}, []))
    with pytest.raises(TypeError, match=r"a\.0 is a set"):
        save_tree({"a": [set()]}, tmp_path / "tree")
