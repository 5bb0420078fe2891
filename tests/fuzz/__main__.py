"""`python -m fuzz --minutes 60`: try one damaged input after the other, and keep each fault that is found once."""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import throughtime
from fuzz.cases import Case, make_case
from fuzz.guarded import Fault, watched
from fuzz.samples import Sample, write_samples
from throughtime.cli.main import main as throughtime_main

REFUSED = "throughtime"
"""What a sentence of an error begins with."""
_LAZY = (
    "torch", "lightning_fabric", "safetensors.torch", "tensorboard", "torch.utils.tensorboard", "matplotlib.pyplot",
    "pyarrow.parquet", "av", "soundfile", "soxr", "kaldi_native_fbank", "symusic", "music21", "scipy.io", "PIL.Image",
    "sklearn.linear_model", "tokenizers", "polib", "sacrebleu", "regex", "jiwer", "torchmetrics", "rich.progress",
)  # fmt: skip
"""What is else imported by the first that needs it, in each process anew."""


def warm_up() -> None:
    """Import all that a command may need, once for all processes to come."""
    for module in _LAZY:
        with suppress(ImportError):
            importlib.import_module(module)
    for module in pkgutil.walk_packages(throughtime.__path__, "throughtime."):
        if "__main__" not in module.name:
            importlib.import_module(module.name)


def tried(case: Case) -> Fault | None:
    """What comes of a case."""
    os.environ |= {name: str(case.folder / "own") for name in ("THROUGHTIME_CACHE", "HOME", "TMPDIR", "XDG_CACHE_HOME")}
    (case.folder / "own").mkdir(exist_ok=True)
    tempfile.tempdir = None
    return watched(lambda: throughtime_main(case.words), case.folder, "--json" in case.words)


def refused(samples: Sequence[Sample], place: Path) -> list[str]:
    """The samples that cannot be read as they are: damaged ones would tell nothing."""
    said = []
    for number, sample in enumerate(samples):
        folder = place / str(number)
        shutil.copytree(sample.folder, folder)
        case = Case(folder, ("check", sample.task, sample.argument, *sample.options), "whole")
        fault = tried(case)
        error = folder.with_name(f"{number}.err").read_text(errors="replace")
        if fault is not None or f"{REFUSED}: " in error:
            said.append(f"{sample.folder.name}: {fault or error[-300:]}")
    return said


def fuzz(
    samples: Sequence[Sample],
    kept: Path,
    seed: int,
    seconds: float | None = None,
    most: int | None = None,
    first: int = 0,
) -> tuple[int, dict[tuple[str, str], Fault]]:
    """Try cases until time is up.

    Args:
        samples: what is damaged.
        kept: a folder for the cases at fault.
        seed: which cases.
        seconds, most: limits.
        first: number of the first.

    Returns:
        How many were tried, and each fault once.
    """
    found: dict[tuple[str, str], Fault] = {}
    counts: Counter[tuple[str, str]] = Counter()
    end, number = None if seconds is None else time.monotonic() + seconds, first
    while (end is None or time.monotonic() < end) and (most is None or number < first + most):
        with tempfile.TemporaryDirectory(prefix="fuzz-", dir=kept) as place:
            case = make_case(samples, Path(place), number, seed)
            fault = tried(case)
            if fault is not None:
                key = fault.kind, fault.where
                counts[key] += 1
                if key not in found:
                    found[key] = fault
                    _keep(case, fault, kept / f"{seed}-{number}")
        number += 1
    for key, count in counts.most_common():
        print(f"{count:6,} x {' '.join(key)}", flush=True)
    return number - first, found


def _keep(case: Case, fault: Fault, place: Path) -> None:
    shutil.copytree(case.folder.parent, place, symlinks=True, ignore=_pipes, dirs_exist_ok=True)
    (place / "fault.txt").write_text(
        f"{case.words!a}\n{case.fault!a}\n{fault.kind} {fault.where}\n{fault.what}\n", errors="replace"
    )
    print(f"{place.name}: {fault.kind} {fault.where}  ({' '.join(case.words)!a}; {case.fault!a})", flush=True)


def _pipes(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if (Path(folder) / name).is_fifo()]


def main() -> int:
    """Exit status 1 where a fault was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--first", type=int, default=0, help="number of the first case, to see one again")
    parser.add_argument("--cases", type=int, help="at most so many")
    parser.add_argument("--keep", type=Path, default=Path("build/fuzz"), help="folder for cases at fault")
    asked = parser.parse_args()
    asked.keep.mkdir(parents=True, exist_ok=True)
    warm_up()
    with tempfile.TemporaryDirectory() as place:
        samples = write_samples(Path(place))
        if broken := refused(samples, Path(place) / "whole"):
            sys.exit("\n".join(["found samples that are refused, expected whole ones", *broken]))
        print(f"seed {asked.seed}, {len(samples)} samples; faults are kept in {asked.keep}", flush=True)
        kept = asked.keep.resolve()
        tried_, found = fuzz(samples, kept, asked.seed, 60 * asked.minutes, asked.cases, asked.first)
    print(f"{tried_:,} cases, {len(found)} faults")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
