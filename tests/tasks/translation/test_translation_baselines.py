"""The simple methods beside a translator against their textbooks."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from throughtime.tasks.translation.baselines.translation_memory import TranslationMemory
from throughtime.tasks.translation.baselines.word_dictionary import WordDictionary

# -- simple methods ------------------------------------------------------------------------------------------------


def model_1(pairs: list[tuple[list[str], list[str]]], rounds: int) -> dict[tuple[str, str], float]:
    """IBM Model 1 as its textbook has it, in plain loops."""
    t: dict[tuple[str, str], float] = {(f, e): 1.0 for fs, es in pairs for f in ["", *fs] for e in es}
    for _ in range(rounds):
        count: Counter[tuple[str, str]] = Counter()
        total: Counter[str] = Counter()
        for fs, es in pairs:
            for e in es:
                norm = sum(t[f, e] for f in ["", *fs])
                for f in ["", *fs]:
                    count[f, e] += t[f, e] / norm
                    total[f] += t[f, e] / norm
        t = {(f, e): count[f, e] / total[f] for f, e in t}
    return t


def test_dictionary_is_model_1(tmp_path: Path) -> None:
    draw = random.Random(0)
    lexicon = {f"f{n}": f"e{n}" for n in range(12)}
    pairs = []
    for _ in range(60):
        source = [draw.choice(list(lexicon)) for _ in range(draw.randrange(1, 6))]
        target = [lexicon[word] for word in source] + ["the"] * draw.randrange(2)
        draw.shuffle(target)
        pairs.append((source, target))
    dictionary = WordDictionary.fit(pairs)
    dictionary.save(tmp_path / "d.json")
    expected = model_1(pairs, 8)
    for word in lexicon:
        assert dictionary.word(word) == max((e for f, e in expected if f == word), key=lambda e: expected[word, e])
    assert WordDictionary.load(tmp_path / "d.json").words == dictionary.words
    assert {word: dictionary.word(word) for word in lexicon} == lexicon
    assert dictionary.word("New") == "New"
    assert WordDictionary({"ged": "goat"}).word("Ged") == "goat"


def test_memory_answers_with_the_most_similar_sentence_by_tf_idf(tmp_path: Path) -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    draw = random.Random(0)
    words = [f"w{n}" for n in range(20)]
    sources = [" ".join(draw.choices(words, weights=range(1, 21), k=draw.randrange(2, 7))) for _ in range(40)]
    memory = TranslationMemory(sources, [f"t{n}" for n in range(40)])
    memory.save(tmp_path / "m.json")
    again = TranslationMemory.load(tmp_path / "m.json")
    vectors = TfidfVectorizer(use_idf=False, binary=True, norm=None)
    bags = vectors.fit_transform(sources).toarray()
    weighted = bags * np.log(1 + len(sources) / bags.sum(axis=0))
    for _ in range(20):
        query = " ".join(draw.choices(words, k=4))
        bag = vectors.transform([query]).toarray()[0] * np.log(1 + len(sources) / bags.sum(axis=0))
        cosine = weighted @ bag / np.linalg.norm(weighted, axis=1)
        best = cosine[int(memory.nearest(query)[1:])]
        assert best == pytest.approx(cosine.max())
        assert again.nearest(query) == memory.nearest(query)
    assert TranslationMemory([], []).nearest("w1") == ""


def test_memory_answers_with_the_first_of_equals_whatever_order_a_set_has() -> None:
    # each sentence has words of the same rarities under other names: p once, q twice, ... in the whole memory
    sources = [f"common p{number} q{number} r{number} s{number} t{number}" for number in range(50)]
    sources += [f"{letter}{number}" for number in range(50) for letter in "qrrsssttttt"]
    memory = TranslationMemory(sources, [f"answer {number}" for number in range(len(sources))])
    assert memory.nearest("common") == "answer 0"
