"""The simple methods beside an entity tagger: each word's usual tag, and a list of the names that training had."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from throughtime.storage.written import readable
from throughtime.tasks.entities.corpora.schemes import OUTSIDE, spans_of, tags_of
from throughtime.tasks.entities.corpora.sentence import Sentence, Span


class Gazetteer:
    """What can be known of entities without looking at what stands around them.

    Args:
        tags: the most frequent IOB2 tag of each word, of those that are not always outside.
        names: the most frequent label of each entity, by its words with spaces between.

    Example:
        >>> spans = (Span(0, 2, "LOC"),)
        >>> gazetteer = Gazetteer.fit([Sentence(("New", "York", "sleeps"), spans, Path("x"), 1)])
        >>> gazetteer.by_name(["in", "New", "York"]), gazetteer.by_word(["York", "is", "New"])
        ([Span(start=1, end=3, label='LOC')], [Span(start=0, end=1, label='LOC'), Span(start=2, end=3, label='LOC')])
    """

    def __init__(self, tags: dict[str, str], names: dict[str, str]) -> None:
        self.tags, self.names = tags, names
        self.longest = max((name.count(" ") + 1 for name in names), default=0)

    @classmethod
    def fit(cls, sentences: Iterable[Sentence]) -> Gazetteer:
        """Count; of equally frequent ones the first in alphabetical order."""
        tags: defaultdict[str, Counter[str]] = defaultdict(Counter)
        names: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for sentence in sentences:
            for word, tag in zip(sentence.words, tags_of(sentence.spans, len(sentence.words), "IOB2"), strict=True):
                tags[word][tag] += 1
            for start, end, label in sentence.spans:
                names[" ".join(sentence.words[start:end])][label] += 1
        usual = {word: _most(counts) for word, counts in tags.items()}
        labels = {name: _most(counts) for name, counts in names.items()}
        return cls({word: tag for word, tag in usual.items() if tag != OUTSIDE}, labels)

    def by_word(self, words: Sequence[str]) -> list[Span]:
        """Entities of a sentence if every word has its usual tag; words never seen are outside."""
        return spans_of([self.tags.get(word, OUTSIDE) for word in words])

    def by_name(self, words: Sequence[str]) -> list[Span]:
        """Entities of a sentence that training had, from left to right, the longest first."""
        spans, start = [], 0
        while start < len(words):
            for end in range(min(len(words), start + self.longest), start, -1):
                label = self.names.get(" ".join(words[start:end]))
                if label is not None:
                    spans.append(Span(start, end, label))
                    start = end - 1
                    break
            start += 1
        return spans

    def has(self, words: Sequence[str], span: Span) -> bool:
        """Whether training had this entity of a sentence, under whatever label."""
        return " ".join(words[span.start : span.end]) in self.names

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps({"tags": self.tags, "names": self.names}, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Gazetteer:
        """Read what `save` wrote.

        Raises:
            DataError: it is missing or something else.
        """
        with readable(path, "list of names"):
            learned = json.loads(path.read_text(encoding="utf-8"))
            return cls(dict(learned["tags"]), dict(learned["names"]))


def _most(counts: Counter[str]) -> str:
    return min(counts, key=lambda key: (-counts[key], key))
