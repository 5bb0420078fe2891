"""Published language-model results: Penn Treebank by words and characters, and the built-in Shakespeare.

    python benchmarks/language_model.py words        Zaremba et al. 2014, small: test perplexity 114.5 to 115.9
    python benchmarks/language_model.py characters   test bits per character, LSTM 1.36 to 1.38 (1,000 units)
    python benchmarks/language_model.py shakespeare  what a plain `throughtime train text` comes to
    python benchmarks/language_model.py awd          AWD-LSTM's regularisation (Merity et al. 2018): a long run

Penn Treebank (ptb.train.txt, ptb.valid.txt, ptb.test.txt, as Mikolov prepared it) is not ours to give away: --data
says where it is. The run folder goes to --out; --resume goes on with one that was stopped.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from throughtime import verbs
from throughtime.errors import ThroughtimeError

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "text"

WORDS: dict[str, Any] = {
    "level": "words",
    "tokenizer": "whitespace",
    "evaluate_every": None,
    "minutes": None,
}
ZAREMBA = WORDS | {
    "layers": (200, 200),
    "tied": False,
    "init_range": 0.1,
    "batch_size": 20,
    "window": 20,
    "optimiser": "sgd",
    "learning_rate": 1.0,
    "loss_scale": "sequence",
    "clip_norm": 5.0,
    "schedule": "exponential",
    "decay": 0.5,
    "decay_after": 4,
    "epochs": 13,
}
AWD = WORDS | {
    "layers": (1150, 1150, 400),
    "tied": True,
    "batch_size": 20,
    "window": 70,
    "vary_window": True,
    "optimiser": "asgd",
    "learning_rate": 30 / 70,  # theirs is of the mean over 70 steps, and grows with the window: ours is of the sum
    "loss_scale": "sequence",
    "clip_norm": 0.25 * 70,
    "schedule": "constant",
    "weight_decay": 1.2e-6 * 70,
    "embedding_dropout": 0.1,
    "input_dropout": 0.4,
    "hidden_dropout": 0.25,
    "weight_dropout": 0.5,
    "dropout": 0.4,
    "activation_penalty": 2.0,
    "change_penalty": 1.0,
    "epochs": 500,
}
CHARACTERS: dict[str, Any] = {
    "layers": (1000,),
    "embedding_size": 128,
    "batch_size": 32,
    "window": 100,
    "learning_rate": 2e-3,
    "schedule": "linear",
    "dropout": 0.25,
    "weight_dropout": 0.2,
    "evaluate_every": 1500,
    "minutes": None,
    "epochs": 20,
}


def main() -> int:
    """Train, evaluate on the test split, print the report as JSON."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("what", choices=["words", "characters", "shakespeare", "awd"])
    arguments.add_argument("--out", type=Path, required=True, help="run folder to be made")
    arguments.add_argument("--data", type=Path, default=SHARED / "ptb", help="folder of Penn Treebank")
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--resume", action="store_true")
    arguments.add_argument("--set", action="append", default=[], metavar="NAME=JSON", help="another setting")
    asked = arguments.parse_args()
    changes = {name: json.loads(value) for name, _, value in (pair.partition("=") for pair in asked.set)}
    settings = {"words": ZAREMBA, "characters": CHARACTERS, "shakespeare": {}, "awd": AWD}[asked.what]
    data: Path | None = asked.data
    if asked.what == "shakespeare":
        data = None
    elif not (asked.data / "ptb.train.txt").is_file():
        print(f"needs Penn Treebank (ptb.train.txt, ...), not found in {asked.data}: give --data", file=sys.stderr)
        return 2
    elif asked.what == "characters":
        data = by_character(asked.data, asked.out.with_name(asked.out.name + "-text"))
    given = changes if asked.resume else {"seed": asked.seed, "patience": None, **settings, **changes}
    try:
        run = verbs.train("text", data, out=asked.out, resume=asked.resume, **given)
        report = run.folder.read_report()
    except ThroughtimeError as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(report.to_json(), indent=2))
    return 0


def by_character(source: Path, folder: Path) -> Path:
    """The text that Mikolov's character version stands for: lines without the spaces around them, 5,017,482 characters.

    (There a space is written as _ and characters are spaced out; as sequences of symbols they are the same.)
    """
    folder.mkdir(parents=True, exist_ok=True)
    for split in ("train", "valid", "test"):
        lines = (source / f"ptb.{split}.txt").read_text(encoding="utf-8").splitlines()
        (folder / f"ptb.{split}.txt").write_text("".join(f"{line.strip()}\n" for line in lines), encoding="utf-8")
    return folder


if __name__ == "__main__":
    sys.exit(main())
