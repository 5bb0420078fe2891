"""A run that is killed before it is one: it is begun anew by the same command, and says so where it is to go on."""

from __future__ import annotations

from pathlib import Path

import pytest

from throughtime.errors import ThroughtimeError
from throughtime.settings import TrainingSettings
from throughtime.storage.folder import RunFolder


@pytest.fixture
def left_behind(tmp_path: Path) -> RunFolder:
    """What a kill leaves that comes while the features are written."""
    run = RunFolder.create(tmp_path / "run")
    (run.features / "vocabulary.json").write_text('["a", ')
    (run.path / ".data.json.unfinished").write_text("{")
    return run


def test_it_is_begun_anew(left_behind: RunFolder) -> None:
    run = RunFolder.create(left_behind.path)
    assert list(run.features.iterdir()) == []
    run.write_config("music", {}, TrainingSettings())
    assert sorted(path.name for path in run.path.iterdir()) == ["checkpoint", "config.toml", "features"]
    with pytest.raises(ThroughtimeError, match="exists and is not empty"):
        RunFolder.create(run.path)


def test_to_go_on_with_it_is_refused_in_a_sentence(left_behind: RunFolder) -> None:
    with pytest.raises(ThroughtimeError, match=r"ended before its first step.*without --resume"):
        RunFolder.open(left_behind.path)


def test_while_another_process_makes_it_it_is_left_alone(left_behind: RunFolder) -> None:
    with left_behind.locked(), pytest.raises(ThroughtimeError, match="another training is at work"):
        RunFolder.create(left_behind.path)
    assert (left_behind.features / "vocabulary.json").exists()


def test_what_only_looks_like_one_is_never_removed(tmp_path: Path) -> None:
    for name in ("features", "checkpoint"):
        (tmp_path / "thesis" / name).mkdir(parents=True)
    with pytest.raises(ThroughtimeError, match="exists and is not empty"):
        RunFolder.create(tmp_path / "thesis")
    assert len(list((tmp_path / "thesis").iterdir())) == 2


@pytest.mark.parametrize("name", ["thesis.txt", "checkpoint/state.safetensors"])
def test_beside_anything_else_the_mark_allows_nothing(left_behind: RunFolder, name: str) -> None:
    (left_behind.path / name).write_text("somebody's, or learned already")
    with pytest.raises(ThroughtimeError, match="exists and is not empty"):
        RunFolder.create(left_behind.path)
    assert (left_behind.path / name).exists()
