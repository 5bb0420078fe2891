"""The compiled kernels under the address and undefined-behaviour sanitizers: the conformance table without a report."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from throughtime.kernels import fused

ROOT = Path(__file__).parents[2]
# Python keeps memory to its end; the kernels' own scratch memory outlives each call
OPTIONS = {"ASAN_OPTIONS": "detect_leaks=0", "UBSAN_OPTIONS": "print_stacktrace=1", "OMP_NUM_THREADS": "2"}
FINDER = """
import importlib.util, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "throughtime.kernels._fused":
            return importlib.util.spec_from_file_location(name, {!r})
sys.meta_path.insert(0, Finder())
"""
CALL = """
import torch
from throughtime.kernels import _fused
from throughtime.layers import GRU
assert _fused.__file__.startswith({!r}), _fused.__file__
layer, x, full = GRU(5, 7), torch.randn(4, 3, 5), torch.full
layer(x)
torch.full = lambda shape, rows, **options: full((40,), rows, **options)
layer(x)
"""

EVERY = """
import torch
from throughtime import kernels
from throughtime.kernels import _fused
from throughtime.kernels.decoding import PackedLinear, attend
from throughtime.layers import GRU, LSTM, RNN
assert _fused.__file__.startswith({!r}), _fused.__file__
makes = [RNN, GRU, lambda *a, **k: GRU(*a, reset_after=True, **k), LSTM]
makes.append(lambda *a, **k: LSTM(*a, proj_size=90, peepholes=True, **k))
def every():
    for make in makes:
        for options in ({{}}, {{"zoneout": 0.2, "recurrent_dropout": 0.3}}, {{"layer_norm": True}}):
            for rows in (1, 3, 32, 66):  # threads share units, rows in turns, or rows side by side
                layer, x = make(33, 200, **options), torch.randn(20, rows, 33, requires_grad=True)
                layer(x, lengths=torch.randint(0, 21, (rows,)))[0].sum().backward()
                if rows > 64:
                    layer(x)[0].sum().backward()
                with torch.no_grad():
                    layer(x)
                    layer(x[:1])
with kernels.use("fused"):
    every()
with kernels.use("fused", _fused.bfloat16_sets()[0]), torch.autocast("cpu", torch.bfloat16):
    every()
weight, bias, hidden = torch.randn(1001, 33), torch.randn(1001), torch.randn(150, 33)
with torch.no_grad():
    for rows in (1, 2, 7, 150):
        for columns in (1, 17, 1001):  # columns of a panel and rows of a block, whole and not
            PackedLinear(weight[:columns], bias[:columns]).largest(hidden[:rows], min(9, columns), [0, 16])
    for features, size, steps in ((1, 1, 1), (13, 10, 9), (32, 48, 40)):
        memory = torch.randn(7, steps, features), torch.randn(7, steps, size), torch.zeros(7, 1, steps)
        attend(torch.randn(15, size + features), size, *memory, torch.tensor([0, 3, 6]), torch.randn(features))
print("all of them")
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not fused.instruction_sets(), reason="no compiled kernels: no compiler, or no AVX2"),
    pytest.mark.skipif(
        not (importlib.util.find_spec("nanobind") and shutil.which("cmake") and shutil.which("c++")),
        reason="needs nanobind, cmake and a compiler to build with",
    ),
]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Variables of a process whose kernels look out for memory that is not theirs, and for undefined behaviour."""
    # the C++ library too: the sanitizer looks for what throws exceptions as it starts
    return build(tmp_path_factory.mktemp("sanitized"), "address;undefined", "libasan.so", "libstdc++.so.6")


def build(folder: Path, sanitizers: str, *runtimes: str) -> dict[str, str]:
    """Build the kernels with sanitizers; variables of a process that takes them."""
    nanobind = subprocess.run(
        [sys.executable, "-m", "nanobind", "--cmake_dir"], capture_output=True, text=True, check=True
    ).stdout.strip()
    configure = ["cmake", "-S", str(ROOT), "-B", str(folder), f"-DPython_EXECUTABLE={sys.executable}"]
    configure += [f"-Dnanobind_DIR={nanobind}", f"-DTHROUGHTIME_SANITIZE={sanitizers}"]
    subprocess.run(configure, check=True, capture_output=True)
    subprocess.run(["cmake", "--build", str(folder), "--parallel", "2"], check=True, capture_output=True)
    (module,) = folder.glob("_fused*.so")
    (folder / "sitecustomize.py").write_text(FINDER.format(str(module)), encoding="utf-8")
    loaded = " ".join(compiler_file(name) for name in runtimes)
    return os.environ | OPTIONS | {"LD_PRELOAD": loaded, "PYTHONPATH": str(folder), "BUILT_IN": str(folder)}


def compiler_file(name: str) -> str:
    """Where the compiler has a library."""
    done = subprocess.run(["c++", f"-print-file-name={name}"], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def python(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], capture_output=True, text=True, env=environment, cwd=ROOT)


def test_a_step_too_far_is_reported(environment: dict[str, str]) -> None:
    """That nothing is reported elsewhere means something: a sweep that is told of more steps than there are is."""
    code = CALL.format(environment["BUILT_IN"])
    done = python(environment, "-c", code)
    assert done.returncode != 0
    assert "AddressSanitizer: heap-buffer-overflow" in done.stderr


@pytest.mark.parametrize("file", ["cells/test_cells.py", "kernels/test_fused.py", "kernels/test_bfloat16.py"])
def test_the_conformance_table_without_a_report(environment: dict[str, str], file: str) -> None:
    words = ["-m", "pytest", "-n", "0", "-q", "-p", "no:cacheprovider", "-s", f"tests/{file}"]
    # not those whose subject is accuracy over a long time: a hundred times slower here, and no memory of their own
    done = python(environment, *words, "-k", "(fused or bfloat16) and not seventy and not accurate and not compiled")
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert "Sanitizer" not in done.stdout + done.stderr
    assert "runtime error:" not in done.stdout + done.stderr


def test_no_thread_writes_what_another_reads(tmp_path: Path) -> None:
    """The thread sanitizer over every cell and option; see `Order` in cpp/team.h.

    Left out is what lies on the stack of the thread that calls: OpenMP hands a team its arguments there.
    """
    environment = build(tmp_path, "thread", "libtsan.so") | {
        "TSAN_OPTIONS": "ignore_noninstrumented_modules=1 exitcode=0"
    }
    done = python(environment, "-c", EVERY.format(str(tmp_path)))
    assert "all of them" in done.stdout, done.stderr[-4000:]
    reports = done.stderr.split("WARNING: ThreadSanitizer")[1:]
    races = [report for report in reports if "Location is stack of main thread" not in report]
    assert not races, races[0]
