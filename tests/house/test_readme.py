"""The README's Python: it runs, and its types are right."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from torch import Tensor

from helpers.music_files import midi

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(
    r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
)


def scale(width: int) -> bytes:
    """Eight quarter notes upwards, each so many semitones above the one before."""
    keys = range(48, 48 + 8 * width, width)
    notes = b"".join(bytes([0, 0x90, key, 64, 96, 0x80, key, 0]) for key in keys)
    return midi(notes + b"\x00\xff\x2f\x00")


def run(block: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(block, "README.md", "exec"), names)
    return names


def test_the_verbs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As they stand there, but on three small files instead of the chorales, and for a step instead of two minutes."""
    (block,) = (block for block in BLOCKS if "throughtime.train" in block)
    assert '"music", out' in block
    assert "minutes=2" in block
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scales").mkdir()
    for width in (1, 2, 3):
        (tmp_path / "scales" / f"{width}.mid").write_bytes(scale(width))
    (tmp_path / "my.mid").write_bytes(scale(4))
    block = block.replace('"music", out', '"music", "scales", hidden_size=8, out').replace("minutes=2", "steps=1")
    block = block.replace("temperature=0.9", "temperature=0.9, length=4")
    names = run(block)
    assert names["run"].folder.path == Path("runs/bach")
    assert names["report"].metrics["nll"] > 0
    assert len(names["report"].baselines) == 2
    assert len(names["answers"]) == 1
    assert Path("chorale.mid") in names["files"]
    assert all(path.stat().st_size for path in names["files"])


def test_the_layers() -> None:
    (block,) = (block for block in BLOCKS if "import GRU" in block)
    names = run(block)
    assert names["output"].shape == (50, 8, 256)
    gate: Tensor = names["trace"][0, 0]["forget"]
    assert gate.shape == (50, 8, 128)
    assert ((gate > 0) & (gate < 1)).all()


def test_no_block_goes_untested() -> None:
    assert len(BLOCKS) == 2


@pytest.mark.skipif(not (ROOT / ".mypy_cache").is_dir(), reason="make check has not been run: mypy would take a minute")
def test_types(tmp_path: Path) -> None:
    paths = [tmp_path / f"block_{number}.py" for number in range(len(BLOCKS))]
    for path, block in zip(paths, BLOCKS, strict=True):
        path.write_text(block, encoding="utf-8")
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", *map(str, paths)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout
