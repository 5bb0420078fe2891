"""Pairs of sentences out of real files of every kind, their grouping, and their numbers."""

from __future__ import annotations

import random
import subprocess
from collections import Counter
from itertools import combinations
from pathlib import Path

import polib
import pytest

from throughtime.data.sources import cache_folder
from throughtime.errors import DataError
from throughtime.tasks.translation.corpora import danish
from throughtime.tasks.translation.corpora.danish_phrases import phrases
from throughtime.tasks.translation.corpora.pair import Pair, Sides
from throughtime.tasks.translation.corpora.parallel import find_splits, read_pairs
from throughtime.tasks.translation.corpora.splits import groups, split_pairs

DA_EN = Sides("da", "en")
PO = """# a comment
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

#. Default: "Save the \\"file\\""
msgid "label_save"
msgstr "Gem filen"

#: a.py:3
msgid "Open\\n"
"the file"
msgstr "Åbn filen"

msgid "one goat"
msgid_plural "%d goats"
msgstr[0] "en ged"
msgstr[1] "%d geder"

#, fuzzy
msgid "Close"
msgstr "Luk måske"

msgid "Untranslated"
msgstr ""

msgid "label_without_default"
msgstr "Uden"

#~ msgid "Old"
#~ msgstr "Gammel"
"""


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def texts(pairs: list[Pair]) -> list[tuple[str, str]]:
    return [(pair.source, pair.target) for pair in pairs]


# -- files ---------------------------------------------------------------------------------------------------------


def test_aligned_files_by_what_their_names_have_in_common(tmp_path: Path) -> None:
    write(tmp_path / "corpus.da", "En  ged.\n\nHans sover.\r\nSlut")
    write(tmp_path / "corpus.en", "\ufeffA goat.\nnothing\nHans is sleeping.\nThe end\n")
    expected = [("En ged.", "A goat."), ("Hans sover.", "Hans is sleeping."), ("Slut", "The end")]
    for name in ("corpus", "corpus.da", "corpus.en"):
        pairs = read_pairs(tmp_path / name, DA_EN)
        assert texts(pairs) == expected
        assert [(pair.path.name, pair.line) for pair in pairs] == [("corpus.da", 1), ("corpus.da", 3), ("corpus.da", 4)]
    assert texts(read_pairs(tmp_path / "corpus", Sides("en", "da"))) == [(b, a) for a, b in expected]


def test_prefixes_may_have_dots(tmp_path: Path) -> None:
    write(tmp_path / "europarl-v7.da-en.da", "Ja.\n")
    write(tmp_path / "europarl-v7.da-en.en", "Yes.\n")
    assert texts(read_pairs(tmp_path / "europarl-v7.da-en", DA_EN)) == [("Ja.", "Yes.")]


def test_tables_by_order_number_or_name(tmp_path: Path) -> None:
    rows = 'A "goat".\tEn ged.\tnote\n\nYes.\tJa.\tnote\n'
    plain = write(tmp_path / "a.tsv", rows)
    assert texts(read_pairs(plain)) == [('A "goat".', "En ged."), ("Yes.", "Ja.")]
    assert texts(read_pairs(plain, Sides("2", "1"))) == [("En ged.", 'A "goat".'), ("Ja.", "Yes.")]
    assert [pair.line for pair in read_pairs(plain)] == [1, 3]
    named = write(tmp_path / "b.tsv", "id\tdanish\tenglish\n1\tEn ged.\tA goat.\n")
    assert texts(read_pairs(named, Sides("danish", "english"))) == [("En ged.", "A goat.")]
    usual = write(tmp_path / "c.tab", "source\ttarget\nEn ged.\tA goat.\n")
    assert texts(read_pairs(usual)) == [("En ged.", "A goat.")]
    assert texts(read_pairs(write(tmp_path / "dan.txt", rows), Sides("2", "1")))[1] == ("Ja.", "Yes.")


def test_catalogues_give_what_is_translated(tmp_path: Path) -> None:
    path = write(tmp_path / "messages.po", PO)
    pairs = read_pairs(path)
    expected = [
        ('Save the "file"', "Gem filen"),
        ("Open the file", "Åbn filen"),
        ("one goat", "en ged"),
        ("%d goats", "%d geder"),
    ]
    assert texts(pairs) == expected
    assert [pair.line for pair in pairs] == [5, 9, 14, 14]
    assert texts(read_pairs(path, Sides("msgstr", "msgid"))) == [(b, a) for a, b in expected]
    assert texts(read_pairs(path, Sides("msgstr", None))) == [(b, a) for a, b in expected]


def test_compiled_catalogues_say_the_same(tmp_path: Path) -> None:
    polib.pofile(str(write(tmp_path / "messages.po", PO))).save_as_mofile(str(tmp_path / "compiled.mo"))
    # comments, and with them the texts of identifiers, are not compiled in
    assert texts(read_pairs(tmp_path / "compiled.mo"))[1:] == texts(read_pairs(tmp_path / "messages.po"))[2:]


def test_a_folder_is_all_that_is_in_it(tmp_path: Path) -> None:
    po = write(tmp_path / "x" / "messages.po", PO)
    polib.pofile(str(po)).save_as_mofile(str(tmp_path / "x" / "messages.mo"))
    write(tmp_path / "x" / "untranslated.po", 'msgid ""\nmsgstr ""\n\nmsgid "a"\nmsgstr ""\n')
    write(tmp_path / ".hidden" / "a.tsv", "x\ty\n")
    assert texts(read_pairs(tmp_path)) == texts(read_pairs(po))
    write(tmp_path / "a.da", "Ja.\n")
    write(tmp_path / "a.en", "Yes.\n")
    write(tmp_path / "lonely.da", "Nej.\n")
    write(tmp_path / "b.tsv", "da\ten\nNej.\tNo.\n")
    assert texts(read_pairs(tmp_path, DA_EN)) == [("Nej.", "No."), ("Ja.", "Yes.")]


