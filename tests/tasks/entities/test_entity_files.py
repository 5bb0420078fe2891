from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from throughtime.cli.main import main
from throughtime.data.findings import Findings
from throughtime.errors import DataError
from throughtime.tasks.entities import EntitiesSettings
from throughtime.tasks.entities.corpora.reading import read_sentences
from throughtime.tasks.entities.corpora.rows import LONGEST_SENTENCE
from throughtime.tasks.entities.corpora.sentence import Sentence, Span

CONLL_2003 = """-DOCSTART- -X- -X- O

EU NNP B-NP I-ORG
rejects VBZ B-VP O
German JJ B-NP I-MISC
call NN I-NP O
. . O O

Peter NNP B-NP I-PER
Blackburn NNP I-NP I-PER
"""
TWEETS = "@paulwalk\tO\nEmpire\tB-location\nState\tI-location\n#NYC\tB-location\n.\tO\n\t\nFrom\tO\n"
UNIVERSAL = (
    "# sent_id = 1\n# text = Jane lives in Rome\n1\tJane\tPROPN\tB-PER\n2\tlives\tVERB\tO\n3\tin\tADP\tO\n"
    "4\tRome\tPROPN\tS-LOC\n\n# sent_id = 2\n1\tYes\tINTJ\tO\n"
)


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def learned(path: Path, **asked: Any) -> list[Sentence]:
    return read_sentences(path, EntitiesSettings(**asked), Findings())


def test_conll_2003_with_documents_and_four_columns(tmp_path: Path) -> None:
    first, second = learned(write(tmp_path, "eng.train", CONLL_2003))
    assert first.words == ("EU", "rejects", "German", "call", ".")
    assert first.spans == (Span(0, 1, "ORG"), Span(2, 3, "MISC"))
    assert (first.line, second.line) == (3, 9)
    assert second.spans == (Span(0, 2, "PER"),)
    (chunks, _) = learned(write(tmp_path, "eng.train", CONLL_2003), tag_column=3)
    assert chunks.spans[0] == Span(0, 1, "NP")


def test_tweets_with_tabs_tags_and_lines_of_a_tab_alone(tmp_path: Path) -> None:
    first, second = learned(write(tmp_path, "wnut.conll", TWEETS))
    assert first.words == ("@paulwalk", "Empire", "State", "#NYC", ".")
    assert first.spans == (Span(1, 3, "location"), Span(3, 4, "location"))
    assert second.words == ("From",)


def test_universal_dependencies_comments_and_a_column_of_numbers(tmp_path: Path) -> None:
    first, second = learned(write(tmp_path, "ud.conllu", UNIVERSAL))
    assert first.words == ("Jane", "lives", "in", "Rome")
    assert first.spans == (Span(0, 1, "PER"), Span(3, 4, "LOC"))
    assert (second.words, second.line) == (("Yes",), 9)


def test_a_hash_may_be_a_word_or_begin_a_comment(tmp_path: Path) -> None:
    rows = "# id 1b7f domain=en\n# O\n#one O\n# I-X\n\n#two B-X\n\n# a comment\n"
    first, second = learned(write(tmp_path, "a.conll", rows))
    assert (first.words, first.spans) == (("#", "#one", "#"), (Span(2, 3, "X"),))
    assert second.words == ("#two",)


def test_bare_labels_are_taken_for_io(tmp_path: Path) -> None:
    (sentence,) = learned(write(tmp_path, "stanford.tsv", "Jane\tPERSON\nDoe\tPERSON\nran\tO\nin\tO\nRome\tCITY\n"))
    assert sentence.spans == (Span(0, 2, "PERSON"), Span(4, 5, "CITY"))


def test_mixed_schemes_are_read_and_a_told_one_is_held_to(tmp_path: Path) -> None:
    path = write(tmp_path, "mixed.conll", "a B-X\nb I-X\n\nc O\nd I-Y\n")
    assert [s.spans for s in learned(path)] == [(Span(0, 2, "X"),), (Span(1, 2, "Y"),)]
    with pytest.raises(DataError, match=r"line 5: found I-Y after O, expected tags that follow IOB2"):
        learned(path, scheme="IOB2")


