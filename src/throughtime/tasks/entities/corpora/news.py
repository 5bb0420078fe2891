"""Built-in sentences of news: our own grammar filled with real names, each name in one split only.

Whether a capitalised word is a name often depends on what comes after it: "He said, Rowan Hale was a great mayor." has
a person, "He said, Rowan bells are on sale!" has none. The grammar is full of such pairs, of words that are names only
sometimes (Rose, Mark, May), of days, months and nationalities, and of capitals that only say that a sentence begins.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from throughtime.tasks.entities.corpora.names import Names, Split, read_names
from throughtime.tasks.entities.corpora.patterns import HELD_OUT_PATTERNS, PATTERNS, WORDS
from throughtime.tasks.entities.corpora.sentence import Sentence, Span

SIZES: Mapping[Split, int] = {"train": 8_000, "valid": 1_000, "test": 1_000}
PERSON, PLACE, ORGANISATION = "person", "location", "organisation"

# slots that are entities; the others stand for words of the grammar
_ENTITIES: dict[str, tuple[str, Callable[[Names, random.Random], str]]] = {
    "person": (PERSON, Names.person),
    "first": (PERSON, lambda names, draw: draw.choice(names.first)),
    "last": (PERSON, lambda names, draw: draw.choice(names.last)),
    "full": (PERSON, lambda names, draw: f"{draw.choice(names.first)} {draw.choice(names.last)}"),
    "place": (PLACE, Names.location),
    "org": (ORGANISATION, Names.organisation),
}
_SLOT = re.compile(r"\{([a-z]+)(\+?)\}")


def compose(seed: int = 0, sizes: Mapping[Split, int] = SIZES) -> dict[Split, list[Sentence]]:
    """Sentences of all three splits, all different; no name is in two of them but those that are words (Rose, Mark).

    Valid and test have patterns of sentences, too, that training lacks.

    Args:
        seed: the same one gives the same sentences.
        sizes: sentences of each split.

    Raises:
        ThroughtimeError: the package file that carries the names cannot be had.
    """
    names = read_names()
    splits: dict[Split, list[Sentence]] = {}
    for number, split in enumerate(names):
        draw = random.Random(f"{seed} {split}")
        # half the patterns that training lacks belong to valid, the others to test
        patterns = [*PATTERNS, *(HELD_OUT_PATTERNS[number - 1 :: 2] * 3 if split != "train" else [])]
        found: dict[tuple[str, ...], Sentence] = {}
        while len(found) < sizes[split]:
            words, spans = fill(draw.choice(patterns), names[split], draw)
            found.setdefault(words, Sentence(words, spans, Path(f"news {split}"), len(found) + 1))
        splits[split] = list(found.values())
    return splits


def fill(pattern: str, names: Names, draw: random.Random) -> tuple[tuple[str, ...], tuple[Span, ...]]:
    """A sentence of a pattern: words, and slots such as {person} or {things} between them.

    {things+} begins with a capital; [Rose {last}] is a person as a whole; and {bare} is a name that is none here: a
    first or last name in front of ordinary things ("Rowan bells").
    """
    while (written := _SLOT.sub(lambda match: _ordinary(match, draw), pattern)) != pattern:
        pattern = written  # words of the grammar may have slots in turn
    words: list[str] = []
    spans: list[Span] = []
    opened: int | None = None
    for part in pattern.split():
        if part.startswith("["):
            opened = len(words)
        slot = part.strip("[]")
        if slot == "{bare}":
            words.append(draw.choice(draw.choice((names.first, names.last))).split()[0])
        elif slot.startswith("{"):
            label, make = _ENTITIES[slot[1:-1]]
            name = make(names, draw).split()
            if opened is None:
                spans.append(Span(len(words), len(words) + len(name), label))
            words += name
        else:
            words.append(slot)
        if opened is not None and part.endswith("]"):
            spans.append(Span(opened, len(words), PERSON))
            opened = None
    return tuple(words), tuple(spans)


def _ordinary(match: re.Match[str], draw: random.Random) -> str:
    """A slot of the grammar's own words filled; one of names left as it is."""
    slot, capital = match.groups()
    if slot not in WORDS:
        return match.group()
    chosen = draw.choice(WORDS[slot])
    return chosen[0].upper() + chosen[1:] if capital and not chosen.startswith("{") else chosen
