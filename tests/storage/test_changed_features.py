"""A run folder is input like any other: what was changed in it, or is no file at all, is said where it is opened."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from throughtime.cli.main import main

TRACKS = "id,t,x,y\n" + "".join(f"{i},{k},{i + k * 0.5},{k * 0.1}\n" for i in range(6) for k in range(24))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("trained")
    (place / "tracks.csv").write_text(TRACKS)
    words = ["train", "trajectory", str(place / "tracks.csv"), "--out", str(place / "run")]
    assert main([*words, "--steps", "1", "--hidden-size", "4", "--quiet"]) == 0
    return place


def _said(trained: Path, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert main(["predict", str(trained / "run"), str(trained / "tracks.csv")]) == 2
    return capsys.readouterr().err


def test_features_that_were_changed_are_said(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = trained / "run" / "features" / "features.json"
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"1", b"2", 1))
    assert f"{path}: found a file that was changed or damaged since" in _said(trained, capsys)
    path.unlink()
    assert f"{path}: found no such file" in _said(trained, capsys)
    path.write_bytes(whole)
    assert main(["predict", str(trained / "run"), str(trained / "tracks.csv")]) == 0


def test_features_of_before_there_were_checksums_are_taken_as_they_are(trained: Path) -> None:
    config = trained / "run" / "config.toml"
    whole = config.read_text()
    before, _, rest = whole.partition("[features]\n")
    of_before = before.replace("\n[settings]", 'features = ["features.json"]\n\n[settings]', 1)
    config.write_text(of_before + rest[rest.index("[versions]") :])
    try:
        assert main(["predict", str(trained / "run"), str(trained / "tracks.csv")]) == 0
    finally:
        config.write_text(whole)


@pytest.mark.parametrize("name", ["model.safetensors", "data.json", "features/more"])
def test_a_pipe_in_a_run_folder_is_named_and_not_waited_for(
    name: str, trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = trained / "run" / name
    kept = path.read_bytes() if path.exists() else None
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    try:
        assert f"{path}: found neither a file nor a folder, expected those of a run" in _said(trained, capsys)
    finally:
        path.unlink()
        if kept is not None:
            path.write_bytes(kept)
