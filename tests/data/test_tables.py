from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughtime.data.findings import Findings
from throughtime.data.labelled_texts import read_labelled_texts
from throughtime.data.layout import Asked
from throughtime.data.rows import read_rows
from throughtime.data.tables import LARGEST_FIELD
from throughtime.errors import ArgumentError, DataError

GOOD, BAD = "a very good film indeed", "a really bad film, sadly"


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def pairs(
    path: Path, text: str | None = None, label: str | None = None, **options: str
) -> list[tuple[str, str | None]]:
    rows, _ = read_labelled_texts(path, Asked(text, label), **options)  # type: ignore[arg-type]
    return [(row.text, row.label) for row in rows]


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
    assert [(row.text, row.line) for row in read_labelled_texts(path)[0]] == [("two\nlines, one text", 3), ("last", 5)]


def test_columns_can_be_told_by_name_and_by_number(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", f"text,label,summary,stars\n{BAD[:8]},x,{GOOD},5\n{BAD[:8]},y,{GOOD},3\n")
    assert pairs(path, "summary", "stars") == [(GOOD, "5"), (GOOD, "3")]
    assert pairs(path, "3", "2") == [(GOOD, "x"), (GOOD, "y")]
    headless = write(tmp_path, "b.csv", "u,u u,1\nv,v v,2\nw,w w,1\nz,z z,2\n")
    assert pairs(headless, "2", "3")[0] == ("u u", "1")


def test_other_encodings_when_they_are_said(tmp_path: Path) -> None:
    text = "text,label\nnaïve café,1\nbête,0\n"
    for encoding in ("latin-1", "utf-16", "cp1252"):
        path = write(tmp_path, "a.csv", text.encode(encoding))
        assert pairs(path, encoding=encoding) == [("naïve café", "1"), ("bête", "0")]


def test_texts_to_be_predicted_need_no_labels(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", f"id,text\n1,{GOOD}\n2,{GOOD}\n")
    assert [row.text for row in read_labelled_texts(path, Asked(labels=False))[0]] == [GOOD, GOOD]


def test_a_huge_field_is_read(tmp_path: Path) -> None:
    text = "word " * 100_000
    assert pairs(write(tmp_path, "a.csv", f"text,label\n{text},1\nshort,0\n"))[0][0] == text


@given(st.lists(st.tuples(st.text(min_size=1).filter(lambda t: t.strip()), st.sampled_from("ab")), min_size=1))
def test_json_lines_give_back_any_text(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]) -> None:
    lines = [json.dumps({"text": text, "label": label}) for text, label in rows]
    path = write(tmp_path_factory.mktemp("rows"), "a.jsonl", "\n".join([*lines, '{"text": "end", "label": "a"}']))
    assert pairs(path)[:-1] == rows


ROW = f"text,label\n{GOOD},1\n"
MALFORMED: list[tuple[str, str | bytes, str]] = [
    ("empty.csv", "", "an empty file"),
    ("blank.csv", " \n\n ", "an empty file"),
    ("head.csv", "text,label\n", "a head line and no rows"),
    ("binary.csv", b"a,b\n\x00\x01,c\n", "line 2: found a binary file"),
    ("picture.csv", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "a PNG picture"),
    ("latin.csv", b"text,label\nok,1\ncaf\xe9 noir,0\n", "line 3: found byte 0xe9 at position 19"),
    ("utf16.csv", "text,label\nok,1\n".encode("utf-16"), "UTF-16"),
    ("truncated.csv", ROW.encode() + "naïve".encode()[:3], "line 3: found byte 0xc3"),
    ("more.csv", ROW + "bad, very bad,0\n", "line 3: found 3 columns, expected 2"),
    ("fewer.csv", ROW + "bad\n", "line 3: found 1 column, expected 2"),
    ("more.tsv", "text\tlabel\na b\t1\nc\td\t0\n", "line 3: found 3 columns"),
    ("quote.csv", ROW + '"never closed,0\nmore,1\n', "line 3: found a quotation mark that is never closed"),
    ("after.csv", ROW + '"closed" early,0\n', "line 3"),
    ("columns.csv", "first,second,third\na b c,d e f,1\ng h i,j k l,0\n", "the columns first, second, third"),
    ("one.csv", "text\nonly texts\nand more\n", "--label-column"),
    ("texts.csv", "text,label\n,1\nbad film,\n", "no row that has a text and a label"),
    ("broken.jsonl", '{"text": "a b", "label": 1}\n{"text": "a b", "la\n', "line 2: found no JSON"),
    ("list.jsonl", '{"text": "a b", "label": 1}\n[1, 2]\n', "line 2: found a JSON list"),
    ("open.json", '[{"text": "a b", "label": 1}', "line 1: found no JSON (an array that is never closed"),
    ("deep.jsonl", '{"text": ' + "[" * 100_000 + "\n", "line 1: found no JSON"),
    ("number.jsonl", '{"text": "a b", "label": 1}\n{"text": 7, "label": 0}\n', "line 2: found 7 as text"),
    ("nested.jsonl", '{"text": "a b", "label": 1}\n{"text": "c", "label": {"a": 1}}\n', "line 2: found"),
    ("prose.txt", "It was night.\nNobody came.\nThe rain fell.\nAll slept.\n", "4 lines that begin with 4 different"),
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


ROWS_LEFT_OUT = [
    ("a.csv", f"text,label\n{GOOD},1\nbad film,\n,0\n{GOOD},0\n ,\n", [3, 4, 6]),
    ("a.tsv", f"text\tlabel\n{GOOD}\t1\n\t\n{BAD}\t0\n", [3]),
    ("a.jsonl", '{"text": "a b", "label": 1}\n{"text": "c", "label": NaN}\n{"text": null, "label": 0}\n', [2, 3]),
    ("a.jsonl", '{"text": "a b", "label": 1}\n{"label": 0}\n', [2]),
    ("a.txt", "1 some words\n0\n1 more words\n", [2]),
    ("b.txt", "__label__1 some words\nno label\n__label__0\n__label__ none\n", [2, 3, 4]),
]


@pytest.mark.parametrize(("name", "content", "lines"), ROWS_LEFT_OUT)
def test_rows_without_text_or_label_are_left_out_and_counted(
    tmp_path: Path, name: str, content: str, lines: list[int]
) -> None:
    findings = Findings()
    rows, _ = read_labelled_texts(write(tmp_path, name, content), findings=findings)
    left_out = [place.line for finding in findings if finding.level == "left out" for place in finding.places]
    assert sorted(line for line in left_out if line) == lines
    assert all(row.text.strip() and row.label for row in rows)


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        ("id,text\n1,a film\n2,\n,\n4,an end\n", ["a film", "", "", "an end"]),
        ("text\na film\n\nan end\n\n", ["a film", "", "an end"]),
        ("text,label\na film,\n\nan end,1\n", ["a film", "an end"]),
    ],
)
def test_texts_to_be_predicted_are_one_a_row(tmp_path: Path, content: str, texts: list[str]) -> None:
    rows, _ = read_labelled_texts(write(tmp_path, "a.csv", content), Asked(labels=False))
    assert [row.text for row in rows] == texts


