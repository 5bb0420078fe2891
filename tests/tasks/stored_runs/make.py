"""Makes the stored runs: a tiny one of every task, its data beside it, and what it answered when it was made.

They were made at commit 01e734f, before the house was rebuilt; later versions must read them, answer the same and go
on from them: `resumed.csv` is what four more steps gave. To store another (an existing folder is never touched):
python tests/tasks/stored_runs/make.py TASK
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
DATA = "DATA-FOLDER"
"""What stands in a stored config.toml for the folder of the data, which is another on each machine."""


def music(folder: Path) -> list[str]:
    sys.path.insert(0, str(HERE.parents[1]))
    from helpers.music_files import END, midi

    draw = random.Random(1)
    for index in range(6):
        pitches = [draw.choice((48, 52, 55, 60)) for _ in range(6)]
        notes = b"".join(bytes([0x00, 0x90, p, 0x40, 0x60, 0x80, p, 0x00]) for p in pitches)
        (folder / f"{index}.mid").write_bytes(midi(notes + END))
    (folder.parent / "inputs").mkdir()
    (folder.parent / "inputs" / "new.mid").write_bytes((folder / "0.mid").read_bytes())
    return ["--hidden-size", "4", "--nade-units", "4", "--transpose", "none", "--batch-size", "2"]


def text(folder: Path) -> list[str]:
    lines = [f"The cat {verb} on the {noun}.\n" for verb in ("sat", "lay", "ran") for noun in ("mat", "hat", "bed")]
    (folder / "prose.txt").write_text("".join(lines) * 30)
    (folder.parent / "inputs.txt").write_text("The cat sat on the mat.\n")
    return ["--layers", "4", "--batch-size", "2", "--window", "10"]


def sentiment(folder: Path) -> list[str]:
    draw = random.Random(2)
    rows = ["text,label"]
    for _ in range(60):
        label = draw.choice(("good", "bad"))
        words = draw.sample(["film", "actor", "plot", "scene", "music"], 2)
        rows.append(f"the {words[0]} and the {words[1]} were {label},{label}")
    (folder / "reviews.csv").write_text("\n".join(rows) + "\n")
    (folder.parent / "inputs.txt").write_text("the plot was good\nbad music\n")
    return ["--vectors", "none", "--hidden-size", "4", "--embedding-size", "4", "--batch-size", "8"]


def entities(folder: Path) -> list[str]:
    draw = random.Random(3)
    rows = []
    for _ in range(40):
        one, town = draw.choice(["Ann", "Bo", "Cyd"]), draw.choice(["Rome", "Oslo"])
        rows.append(f"{one} B-PER\nlives O\nin O\n{town} B-LOC\n. O\n")
    (folder / "news.conll").write_text("\n".join(rows))
    (folder.parent / "inputs.txt").write_text("Ann lives in Oslo.\nBo was late.\n")
    return ["--vectors", "none", "--hidden-size", "4", "--embedding-size", "4", "--character-size", "3"]


def translation(folder: Path) -> list[str]:
    draw = random.Random(4)
    words = {"hus": "house", "bil": "car", "kat": "cat", "bog": "book"}
    looks = {"rød": "red", "stor": "big", "ny": "new"}
    rows = []
    for _ in range(60):
        noun, look = draw.choice(list(words)), draw.choice(list(looks))
        number = draw.randrange(100)
        rows.append(f"En {look} {noun} {number}.\tA {looks[look]} {words[noun]} {number}.\n")
    (folder / "pairs.tsv").write_text("".join(rows), encoding="utf-8")
    (folder.parent / "inputs.txt").write_text("En ny bil 7.\n")
    return ["--hidden-size", "4", "--embedding-size", "4", "--vocabulary-size", "300", "--beams", "2"]


def trajectory(folder: Path) -> list[str]:
    draw = np.random.default_rng(5)
    rows = ["track,t,x,y"]
    for track in range(20):
        place, step = draw.uniform(-5, 5, 2), draw.uniform(-1, 1, 2)
        for time in range(16):
            x, y = place + time * step + 0.01 * draw.standard_normal(2)
            rows.append(f"{track},{time},{x:.4f},{y:.4f}")
    (folder / "tracks.csv").write_text("\n".join(rows) + "\n")
    (folder.parent / "inputs").mkdir()
    (folder.parent / "inputs" / "new.csv").write_text("\n".join(rows[:9]) + "\n")
    return ["--hidden-size", "4", "--components", "2", "--observe", "4", "--predict", "4"]


def video(folder: Path) -> list[str]:
    draw = np.random.default_rng(6)
    for label, sign in (("rise", 1), ("fall", -1)):
        (folder / label).mkdir()
        for index in range(8):
            path = draw.uniform(-1, 1) + sign * np.linspace(0, 1, 6)
            rows = "\n".join(f"{value:.4f},{-value:.4f}" for value in path)
            (folder / label / f"{index}.csv").write_text(f"left,right\n{rows}\n")
    (folder.parent / "inputs").mkdir()
    (folder.parent / "inputs" / "new.csv").write_text((folder / "rise" / "0.csv").read_text())
    return ["--hidden-size", "4", "--features", "4"]


def speech(folder: Path) -> list[str]:
    import soundfile

    draw = np.random.default_rng(7)
    tones = {"a": 500.0, "b": 900.0}
    rows = ["path,text"]
    times = np.arange(800) / 8000
    for index in range(12):
        said = "".join(draw.choice(list(tones), 2))
        sound = np.concatenate([0.3 * np.sin(2 * np.pi * tones[letter] * times) for letter in said])
        soundfile.write(folder / f"{index:02}.flac", sound, 8000)
        rows.append(f"{index:02}.flac,{said}")
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n")
    (folder.parent / "inputs").mkdir()
    (folder.parent / "inputs" / "new.flac").write_bytes((folder / "00.flac").read_bytes())
    sizes = ["--hidden-size", "4", "--layers", "1", "--channels", "2", "2", "--bins", "16", "--rate", "8000"]
    return [*sizes, "--language-model", "none", "--beam", "2"]


MAKERS = {f.__name__: f for f in (music, text, sentiment, entities, translation, trajectory, video, speech)}
FILES = {"text": "prose.txt", "sentiment": "reviews.csv", "entities": "news.conll", "translation": "pairs.tsv"}
FILES |= {"trajectory": "tracks.csv", "speech": "manifest.csv"}


def throughtime(*words: str) -> str:
    done = subprocess.run(["throughtime", *words], check=True, capture_output=True, text=True, cwd=HERE)
    return done.stdout


def make(task: str) -> None:
    place = HERE / task
    place.mkdir()
    (place / "data").mkdir()
    options = MAKERS[task](place / "data")
    data = Path(task) / "data" / FILES.get(task, "")
    run = f"{task}/run"
    limits = ["--steps", "4", "--evaluate-every", "2", "--threads", "1", "--quiet"]
    throughtime("train", task, str(data), "--out", run, *options, *limits)
    inputs = sorted((place / "inputs").iterdir()) if (place / "inputs").is_dir() else [place / "inputs.txt"]
    answers = throughtime("predict", run, *(str(path.relative_to(HERE)) for path in inputs), "--json")
    (place / "answers.jsonl").write_text(answers, encoding="utf-8")
    shutil.copytree(place / "run", place / "longer")
    throughtime("train", task, "--out", f"{task}/longer", "--resume", "--steps", "4", "--quiet")
    (place / "longer" / "metrics.csv").rename(place / "resumed.csv")
    shutil.rmtree(place / "longer")
    shutil.rmtree(place / "run" / "events")
    (place / "run" / ".lock").unlink()
    config = place / "run" / "config.toml"
    config.write_text(config.read_text().replace(str(place / "data"), DATA))


if __name__ == "__main__":
    for name in sys.argv[1:] or [name for name in MAKERS if not (HERE / name).exists()]:
        make(name)
