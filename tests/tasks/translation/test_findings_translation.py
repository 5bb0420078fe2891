"""What `check` says of strangers' pairs: how they were understood, what was left out, what looks wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import throughtime
from throughtime.cli.main import main
from throughtime.errors import DataError
from throughtime.tasks.translation import Translation, TranslationSettings
from throughtime.tasks.translation.corpora.pair import Pair, Sides
from throughtime.tasks.translation.corpora.parallel import find_splits, read_pairs
from throughtime.tasks.translation.parts import split_text

ROWS = [(f"det her er hus nummer {n}", f"this here is house number {n}") for n in range(40)]
DA_EN = Sides("da", "en")


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def table(row: str = "{da}\t{en}", *first: str) -> str:
    """Forty rows, {n} their number."""
    return "\n".join((*first, *(row.format(n=n, da=da, en=en) for n, (da, en) in enumerate(ROWS)))) + "\n"


def seen(path: Path, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str]:
    """Exit status of `check`, and what it printed, each finding on a line."""
    status = main(["check", "translation", str(path), *options])
    said = capsys.readouterr()
    return status, said.out + said.err


def texts(pairs: list[Pair]) -> list[tuple[str, str]]:
    return [(pair.source, pair.target) for pair in pairs]


# -- tables --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("{n}\t{da}\t5{n}\t{en}", "columns: column 3 holds numbers and is not used"),
        ("dan\t{da}\teng\t{en}", "columns: column 1 holds codes of languages and is not used"),
        ("s{n}\t{da}\t{en}\tCC-BY 2.0 (France) #{n}", "columns: column 4 holds attributions and is not used"),
        ("s{n}\t{da}\t{en}\thttps://example.org/{n}", "columns: column 1 holds identifiers and is not used"),
    ],
)
def test_columns_that_hold_no_sentences_are_not_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], row: str, says: str
) -> None:
    path = write(tmp_path / "a.tsv", table(row))
    assert texts(read_pairs(path)) == ROWS
    status, said = seen(path, capsys)
    assert status == 0
    assert says in said
    assert "columns: source: column 2, target: column " in said


def test_a_third_column_of_sentences_is_suspicious_until_the_sides_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "a.tsv", table("{da}\t{en}\tsaid by neighbour {n}"))
    status, said = seen(path, capsys)
    assert status == 1
    assert "column 3 holds sentences, too, and was not taken: --source and --target choose" in said
    assert seen(path, capsys, "--source", "1", "--target", "2")[0] == 0


def test_two_columns_alone_may_hold_numbers_but_are_suspected(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "a.tsv", table("{n}\t{en}"))
    status, said = seen(path, capsys)
    assert status == 1
    assert "numbers in column 1, taken for sentences" in said


@pytest.mark.parametrize("head", ["da\ten", "Danish\tEnglish", "source_text\ttarget_text", "dan\teng-GB"])
def test_head_lines_of_languages_are_no_pairs(tmp_path: Path, capsys: pytest.CaptureFixture[str], head: str) -> None:
    path = write(tmp_path / "a.tsv", table("{da}\t{en}", head))
    assert texts(read_pairs(path)) == ROWS
    assert "name the columns (" in seen(path, capsys)[1]


def test_a_name_above_numbers_shows_a_head_line_and_other_names_are_suspected(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "a.tsv", table("{n}\t{da}\t{en}", "id\toriginal\trendering"))
    assert texts(read_pairs(path)) == ROWS
    status, said = seen(write(tmp_path / "b.tsv", table("{da}\t{en}", "original\trendering")), capsys)
    assert status == 1
    assert "'original' and 'rendering' taken for a pair: is it a head line?" in said
    words = "ja\tno\n" + "".join(f"h{'u' * n}s\th{'o' * n}se\n" for n in range(40))
    assert "look like a pair" in seen(write(tmp_path / "c.tsv", words), capsys)[1]


def test_quotation_marks_of_spreadsheets_are_taken_off(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    every = write(tmp_path / "a.tsv", table('"{da}"\t"{en}, ""so"""'))
    assert texts(read_pairs(every))[0] == (ROWS[0][0], ROWS[0][1] + ', "so"')
    assert "quotation marks: around fields, as spreadsheets put them: taken off" in seen(every, capsys)[1]
    some = write(tmp_path / "b.tsv", table("{da}\t{en}", 'to\t"two\nlines, ""so"""'))
    assert texts(read_pairs(some))[:2] == [("to", 'two lines, "so"'), ROWS[0]]


