"""From command to answer: CPU seconds of `predict`, and of command lines that are refused.

    python benchmarks/start_up.py                            # this checkout
    python benchmarks/start_up.py --path ../before/src       # another one beside it: a folder to put on PYTHONPATH
    python benchmarks/start_up.py --python ../env/bin/python # or another Python, with its own throughtime

User and system time of a process of its own (the children's, as the operating system counts it), the least of some
rounds; two tiny runs are made first, by each side for itself. `import torch` alone is measured beside them.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

END = b"\x00\xff\x2f\x00"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--path", help="the source folder of another checkout, measured before this one")
    parser.add_argument("--python", default=sys.executable, help="the Python that runs the other side")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    own = Path(__file__).resolve().parents[1] / "src"
    sides = {"after": (sys.executable, {"PYTHONPATH": str(own)})}
    if asked.path is not None:
        sides = {"before": (asked.python, {"PYTHONPATH": str(Path(asked.path).resolve())}), **sides}
    elif asked.python != sys.executable:
        sides = {"before": (asked.python, {}), **sides}
    with tempfile.TemporaryDirectory() as name:
        found = {side: measure(Path(name), side, asked.rounds, *how) for side, how in sides.items()}
    print(f"{'CPU seconds':<34}" + "".join(f"{side:>9}" for side in found))
    for what in next(iter(found.values())):
        print(f"{what:<34}" + "".join(f"{times[what]:9.2f}" for times in found.values()))


def measure(folder: Path, side: str, rounds: int, python: str, variables: dict[str, str]) -> dict[str, float]:
    """CPU seconds of each command, by what it is."""
    environment = os.environ | variables | {"OMP_NUM_THREADS": "1"}
    place = folder / side
    place.mkdir()
    write_reviews(place / "reviews.csv")
    write_music(place / "music")
    commands = make_runs(place, python, environment)
    return {what: cpu_seconds(command, rounds, environment) for what, command in commands.items()}


def make_runs(place: Path, python: str, environment: dict[str, str]) -> dict[str, list[str]]:
    """Two tiny runs, and the commands that are measured."""
    throughtime = [python, "-m", "throughtime"]
    train, tiny = [*throughtime, "train"], ["--steps", "1", "--hidden-size", "4", "--quiet"]
    reviews, music = str(place / "reviews.csv"), str(place / "music")
    classes, chords, new = (str(place / name) for name in ("classes", "chords", "new"))
    for command in (
        [*train, "sentiment", reviews, "--out", classes, "--vectors", "none", *tiny],
        [*train, "music", music, "--out", chords, *tiny],
    ):
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    return {
        "import torch": [python, "-c", "import torch"],
        "predict: a sentence": [*throughtime, "predict", classes, "the plot was good"],
        "predict: a MIDI file": [*throughtime, "predict", chords, str(place / "music" / "0.mid")],
        "wrong: a verb": [*throughtime, "tarin", "music"],
        "wrong: a task": [*train, "musik", "--out", new],
        "wrong: a setting": [*train, "music", music, "--out", new, "--hidden-size", "0"],
        "wrong: data that is not there": [*train, "music", str(place / "misuc"), "--out", new],
        "wrong: no run folder": [*throughtime, "predict", music, str(place / "music" / "0.mid")],
        "wrong: --resume, no run folder": [*train, "music", "--out", music, "--resume"],
        "wrong: --out is not free": [*train, "music", music, "--out", chords],
    }


def cpu_seconds(command: list[str], rounds: int, environment: dict[str, str]) -> float:
    """The least of some rounds."""
    times = []
    for _ in range(rounds):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode not in (0, 2) or "Traceback" in done.stderr:
            sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(times)


def write_reviews(path: Path) -> None:
    draw = random.Random(0)
    rows = ["text,label"]
    for _ in range(60):
        label = draw.choice(("good", "bad"))
        words = draw.sample(["film", "actor", "plot", "scene", "music"], 2)
        rows.append(f"the {words[0]} and the {words[1]} were {label},{label}")
    path.write_text("\n".join(rows) + "\n")


def write_music(folder: Path) -> None:
    """Standard MIDI Files of six notes each."""
    folder.mkdir()
    draw = random.Random(0)
    for index in range(10):
        keys = [draw.choice((48, 52, 55, 60)) for _ in range(6)]
        track = b"".join(bytes([0x00, 0x90, key, 0x40, 0x60, 0x80, key, 0x00]) for key in keys) + END
        head = b"MThd" + struct.pack(">IHHH", 6, 0, 1, 96)
        (folder / f"{index}.mid").write_bytes(head + b"MTrk" + struct.pack(">I", len(track)) + track)


if __name__ == "__main__":
    main()