def test_ten_documents_or_more_are_told_apart(tmp_path: Path) -> None:
    document = "-DOCSTART- O\n\na O\nb B-X\n\nc O\n\n"
    assert {s.document for s in learned(write(tmp_path, "few.conll", document * 9))} == {None}
    many = learned(write(tmp_path, "many.conll", document * 10))
    assert [s.document for s in many] == [n for n in range(1, 11) for _ in range(2)]


def test_other_encodings_byte_order_marks_and_line_ends(tmp_path: Path) -> None:
    rows = "Zoë B-PER\r\nran O\r\n\r\nÅ O\r\n"
    for encoding, content in (("utf-8", rows.encode("utf-8-sig")), ("latin-1", rows.encode("latin-1"))):
        first, second = learned(write(tmp_path, "a.conll", content), encoding=encoding)
        assert (first.words, second.words) == (("Zoë", "ran"), ("Å",))


TEXT = "Yesterday, Harry Potter met Zoë in New York-based café."
SPANS = [[11, 23, "PER"], [28, 31, "PER"], [35, 43, "LOC"]]
LAYOUTS = [
    {"text": TEXT, "spans": SPANS},
    {"text": TEXT, "label": SPANS},
    {"id": 3, "data": TEXT, "labels": SPANS},
    {"text": TEXT, "entities": [{"id": 1, "start_offset": s, "end_offset": e, "label": k} for s, e, k in SPANS]},
    {"text": TEXT, "spans": [{"start": s, "end": e, "label": k, "token_start": 0} for s, e, k in SPANS]},
    [TEXT, {"entities": SPANS}],
    {"text": TEXT, "label": "news", "spans": SPANS[::-1]},
]


@pytest.mark.parametrize("layout", LAYOUTS, ids=range(len(LAYOUTS)))
def test_json_lines_of_doccano_prodigy_and_spacy(tmp_path: Path, layout: object) -> None:
    path = write(tmp_path, "a.jsonl", json.dumps(layout, ensure_ascii=False) + "\n\n")
    (sentence,) = learned(path)
    words = ["Yesterday", ",", "Harry", "Potter", "met", "Zoë", "in", "New", "York", "-", "based", "café", "."]
    assert sentence.words == tuple(words)
    assert sentence.spans == (Span(2, 4, "PER"), Span(5, 6, "PER"), Span(7, 9, "LOC"))


def test_spans_inside_words_cut_them_and_space_at_borders_is_left_out(tmp_path: Path) -> None:
    row = {"text": "The iPhone4S of  Ann .", "spans": [[4, 10, "X"], [10, 12, "Y"], [15, 21, "P"]]}
    (sentence,) = learned(write(tmp_path, "a.jsonl", json.dumps(row)))
    assert sentence.words == ("The", "iPhone", "4S", "of", "Ann", ".")
    assert sentence.spans == (Span(1, 2, "X"), Span(2, 3, "Y"), Span(4, 5, "P"))