def test_quotation_marks_of_what_somebody_says_are_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "a.tsv", table("{da}\t{en}", '"Ja."\t"Yes, yes."', '"Ja," sagde han.\t"Yes," he said.'))
    assert texts(read_pairs(path))[:2] == [('"Ja."', '"Yes, yes."'), ('"Ja," sagde han.', '"Yes," he said.')]
    assert "quotation marks: around some fields: part of the text" in seen(path, capsys)[1]


def test_pairs_without_a_side_are_left_out_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "a.tsv", table("{da}\t{en}", "ja\t", "\tno"))
    assert "empty sides: a pair without a text on both sides, 2 times" in seen(path, capsys)[1]
    write(tmp_path / "c.da", "".join(f"{da}\n" for da, _ in ROWS) + "mere\n\n")
    write(tmp_path / "c.en", "".join(f"{en}\n" for _, en in ROWS) + "\n\n")
    said = seen(tmp_path / "c", capsys, "--source", "da", "--target", "en")[1]
    assert "format: aligned files: c.da the source, c.en the target" in said
    assert "a pair without a text on both sides (" in said
    assert "a line that is empty in both files (" in said


@pytest.mark.parametrize("stray", ["c.da", "c.en"])
def test_a_carriage_return_within_a_line_keeps_aligned_files_aligned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], stray: str
) -> None:
    for name, side in (("c.da", 0), ("c.en", 1)):
        lines = [row[side] for row in ROWS]
        lines[3] = lines[3].replace(" ", "\r" if name == stray else " ", 1)
        (tmp_path / name).write_bytes("".join(f"{line}\n" for line in lines).encode())
    asked = ("--source", "da", "--target", "en")
    assert texts(read_pairs(tmp_path / "c", DA_EN)) == ROWS
    said = seen(tmp_path / "c", capsys, *asked)[1]
    assert "line ends: a carriage return within a line, read as a space (" in said
    assert f"{stray}, line 4)" in said.replace("\n", "")
    answered = Translation(TranslationSettings(source="da", target="en"), tmp_path)
    assert list(answered.read_inputs(str(tmp_path / "c.da"))) == [da for da, _ in ROWS]
    assert len(answered.findings) == (2 if stray == "c.da" else 1)  # the encoding is one


def test_a_carriage_return_within_a_field_ends_no_row_of_a_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.tsv"
    path.write_bytes(table().replace("er hus nummer 7\t", "er\rhus nummer 7\t").encode())
    assert texts(read_pairs(path)) == ROWS
    assert "line ends: a carriage return within a line, read as a space (" in seen(path, capsys)[1]


def test_predict_answers_the_source_column_of_a_table_row_by_row(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tsv", table("{n}\t{da}\t{en}", "9\t\tnothing"))
    task = Translation(TranslationSettings(), tmp_path)
    assert list(task.read_inputs(str(path))) == ["", *(da for da, _ in ROWS)]
    other = Translation(TranslationSettings(source="3", target="2"), tmp_path)
    assert list(other.read_inputs(str(path)))[1] == ROWS[0][1]


# -- pairs that look wrong -----------------------------------------------------------------------------------------


def test_equal_and_unequal_pairs_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"navn{n} x\tnavn{n} x" for n in range(9)]
    path = write(
        tmp_path / "a.tsv", table("{da}\t{en}", *rows, "nej\t" + "never and " * 9, "a " * 120 + "\t" + "b " * 99)
    )
    status, said = seen(path, capsys)
    assert status == 1
    assert "equal sides: a pair of the same text twice, as over 10% of all are, 9 times" in said
    assert "unequal sides: a pair of which one side is more than 9 times as long as the other (" in said
    few = write(tmp_path / "b.tsv", table("{da}\t{en}", "OK then\tOK then"))
    assert "equal sides" not in seen(few, capsys)[1]


def test_long_pairs_are_left_out_each_counted_once(tmp_path: Path) -> None:
    long = "\n".join(f"{'ord ' * 30}{n}\t{'word ' * 30}{n}" for n in range(3))
    middle = "\n".join(f"uforklarlighed {n}\tinexplicability {n}" for n in range(2))
    path = write(tmp_path / "train.tsv", table("det {n}\tit {n}") + long + "\n" + middle + "\n")
    held_out = write(tmp_path / "other.tsv", table())
    small = {"hidden_size": 4, "embedding_size": 4, "vocabulary_size": 260, "steps": 1, "beams": 1, "max_length": 12}
    throughtime.train(
        "translation", train=path, valid=held_out, test=held_out, out=tmp_path / "run", quiet=True, **small
    )
    stored = json.loads((tmp_path / "run" / "data.json").read_text())["findings"]
    found = {one["what"]: one["count"] for one in stored if one["subject"] == "long pairs"}
    assert found == {
        "a pair of more than 12 words on a side, not learned from (--max-length)": 3,
        "a pair of more than 12 pieces on a side, not learned from (--max-length)": 2,
    }


