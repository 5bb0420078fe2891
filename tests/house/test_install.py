"""Installing where there is no C++ compiler: it works, the layers run, and the doctor says what is lost."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = """
import sys
sys.path.insert(0, {!r})
sys.meta_path[:] = [finder for finder in sys.meta_path if "Redirecting" not in type(finder).__name__]
import torch, throughtime
assert throughtime.__file__.startswith({!r}), throughtime.__file__
layer = throughtime.GRU(3, 4)
layer(torch.ones(5, 2, 3), lengths=[5, 2])[0].sum().backward()
assert layer.weight_hh_l0.grad.abs().sum() > 0
from throughtime.cli.main import main
main(["bench", "--doctor", "--json"])
"""


@pytest.mark.slow
@pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("nanobind", "scikit_build_core")),
    reason="needs nanobind and scikit-build-core",
)
def test_without_a_compiler(tmp_path: Path) -> None:
    commands, place = tmp_path / "bin", str(tmp_path / "site")
    commands.mkdir()
    for name in ("cmake", "ninja"):
        found = shutil.which(name)
        assert found is not None
        (commands / name).symlink_to(found)
    source = tmp_path / "source"
    # kernels that were compiled in the tree would be installed with it
    left_out = shutil.ignore_patterns(".*", "build", "runs", "tests", "*.so", "*.pyd")
    shutil.copytree(ROOT, source, ignore=left_out)
    without = {name: value for name, value in os.environ.items() if name not in ("CXX", "CC")} | {"PATH": str(commands)}
    install = [sys.executable, "-m", "pip", "install", "-v", "--no-deps", "--no-build-isolation", "--target", place]
    done = subprocess.run([*install, str(source)], capture_output=True, text=True, check=True, env=without)
    said = done.stdout + done.stderr
    assert "No C++ compiler: throughtime installs without its fused kernels" in said
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(place, place)], capture_output=True, text=True, check=True, env=without
    )
    findings = {one["subject"]: one for one in json.loads(done.stdout)["findings"]}
    assert findings["compiled module"]["level"] == "problem"
    assert "no C++ compiler" in findings["compiled module"]["found"]
    kernels = {(one["option"], one["cell"]): one["kernel"] for one in json.loads(done.stdout)["coverage"]}
    assert kernels["plain", "GRU"] == "reference"
    assert kernels["plain", "LSTM"] == "torch"
