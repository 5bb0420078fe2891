"""Sentences as numbers, and back."""

from __future__ import annotations

from pathlib import Path

from throughtime.tasks.translation.corpora.sentences import PieceCode, WordCode, load_code

# -- numbers -------------------------------------------------------------------------------------------------------

SENTENCES = ["Hans' ged er på spanden.", "Æblet koster 3,50 kr. (i dag)!", "Ét 🐐 løb væk…", "日本語も書ける。", "  "]


def test_pieces_say_any_sentence_again_and_know_their_words(tmp_path: Path) -> None:
    code = PieceCode.fit(["Hans har en ged.", "En ged på spanden"] * 5, size=300)
    code.save(tmp_path / "code.json")
    again = load_code(tmp_path / "code.json", "bpe")
    for text in SENTENCES:
        ids = code.encode(text)
        assert ids.min(initial=99) >= 4
        assert ids.max(initial=0) < len(code)
        assert again.encode(text).tolist() == ids.tolist()
        assert code.decode(ids.tolist()) == text.strip()
        words, places = code.words(ids.tolist())
        assert len(places) == len(ids)
        assert places == sorted(places)
        if words:
            assert sorted(set(places)) == list(range(len(words)))
            for number, word in enumerate(words):
                own = [index for index, place in zip(ids.tolist(), places, strict=True) if place == number]
                assert code.decode(own).strip() == word
    assert len(code.encode("Hans")) == len(code.encode("ged Hans")) - len(code.encode("ged"))


def test_words_that_are_rare_are_unknown(tmp_path: Path) -> None:
    code = WordCode.fit(["En ged, en kat.", "En ged."], size=20, minimum_count=2)
    code.save(tmp_path / "code.json")
    again = load_code(tmp_path / "code.json", "words")
    ids = again.encode("En kat, en ged.").tolist()
    assert ids.count(code.unknown) == 3
    assert again.decode(ids) == "En <unk> <unk> <unk> ged."