def test_messages_that_are_not_translated_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = "".join(f'msgid "{da}"\nmsgstr "{en}"\n\n' for da, en in ROWS)
    odd = (
        '#, fuzzy\nmsgid "a"\nmsgstr "b"\n\nmsgid "c"\nmsgstr ""\n\nmsgid "menu_open"\nmsgstr "d"\n\n'
        'msgid "ox"\nmsgid_plural "oxen"\nmsgstr[0] "e"\nmsgstr[1] "f"\nmsgstr[2] "g"\n\n#~ msgid "h"\n#~ msgstr "i"\n'
    )
    said = seen(write(tmp_path / "a.po", good + odd), capsys)[1]
    for what in (
        "a message marked as fuzzy",
        "a message without a translation",
        "an identifier without a text of its own",
        "a plural form beyond the second",
        "an obsolete message",
    ):
        assert f"messages: {what} (" in said


# -- splits --------------------------------------------------------------------------------------------------------


def named(folder: Path, *names: str) -> Path:
    for number, name in enumerate(names):
        write(folder / name, table("{da} " + f"i {number}\t" + "{en} " + f"in {number}"))
    return folder


def test_a_test_split_with_a_longer_name_is_not_learned_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = named(tmp_path, "train.tsv", "VAL.tsv", "test_2016_flickr.tsv", "notes.tsv")
    status, said = seen(folder, capsys)
    assert status == 0
    assert "splits: as they are named: " in said
    assert "test is test_2016_flickr.tsv" in said
    assert "unread files: pairs whose name is that of no split, beside train (" in said
    seen_splits = throughtime.check("translation", folder).splits
    assert {pair.path.name for pair in seen_splits.test} == {"test_2016_flickr.tsv"}
    assert {pair.path.name for pair in seen_splits.train} == {"train.tsv"}


@pytest.mark.parametrize(("there", "cut"), [("test", "valid"), ("dev", "test")])
def test_a_third_split_is_cut_from_train(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], there: str, cut: str
) -> None:
    folder = named(tmp_path, "train.tsv", f"{there}.tsv")
    splits = dict(throughtime.check("translation", folder).splits.items())
    assert {pair.path.name for pair in splits[cut]} == {"train.tsv"}
    assert len(splits["train"]) + len(splits[cut]) == 40
    assert f"% {cut}" in seen(folder, capsys)[1]


def test_folders_called_as_splits_are_splits(tmp_path: Path) -> None:
    named(tmp_path, "train/a.tsv", "train/b.tsv", "Dev/a.tsv", "test/a.tsv")
    found = find_splits(tmp_path, Sides())
    assert found == {"train": tmp_path / "train", "valid": tmp_path / "Dev", "test": tmp_path / "test"}
    assert len(throughtime.check("translation", tmp_path).splits.train) == 80


def test_a_test_without_a_train_is_suspicious_and_two_tests_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said = seen(named(tmp_path / "a", "corpus.tsv", "test.tsv"), capsys)
    assert status == 1
    assert "test.tsv looks like the test split, but there is no train" in said
    with pytest.raises(DataError, match="one test split"):
        find_splits(named(tmp_path / "b", "train.tsv", "test2016.tsv", "test2017.tsv"), Sides())


# -- long texts ----------------------------------------------------------------------------------------------------


def test_a_long_text_is_translated_in_parts_and_the_answer_says_so(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tsv", table())
    small = {"hidden_size": 4, "embedding_size": 4, "vocabulary_size": 300, "steps": 1, "beams": 2, "max_length": 20}
    run = throughtime.train("translation", path, out=tmp_path / "run", quiet=True, **small)
    sentences = [f"det her er hus nummer {n}." for n in range(9)]
    long, *short = throughtime.predict(run, [" ".join(sentences), *sentences])
    assert [part["source"] for part in long["parts"]] == sentences
    assert [part["translation"] for part in long["parts"]] == [answer["translation"] for answer in short]
    assert long["translation"] == " ".join(answer["translation"] for answer in short)
    assert long["note"].startswith("9 parts: the text has more than 20 pieces")
    assert all("note" not in answer for answer in short)
    assert [one.count for one in run.task.findings if one.subject == "long texts"] == [1]


def test_parts_hold_all_words_and_none_is_too_long() -> None:
    text = "Ja. " + "ord, " * 30 + "mere " * 30 + "slut! " + "x" * 100
    parts = split_text(text, len, 20)
    assert "".join(parts).replace(" ", "") == text.replace(" ", "")
    assert all(sum(map(len, part.split())) <= 20 for part in parts)
    assert parts[0] == "Ja."
