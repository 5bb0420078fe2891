from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughtime.data.tables import LARGEST_FIELD, read_labelled_texts
from throughtime.errors import ArgumentError, DataError

GOOD, BAD = "a very good film indeed", "a really bad film, sadly"


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def pairs(path: Path, **options: str) -> list[tuple[str, str | None]]:
    return [(row.text, row.label) for row in read_labelled_texts(path, **options)]  # type: ignore[arg-type]


READABLE = [
    ("a.csv", f'text,label\n{GOOD},1\n"{BAD}",0\n'),
    ("a.csv", f'id,Label,source,Text\n7,1,x,{GOOD}\n8,0,y,"{BAD}"\n'),
    ("a.csv", f'\ufeffreview;sentiment\n{GOOD};1\n"{BAD}";0\n'),
    ("a.csv", f'{GOOD},1\n"{BAD}",0\n{GOOD},1\n'),  # no head line
    ("a.csv", f'what they said,verdict\n{GOOD},1\n"{BAD}",0\n{GOOD},1\n{GOOD},1\n'),  # a head line of unusual names
    ("a.csv", f'text,label\r\n{GOOD},1\r\n\r\n"{BAD}",0\r\n'),
    ("a.tsv", f"sentence\tlabel\n{GOOD}\t1\n{BAD}\t0\n"),
    ("a.tsv", f'label\ttext\n1\t"{GOOD}"\n0\t{BAD}\n'),
    ("a.txt", f"1\t{GOOD}\n0\t{BAD}\n1\t{GOOD}\n"),
    ("a.jsonl", json.dumps({"text": GOOD, "label": 1}) + "\n\n" + json.dumps({"label": 0.0, "text": BAD})),
    ("a.ndjson", json.dumps({"review": GOOD, "class": "1", "n": 3}) + "\n" + json.dumps({"review": BAD, "class": "0"})),
    ("a.all", f"1 {GOOD}\n0 {BAD}\n"),
    ("a.txt", f"__label__1 {GOOD}\n__label__0 {BAD}\n"),
    ("data", json.dumps({"text": GOOD, "label": "1"}) + "\n" + json.dumps({"text": BAD, "label": "0"})),
]


@pytest.mark.parametrize(("name", "content"), READABLE)
def test_formats_and_columns_are_found(tmp_path: Path, name: str, content: str) -> None:
    assert pairs(write(tmp_path, name, content))[:2] == [(GOOD, "1"), (BAD, "0")]


