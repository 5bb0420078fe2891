"""The same translator in JoeyNMT 2.3.0 and in throughtime: speed, memory, and BLEU after the same minutes.

    python -m venv /some/where/peer
    /some/where/peer/bin/pip install -c constraints.txt torch==2.13.0 numpy
    /some/where/peer/bin/pip install joeynmt==2.3.0 importlib_metadata
    python benchmarks/translation_peer.py ../shared/data/translation/tatoeba-dan-eng/dan.txt \\
        --peer /some/where/peer/bin/python

Both read the same pieces (byte-pair encoding, 7,000 a language, learned from the training part of the split of
`benchmarks/translation.py`, without the composed sentences), with the same model: vectors of 256, a bidirectional LSTM
of 256 units a direction, a bridge, an LSTM decoder of 256 units with additive attention and input feeding, dropout 0.3,
label smoothing 0.1, Adam, batches of 64 sentences. Speeds are measured in turns, a process for each, `--rounds` times;
what is printed are medians. With `--minutes` both are also trained for so long, side by side, and judged by
sacrebleu on the same sentences (of the validation part; the test part is left alone), greedily and by beam search.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from translation_joeynmt import peak, peer, speeds

PIECES, SIZE, BATCH, RATE = 7_000, 256, 64, 1e-3
CLOCK = time.monotonic


def prepare(data: Path, folder: Path) -> None:
    """Write the split as text and as pieces: train.da, train.en, ... and pieces/train.da, ..."""
    from throughtime.data.parallel import Sides, read_pairs, split_pairs
    from throughtime.data.sentences import PieceCode

    parts = split_pairs(read_pairs(data, Sides("2", "1")), seed=0, valid=0.05, test=0.1)
    (folder / "pieces").mkdir()
    for side, language in (("source", "da"), ("target", "en")):
        texts = [[getattr(pair, side) for pair in part] for part in parts[:2]]
        code = PieceCode.fit(texts[0], PIECES)
        code.save(folder / f"{side}.json")
        for name, lines in zip(("train", "valid"), texts, strict=True):
            (folder / f"{name}.{language}").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
            pieces = (" ".join(map(str, code.encode(line).tolist())) for line in lines)
            (folder / "pieces" / f"{name}.{language}").write_text("\n".join(pieces) + "\n", encoding="utf-8")


def settings(folder: Path, seconds: float, threads: int, out: Path) -> dict[str, Any]:
    """Those of throughtime for the model that both have."""
    return {
        "train": folder / "train", "valid": folder / "valid", "test": folder / "valid", "source": "da", "target": "en",
        "out": out, "vocabulary_size": PIECES, "embedding_size": SIZE, "hidden_size": SIZE, "dropout": 0.3,
        "label_smoothing": 0.1, "batch_size": BATCH, "learning_rate": RATE, "schedule": "constant",
        "minutes": seconds / 60, "threads": threads, "quiet": True,
    }  # fmt: skip


def ours(folder: Path, seconds: float, threads: int) -> dict[str, Any]:
    """Train for so long, then translate the validation part."""
    import torch

    from throughtime.data.parallel import Sides, read_pairs
    from throughtime.tasks.translation import Translation
    from throughtime.tasks.translation_settings import TranslationSettings
    from throughtime.training.optimiser import make_optimiser

    asked = settings(folder, seconds, threads, folder)
    options = {name: asked[name] for name in asked if name in TranslationSettings.model_fields}
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    task = Translation(TranslationSettings(**options), folder)
    train, valid = (read_pairs(folder / name, Sides("da", "en")) for name in ("train", "valid"))
    task.fit(train)
    model, loader = task.model(), task.loader(train, training=True)
    optimiser = make_optimiser(model.parameters(), task.settings)
    started, tokens, spent = CLOCK(), 0, 0.0
    for epoch in range(10_000):
        for batch in loader.epoch(epoch):
            began = CLOCK()
            model.train()
            optimiser.zero_grad()
            loss = model.loss(batch)
            (loss.total / loss.count).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            tokens, spent = tokens + batch.tokens, spent + CLOCK() - began
            if CLOCK() - started > seconds:
                break
        else:
            continue
        break
    found: dict[str, Any] = {"training, tokens/s": tokens / spent, "memory, MB": peak()}
    for beams in (1, 5):
        began = CLOCK()
        found_all = task.answers.search(model, [pair.source for pair in valid], beams)
        answers = [task.answers.say(hypotheses[0], text) for hypotheses, text in found_all]
        found |= speeds(beams, CLOCK() - began, [len(task.target.encode(answer)) for answer in answers])
        found[f"answers {beams}"] = answers
    return found


def bleu(found: dict[str, Any], folder: Path) -> None:
    """Put BLEU in the place of the answers."""
    import sacrebleu

    from throughtime.data.sentences import load_code

    code = load_code(folder / "target.json", "bpe")
    references = (folder / "valid.en").read_text(encoding="utf-8").splitlines()
    for beams in (1, 5):
        pieces = found.pop(f"pieces {beams}", None)
        answers = found.pop(f"answers {beams}", None) or [code.decode(list(map(int, line))) for line in pieces]
        found[f"beam {beams}, BLEU"] = sacrebleu.corpus_bleu(answers, [references]).score


def start(who: str, folder: Path, seconds: float, asked: argparse.Namespace) -> subprocess.Popen[str]:
    """One process at work."""
    python = {"ours": asked.python, "peer": asked.peer}[who]
    command = [
        python,
        __file__,
        str(folder),
        "--worker",
        who,
        "--seconds",
        str(seconds),
        "--threads",
        str(asked.threads),
    ]
    command += ["--processor-time"] * asked.processor_time
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def numbers(process: subprocess.Popen[str], folder: Path) -> dict[str, Any]:
    """What it has found."""
    output, _ = process.communicate()
    if process.returncode:
        sys.exit(f"failed: {process.args}")
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    bleu(found, folder)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--peer", help="the python of an environment that has JoeyNMT")
    parser.add_argument("--python", default=sys.executable, help="that of throughtime")
    parser.add_argument("--seconds", type=float, default=20.0, help="of training in each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=0.0, help="of training for the comparison by BLEU")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--processor-time", action="store_true", help="count that: fair while others are at work, too")
    parser.add_argument("--worker", choices=("ours", "peer"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.worker:
        if asked.processor_time:
            global CLOCK
            CLOCK = time.process_time
        size = asked.data, asked.seconds, asked.threads
        print(json.dumps(ours(*size) if asked.worker == "ours" else peer(*size, BATCH, CLOCK)))
        return
    if not asked.data.is_file() or not asked.peer:
        sys.exit("this benchmark needs Tatoeba's pairs and --peer, see --help")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(asked.data, folder)
        seen: dict[str, list[dict[str, Any]]] = {"ours": [], "peer": []}
        for turn in range(asked.rounds):
            for who in ("ours", "peer") if turn % 2 == 0 else ("peer", "ours"):
                seen[who].append(numbers(start(who, folder, asked.seconds, asked), folder))
                print(turn, who, {k: round(v, 1) for k, v in seen[who][-1].items()}, flush=True)
        for key in seen["ours"][0] if asked.rounds else ():
            one, other = (statistics.median(row[key] for row in seen[who]) for who in ("ours", "peer"))
            if "BLEU" not in key:
                print(
                    f"{key}: {one:,.0f}, peer {other:,.0f}, ratio {one / other if other else math.nan:.2f}", flush=True
                )
        # side by side, so that whatever else the machine does, it does to both
        both = {who: start(who, folder, asked.minutes * 60, asked) for who in ("ours", "peer") if asked.minutes}
        for who, process in both.items():
            found = {key: round(value, 1) for key, value in numbers(process, folder).items()}
            print(f"after {asked.minutes:g} minutes, {who}: {found}", flush=True)


if __name__ == "__main__":
    main()