ROW = "Ann B-PER\nran O\n\n"
LINE = '{"text": "Ann ran", "spans": [[0, 3, "PER"]]}\n'
MALFORMED = [
    ("empty.conll", "", "an empty file"),
    ("blank.conll", "\n\n \n", "an empty file"),
    ("binary.conll", b"Ann B-PER\n\x00\x01 O\n", "line 2: found a binary file"),
    ("latin.conll", "Zoë B-PER\n".encode("latin-1"), "line 1: found byte 0xeb at position 2, which is not utf-8"),
    ("utf16.conll", ROW.encode("utf-16"), "found text in UTF-16"),
    ("documents.conll", "-DOCSTART- O\n\n-DOCSTART- O\n", "found no sentence"),
    ("one.conll", "Ann\nran\n", "line 1: found one column ('Ann')"),
    ("ragged.conll", ROW + "Bob NNP B-PER\n", "line 4: found 3 columns, expected 2 as in line 1"),
    ("short.conll", ROW + "Bob\n", "line 4: found 1 column, expected 2 as in line 1"),
    ("gap.tsv", "Ann\tB-PER\n\tO\n", "line 2: found an empty column"),
    ("tag.conll", ROW + "Bob X-PER\n", "line 4: found 'X-PER' as the tag of 'Bob', expected O or one such as B-person"),
    ("hyphen.conll", ROW + "Bob B-\n", "line 4: found 'B-' as the tag of 'Bob'"),
    ("numbers.conll", "Ann 1\nran 2\n", "line 1: found '1' as the tag of 'Ann', expected O or"),
    ("prose.txt", "It was night.\nNobody came to us.\n", "line 2: found 4 columns, expected 3 as in line 1"),
    ("endless.conll", "a O\n" * (LONGEST_SENTENCE + 1), "line 1: found more than 10,000 lines without an empty one"),
    ("none.conll", "a O\n\nb O\n\nc O\n", "found no entity in any sentence"),
    ("two.conll", ROW * 2, "found 1 independent examples"),
    ("broken.jsonl", LINE + '{"text": "Ann', "line 2: found no JSON"),
    ("array.jsonl", LINE + "[1, 2]\n", "line 2: found a JSON list, expected one JSON object a line"),
    ("textless.jsonl", LINE + '{"body": "Ann"}\n', "line 2: found an object with body, expected one with a 'text'"),
    ("number.jsonl", LINE + '{"text": 7, "spans": []}\n', "line 2: found 7 as text, expected a string"),
    ("spanless.jsonl", LINE + '{"text": "Ann"}\n', "line 2: found a text without spans"),
    ("word.jsonl", LINE + '{"text": "Ann", "spans": "PER"}\n', "line 2: found PER as spans"),
    ("pair.jsonl", LINE + '{"text": "Ann", "spans": [[0, 3]]}\n', "line 2: found [0, 3] as an entity"),
    ("float.jsonl", LINE + '{"text": "Ann", "spans": [[0, 2.5, "X"]]}\n', "line 2: found [0, 2.5, "),
    ("outside.jsonl", LINE + '{"text": "Ann", "spans": [[0, 4, "X"]]}\n', "line 2: found an entity from 0 to 4"),
    ("backwards.jsonl", LINE + '{"text": "Ann", "spans": [[3, 0, "X"]]}\n', "line 2: found an entity from 3 to 0"),
    ("space.jsonl", LINE + '{"text": "Ann ", "spans": [[3, 4, "X"]]}\n', "line 2: found an entity ' ' without words"),
    (
        "overlap.jsonl",
        LINE + '{"text": "Ann Lee ran", "spans": [[0, 7, "X"], [4, 11, "Y"]]}\n',
        "line 2: found 'Ann Lee' and 'Lee ran', which overlap",
    ),
    ("wordless.jsonl", '{"text": "  ", "spans": []}\n', "found no text with words"),
    ("single.jsonl", LINE, "found one sentence of 2 words, expected several"),
    ("flat.conll", "Ann B-PER\nran O\n" * 9, "found one sentence of 18 words, expected several, with an empty line"),
]


@pytest.mark.parametrize(("name", "content", "says"), MALFORMED, ids=[case[0] for case in MALFORMED])
def test_malformed_files_are_one_clear_sentence_and_leave_nothing_behind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: str | bytes, says: str
) -> None:
    path, out = write(tmp_path, name, content), tmp_path / "run"
    assert main(["train", "entities", str(path), "--out", str(out), "--epochs", "1", "--vectors", "none"]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert ", expected " in said
    assert said.count("\n") == 1
    assert len(said) < 400 + len(str(path))
    assert not out.exists()


def test_columns_that_are_not_there_and_folders(tmp_path: Path) -> None:
    path = write(tmp_path, "a.conll", ROW)
    with pytest.raises(DataError, match="found 2 columns, expected a tag column 5"):
        learned(path, tag_column=5)
    with pytest.raises(DataError, match="found 2 columns, expected a word column 3"):
        learned(path, word_column=3)
    with pytest.raises(DataError, match="found a folder"):
        learned(tmp_path)
    with pytest.raises(DataError, match="No such file"):
        learned(tmp_path / "missing.jsonl")