def test_rows_know_their_lines(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", 'text,label\n\n"two\nlines, one text",1\nlast,0\n')
    assert [(row.text, row.line) for row in read_labelled_texts(path)] == [("two\nlines, one text", 3), ("last", 5)]


def test_columns_can_be_told_by_name_and_by_number(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", f"text,label,summary,stars\n{BAD[:8]},x,{GOOD},5\n{BAD[:8]},y,{GOOD},3\n")
    assert pairs(path, text_column="summary", label_column="stars") == [(GOOD, "5"), (GOOD, "3")]
    assert pairs(path, text_column="3", label_column="2") == [(GOOD, "x"), (GOOD, "y")]
    headless = write(tmp_path, "b.csv", "u,u u,1\nv,v v,2\nw,w w,1\nz,z z,2\n")
    assert pairs(headless, text_column="2", label_column="3")[0] == ("u u", "1")


def test_other_encodings_when_they_are_said(tmp_path: Path) -> None:
    text = "text,label\nnaïve café,1\nbête,0\n"
    for encoding in ("latin-1", "utf-16", "cp1252"):
        path = write(tmp_path, "a.csv", text.encode(encoding))
        assert pairs(path, encoding=encoding) == [("naïve café", "1"), ("bête", "0")]


def test_texts_to_be_predicted_need_no_labels(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", f"id,text\n1,{GOOD}\n2,{GOOD}\n")
    assert [row.text for row in read_labelled_texts(path, labels=False)] == [GOOD, GOOD]


def test_a_huge_field_is_read(tmp_path: Path) -> None:
    text = "word " * 100_000
    assert pairs(write(tmp_path, "a.csv", f"text,label\n{text},1\nshort,0\n"))[0][0] == text


@given(st.lists(st.tuples(st.text(min_size=1).filter(lambda t: t.strip()), st.sampled_from("ab")), min_size=1))
def test_json_lines_give_back_any_text(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]) -> None:
    rows = [(text, label) for text, label in rows if text.strip().lower() not in ("nan", "null", "none", "n/a", "<na>")]
    lines = [json.dumps({"text": text, "label": label}) for text, label in rows]
    path = write(tmp_path_factory.mktemp("rows"), "a.jsonl", "\n".join([*lines, '{"text": "end", "label": "a"}']))
    assert pairs(path)[:-1] == rows


ROW = f"text,label\n{GOOD},1\n"
MALFORMED: list[tuple[str, str | bytes, str]] = [
    ("empty.csv", "", "an empty file"),
    ("blank.csv", " \n\n ", "an empty file"),
    ("head.csv", "text,label\n", "a head line and no rows"),
    ("binary.csv", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "line 3: found a binary file"),
    ("latin.csv", b"text,label\nok,1\ncaf\xe9 noir,0\n", "line 3: found byte 0xe9 at position 19"),
    ("utf16.csv", "text,label\nok,1\n".encode("utf-16"), "UTF-16"),
    ("truncated.csv", ROW.encode() + "naïve".encode()[:3], "line 3: found byte 0xc3"),
    ("more.csv", ROW + "bad, very bad,0\n", "line 3: found 3 columns, expected 2"),
    ("fewer.csv", ROW + "bad\n", "line 3: found 1 column, expected 2"),
    ("more.tsv", "text\tlabel\na b\t1\nc\td\t0\n", "line 3: found 3 columns"),
    ("quote.csv", ROW + '"never closed,0\nmore,1\n', "line 3: found a quotation mark that is never closed"),
    ("after.csv", ROW + '"closed" early,0\n', "line 3"),
    ("label.csv", ROW + "bad film,\n", "line 3: found no label"),
    ("nan.csv", ROW + "bad film,NaN\n", "line 3: found no label ('NaN')"),
    ("text.csv", ROW + " ,0\n", "line 3: found no text"),
    ("nantext.csv", ROW + "nan,0\n", "line 3: found no text"),
    ("columns.csv", "first,second,third\na b c,d e f,1\ng h i,j k l,0\n", "the columns first, second, third"),
    ("one.csv", "text\nonly texts\nand more\n", "--label-column"),
    ("broken.jsonl", '{"text": "a b", "label": 1}\n{"text": "a b", "la\n', "line 2: found no JSON"),
    ("list.jsonl", '{"text": "a b", "label": 1}\n[1, 2]\n', "line 2: found a JSON list"),
    ("array.json", '[{"text": "a b", "label": 1}]', "a JSON array"),
    ("deep.jsonl", '{"text": ' + "[" * 100_000 + "\n", "line 1: found no JSON"),
    ("number.jsonl", '{"text": "a b", "label": 1}\n{"text": 7, "label": 0}\n', "line 2: found 7 as text"),
    ("nan.jsonl", '{"text": "a b", "label": 1}\n{"text": "c", "label": NaN}\n', "line 2: found no label"),
    ("null.jsonl", '{"text": "a b", "label": 1}\n{"text": null, "label": 0}\n', "line 2: found no text"),
    ("missing.jsonl", '{"text": "a b", "label": 1}\n{"text": "c d"}\n', "line 2: found no label"),
    ("nested.jsonl", '{"text": "a b", "label": 1}\n{"text": "c", "label": {"a": 1}}\n', "line 2: found"),
    ("prose.txt", "It was night.\nNobody came.\nThe rain fell.\nAll slept.\n", "4 lines that begin with 4 different"),
    ("lonely.txt", "1 some words\n0\n1 more words\n", "line 2: found no text"),
    ("long.csv", ROW + "x" * (LARGEST_FIELD + 1) + ",0\n", "line 3: found a field of more than 16,777,216"),
]


@pytest.mark.parametrize(("name", "content", "says"), MALFORMED, ids=[case[0] for case in MALFORMED])
def test_malformed_files_are_one_clear_sentence(tmp_path: Path, name: str, content: str | bytes, says: str) -> None:
    path = write(tmp_path, name, content)
    with pytest.raises(DataError) as failure:
        read_labelled_texts(path)
    sentence = str(failure.value)
    assert sentence.startswith(str(path))
    assert says in sentence
    assert ", expected " in sentence
    assert "\n" not in sentence
    assert len(sentence) < 400 + len(str(path))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="found a folder"):
        read_labelled_texts(tmp_path)
    with pytest.raises(DataError, match="No such file"):
        read_labelled_texts(tmp_path / "missing.csv")
    with pytest.raises(DataError, match="cannot be read"):
        read_labelled_texts(Path("/proc/self/mem"))


def test_wrong_requests_are_named(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", ROW)
    with pytest.raises(DataError, match="found the columns text, label, expected a text column 'body'"):
        read_labelled_texts(path, text_column="body")
    with pytest.raises(DataError, match="expected a label column '3'"):
        read_labelled_texts(path, label_column="3")
    with pytest.raises(ArgumentError, match="'utf-9'"):
        read_labelled_texts(path, encoding="utf-9")
