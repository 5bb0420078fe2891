"""The peer beside `benchmarks/entities.py`: flair's sequence tagger with equal settings on WNUT-17.

flair wants packages that throughtime does not, so it lives in an environment of its own, anywhere outside this folder:

    python -m venv flair-env
    grep -E '^(torch|numpy)==' constraints.txt > flair-constraints.txt
    flair-env/bin/pip install -c flair-constraints.txt flair==0.15.1
    flair-env/bin/python benchmarks/entities_peer.py --epochs 10    F1 after each epoch, at the end of the best on dev
    flair-env/bin/python benchmarks/entities_peer.py --speed        sentences a second, and the greatest memory

Word embeddings of 100 learned with the rest (no pretrained vectors), a character BiLSTM of 25, a BiLSTM of 256, a CRF,
batches of 32, SGD at 0.1: flair's own defaults otherwise. One JSON object a line.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import flair
import torch
from flair.data import Dictionary
from flair.datasets import ColumnCorpus
from flair.embeddings import CharacterEmbeddings, OneHotEmbeddings, StackedEmbeddings
from flair.models import SequenceTagger
from flair.trainers import ModelTrainer
from flair.trainers.plugins import TrainerPlugin


def say(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)


def memory() -> float:
    """The greatest memory so far, MB."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def read(folder: Path) -> ColumnCorpus:
    splits = {"train": "wnut17train.conll", "dev": "emerging.dev.conll", "test": "emerging.test.annotated"}
    return ColumnCorpus(folder, {0: "text", 1: "ner"}, **{f"{split}_file": name for split, name in splits.items()})


def make(corpus: ColumnCorpus) -> SequenceTagger:
    # flair's own list of characters is a download; those of the training split are what ours learns from, too
    characters = Dictionary(add_unk=True)
    for character, _ in Counter(c for s in corpus.train for token in s for c in token.text).most_common():
        characters.add_item(character)
    words = OneHotEmbeddings.from_corpus(corpus, embedding_length=100)
    stacked = StackedEmbeddings([words, CharacterEmbeddings(characters, char_embedding_dim=25, hidden_size_char=25)])
    labels = corpus.make_label_dictionary(label_type="ner", add_unk=False)
    return SequenceTagger(stacked, labels, tag_type="ner", hidden_size=256, use_crf=True)


class Clock(TrainerPlugin):
    """Says the F1 on dev and test after each epoch; which epoch counts is for dev to say."""

    def __init__(self) -> None:
        super().__init__()
        self.started, self.used = time.monotonic(), time.process_time()

    @TrainerPlugin.hook
    def metric_recorded(self, record: Any) -> None:
        split, kind = record.name[0], record.name[-1]
        if split in ("dev", "test") and kind == "score":
            # others may be at work on the machine: the processor's time is what can be compared
            spent = {"seconds": time.monotonic() - self.started, "cpu_seconds": time.process_time() - self.used}
            spent = {name: round(value, 1) for name, value in spent.items()}
            say(peer="flair", epoch=record.global_step, **spent, split=split, f1=round(float(record.value), 4))


def learn(corpus: ColumnCorpus, epochs: int) -> None:
    tagger = make(corpus)
    trainer = ModelTrainer(tagger, corpus)
    with tempfile.TemporaryDirectory() as folder:
        options = {"learning_rate": 0.1, "mini_batch_size": 32, "max_epochs": epochs, "monitor_test": True}
        trainer.train(folder, plugins=[Clock()], **options)
    # the trainer leaves the model that was best on dev in `tagger`
    result = tagger.evaluate(corpus.test, gold_label_type="ner", mini_batch_size=32)
    say(peer="flair", epochs=epochs, test_f1=round(result.main_score, 4), memory_mb=memory())


def speed(corpus: ColumnCorpus, seconds: float) -> None:
    tagger = make(corpus)
    optimiser = torch.optim.SGD(tagger.parameters(), lr=0.1)
    sentences = list(corpus.train)
    batches = [sentences[start : start + 32] for start in range(0, len(sentences), 32)]
    tagger.train()
    done, started = 0, 0.0
    for number in range(10**6):
        if number == 2:  # the first ones warm up
            done, started = 0, time.perf_counter()
        batch = batches[number % len(batches)]
        optimiser.zero_grad()
        loss, _ = tagger.forward_loss(batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(tagger.parameters(), 5.0)
        optimiser.step()
        for sentence in batch:
            sentence.clear_embeddings()
        done += len(batch)
        if number > 2 and time.perf_counter() - started > seconds:
            break
    training = done / (time.perf_counter() - started)
    held_out = list(corpus.test)
    tagger.eval()
    tagger.predict(held_out[:64], mini_batch_size=32)
    started = time.perf_counter()
    tagger.predict(held_out, mini_batch_size=32)
    inference = len(held_out) / (time.perf_counter() - started)
    say(peer="flair", training=round(training, 1), inference=round(inference, 1), memory_mb=memory())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/entities/wnut17"))
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--seconds", type=float, default=30.0, help="of training to be timed, with --speed")
    asked = parser.parse_args()
    if not asked.data.is_dir():
        sys.exit(f"{asked.data} is not there: this benchmark needs the WNUT-17 files, see --data")
    if asked.threads:
        torch.set_num_threads(asked.threads)
    flair.set_seed(asked.seed)
    flair.device = torch.device("cpu")
    corpus = read(asked.data)
    if asked.speed:
        speed(corpus, asked.seconds)
    else:
        learn(corpus, asked.epochs)


if __name__ == "__main__":
    main()
