from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from throughtime.decoding.alignment import align
from throughtime.errors import ArgumentError, DataError, ThroughtimeError
from throughtime.tasks.speech.answers import parts_of
from throughtime.tasks.speech.audio.sentences import compose
from throughtime.tasks.speech.audio.symbols import Symbols
from throughtime.tasks.speech.audio.utterance import Spelling
from throughtime.tasks.speech.audio.voices import SIZES, VARIANTS, Request, requests_of, speak
from throughtime.tasks.speech.baselines.templates import Templates, broad
from throughtime.tasks.speech.captions import captions_of, subtitles

# -- text --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("Hello, WORLD!", "hello world"),
        ("rock 'n' roll isn't 'dead'", "rock n roll isn't dead"),
        ("well-known  3.5 %", "well known 3 5"),
        ("Übergröße — naïve", "übergröße naïve"),
        ("ﬁne", "fine"),
        ("... !?", ""),
    ],
)
def test_spelling(text: str, spelled: str) -> None:
    assert Spelling().of(text) == spelled
    assert Spelling("keep", "keep").of("Hello,  WORLD!") == "Hello, WORLD!"


@pytest.mark.parametrize(("level", "size"), [("characters", 50), ("bpe", 300)])
def test_symbols_write_what_they_read(tmp_path: Path, level: str, size: int) -> None:
    texts = ["turn left and then turn right", "don't turn", "über die brücke"] * 5
    symbols = Symbols.fit(texts, level, size)  # type: ignore[arg-type]
    symbols.save(tmp_path / "symbols.json")
    again = Symbols.load(tmp_path / "symbols.json")
    for text in texts:
        encoded = symbols.encode(text)
        assert 1 <= encoded.min() <= encoded.max() < len(symbols)
        assert again.decode(encoded) == text
        words = list(again.words(encoded))
        assert [word for word, _ in words] == text.split()
        places = [place for _, own in words for place in own]
        assert places == sorted(set(places))
    if level == "characters":
        assert symbols.encode("turn€ x").tolist() == symbols.encode("turn ").tolist()


def test_sentences_differ_and_stay_the_same() -> None:
    sentences = compose(3000, seed=5)
    assert len(set(sentences)) == 3000
    assert sentences[:50] == compose(50, seed=5)
    assert all(Spelling().of(sentence) == sentence for sentence in sentences)


# -- alignment and templates, by brute force ---------------------------------------------------------------------------


def test_alignment_is_the_best_of_all_ways() -> None:
    random = np.random.default_rng(0)
    for text in ([1], [1, 2], [1, 1], [2, 1, 1], []):
        for steps in range(len(text) + 1, 7):
            log_probs = np.log(random.dirichlet(np.ones(3), steps))
            best = -np.inf
            for way in itertools.product(range(3), repeat=steps):
                said = [k for k, _ in itertools.groupby(way) if k]
                score = sum(log_probs[step, symbol] for step, symbol in enumerate(way))
                if said == text and score > best:
                    best, chosen = score, way
            runs = itertools.groupby(enumerate(chosen), key=lambda pair: pair[1])
            spans = [(symbol, [step for step, _ in run]) for symbol, run in runs]
            expected = [[own[0], own[-1] + 1] for symbol, own in spans if symbol]
            assert align(log_probs, text).tolist() == expected


def test_alignment_needs_steps() -> None:
    with pytest.raises(ArgumentError, match="found 2 steps for 2 symbols, expected 3 steps"):
        align(np.log(np.full((2, 3), 1 / 3)), [1, 1])
    with pytest.raises(ArgumentError, match="symbols below 3"):
        align(np.log(np.full((2, 3), 1 / 3)), [3])