@pytest.mark.parametrize("nothing", ["NONE", "nan", "null", "N/A"])
def test_only_an_empty_cell_is_missing(tmp_path: Path, nothing: str) -> None:
    path = write(tmp_path, "a.csv", f"text,label\n{GOOD},{nothing}\n{nothing},0\n")
    assert pairs(path) == [(GOOD, nothing), (nothing, "0")]


DELIMITERS = [
    ("a.csv", "sep=;\ntext;label\n{0};1\n{1};0\n", "a semicolon, as its first line says"),
    ("a.csv", '"sep=|"\ntext|label\n{0}|1\n{1}|0\n', "a vertical bar, as its first line says"),
    ("a.csv", "text\tlabel\n{0}\t1\n{1}\t0\n", "a tab, which splits all rows evenly, though the name ends in .csv"),
    ("a.csv", "label|text\n1|{0}\n0|{1}\n", "a vertical bar, which splits"),
    ("a.csv", "1;{0}, or so\n0;{1}, or so\n1;{0}, or so\n", "a semicolon, which splits"),
    ("a.tsv", 'text,label\n{0},1\n"{1}",0\n', "a comma, which splits all rows evenly, though the name ends in .tsv"),
    ("a.txt", "text;label\n{0};1\n{1};0\n", "a semicolon"),
    ("a.csv", 'text,label\n{0},1\n"{1}",0\n', "a comma"),
]
NUMBERS = [
    ("a.csv", "1;0,5;2,5\n2;0,7;3,5\n", [["1", "0,5", "2,5"], ["2", "0,7", "3,5"]], "a semicolon, which splits"),
    ("a.tsv", "1\t0,5\t2,5\n\n2\t0,7\t3,5\n", [["1", "0,5", "2,5"], ["2", "0,7", "3,5"]], "a tab"),
    ("a.csv", "# a note\n1,5,2\n2,7,3\n", [["1", "5", "2"], ["2", "7", "3"]], "a comma"),
    ("a.csv", "sep=|\n1|5,2\n2|7,3\n", [["1", "5,2"], ["2", "7,3"]], "a vertical bar, as its first line says"),
    ("a.txt", "1  5.5 2\n2 7.5  3\n", [["1", "5.5", "2"], ["2", "7.5", "3"]], "white space"),
    ("a.csv", '1, "a, b"\n2, "c\nd"\n3, e\n', [["1", "a, b"], ["2", "c\nd"], ["3", "e"]], "a comma"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "rows", "says"), NUMBERS)
def test_delimiters_of_numbers_are_found_likewise(
    tmp_path: Path, name: str, content: str, rows: list[list[str]], says: str
) -> None:
    findings = Findings()
    assert [fields for _, fields in read_rows(write(tmp_path, name, content), findings)] == rows
    assert said(findings, "delimiter").startswith(f"delimiter: {says}")
    assert findings.worst != "suspicious"


