"""The fuzzer finds what it is for, its samples are whole, and a few seconds of it find nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fuzz.cases import make_case
from fuzz.guarded import watched
from fuzz.samples import Sample, write_samples

TESTS = Path(__file__).parents[1]
CASES = 30


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    return write_samples(tmp_path_factory.mktemp("samples"))


def test_a_case_is_the_same_for_the_same_number(samples: list[Sample], tmp_path: Path) -> None:
    for number in range(12):
        made = []
        for place in ("one", "other"):
            (tmp_path / place / str(number)).mkdir(parents=True)
            case = make_case(samples, tmp_path / place / str(number), number, 5)
            files = (path for path in case.folder.rglob("*") if path.is_file() and not path.is_symlink())
            made.append((case.words, case.fault, sorted((p.relative_to(case.folder), p.read_bytes()) for p in files)))
        assert made[0] == made[1]


def _says(out: str, err: str, status: int) -> int:
    print(out)
    print(err, file=sys.stderr)
    return status


def _loops() -> int:
    while True:
        pass


def _writes(path: Path) -> int:
    path.write_text("mine")
    return 0


PLANTED: dict[str, Callable[[Path], int]] = {
    "traceback": lambda _: {}["key"],
    "hang": lambda _: _loops(),
    "crash": lambda _: os.abort(),  # type: ignore[func-returns-value]
    "memory": lambda _: int(np.ones(1_200 * 2**20, np.uint8)[0] * 0),
    "outside": lambda beside: _writes(beside / "victim"),
    "executed": lambda _: subprocess.call(["true"]),
    "status": lambda _: 3,
    "silence": lambda _: _says("", "", 2) if sys.stderr.close() else 2,  # type: ignore[func-returns-value]
    "escape": lambda _: _says("", "\x1b[31mred", 2),
    "json": lambda _: _says("[NaN]", "", 0),
}


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_fault_is_found(kind: str, tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "victim").touch()
    fault = watched(lambda: PLANTED[kind](tmp_path), tmp_path / "inside", kind == "json", 1 if kind == "hang" else 20)
    assert fault is not None
    assert fault.kind == kind


def test_a_link_that_is_followed_is_found_and_one_that_is_removed_is_not(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "victim").touch()
    link = tmp_path / "inside" / "link"
    link.symlink_to(tmp_path / "victim")
    fault = watched(lambda: _writes(link), tmp_path / "inside")
    assert fault is not None
    assert fault.kind == "outside"
    assert watched(lambda: link.unlink() or 0, tmp_path / "inside") is None


@pytest.mark.parametrize("status", [0, 1, 2])
def test_what_may_be_is_no_fault(status: int, tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    job = lambda: _writes(tmp_path / "inside" / "new") + _says('{"a": 1}\n{"a": null}', "a sentence", status)  # noqa: E731
    assert watched(job, tmp_path / "inside", json_lines=True) is None


def test_all_samples_are_read_and_a_few_cases_find_nothing(tmp_path: Path) -> None:
    words = ["-m", "fuzz", "--cases", str(CASES), "--seed", "0", "--minutes", "10", "--keep", str(tmp_path)]
    place = {"PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path]), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, *words], env=os.environ | place, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{CASES} cases, 0 faults" in done.stdout
