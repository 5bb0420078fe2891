"""What looks wrong with pairs that could be read: sides that are equal, or of unlike lengths, or too long."""

from __future__ import annotations

from throughtime.data.findings import Findings
from throughtime.data.splits import Splits
from throughtime.data.words.splitting import note_splitting, split_sentence
from throughtime.tasks.translation.corpora.pair import Pair

_SAME = 0.1  # share of pairs with equal sides from which on they look like a fault
_TIMES_AS_LONG, _FROM_CHARACTERS = 9, 50  # as Moses' script that cleans corpora has it


def note_doubts(splits: Splits[Pair], most: int, findings: Findings) -> None:
    """Note pairs of the same text twice, of unlike lengths, and those of training with more than `most` words."""
    note_splitting(findings)
    pairs = [pair for _, some in splits.items() for pair in some]
    same = [pair for pair in pairs if pair.source == pair.target and any(map(str.isalpha, pair.source))]
    if len(same) > _SAME * len(pairs):
        for pair in same:
            what = f"a pair of the same text twice, as over {_SAME:.0%} of all are"
            findings.suspicious("equal sides", what, pair.path, pair.line)
    for pair in pairs:
        short, long = sorted((len(pair.source), len(pair.target)))
        if long >= _FROM_CHARACTERS and long > _TIMES_AS_LONG * short:
            what = f"a pair of which one side is more than {_TIMES_AS_LONG} times as long as the other"
            findings.suspicious("unequal sides", what, pair.path, pair.line)
    for pair in splits.train:
        if has_too_many_words(pair, most):
            note_long(pair, most, "words", findings)


def has_too_many_words(pair: Pair, most: int) -> bool:
    """Whether a side has more words and marks than `most`."""
    # no text has more words and marks than characters
    return any(len(text) > most and len(split_sentence(text)) > most for text in (pair.source, pair.target))


def note_long(pair: Pair, most: int, unit: str, findings: Findings) -> None:
    """Note a pair that is not learned from, as a side has more than `most` words or pieces."""
    what = f"a pair of more than {most} {unit} on a side, not learned from (--max-length)"
    findings.left_out("long pairs", what, pair.path, pair.line)