@pytest.mark.parametrize(("name", "content", "says"), DELIMITERS)
def test_delimiters_are_found_and_said(tmp_path: Path, name: str, content: str, says: str) -> None:
    findings = Findings()
    path = write(tmp_path, name, content.format(GOOD, BAD))
    rows, _ = read_labelled_texts(path, findings=findings)
    assert [row.text.removesuffix(", or so") for row in rows][:2] == [GOOD, BAD]
    assert [row.label for row in rows][:2] == ["1", "0"]
    assert says in said(findings, "delimiter")


HEAD_LINES = [
    ("unusual names", f"first,second\n{GOOD},x\n{BAD},y\n{GOOD},x\n{BAD},y\n", True, "stands nowhere else"),
    ("counted", f"0,1\n{GOOD},1\n{BAD},0\n{GOOD},1\n", True, "counts the columns"),
    ("index", f",text,label\n0,{GOOD},1\n1,{BAD},0\n2,{GOOD},1\n", True, "'text' names a column"),
    ("a rare class", f"{GOOD},rare\n{BAD},y\n{GOOD},x\n{BAD},y\n{GOOD},x\n", False, "read as data"),
    ("a usual name as label", f"{GOOD},question\n{BAD},y\n{GOOD},question\n{BAD},y\n", False, "stands below too"),
    ("short texts", "hm hm hm,rare\nso so so,x\nwell well well,y\nno no no,x\nno no,y\n", True, "is it data?"),
]


@pytest.mark.parametrize(("_", "content", "has_head", "says"), HEAD_LINES)
def test_head_lines_are_told_from_data_and_it_is_said(
    tmp_path: Path, _: str, content: str, has_head: bool, says: str
) -> None:
    findings = Findings()
    rows, _ = read_labelled_texts(write(tmp_path, "a.csv", content.replace(", sadly", "")), findings=findings)
    assert rows[0].line == (2 if has_head else 1)
    assert says in said(findings, "head line")


def test_a_head_line_between_the_rows_is_left_out(tmp_path: Path) -> None:
    findings = Findings()
    path = write(tmp_path, "a.csv", f"text,label\n{GOOD},1\ntext,label\n{GOOD},0\n")
    assert [row.line for row in read_labelled_texts(path, findings=findings)[0]] == [2, 4]
    assert "the head line again" in said(findings, "head line")


def test_the_columns_of_training_are_read_again(tmp_path: Path) -> None:
    rows = f"v1,v2\nham,{GOOD}\nspam,{GOOD}\nham,{GOOD}\nspam,{GOOD}\n"
    _, layout = read_labelled_texts(write(tmp_path, "a.csv", rows))
    asked = Asked(labels=False, before=layout)
    new = write(tmp_path, "new.csv", f"v2\n{GOOD}\n{BAD[:8]}\n")
    assert [row.text for row in read_labelled_texts(new, asked)[0]] == [GOOD, BAD[:8]]
    _, layout = read_labelled_texts(write(tmp_path, "b.csv", rows.partition("\n")[2]))
    headless = write(tmp_path, "headless.csv", f"label,{GOOD}\nham,{GOOD}\n")
    assert len(read_labelled_texts(headless, Asked(labels=False, before=layout))[0]) == 2


def test_a_told_number_is_a_number_whatever_the_first_row_holds(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", f"2,{GOOD}\n1,{GOOD}\n2,{GOOD}\n1,{GOOD}\n")
    assert pairs(path, "2", "1")[0] == (GOOD, "2")


def test_two_columns_of_usual_names_are_suspicious(tmp_path: Path) -> None:
    findings = Findings()
    path = write(tmp_path, "a.csv", f"text,label,stars\n{GOOD},1,5\n{GOOD},0,2\n")
    read_labelled_texts(path, findings=findings)
    assert "'label' and 'stars' are both usual names" in said(findings, "columns")


def test_every_word_that_says_it_is_a_label_is_one(tmp_path: Path) -> None:
    findings = Findings()
    lines = [f"__label__t{n} a text of topic {n}" for n in range(200)]
    path = write(tmp_path, "a.txt", "\n".join([*lines, "__label__t1 __label__t2 two labels", "last __label__t3"]))
    rows = read_labelled_texts(path, findings=findings)[0]
    assert len({row.label for row in rows}) == 200
    assert [(row.text, row.label) for row in rows[-2:]] == [("two labels", "t1"), ("last", "t3")]
    assert rows[-2].labels == ("t1", "t2")
    assert "1 of 202 have several" in said(findings, "several labels")


def said(findings: Findings, subject: str) -> str:
    """All that was found about a subject."""
    return "; ".join(str(finding) for finding in findings if finding.subject == subject)


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
        read_labelled_texts(path, Asked(text="body"))
    with pytest.raises(DataError, match="expected a label column '3'"):
        read_labelled_texts(path, Asked(label="3"))
    with pytest.raises(ArgumentError, match="'utf-9'"):
        read_labelled_texts(path, encoding="utf-9")
