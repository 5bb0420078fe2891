"""What is imported before it is needed: nothing; a second of every command would be lost to it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

STORED = Path(__file__).parents[1] / "tasks" / "stored_runs"
# a tenth of a second or more each
HEAVY = {"lightning_fabric", "torch._dynamo", "torch._inductor", "sympy", "tensorboard", "matplotlib", "PIL"}
HEAVY |= {"sklearn", "scipy", "music21", "pyarrow", "sacrebleu", "jiwer", "av", "pandas", "huggingface_hub"}
LOOK = """
import json, sys
from throughtime.cli.main import main
statuses = [main(words) for words in json.loads(sys.argv[1])]
print(json.dumps([statuses, sorted(sys.modules)]))
"""


def imported(*commands: list[str]) -> tuple[list[int], set[str], list[str]]:
    """Exit statuses of some command lines in one new process, what it imported for all of them, and what they said."""
    words = [sys.executable, "-c", LOOK, json.dumps(commands)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    statuses, modules = json.loads(done.stdout.splitlines()[-1])
    return statuses, set(modules), done.stderr.splitlines()


def test_what_is_wrong_with_a_command_line_is_said_without_torch(tmp_path: Path) -> None:
    new, missing, music = str(tmp_path / "new"), str(tmp_path / "missing.mid"), str(STORED / "music" / "run")
    (tmp_path / "0.mid").write_bytes(b"MThd")
    data = str(tmp_path / "0.mid")
    wrong = {
        "found no verb 'tarin'": ["tarin", "music"],
        "found no task named 'musik'": ["train", "musik"],
        "setting hidden_size: found 0": ["train", "music", data, "--out", new, "--hidden-size", "0"],
        "setting device: found 'gpu'": ["train", "music", data, "--out", new, "--device", "gpu"],
        "missing.mid: found no such file": ["train", "music", missing, "--out", new],
        "three.csv: found nothing": ["train", "sentiment", "--train", data, "--valid", data, "--test", "three.csv"],
        "is not empty": ["train", "music", data, "--out", music],
        "found no config.toml": ["train", "music", "--out", str(tmp_path), "--resume"],
        "not sentiment": ["train", "sentiment", "--out", music, "--resume"],
        "cannot change hidden_size": ["train", "music", "--out", music, "--resume", "--hidden-size", "9"],
        "expected a run folder": ["predict", missing, "a.mid"],
        "missing.mid: ": ["predict", music, missing],
        "found the form 'x'": ["predict", str(STORED / "entities" / "run"), "Ann", "--form", "x"],
        "found nothing, expected a run folder": ["evaluate", missing],
        "v.txt: found no such file": ["train", "sentiment", data, "--out", new, "--vectors", "glove", "v.txt"],
        "0.mid, line 1: found 'MThd'": ["train", "entities", data, "--out", new, "--vectors", data],
        "w.txt: found no such file": ["check", "entities", data, "--vectors", "w.txt"],
        "s: found no run folder": ["train", "speech", data, "--out", new, "--start", "s"],
        "the task music": ["check", "speech", data, "--language-model", music],
        "primer.mid: found no such file": ["generate", music, "--out", f"{new}.mid", "--primer", "primer.mid"],
        "new/a.mid: found no folder": ["generate", music, "--out", f"{new}/a.mid"],
        "w.pth: found no such file": ["evaluate", str(STORED / "vae" / "run"), "--inception", "w.pth"],
        "makes no pictures that Inception": ["evaluate", music, "--inception", "w.pth"],
        "found the ending '.gif', expected the name of a .txt": [
            "generate",
            str(STORED / "text" / "run"),
            "--out",
            f"{new}.gif",
        ],
        "found nothing to inspect, expected one of: attention, embeddings, gates": ["inspect"],
        "found 'gats' to inspect": ["inspect", "gats", music],
        "found the ending '.gif'": ["inspect", "gates", music, "a.mid", "--out", f"{new}.gif"],
        "missing.mid: found no such": ["inspect", "gates", music, missing],
        "found neither RUN nor --cells": ["inspect", "gradients"],
        "the task music has no attention": ["inspect", "attention", music, data],
        "found a run with --pooling max": ["inspect", "attention", str(STORED / "video" / "run"), data],
        "found --axes without WORDS": ["inspect", "embeddings", "glove", "--axes", "Age=young:old"],
        "the task music has no vectors of words": ["inspect", "embeddings", music],
        "q.txt: found": ["inspect", "embeddings", "glove", "--questions", "q.txt"],
        "--most is 0": ["inspect", "saliency", music, data, "--most", "0"],
        "the task vae reads no sequence": ["inspect", "gates", str(STORED / "vae" / "run"), "x"],
        "found no condition 'rain' of music": ["stress", music, "--conditions", "rain"],
        "found the severities 1, 6, expected some of 1 to 5": ["stress", music, "--severities", "1", "6"],
        "found a limit of 0 examples": ["stress", music, "--limit", "0"],
        "expected a new or empty folder for the curves": ["stress", music, "--out", music],
        "found both a.txt and --marked m.jsonl": ["inspect", "units", music, "a.txt", "--marked", "m.jsonl"],
        "m.jsonl: found a file that cannot be read": [
            "inspect",
            "units",
            str(STORED / "text" / "run"),
            "--marked",
            "m.jsonl",
        ],
        "found the problem 'addng'": ["bench", "memory", "--problems", "addng"],
        "found the cell 'elman'": ["bench", "memory", "--cells", "gru", "elman"],
        "found the seeds (1, 1)": ["bench", "memory", "--seeds", "1", "1"],
        "no.idx: found no such file or folder": ["bench", "memory", "--data", "no.idx"],
        "0.mid: found a file": ["bench", "memory", "--out", data],
        "found neither RUN nor --corpus": ["bench", "agreement"],
        "pairs.zip: found a file that cannot be read": [
            "bench",
            "agreement",
            str(STORED / "text" / "run"),
            "pairs.zip",
        ],
        "found something there already": ["bench", "agreement", "--corpus", music],
        "the task sentiment does not generate": ["generate", str(STORED / "sentiment" / "run"), "--out", new],
    }
    statuses, modules, said = imported(*wrong.values())
    assert statuses == [2] * len(wrong)
    for sentence, line in zip(wrong, said, strict=True):
        assert sentence in line
    assert modules.isdisjoint(HEAVY | {"torch"})
    assert not Path(new).exists()


@pytest.mark.parametrize("task", ["sentiment", "music"])
def test_predict_imports_torch_and_nothing_else_that_takes_long(task: str) -> None:
    place = STORED / task
    given = place / "inputs" / "new.mid" if task == "music" else "the plot was good"
    statuses, modules, _ = imported(["predict", str(place / "run"), str(given)])
    assert statuses == [0]
    assert "torch" in modules
    assert modules.isdisjoint(HEAVY)


def test_what_the_compiler_is_told_without_importing_it_is_what_torch_tells_it() -> None:
    import torch

    from throughtime.kernels.memory import transformed

    assert vars(transformed) == vars(torch.compiler.assume_constant_result(lambda: None))
