"""Small recordings whose letters are tones: anyone hears what is said in them, a small model quickly learns to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import throughtime

TONES = {"a": 500.0, "b": 900.0, "c": 1500.0, "d": 2400.0}
RATE = 8000
SMALL: dict[str, Any] = {
    "rate": RATE,
    "bins": 24,
    "channels": (4, 8),
    "stride": 2,
    "hidden_size": 24,
    "layers": 1,
    "dropout": 0.0,
    "frequency_masks": 0,
    "time_masks": 0,
    "beam": 4,
    "language_model": "none",
    "batch_size": 8,
    "learning_rate": 0.01,
    "warmup_steps": 10,
    "schedule": "constant",
    "minutes": None,
}


def say(text: str, random: np.random.Generator, rate: int = RATE) -> np.ndarray:
    """A tone of about 0.1 s for each letter, a pause after it, a longer one between words, and some noise."""
    parts = [np.zeros(int(0.05 * rate))]
    for letter in text:
        seconds = random.uniform(0.08, 0.12)
        if letter != " ":
            times = np.arange(int(seconds * rate)) / rate
            parts.append(np.sin(2 * np.pi * TONES[letter] * times) * random.uniform(0.2, 0.4))
        parts.append(np.zeros(int(0.04 * rate)))
    parts.append(np.zeros(int(0.1 * rate)))
    sound = np.concatenate(parts)
    return np.asarray(sound + 0.003 * random.standard_normal(len(sound)), dtype=np.float32)


def sentence(random: np.random.Generator) -> str:
    words = ("".join(random.choice(list(TONES), random.integers(1, 4))) for _ in range(random.integers(1, 4)))
    return " ".join(words)


def write_corpus(folder: Path, count: int, seed: int, suffix: str = ".wav") -> Path:
    """A manifest with its recordings."""
    random = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    rows = ["path,text"]
    for index in range(count):
        text = sentence(random)
        soundfile.write(folder / f"{index:04}{suffix}", say(text, random), RATE)
        rows.append(f"{index:04}{suffix},{text}")
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n")
    return folder / "manifest.csv"


def learn(corpus: Path, out: Path, cache: Path, **settings: Any) -> throughtime.Run:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("THROUGHTIME_CACHE", str(cache))
        return throughtime.train("speech", corpus, out=out, quiet=True, **(SMALL | {"epochs": 7} | settings))


def answers(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]
