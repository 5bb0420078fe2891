"""Sentences whose verb agrees with a subject that stands far away: a small grammar of English, our own."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

NOUNS = (
    *(("cat", "cats"), ("dog", "dogs"), ("bird", "birds"), ("horse", "horses"), ("cow", "cows"), ("boy", "boys")),
    *(("girl", "girls"), ("teacher", "teachers"), ("doctor", "doctors"), ("farmer", "farmers"), ("king", "kings")),
    *(("queen", "queens"), ("child", "children"), ("man", "men"), ("woman", "women"), ("mouse", "mice")),
    *(("goose", "geese"), ("wolf", "wolves"), ("pupil", "pupils"), ("guest", "guests"), ("friend", "friends")),
    *(("lion", "lions"), ("monkey", "monkeys"), ("rabbit", "rabbits"), ("nurse", "nurses"), ("singer", "singers")),
    *(("writer", "writers"), ("student", "students"), ("sailor", "sailors"), ("driver", "drivers")),
)
"""One and many."""
VERBS = (("was", "were"), ("is", "are"), ("seems", "seem"), ("looks", "look"), ("sounds", "sound"), ("feels", "feel"))
_ADJECTIVES = (
    *("full", "hungry", "tired", "happy", "sad", "old", "young", "angry", "calm", "proud", "small", "tall", "strong"),
    *("weak", "clever", "quiet", "loud", "lazy", "busy", "brave"),
)
_PREPOSITIONS = ("near", "behind", "beside", "with", "above", "below")
# what is past tells of no number, so that nothing but the subject does
_PAST = ("saw", "liked", "chased", "followed", "found", "knew", "heard", "ate", "met", "drew")
_ADVERBS = ("already", "often", "never", "once", "quickly")

MOST = 5
"""Nouns between subject and verb."""
_SHARES = (0.3, 0.25, 0.18, 0.12, 0.09, 0.06)
"""How often a text has so many of them."""
_PARTS = 20  # of all sentences; one is for validation, one to judge by


@dataclass(frozen=True)
class Sentence:
    """A sentence, and where what agrees stands in it.

    Args:
        words: the marks of punctuation among them.
        subject, verb: their places among the words.
        plural: whether the subject is.
        between: nouns between them.
        attractors: those of them that are of the other number than the subject.

    Example:
        >>> words = ("The", "cat", "near", "the", "dogs", "was", "full", ".")
        >>> sentence = Sentence(words, subject=1, verb=5, plural=False, between=1, attractors=1)
        >>> sentence.text, sentence.wrong.text, sentence.spans
        ('The cat near the dogs was full.', 'The cat near the dogs were full.', {'subject': (4, 7), 'verb': (22, 25)})
    """

    words: tuple[str, ...]
    subject: int
    verb: int
    plural: bool
    between: int
    attractors: int

    @property
    def text(self) -> str:
        """As it is written."""
        return _written(self.words)

    @property
    def wrong(self) -> Sentence:
        """The same with the other form of the verb."""
        forms = next(forms for forms in VERBS if self.words[self.verb] in forms)
        other = forms[not self.plural]
        return replace(self, words=(*self.words[: self.verb], other, *self.words[self.verb + 1 :]))

    @property
    def spans(self) -> dict[str, tuple[int, int]]:
        """Where subject and verb stand in the text: their first character, and the one behind their last."""
        ends = {name: len(_written(self.words[: place + 1])) for name, place in self._places.items()}
        return {name: (end - len(self.words[self._places[name]]), end) for name, end in ends.items()}

    @property
    def _places(self) -> dict[str, int]:
        return {"subject": self.subject, "verb": self.verb}


def _written(words: tuple[str, ...]) -> str:
    return " ".join(words).replace(" ,", ",").replace(" .", ".")


def draw(random: Random, between: int | None = None, *, opposed: bool = False) -> Sentence:
    """Make a sentence.

    Args:
        random: decides all.
        between: nouns between subject and verb, at most `MOST`; None: drawn, fewer more often.
        opposed: all of them are of the other number than the subject; False: each of either.
    """
    count = random.choices(range(MOST + 1), _SHARES)[0] if between is None else between
    plural = random.random() < 0.5
    others = [not plural if opposed else random.random() < 0.5 for _ in range(count)]
    words = ["The", _noun(random, plural)]
    for number, other in enumerate(others, 1):
        words += _attachment(random, _noun(random, other), last=number == count)
    verb = len(words)
    words += [random.choice(VERBS)[plural], random.choice(_ADJECTIVES), "."]
    return Sentence(tuple(words), 1, verb, plural, count, sum(other != plural for other in others))


def _attachment(random: Random, noun: str, *, last: bool) -> list[str]:
    """What tells more of the noun before; a clause between commas comes last."""
    kind = random.randrange(3 if last else 2)
    if kind == 0:
        return [random.choice(_PREPOSITIONS), "the", noun]
    if kind == 1:
        return ["that", "the", noun, random.choice(_PAST)]
    return [",", "which", random.choice(_ADVERBS), random.choice(_PAST), "the", noun, ","]


def _noun(random: Random, plural: bool) -> str:
    return random.choice(NOUNS)[plural]


def sentences(split: str, seed: int, between: int | None = None, *, opposed: bool = False) -> Iterator[Sentence]:
    """Sentences of a split without end; no sentence of one is in another, whatever the seed.

    Args:
        split: train, valid or test: a sentence belongs to the one that its checksum says.
        seed: which of them, in which order.
        between, opposed: as `draw` takes them.
    """
    parts = {"valid": range(1), "test": range(1, 2), "train": range(2, _PARTS)}[split]
    random = Random(seed)
    while True:
        sentence = draw(random, between, opposed=opposed)
        if zlib.crc32(sentence.text.encode()) % _PARTS in parts:
            yield sentence


VOCABULARY = tuple(
    dict.fromkeys(
        word
        for words in (
            ("The", "the", "that", "which", ",", "."),
            *NOUNS,
            *VERBS,
            *(_ADJECTIVES, _PREPOSITIONS, _PAST, _ADVERBS),
        )
        for word in words
    )
)
"""All words."""
