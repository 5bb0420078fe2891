"""The same translator in JoeyNMT 2.3.0 and in throughtime: BLEU after the same minutes, speed, memory.

    python -m venv /some/where/peer
    /some/where/peer/bin/pip install -c constraints.txt torch==2.13.0 numpy
    /some/where/peer/bin/pip install joeynmt==2.3.0 importlib_metadata
    python benchmarks/translation_peer.py ../shared/data/translation/tatoeba-dan-eng/dan.txt \\
        --peer /some/where/peer/bin/python --keep runs/peer --minutes 12 --threads 1 --processor-time --rounds 0
    python benchmarks/translation_peer.py ../shared/data/translation/tatoeba-dan-eng/dan.txt \\
        --peer /some/where/peer/bin/python --keep runs/peer

Both read the same pieces (byte-pair encoding, 7,000 a language, learned from the training part of the split of
`benchmarks/translation.py`, without the composed sentences), with the same model: vectors of 256, a bidirectional LSTM
of 256 units a direction, a bridge, an LSTM decoder of 256 units with additive attention and input feeding, dropout 0.3,
label smoothing 0.1, Adam at 0.001, batches of 64. With `--minutes` both are trained for so long, side by side,
and judged by sacrebleu on the test part, a tenth of all pairs, greedily and by beam search. Then speeds are measured in
turns, a process for each, `--rounds` times; medians are printed. Training is timed from the start; the sentences
of the validation part are translated by the models that `--minutes` left in the folder of `--keep`, if it did, else by
those of so short a training, which say sentences of different lengths.
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
from itertools import chain, count
from pathlib import Path
from typing import Any

from translation_joeynmt import Work, peak, peer, speeds

PIECES, SIZE, BATCH, RATE = 7_000, 256, 64, 1e-3
CLOCK = time.monotonic


def prepare(data: Path, folder: Path) -> None:
    """Write the split as text and as pieces, train.da, train.en, ... and pieces/train.da, ...; once."""
    from throughtime.tasks.translation.corpora.pair import Sides
    from throughtime.tasks.translation.corpora.parallel import read_pairs
    from throughtime.tasks.translation.corpora.sentences import PieceCode
    from throughtime.tasks.translation.corpora.splits import split_pairs

    if (folder / "pieces" / "test.en").exists():
        return
    parts = split_pairs(read_pairs(data, Sides("2", "1")), seed=0, valid=0.05, test=0.1)
    (folder / "pieces").mkdir(parents=True, exist_ok=True)
    for side, language in (("source", "da"), ("target", "en")):
        texts = [[getattr(pair, side) for pair in part] for part in parts]
        code = PieceCode.fit(texts[0], PIECES)
        code.save(folder / f"{side}.json")
        for name, lines in zip(("train", "valid", "test"), texts, strict=True):
            (folder / f"{name}.{language}").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
            pieces = (" ".join(map(str, code.encode(line).tolist())) for line in lines)
            (folder / "pieces" / f"{name}.{language}").write_text("\n".join(pieces) + "\n", encoding="utf-8")


def ours(folder: Path, work: Work, threads: int) -> dict[str, Any]:
    """Train for so long, then translate."""
    import torch

    from throughtime.tasks.translation import Translation
    from throughtime.tasks.translation.baselines.word_dictionary import WordDictionary
    from throughtime.tasks.translation.corpora.pair import Sides
    from throughtime.tasks.translation.corpora.parallel import read_pairs
    from throughtime.tasks.translation.corpora.sentences import load_code
    from throughtime.tasks.translation.settings import TranslationSettings
    from throughtime.training.optimiser import make_optimiser

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    options = {"embedding_size": SIZE, "hidden_size": SIZE, "dropout": 0.3, "label_smoothing": 0.1}
    task = Translation(TranslationSettings(**options, batch_size=BATCH, learning_rate=RATE), folder)
    task.source, task.target = (load_code(folder / f"{side}.json", "bpe") for side in ("source", "target"))
    task.dictionary = WordDictionary({})  # for unknown words, of which there are none
    train, asked = (read_pairs(folder / name, Sides("da", "en")) for name in ("train", work.part))
    model, loader = task.model(), task.loader(train, training=True)
    optimiser = make_optimiser(model.parameters(), task.settings)
    started, tokens, spent = CLOCK(), 0, 0.0
    for batch in chain.from_iterable(map(loader.epoch, count())):
        if CLOCK() - started > work.seconds:
            break
        began = CLOCK()
        model.train()
        optimiser.zero_grad()
        loss = model.loss(batch)
        (loss.total / loss.count).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        tokens, spent = tokens + batch.tokens, spent + CLOCK() - began
    found: dict[str, Any] = {"training, tokens/s": tokens / spent, "trained on, tokens": tokens} if spent else {}
    work.settle(model, folder / "ours.pt")
    for beams in (1, 5):
        began = CLOCK()
        found_all = task.answers.search(model, [pair.source for pair in asked], beams)
        answers = [task.answers.say(hypotheses[0], text) for hypotheses, text in found_all]
        found |= speeds(beams, CLOCK() - began, [len(task.target.encode(answer)) for answer in answers])
        found[f"answers {beams}"] = answers
    return found | {"memory, MB": peak()}


def bleu(found: dict[str, Any], folder: Path, part: str) -> None:
    """Put BLEU in the place of the answers."""
    import sacrebleu

    from throughtime.tasks.translation.corpora.sentences import load_code

    code = load_code(folder / "target.json", "bpe")
    references = (folder / f"{part}.en").read_text(encoding="utf-8").splitlines()
    for beams in (1, 5):
        pieces = found.pop(f"pieces {beams}", None)
        answers = found.pop(f"answers {beams}", None) or [code.decode(list(map(int, line))) for line in pieces]
        found[f"beam {beams}, BLEU"] = sacrebleu.corpus_bleu(answers, [references]).score


def start(who: str, folder: Path, work: Work, asked: argparse.Namespace) -> subprocess.Popen[str]:
    """One process at work."""
    python = {"ours": asked.python, "peer": asked.peer}[who]
    command = [python, __file__, str(folder), "--worker", who, "--work", json.dumps(work), "--threads", asked.threads]
    command += ["--processor-time"] * asked.processor_time
    return subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def numbers(process: subprocess.Popen[str], folder: Path, part: str) -> dict[str, float]:
    """What it has found."""
    output, _ = process.communicate()
    if process.returncode:
        sys.exit(f"failed: {process.args}")
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    bleu(found, folder, part)
    return {key: round(value, 1) for key, value in found.items()}


def compare(folder: Path, asked: argparse.Namespace) -> None:
    """Both after the same minutes, then their speeds."""
    if asked.minutes:  # side by side, so that whatever else the machine does, it does to both
        learn = Work(asked.minutes * 60, "test", True)
        for who, process in [(who, start(who, folder, learn, asked)) for who in ("ours", "peer")]:
            print(f"after {asked.minutes:g} minutes, {who}: {numbers(process, folder, learn.part)}", flush=True)
    seen: dict[str, list[dict[str, float]]] = {"ours": [], "peer": []}
    time_it = Work(asked.seconds, "valid", False)
    for turn in range(asked.rounds):
        for who in ("ours", "peer") if turn % 2 == 0 else ("peer", "ours"):
            seen[who].append(numbers(start(who, folder, time_it, asked), folder, time_it.part))
            print(turn, who, seen[who][-1], flush=True)
    for key in seen["ours"][0] if asked.rounds else ():
        one, other = (statistics.median(row[key] for row in seen[who]) for who in ("ours", "peer"))
        print(f"{key}: {one:,.1f}, peer {other:,.1f}, ratio {one / other if other else math.nan:.2f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--peer", help="the python of an environment that has JoeyNMT")
    parser.add_argument("--python", default=sys.executable, help="that of throughtime")
    parser.add_argument("--minutes", type=float, default=0.0, help="of training for the comparison by BLEU")
    parser.add_argument("--keep", type=Path, help="a folder for the pieces and the trained models, to be used again")
    parser.add_argument("--seconds", type=float, default=20.0, help="of training in each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--processor-time", action="store_true", help="count that: fair while others are at work, too")
    parser.add_argument("--worker", choices=("ours", "peer"), help=argparse.SUPPRESS)
    parser.add_argument("--work", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.worker:
        if asked.processor_time:
            global CLOCK
            CLOCK = time.process_time
        given = asked.data, Work(*json.loads(asked.work)), asked.threads
        print(json.dumps(ours(*given) if asked.worker == "ours" else peer(*given, BATCH, CLOCK)))
        return
    if not asked.data.is_file() or not asked.peer:
        sys.exit("this benchmark needs Tatoeba's pairs and --peer, see --help")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) if asked.keep is None else asked.keep.absolute()
        prepare(asked.data, folder)
        compare(folder, asked)


if __name__ == "__main__":
    main()
