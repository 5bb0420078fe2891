"""How texts are disturbed, against what a second, slower look at them says."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest

from throughtime.data.words.disturbed import CHANGES, mistyped

BY_NAME = {change.name: change for change in CHANGES}
TEXT = "  Åse sagde: 'Jeg køber smørrebrød   og øl'.\n\nÉcole, naïve; straße 42 at 7!\n\tend of it " * 30


def disturbed(name: str, percent: float, text: str = TEXT, seed: int = 0) -> str:
    return BY_NAME[name].text(text, percent, np.random.default_rng(seed))


def distance(one: str, other: str) -> int:
    """Damerau's: letters put in, left out, replaced, and neighbours exchanged."""
    rows = {(i, 0): i for i in range(len(one) + 1)} | {(0, j): j for j in range(len(other) + 1)}
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            same = one[i - 1] == other[j - 1]
            rows[i, j] = min(rows[i - 1, j] + 1, rows[i, j - 1] + 1, rows[i - 1, j - 1] + (not same))
            if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
                rows[i, j] = min(rows[i, j], rows[i - 2, j - 2] + 1)
    return rows[len(one), len(other)]


def test_a_mistyped_word_is_one_step_from_the_right_one() -> None:
    random = np.random.default_rng(1)
    for word in ("seven", "Åse", "McDonald's", "ab", "x-ray"):
        found = {mistyped(word, random.random(3)) for _ in range(200)}
        assert {distance(word, other) for other in found} == {1}
        assert len(found) > 5 or word == "ab"
    assert {mistyped(word, random.random(3)) for word in ("a", "42", ":-)") for _ in range(50)} == {"a", "42", ":-)"}


@pytest.mark.parametrize("name", BY_NAME)
def test_nothing_changes_at_no_share_and_lines_and_gaps_stay_at_any(name: str) -> None:
    assert disturbed(name, 0) == TEXT
    for percent in (20, 100):
        found = disturbed(name, percent)
        assert found == disturbed(name, percent)
        assert found.count("\n") == TEXT.count("\n")
        if name != "emoji":
            assert re.findall(r"\s+", found) == re.findall(r"\s+", TEXT)


@pytest.mark.parametrize("name", ["typos", "capitals"])
def test_the_share_is_that_of_the_words_that_can_be_changed(name: str) -> None:
    words = "house garden window letter " * 1000
    before, after = words.split(), disturbed(name, 35, words).split()
    share = np.mean([one != other for one, other in zip(before, after, strict=True)])
    assert share == pytest.approx(0.35, abs=4 * np.sqrt(0.35 * 0.65 / 4000))
    less = disturbed(name, 10, words).split()
    worse = [place for place, pair in enumerate(zip(before, less, strict=True)) if pair[0] != pair[1]]
    assert worse
    assert [less[place] for place in worse] == [after[place] for place in worse]  # the same ones, and more of them


def test_swapped_words_are_the_same_words_each_within_its_line_and_at_most_one_place_away() -> None:
    lines = "one two three four five six seven\nred blue green black\n"
    for seed in range(20):
        found = disturbed("swapped words", 50, lines, seed)
        for before, after in zip(lines.splitlines(), found.splitlines(), strict=True):
            places = [before.split().index(word) for word in after.split()]
            assert sorted(places) == list(range(len(places)))
            assert max(abs(now - then) for now, then in enumerate(places)) <= 1
    assert disturbed("swapped words", 100, "a b c d e") == "b a d c e"


def test_accents_capitals_and_emoji_in_full() -> None:
    assert disturbed("no accents", 100, "Åse spiser rødgrød på en île à Łódź, straße") == (
        "Ase spiser rodgrod pa en ile a Lodz, strasse"
    )
    assert disturbed("capitals", 100, "så er det nu") == "SÅ ER DET NU"
    found = disturbed("emoji", 100, "it is so").split()
    assert found[::2] == ["it", "is", "so"]
    assert not any(character.isalnum() for word in found[1::2] for character in word)


def test_words_that_belong_together_stay_so() -> None:
    units = [["In"], ["New", "York"], ["it"], ["rains"]]
    for change in CHANGES:
        for seed in range(10):
            found = change.units(units, 0.5, np.random.default_rng(seed))
            numbers = [number for number, _ in found if number is not None]
            assert sorted(numbers) == [0, 1, 2, 3]
            assert Counter(len(words) for number, words in found if number == 1) == {2: 1}
