"""Tokenizers and their cache."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughtime.data.tokens.byte_pairs import BytePairs, load_tokenizer
from throughtime.data.tokens.tokens import Characters, Tokenizer, Words, guess_splitting
from throughtime.data.words.marks import MARKS
from throughtime.data.words.splitting import composed
from throughtime.errors import DataError, ThroughtimeError
from throughtime.tasks.text.corpus import token_cache
from throughtime.tasks.text.corpus.files import Piece, find_pieces
from throughtime.tasks.text.corpus.token_cache import Released, TokenFile, tokenise

TEXT = "the cat sat on the mat, the end.\nthe dog didn't.\n"


@given(st.text(max_size=60))
def test_characters_come_back(text: str) -> None:
    letters = Characters.fit([text, "\n"], size=1000)
    assert letters.decode(letters.encode(text).tolist()) == text
    assert letters.size == len(set(text) | {"\n"}) + 1


def test_characters_not_in_the_vocabulary_are_unknown() -> None:
    letters = Characters.fit(["aab"], size=2)
    assert letters.characters == "a"
    assert letters.encode("ab🎵A").tolist() == [1, 0, 0, 0]
    assert letters.decode([1, 0]) == "a\N{REPLACEMENT CHARACTER}"


def test_words_split_at_white_space_or_apart() -> None:
    told = Words.fit([TEXT], 100, "whitespace", 1)
    apart = Words.fit([TEXT], 100, "unicode", 1)
    assert "mat," in told.words
    assert {"mat", ",", "didn't", "."} <= set(apart.words)
    assert apart.decode(apart.encode(TEXT).tolist()) == TEXT
    assert told.decode(told.encode(TEXT).tolist()) == TEXT


def test_words_are_ordered_by_frequency_and_the_rare_are_unknown() -> None:
    words = Words.fit(["c b b a a a x\n"], 5, "whitespace", 1)
    assert words.words == ["<eos>", "<unk>", "a", "b", "c"]
    assert words.encode("a x\n").tolist() == [2, words.unknown, words.start]


def test_words_seen_once_are_unknown_unless_the_text_has_unknown_words_itself() -> None:
    assert Words.fit(["a a b\n"], 10, "whitespace").words == ["<eos>", "<unk>", "a"]
    assert Words.fit(["a a b <unk>\n"], 10, "whitespace").words == ["<eos>", "<unk>", "a", "b"]


def test_chunks_do_not_matter() -> None:
    lines = [line + "\n" for line in TEXT.split("\n") if line]
    for tokenizer in (Characters.fit([TEXT], 99), Words.fit([TEXT], 99, "unicode", 1), BytePairs.fit([TEXT], 300)):
        whole = tokenizer.encode(TEXT).tolist()
        assert whole == [index for line in lines for index in tokenizer.encode(line).tolist()]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_byte_pairs_know_every_text(text: str) -> None:
    pieces = BytePairs.fit([TEXT] * 3, 280)
    assert pieces.decode(pieces.encode(text).tolist()) == text


def test_byte_pairs_use_fewer_tokens_than_characters() -> None:
    pieces = BytePairs.fit([TEXT] * 3, 300)
    assert len(pieces.encode(TEXT)) < len(TEXT) / 2
    assert pieces.size <= 300


def test_a_pretokenised_text_is_recognised() -> None:
    assert guess_splitting(" mr. <unk> is chairman of <unk> n.v. the dutch publishing group \n") == "whitespace"
    assert guess_splitting("The cat , which had eaten , was full .\n") == "whitespace"
    assert guess_splitting("The cat, which had eaten, was full.\n") == "unicode"
    assert guess_splitting("no sign at all") == "unicode"


@pytest.fixture(params=["characters", "words", "bpe"])
def tokenizer(request: pytest.FixtureRequest) -> Tokenizer:
    if request.param == "characters":
        return Characters.fit([TEXT], 99)
    return Words.fit([TEXT], 99, "unicode", 1) if request.param == "words" else BytePairs.fit([TEXT], 300)


def test_saved_and_loaded_it_is_the_same(tokenizer: Tokenizer, tmp_path: Path) -> None:
    tokenizer.save(tmp_path / "tokenizer.json")
    loaded = load_tokenizer(tmp_path / "tokenizer.json")
    assert type(loaded) is type(tokenizer)
    assert loaded.fingerprint == tokenizer.fingerprint
    assert loaded.encode(TEXT).tolist() == tokenizer.encode(TEXT).tolist()
    assert (loaded.size, loaded.start, loaded.unknown) == (tokenizer.size, tokenizer.start, tokenizer.unknown)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"level": "syllables"}',
        '{"level": "characters", "characters": "aa"}',
        '{"level": "words", "words": ["a"], "splitting": "words"}',
        '{"level": "bpe", "definition": "{}"}',
        '{"level": "characters"',
    ],
)
def test_a_damaged_tokenizer_is_an_error(tmp_path: Path, content: str) -> None:
    (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(DataError, match=r"tokenizer\.json: found"):
        load_tokenizer(tmp_path / "tokenizer.json")


@pytest.fixture
def pieces(tmp_path: Path) -> list[Piece]:
    (tmp_path / "a.txt").write_text(TEXT)
    (tmp_path / "b.txt").write_text("the end")
    return find_pieces(tmp_path)


def test_the_cache_holds_all_pieces_in_order(tokenizer: Tokenizer, pieces: list[Piece], tmp_path: Path) -> None:
    file = tokenise(pieces, tokenizer, tmp_path / "cache")
    assert tokenizer.decode(file.ids.tolist()) == TEXT + "the end\n"
    assert file.ids.dtype == (np.uint16 if tokenizer.size > 256 else np.uint8)
    assert file.counts.tokens == len(file.ids)
    assert file.counts.characters == len(TEXT) + 8
    assert file.counts.words == 11 + 2 + 3  # and one for each of three line ends


def test_a_text_is_tokenised_once(pieces: list[Piece], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    letters = Characters.fit([TEXT], 99)
    first = tokenise(pieces, letters, tmp_path / "cache")
    monkeypatch.setattr(token_cache, "read_text", _must_not_be_called)
    assert tokenise(pieces, letters, tmp_path / "cache").ids.tolist() == first.ids.tolist()


def _must_not_be_called(piece: Piece) -> None:
    raise AssertionError("read again")


def test_another_tokenizer_or_a_changed_file_is_tokenised_anew(pieces: list[Piece], tmp_path: Path) -> None:
    letters = Characters.fit([TEXT], 99)
    first = tokenise(pieces, letters, tmp_path / "cache").ids.tolist()
    assert tokenise(pieces, Characters.fit([TEXT], 9), tmp_path / "cache").ids.tolist() != first
    changed = TEXT.replace("cat", "tac")
    pieces[0].path.write_text(changed)
    os.utime(pieces[0].path, ns=(1, 1))
    assert letters.decode(tokenise(pieces, letters, tmp_path / "cache").ids.tolist()).startswith(changed)


def test_a_damaged_cache_is_not_used(pieces: list[Piece], tmp_path: Path) -> None:
    letters = Characters.fit([TEXT], 99)
    whole = tokenise(pieces, letters, tmp_path / "cache").ids.tolist()
    ids, facts = (next((tmp_path / "cache").glob(f"*.{ending}")) for ending in ("ids", "json"))
    content = bytearray(ids.read_bytes())
    content[len(content) // 2] ^= 1  # still a token
    ids.write_bytes(content)
    assert tokenise(pieces, letters, tmp_path / "cache").ids.tolist() == whole
    ids.write_bytes(ids.read_bytes()[:10])
    assert tokenise(pieces, letters, tmp_path / "cache").ids.tolist() == whole
    facts.write_text("{")
    assert tokenise(pieces, letters, tmp_path / "cache").ids.tolist() == whole


def test_an_error_on_the_way_leaves_nothing_in_the_cache(pieces: list[Piece], tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_bytes(b"end \xff end")
    with pytest.raises(DataError, match="0xff"):
        tokenise(find_pieces(tmp_path), Characters.fit([TEXT], 99), tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_text_of_white_space_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(" \n\n ")
    with pytest.raises(DataError, match=r"a\.txt: found only white space"):
        tokenise(find_pieces(tmp_path), Characters.fit([TEXT], 99), tmp_path / "cache")


def test_a_file_that_vanished_is_an_error(pieces: list[Piece], tmp_path: Path) -> None:
    pieces[1].path.unlink()
    with pytest.raises(DataError, match=r"b\.txt: found a file that cannot be read"):
        tokenise(pieces, Characters.fit([TEXT], 99), tmp_path / "cache")


def test_a_cache_that_cannot_be_written_is_an_error(pieces: list[Piece], tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(ThroughtimeError, match="tokens cannot be kept"):
        tokenise(pieces, Characters.fit([TEXT], 99), tmp_path / "cache")


def test_a_loader_that_gives_back_memory_gives_the_same_batches(pieces: list[Piece], tmp_path: Path) -> None:
    from throughtime.tasks.text.corpus.streams import StreamLoader

    file = tokenise(pieces, Characters.fit([TEXT], 99), tmp_path / "cache")
    plain = StreamLoader(file.ids.copy(), 2, 3)
    released = Released(StreamLoader(file.ids, 2, 3), file)
    assert len(plain) == len(released)
    for one, other in zip(plain.epoch(0, 1), released.epoch(0, 1), strict=True):
        assert one["inputs"].tolist() == other["inputs"].tolist()


def test_memory_is_given_back(tmp_path: Path) -> None:
    (tmp_path / "large.ids").write_bytes(bytes(64 * 2**20))
    file = TokenFile(tmp_path / "large.ids", np.dtype(np.uint8), token_cache.Counts(64 * 2**20))
    assert file.ids.sum() == 0
    full = _resident()
    file.release()
    assert full - _resident() > 60 * 2**20


def _resident() -> int:
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        if line.startswith("Rss:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no Rss")


def test_the_cache_is_plain_numbers_and_json(pieces: list[Piece], tmp_path: Path) -> None:
    letters = Characters.fit([TEXT], 99)
    tokenise(pieces, letters, tmp_path / "cache")
    ids, facts = (next((tmp_path / "cache").glob(f"*.{ending}")) for ending in ("ids", "json"))
    assert np.fromfile(ids, np.uint8).tolist() == letters.encode(TEXT + "the end\n").tolist()
    assert json.loads(facts.read_text())["tokens"] == ids.stat().st_size


@pytest.mark.parametrize(
    "text",
    [
        "हिन्दी विकिपीडिया",  # vowel signs and virama
        "தமிழ் மொழி",
        "ที่นี่ น้ำ",
        "مُحَمَّد می\u200cخواهم",  # vowel points; a zero-width non-joiner
        "שָׁלוֹם עֲלֵיכֶם",
        "cafe\u0301 nai\u0308ve",  # letters and accents apart
        "Donau\u00addampf ক্\u200dষ",
    ],
)
def test_marks_stay_with_their_words(text: str) -> None:
    for splitting in ("marked", "unicode"):
        words = Words.fit([text], 100, splitting, 1)
        assert set(words.words[2:]) == set((text if splitting == "marked" else composed(text)).split())


def test_every_mark_of_unicode_is_one_of_ours() -> None:
    ours = re.compile(f"[{MARKS}]")
    marks = {chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) in ("Mn", "Mc", "Me")}
    found = {chr(code) for code in range(0x110000) if ours.match(chr(code))}
    assert found == marks | set("\u00ad\u200c\u200d")


def test_runs_from_before_marks_were_kept_split_as_they_learned() -> None:
    assert Words.fit(["नदी"], 100, "words", 1).encode("नदी").size == 2