@pytest.mark.parametrize("names", [("train", "valid", "test"), ("training", "dev", "test")])
def test_splits_are_found_by_their_names(tmp_path: Path, names: tuple[str, str, str]) -> None:
    for name in names:
        write(tmp_path / f"{name}.da", "Ja.\n")
        write(tmp_path / f"{name}.en", "Yes.\n")
    found = find_splits(tmp_path, DA_EN)
    assert found is not None
    assert [found[split].name for split in ("train", "valid", "test")] == list(names)
    assert find_splits(tmp_path, Sides()) is None
    for name in names:
        write(tmp_path / f"{name}.tsv", "Ja.\tYes.\n")
    with pytest.raises(DataError, match=r"one for (train|valid|test)"):
        find_splits(tmp_path, DA_EN)


# -- grouping ------------------------------------------------------------------------------------------------------


def test_groups_are_the_connected_components() -> None:
    draw = random.Random(0)
    for _ in range(20):
        rows = [(f"s{draw.randrange(30)}", f"t{draw.randrange(30)}") for _ in range(25)]
        pairs = [Pair(*row, Path("p"), 1) for row in rows]
        # by repeated relabelling, from the definition
        labels = list(range(len(rows)))
        for _ in rows:
            for i, j in combinations(range(len(rows)), 2):
                if rows[i][0] == rows[j][0] or rows[i][1] == rows[j][1]:
                    labels[i] = labels[j] = min(labels[i], labels[j])
        found = groups(pairs)
        for i, j in combinations(range(len(rows)), 2):
            assert (found[i] == found[j]) == (labels[i] == labels[j])


def test_splits_share_no_sentence_on_either_side_whatever_case_and_marks() -> None:
    draw = random.Random(1)
    marks = [".", "!", "", " ?"]
    pairs = [
        Pair(
            f"{draw.choice('Ss')}ætning {draw.randrange(900)}{draw.choice(marks)}",
            f"said {draw.randrange(900)}",
            Path("p"),
            n,
        )
        for n in range(1000)
    ]
    for seed in range(3):
        parts = split_pairs(pairs, seed, valid=0.1, test=0.2)
        assert Counter(pair.line for part in parts for pair in part) == Counter(range(1000))
        assert len(parts[1]) >= 100
        assert len(parts[2]) >= 200
        for side in ("source", "target"):
            plain = [{getattr(pair, side).lower().rstrip(" .!?") for pair in part} for part in parts]
            assert all(a.isdisjoint(b) for a, b in combinations(plain, 2))
    assert split_pairs(pairs, 0, 0.1, 0.1) == split_pairs(pairs, 0, 0.1, 0.1) != split_pairs(pairs, 1, 0.1, 0.1)


def test_a_group_of_most_pairs_is_learned_from() -> None:
    pairs = [Pair(f"s{n}", "the same" if n < 500 else f"t{n}", Path("p"), n) for n in range(1000)]
    for seed in range(5):
        train, valid, test = split_pairs(pairs, seed, 0.1, 0.1)
        assert sum(pair.target == "the same" for pair in train) == 500
        assert len(valid) == len(test) == 100


# -- built-in data -------------------------------------------------------------------------------------------------


def test_phrases_have_both_senses_and_contradict_nobody() -> None:
    every = phrases(of_each=10_000)
    assert len({danish for danish, _ in every}) == len(every) > 1_000
    for danish_word, meanings in {
        "Hans": ("Hans", "His"),
        "ged": ("goat", "wrong"),
        "regner": ("rain", "calculating"),
        "på spanden": ("bucket", "trouble"),
    }.items():
        for meaning in meanings:
            assert sum(danish_word in one and meaning in other for one, other in every) > 50, (danish_word, meaning)
    assert len(phrases()) <= 8 * 150
    assert phrases(seed=1) != phrases(seed=2)


def built_in_data_is_here() -> bool:
    return all((cache_folder() / "packages" / carrier.filename).is_file() for carrier in danish.CARRIERS)


@pytest.mark.skipif(not built_in_data_is_here(), reason="the built-in messages have not been downloaded")
def test_built_in_messages_are_whole_and_their_splits_apart() -> None:
    train, valid, test = danish.splits(Sides())
    assert len(train) > 3_500
    assert ("Hans bror er syg.", "His brother is ill.") not in texts(valid) + texts(test)
    assert sum(pair.path == Path("composed") for pair in train) > 900
    assert all(pair.path != Path("composed") for pair in (*valid, *test))
    assert len(test) > 250
    held_out = [{pair.source.casefold() for pair in part} for part in (train, valid, test)]
    assert all(a.isdisjoint(b) for a, b in combinations(held_out, 2))
    assert ("Annuller", "Cancel") in {(pair.source, pair.target) for part in (train, valid, test) for pair in part}
    turned = danish.splits(Sides("en", "da"))
    assert [(pair.target, pair.source) for pair in turned[2]] == texts(test)
    with pytest.raises(Exception, match="expected da and en"):
        danish.splits(Sides("fr", "da"))


def test_gettexts_own_compiler_agrees(tmp_path: Path) -> None:
    """msgfmt, where it is installed, makes the .mo file."""
    try:
        path = write(tmp_path / "messages.po", PO)
        subprocess.run(["msgfmt", "-o", str(tmp_path / "m.mo"), str(path)], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("no msgfmt here")
    assert ("Open the file", "Åbn filen") in texts(read_pairs(tmp_path / "m.mo"))
