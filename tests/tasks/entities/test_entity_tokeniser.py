from __future__ import annotations

import itertools
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughtime.tasks.entities.corpora.tokeniser import Tokeniser

# each text with its words apart by |
BY_HAND = [
    "Yesterday|,|Harry|Potter|met|Hermione|Granger|.",
    "He|said|,|Teddy|bears|are|on|sale|!",
    'The|"|Empire|State|"|building|(|1931|)|;|is|n\'t|small|.',
    "Paris|-|based|Jean|-|Claude|-|Marie",
    "It|'s|Anna|'s|,|they|'re|I|'d|we|’ll|do|n’t|you|'ve|I|'m",
    "O'Neil|and|D’Angelo|rock'n'roll",
    "Mr.|J.|K.|Rowling|,|Dr.|Who|and|St.|Paul|of|the|U.S.|and|e.g.|Foo|Inc.",
    "I|paid|$|1,234.50|at|12:30|on|24/11/2026|,|3rd|of|10|%",
    "@jack|said|#NER|rocks|https://ex.org/a?b=c_(d|)|.|www.example.com/x|,|see|example.co.uk|!",
    "mail|john.doe+x@mail.example.org|today",
    "wait|...|what|?!|yes|!!!|ok|…",
    "fine|:-)|sad|:(|love|<3|AT&T",
    "family|👨‍👩‍👧‍👦|flag|🇩🇰|wave|👋🏽|key|1️⃣|heart|❤️|.",
    "naïve|café|Zoë|Łódź|Ångström",
    "東|京|タ|ワ|ー|is|tall",
    "नमस्ते|दुनिया",
    "a|--|b|—|c|–|d|/|e|&amp;|f",
    "iPhone4S|A380|4G|snake_case|COVID|-|19",
    "the|end|.|Next|one|begins|.",
    "he|chose|plan|b|.",
]


@pytest.mark.parametrize("apart", BY_HAND)
def test_words_by_hand(apart: str) -> None:
    words = apart.split("|")
    spaced = " ".join(words)
    assert Tokeniser().words(spaced) == words, "with spaces between all words"


@pytest.mark.parametrize(
    ("text", "apart"),
    [
        ("Yesterday, Harry Potter met Hermione Granger.", "Yesterday|,|Harry|Potter|met|Hermione|Granger|."),
        ("He said, Teddy bears are on sale!", "He|said|,|Teddy|bears|are|on|sale|!"),
        ("The U.S.-based O'Neil's didn't (\"really\") go.", "The|U.S.|-|based|O'Neil|'s|did|n't|(|\"|really|\"|)|go|."),
        ("Jean-Claude's hat; $5 or 10%?!", "Jean|-|Claude|'s|hat|;|$|5|or|10|%|?!"),
        ("see http://a.b/c. And (www.x.org)!", "see|http://a.b/c|.|And|(|www.x.org|)|!"),
        ("thanks @ann,@bob!#win", "thanks|@ann|,|@bob|!|#win"),
        ("Great😀👍🏽day", "Great|😀|👍🏽|day"),
        ("tea.Coffee was in.Then", "tea|.|Coffee|was|in|.|Then"),
        ("can't won't cannot", "ca|n't|wo|n't|cannot"),
        ("'quoted' words'", "'|quoted|'|words|'"),
        ("zero\u200bwidth\ufeff mark", "zero|width|mark"),
        ("London, Paris\tand\nRome", "London|,|Paris|and|Rome"),
        ("", ""),
    ],
)
def test_raw_text_by_hand(text: str, apart: str) -> None:
    assert Tokeniser().words(text) == [word for word in apart.split("|") if word]


@given(st.text(max_size=60))
def test_offsets_point_into_the_text_and_nothing_visible_is_lost(text: str) -> None:
    for tokeniser in (Tokeniser(), Tokeniser(hyphens=False, clitics=False)):
        offsets = tokeniser.offsets(text)
        assert [text[start:end] for start, end in offsets] == tokeniser.words(text)
        assert all(start < end for start, end in offsets)
        assert all(a[1] <= b[0] for a, b in itertools.pairwise(offsets))
        covered = {place for start, end in offsets for place in range(start, end)}
        invisible = {c for c in text if unicodedata.category(c) == "Cf" or c == "\ufe0f"}
        assert all(c.isspace() or c in invisible for place, c in enumerate(text) if place not in covered)


def test_hyphens_and_clitics_stay_where_the_training_words_have_them() -> None:
    text = "Jean-Claude's well-known plan doesn't work"
    joined = Tokeniser.fit([["Anglo-Saxon", "kings", "do", "n't", "sing"]])
    assert joined.words(text) == ["Jean-Claude", "'s", "well-known", "plan", "does", "n't", "work"]
    contracted = Tokeniser.fit([["it's", "a", "-", "b", "don't"]])
    assert contracted.words(text) == ["Jean", "-", "Claude's", "well", "-", "known", "plan", "doesn't", "work"]
    assert Tokeniser.fit([["plain", "words"]]) == Tokeniser()
