"""How people write when they are in a hurry or on a telephone: typing errors, words in another order, emoji."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

Units = list[tuple[int | None, list[str]]]
"""What stands in a text, in order: the number of a unit there was (None: it is new), and its words now."""

_Disturbing = Callable[[Sequence[Sequence[str]], float, np.random.Generator], Units]

# the keys beside each other on the keyboard that most of Europe and America have
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_BESIDE = {
    key: "".join(row[max(0, place - 1) : place] + row[place + 1 : place + 2])
    for row in _ROWS
    for place, key in enumerate(row)
}
_EMOJI = ("😀", "😂", "🙏", "😭", "🔥", "👍", "🎉", "😅", "🤔", "😡", "💯", "✨")
# letters that no accent can be taken from
_PLAIN = str.maketrans({"æ": "ae", "Æ": "Ae", "ø": "o", "Ø": "O", "œ": "oe", "Œ": "Oe", "ß": "ss", "ł": "l", "Ł": "L",
                        "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th"})  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One way in which a text is disturbed.

    Args:
        name: a word or two.
        says: what it does; `{}` stands for a share in per cent.
        shares: in per cent, at severities 1 to 5.
        units: what becomes of units (each a few words that stay together), a share from 0 to 1, and chance.
    """

    name: str
    says: str
    shares: tuple[float, ...]
    units: _Disturbing

    def text(self, text: str, percent: float, random: np.random.Generator) -> str:
        """A text, line by line, with the same white space between its words; its lines stay as many as they are.

        Example:
            >>> CHANGES[3].text("so  it is\\n", 100, np.random.default_rng(0))
            'SO  IT IS\\n'
        """
        return "".join(self._line(line, percent / 100, random) for line in re.split(r"(\n)", text))

    def _line(self, line: str, share: float, random: np.random.Generator) -> str:
        inside = line.strip()
        if not inside:
            return line
        before, _, after = line.partition(inside)
        pieces = re.split(r"(\s+)", inside)
        gaps = iter(pieces[1::2])
        found: list[str] = []
        for number, words in self.units([[word] for word in pieces[::2]], share, random):
            found.append("" if not found else " " if number is None else next(gaps, " "))
            found += words
        return f"{before}{''.join(found)}{after}"


def mistyped(word: str, chance: np.ndarray) -> str:
    """A word with one typing error: a letter left out, doubled, exchanged with the next, or the key beside it.

    Args:
        word: to be written.
        chance: three numbers from 0 to 1.

    Example:
        >>> [mistyped("seven", np.array([kind / 4, 0.5, 0.9])) for kind in range(4)]
        ['seen', 'seben', 'seevn', 'sevven']
    """
    letters = [place for place, letter in enumerate(word) if letter.isalpha()]
    if len(letters) < 2:  # a single letter has hardly a wrong way to be written
        return word
    kind, place = int(4 * chance[0]), letters[int(len(letters) * chance[1])]
    before, letter, after = word[:place], word[place], word[place + 1 :]
    keys = _BESIDE.get(letter.lower(), "")
    if kind == 0:
        return before + after
    if kind == 1 and keys:
        key = keys[int(len(keys) * chance[2])]
        return before + (key.upper() if letter.isupper() else key) + after
    if kind == 2 and after and after[0] != letter:
        return before + after[0] + letter + after[1:]
    return before + letter + letter + after


def plain(word: str) -> str:
    """A word without accents.

    Example:
        >>> plain("Åse så en garçon på Øen")
        'Ase sa en garcon pa Oen'
    """
    taken_apart = unicodedata.normalize("NFD", word.translate(_PLAIN))
    return unicodedata.normalize("NFC", "".join(one for one in taken_apart if not unicodedata.combining(one)))


def _each_word(change: Callable[[str, np.ndarray], str]) -> _Disturbing:
    def units(given: Sequence[Sequence[str]], share: float, random: np.random.Generator) -> Units:
        # drawn for every word, so that what is wrong at one share is wrong at all higher ones
        chances = iter(random.random((sum(map(len, given)), 4)))

        def changed(word: str) -> str:
            chance = next(chances)
            return change(word, chance[1:]) if chance[0] < share else word

        return [(number, [changed(word) for word in words]) for number, words in enumerate(given)]

    return units


def _swapped(given: Sequence[Sequence[str]], share: float, random: np.random.Generator) -> Units:
    order = list(range(len(given)))
    chosen, place = random.random(len(given)) < share, 0
    while place < len(order) - 1:
        if chosen[place]:
            order[place], order[place + 1] = order[place + 1], order[place]
        place += 2 if chosen[place] else 1
    return [(number, list(given[number])) for number in order]


def _with_emoji(given: Sequence[Sequence[str]], share: float, random: np.random.Generator) -> Units:
    chosen, which = random.random(len(given)) < share, random.integers(len(_EMOJI), size=len(given))
    found: Units = []
    for number, words in enumerate(given):
        found.append((number, list(words)))
        if chosen[number]:
            found.append((None, [_EMOJI[which[number]]]))
    return found


_FEW, _ALL = (5, 10, 20, 35, 50), (20, 40, 60, 80, 100)
CHANGES = (
    Change(
        "typos",
        "{} % of the words have a typing error: a letter left out, doubled, exchanged with the next, the key beside it",
        _FEW,
        _each_word(mistyped),
    ),
    Change("swapped words", "{} % of the words change places with the next", _FEW, _swapped),
    Change(
        "no accents", "{} % of the words lose their accents: a for å, o for ø", _ALL, _each_word(lambda w, _: plain(w))
    ),
    Change("capitals", "{} % of the words are in capitals", _ALL, _each_word(lambda word, _: word.upper())),
    Change("emoji", "an emoji stands behind {} % of the words", _FEW, _with_emoji),
)
