"""A case: a folder with a fault somewhere, and a command line that meets it; the same for the same number."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from fuzz.containers import damaged_inside
from fuzz.samples import STAND_IN, STORED, Sample
from throughtime import tasks
from throughtime.storage.features import checksums_of
from throughtime.tasks.base import Generates

_INSIDE = "inside"
_NAMES = re.compile(r"^features = \[.*?\]\n", re.MULTILINE | re.DOTALL)
"""Of features, in runs from before these had checksums."""
_STRANGE_NAMES = ("new\nline", "-x", "a b", "ünï", "x" * 200, "%s", "[red]x", "\udcff", "..x", "nul\x7f", "\x1b[31m")


@dataclass(frozen=True)
class Case:
    """What is tried.

    Args:
        folder: where it runs; there is nothing else that it may write to.
        words: the command line.
        fault: in words.
    """

    folder: Path
    words: tuple[str, ...]
    fault: str


def make_case(samples: Sequence[Sample], place: Path, number: int, seed: int) -> Case:
    """One of endlessly many.

    Args:
        samples: whole files.
        place: an empty folder; beside the case a file is laid there that nothing may touch.
        number, seed: which.
    """
    random = Random(f"{seed} {number}")
    (place / "victim").write_bytes(b"of somebody else")
    return _run_case(place, random) if random.random() < 0.4 else _data_case(samples, place, random)


def _data_case(samples: Sequence[Sample], place: Path, random: Random) -> Case:
    """Data with a fault, given to `check`, to a stored run, or to be learned from."""
    sample = random.choice(samples)
    folder = place / _INSIDE
    shutil.copytree(sample.folder, folder / "given")
    argument = f"given/{sample.argument}"
    faults = []
    for _ in range(random.choice((1, 1, 2))):
        argument, fault = _damage(folder / "given", folder, argument, samples, place, random)
        faults.append(fault)
    how = random.random()
    runs = sorted(path.name for path in STORED.glob(f"{sample.task}*") if (path / "run").is_dir())
    if how < 0.55 or not runs:
        words = ["check", sample.task, argument, *sample.options, *(["--json"] if random.random() < 0.5 else [])]
    elif how < 0.9:
        _stored(random.choice(runs), folder)
        words = ["predict", "run", argument, *(["--json"] if random.random() < 0.5 else [])]
    else:
        _stored(random.choice(runs), folder)
        words = ["evaluate", "run", argument]
    return Case(folder, tuple(words), "; ".join(faults))


def _run_case(place: Path, random: Random) -> Case:
    """A run folder with a fault: asked, judged, gone on with."""
    name = random.choice(sorted(path.name for path in STORED.iterdir() if (path / "run").is_dir()))
    task, folder = name.partition("-")[0], place / _INSIDE
    _stored(name, folder)
    shutil.copytree(STORED / name / "data", folder / "data")
    inputs = STORED / name / ("inputs" if (STORED / name / "inputs").is_dir() else "inputs.txt")
    (shutil.copytree if inputs.is_dir() else shutil.copy)(inputs, folder / inputs.name)
    parts = sorted(path for path in (folder / "run").rglob("*") if path.is_file())
    # what people and programs write by hand is likelier to be at fault
    part = random.choice([*parts, *[folder / "run" / "config.toml"] * 3])
    fault = _replace(part, place, random) if random.random() < 0.15 else _spoil(part, random)
    if random.random() < 0.1:
        fault += "; " + _plant(folder / "run", place, random)
    verbs = [
        ["predict", "run", inputs.name, "--json"],
        ["predict", "run", inputs.name],
        ["evaluate", "run"],
        ["train", task, "--out", "run", "--resume", "--steps", "1", "--quiet"],
        ["report", "run"],
    ]
    if issubclass(tasks.find(task), Generates):
        verbs.append(["generate", "run", "--out", f"new{tasks.find(task).ending}"])
    return Case(folder, tuple(random.choice([*verbs, verbs[0]])), fault)


def _stored(name: str, folder: Path) -> None:
    """A stored run, its data named as they lie in the case, its features with checksums as runs of today have them."""
    shutil.copytree(STORED / name / "run", folder / "run")
    config = folder / "run" / "config.toml"
    text = _NAMES.sub("", config.read_text(encoding="utf-8").replace(STAND_IN, "data"))
    sums = checksums_of(folder / "run" / "features")
    lines = (f'"{feature}" = "{checksum}"' for feature, checksum in sums.items())
    config.write_text("\n".join([text, "[features]", *lines, ""]), encoding="utf-8")


def _spoil(path: Path, random: Random) -> str:
    path.write_bytes(damaged_inside(path.name, path.read_bytes(), random))
    return f"{path.name} damaged"


def _damage(
    given: Path, folder: Path, argument: str, samples: Sequence[Sample], place: Path, random: Random
) -> tuple[str, str]:
    """Some fault in what is given; what is to be asked for then."""
    files = sorted(path for path in given.rglob("*") if path.is_file() and not path.is_symlink())
    if not files:
        return argument, "nothing"
    path, how = random.choice(files), random.random()
    if how < 0.78:
        return argument, _spoil(path, random)
    if how < 0.88:
        return argument, _replace(path, place, random)
    if how < 0.95:  # another kind of file under its name
        other = random.choice(sorted(file for file in random.choice(samples).folder.rglob("*") if file.is_file()))
        shutil.copy(other, path)
        return argument, f"{path.name} is {other.name}"
    strange = path.with_name(random.choice(_STRANGE_NAMES) + path.suffix)
    path.rename(strange)
    if path == folder / argument:
        argument = os.path.relpath(strange, folder)
    return argument, f"{path.name} is called {strange.name!a}"


def _replace(path: Path, place: Path, random: Random) -> str:
    """Something else that is no file stands there, or nothing."""
    path.unlink()
    how = random.choice(("nothing", "folder", "pipe", "link", "loop", "endless", "empty", "dangling"))
    if how == "folder":
        path.mkdir()
    elif how == "pipe":
        os.mkfifo(path)
    elif how == "empty":
        path.touch()
    elif how != "nothing":
        there = {"link": place / "victim", "loop": path, "endless": Path("/dev/zero"), "dangling": place / "new"}
        path.symlink_to(there[how])
    return f"{path.name}: {how}"


def _plant(run: Path, place: Path, random: Random) -> str:
    """A link out of a run folder, where something is going to be written."""
    names = ("events", "samples", "notes", "metrics.csv", "report.html", "energy.json", ".config.toml.unfinished",
             ".lock", "checkpoint/.state.safetensors.unfinished", "scores.json", "report.json")  # fmt: skip
    name = random.choice(names)
    path = run / name
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.symlink_to(place / random.choice(("victim", "new")))
    return f"{name}: a link"
