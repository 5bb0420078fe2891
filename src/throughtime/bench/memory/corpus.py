"""The grammar's sentences as files: a text to learn from, and sentences in which subject and verb are marked."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

from throughtime.bench.memory.grammar import Sentence, sentences
from throughtime.storage.atomic import clear_errors, write_atomically

_HELD_OUT, _MARKED = 2_000, 2_000
MARKED = "marked.jsonl"


def write_corpus(folder: Path, count: int) -> list[Path]:
    """Write train.txt, valid.txt and test.txt into a new folder, a sentence a line, and beside it marked.jsonl.

    What is marked is of the test split: "subject", "verb", "subject or verb", and from the subject to the verb "plural
    subject" or "not plural subject".

    Args:
        folder: is made; the marked sentences are in FOLDER.marked.jsonl.
        count: sentences to learn from.

    Returns:
        The files.

    Raises:
        ThroughtimeError: they cannot be written.
    """
    with clear_errors(folder, "make the folder"):
        folder.mkdir(parents=True, exist_ok=True)
    files = []
    for seed, (split, size) in enumerate((("train", count), ("valid", _HELD_OUT), ("test", _HELD_OUT))):
        files.append(folder / f"{split}.txt")
        write_atomically(files[-1], "".join(f"{one.text}\n" for one in islice(sentences(split, seed), size)))
    files.append(folder.with_name(f"{folder.name}.{MARKED}"))
    marked = (json.dumps(_marked(one)) for one in islice(sentences("test", seed=3), _MARKED))
    write_atomically(files[-1], "\n".join(marked) + "\n")
    return files


def _marked(sentence: Sentence) -> dict[str, object]:
    subject, verb = sentence.spans["subject"], sentence.spans["verb"]
    spans = [(*subject, "subject"), (*verb, "verb"), (*subject, "subject or verb"), (*verb, "subject or verb")]
    spans.append((subject[0], verb[0], "plural subject" if sentence.plural else "not plural subject"))
    return {"text": sentence.text, "spans": spans}