def test_warping_distances_are_those_of_every_path(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    known = [random.normal(size=(int(random.integers(1, 30)), 5)).astype(np.float32) for _ in range(8)]
    templates = Templates.fit(known, list("abcdefgh"))
    heard = random.normal(size=(23, 5)).astype(np.float32)
    expected = []
    for one in known:
        a, b = broad(heard), broad(one)
        total = np.full((len(a) + 1, len(b) + 1), np.inf)
        total[0, 0] = 0
        for i, j in itertools.product(range(len(a)), range(len(b))):
            steps = total[i, j], total[i, j + 1], total[i + 1, j]
            total[i + 1, j + 1] = np.linalg.norm(a[i] - b[j]) + min(steps)
        expected.append(total[-1, -1] / (len(a) + len(b)))
    np.testing.assert_allclose(templates.distances(heard), expected, rtol=1e-5)
    templates.save(tmp_path / "templates.npz")
    assert Templates.load(tmp_path / "templates.npz").answer(known[3]) == "d"
    with pytest.raises(DataError, match="no templates"):
        Templates.load(tmp_path / "nowhere.npz")


# -- subtitles, parts --------------------------------------------------------------------------------------------------


def test_captions_are_short_in_order_and_read_by_programs() -> None:
    random = np.random.default_rng(0)
    words, now = [], 0.3
    for _ in range(200):
        seconds = float(random.uniform(0.1, 0.6))
        words.append({"word": "x" * int(random.integers(1, 12)), "start": now, "end": now + seconds})
        now += seconds + float(random.choice([0.05, 2.0], p=[0.9, 0.1]))
    captions = captions_of(words)
    shown = [word for caption in captions for line in caption.lines for word in line.split()]
    assert shown == [word["word"] for word in words]
    assert captions_of([]) == []
    for caption, following in itertools.pairwise(captions):
        assert caption.start < caption.end <= following.start
        assert caption.end - caption.start <= 7.001
        assert len(caption.lines) <= 2
        assert all(len(line) <= 42 for line in caption.lines)
    text = subtitles(words, "srt")
    blocks = text.strip().split("\n\n")
    assert [block.split("\n")[0] for block in blocks] == [str(number) for number in range(1, len(captions) + 1)]
    assert subtitles(words[:1], "vtt").startswith("WEBVTT\n\n00:00:00.300 --> ")
    assert not subtitles(words[:1], "vtt", first=2).startswith("WEBVTT")


def test_long_recordings_are_cut_where_it_is_quiet() -> None:
    loudness = np.full((1000, 4), 10.0)
    for pause in range(110, 1000, 110):
        loudness[pause : pause + 30] = 1.0
    parts = list(parts_of(loudness, 300))
    assert [start for start, _ in parts[1:]] == [end for _, end in parts[:-1]]
    assert (parts[0][0], parts[-1][1]) == (0, 1000)
    assert all(end - start <= 300 for start, end in parts)
    assert all(loudness[end, 0] == 1.0 for _, end in parts[:-1])


# -- built-in voices ---------------------------------------------------------------------------------------------------


def test_voices_say_the_same_each_time_and_differ() -> None:
    requests = [Request("turn left", "gmw/en-US+f3", 150, 50, 50), Request("turn left", "gmw/en+m1", 120, 30, 60)]
    first, again = list(speak(requests)), list(speak(requests))
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)
        assert 0.4 < len(one) / 16000 < 2
        assert np.abs(one).max() > 0.1
    assert len(first[0]) < len(first[1])  # at 120 words a minute it takes longer


def test_no_voice_and_no_sentence_is_in_two_splits() -> None:
    splits = {split: requests_of(split) for split in SIZES}
    assert {split: len(some) for split, some in splits.items()} == SIZES
    for one, other in itertools.combinations(splits, 2):
        assert not {asked.text for asked in splits[one]} & {asked.text for asked in splits[other]}
        voices = [{asked.voice.split("+")[1] for asked in splits[split]} for split in (one, other)]
        assert not voices[0] & voices[1]
    assert {asked.voice.split("+")[1] for asked in splits["train"]} == set(VARIANTS["train"].split())


def test_a_voice_that_is_not_there_is_one_sentence() -> None:
    with pytest.raises(ThroughtimeError, match=r"eSpeak NG fails \(no voice 'gmw/xx'\)"):
        list(speak([Request("a", "gmw/xx", 150, 50, 50)]))


@pytest.mark.parametrize("mark", ["\u200b", "\u200c", "\u200d", "\u00ad", "\u2060", "\ufeff"])
def test_what_has_no_shape_does_not_part_words(mark: str) -> None:
    for punctuation in ("drop", "keep"):
        assert Spelling(punctuation=punctuation).of(f"so{mark}da{mark}") == "soda"
    assert Spelling().of("İki") == "iki"
