"""Makes the stored runs: a tiny one of every task, its data beside it, and what it answered when it was made.

They were made at commit 01e734f, before the house was rebuilt, or when their task came; later versions must read them,
answer the same and go on from them: `resumed.csv` is what four more steps gave. A folder's name is its task's, or that
of a variant: music-with-a-latent-space. To store another (an existing folder is never touched):
python tests/tasks/stored_runs/make.py NAME
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from helpers import tiny
from throughtime.tasks import names

HERE = Path(__file__).parent
DATA = "DATA-FOLDER"
"""What stands in a stored config.toml for the folder of the data, which is another on each machine."""


def throughtime(*words: str) -> str:
    done = subprocess.run(["throughtime", *words], check=True, capture_output=True, text=True, cwd=HERE)
    return done.stdout


def make(folder: str) -> None:
    place = HERE / folder
    written = tiny.write(folder.replace("-", " "), place)
    task = folder.partition("-")[0]
    data, options = written.data.relative_to(HERE), tiny.words(written.settings)
    run = f"{folder}/run"
    limits = ["--steps", "4", "--evaluate-every", "2", "--threads", "1", "--quiet"]
    throughtime("train", task, str(data), "--out", run, *options, *limits)
    answers = throughtime("predict", run, str(Path(written.together).relative_to(HERE)), "--json")
    (place / "answers.jsonl").write_text(answers, encoding="utf-8")
    shutil.copytree(place / "run", place / "longer")
    throughtime("train", task, "--out", f"{folder}/longer", "--resume", "--steps", "4", "--quiet")
    (place / "longer" / "metrics.csv").rename(place / "resumed.csv")
    shutil.rmtree(place / "longer")
    for unread in ("events", "samples"):
        shutil.rmtree(place / "run" / unread, ignore_errors=True)
    for unread in (".lock", "energy.json", "report.html"):
        (place / "run" / unread).unlink(missing_ok=True)
    config = place / "run" / "config.toml"
    config.write_text(config.read_text().replace(str(place / "data"), DATA))


if __name__ == "__main__":
    everything = (name.replace(" ", "-") for name in (*names, *tiny.VARIANTS))
    for folder in sys.argv[1:] or [name for name in everything if not (HERE / name).exists()]:
        make(folder)
