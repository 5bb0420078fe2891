"""A run folder that came from elsewhere leads nothing that is written to files that are not its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from throughtime.cli.main import main
from throughtime.storage.atomic import write_atomically

SIZES = ["--layers", "4", "--batch-size", "2", "--window", "10"]


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("text") / "prose.txt"
    path.write_text("The cat sat on the mat.\n" * 200)
    return path


@pytest.fixture
def run(text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("THROUGHTIME_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "run"
    assert main(["train", "text", str(text), "--out", str(folder), "--steps", "1", *SIZES, "--quiet"]) == 0
    return folder


def test_a_link_planted_where_a_file_is_written_first_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / ".config.toml.unfinished").symlink_to(victim)
    write_atomically(tmp_path / "config.toml", "new")
    assert victim.read_text() == "precious"
    assert (tmp_path / "config.toml").read_text() == "new"
    assert not (tmp_path / "config.toml").is_symlink()


@pytest.mark.parametrize(
    "name",
    [
        ".config.toml.unfinished",
        ".lock",
        ".metrics.csv.unfinished",
        ".model.safetensors.unfinished",
        "checkpoint/.state.safetensors.unfinished",
        "config.toml",
        "metrics.csv",
        "model.safetensors",
        "report.json",
        "data.json",
        "checkpoint/state.safetensors",
    ],
)
def test_a_run_with_a_link_in_it_does_not_go_on(
    name: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    victim, planted = tmp_path / "victim", run / name
    # a link to what was there: all else about the run is right
    victim.write_bytes(planted.read_bytes() if planted.exists() else b"precious")
    before = victim.read_bytes()
    planted.unlink(missing_ok=True)
    planted.symlink_to(victim)
    assert main(["train", "text", "--out", str(run), "--resume", "--steps", "5", "--quiet"]) == 2
    assert f"{planted}: found a link" in capsys.readouterr().err
    assert victim.read_bytes() == before


@pytest.mark.parametrize("name", ["events", "checkpoint", "features"])
def test_nor_one_whose_folders_lie_elsewhere(
    name: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (run / name).rename(tmp_path / "elsewhere")
    (run / name).symlink_to(tmp_path / "elsewhere")
    before = sorted(path.name for path in (tmp_path / "elsewhere").iterdir())
    assert main(["train", "text", "--out", str(run), "--resume", "--steps", "5", "--quiet"]) == 2
    assert f"{run / name}: found a link" in capsys.readouterr().err
    assert sorted(path.name for path in (tmp_path / "elsewhere").iterdir()) == before
