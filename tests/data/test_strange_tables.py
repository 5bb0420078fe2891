"""Tables as strangers write them: packed, as JSON of all shapes, as Parquet, with backslashes; and what is no table."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import zipfile
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from throughtime.data.delimiters import Marks
from throughtime.data.findings import Findings
from throughtime.data.labelled_texts import read_labelled_texts
from throughtime.data.layout import Asked
from throughtime.errors import ArgumentError, DataError

ROWS = [("a good film", "pos"), ("a bad film", "neg"), ("a fine, long film", "pos")]
CSV = ("text,label\n" + "".join(f'"{text}",{label}\n' for text, label in ROWS)).encode()
OBJECTS = [{"text": text, "label": label} for text, label in ROWS]


def zipped(**files: bytes) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return whole.getvalue()


def parquet(label: list[object], metadata: dict[str, str] | None = None) -> bytes:
    table = pyarrow.table({"text": [text for text, _ in ROWS], "label": label}).replace_schema_metadata(metadata)
    whole = io.BytesIO()
    pyarrow.parquet.write_table(table, whole)
    return whole.getvalue()


CLASSES = {"info": {"features": {"label": {"names": ["neg", "pos"], "_type": "ClassLabel"}}}}
READ = {
    "a.csv.gz": gzip.compress(CSV),
    "a.csv.bz2": bz2.compress(CSV),
    "a.csv.xz": lzma.compress(CSV),
    "a.zip": zipped(**{"in/reviews.csv": CSV, "__MACOSX/in/._reviews.csv": b"\0"}),
    "named_wrongly.csv": gzip.compress(CSV),
    "lines.jsonl": "\n".join(map(json.dumps, OBJECTS)).encode(),
    "array.json": json.dumps(OBJECTS, indent=2).encode(),
    "inner.json": json.dumps({"version": 1, "data": OBJECTS}).encode(),
    "pretty.jsonl": "\n".join(json.dumps(one, indent=1) for one in OBJECTS).encode(),
    "columns.json": json.dumps(
        {
            "text": {str(n): one[0] for n, one in enumerate(ROWS)},
            "label": {str(n): one[1] for n, one in enumerate(ROWS)},
        }
    ).encode(),
    "lists.jsonl": "\n".join(json.dumps(one | {"label": [one["label"]]}) for one in OBJECTS).encode(),
    "a.parquet": parquet(["pos", "neg", "pos"]),
    "classes.parquet": parquet([1, 0, 1], {"huggingface": json.dumps(CLASSES)}),
    "end.txt": "".join(f"{text} __label__{label}\n" for text, label in ROWS).encode(),
}


@pytest.mark.parametrize("name", READ)
def test_what_strangers_write_is_read(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(READ[name])
    rows, _ = read_labelled_texts(tmp_path / name)
    assert [(row.text, row.label) for row in rows] == ROWS


def test_marks_may_have_backslashes_before_them(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('text,label\n"he said \\"no\\", twice",neg\n"a \\\\ b",pos\n')
    findings = Findings()
    assert [row.text for row in read_labelled_texts(path, findings=findings)[0]] == ['he said "no", twice', "a \\ b"]
    assert any("with a backslash before them" in finding.what for finding in findings)


def test_delimiter_and_quotation_marks_can_be_told(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("text^label\n'a, b ^ c'^pos\nd \"e^neg\n")
    rows, _ = read_labelled_texts(path, Asked(marks=Marks("^", "'")))
    assert [(row.text, row.label) for row in rows] == [("a, b ^ c", "pos"), ('d "e', "neg")]
    path.write_text('text|label\n"a|pos\nb"|neg\n')
    rows, _ = read_labelled_texts(path, Asked(marks=Marks("bar", "none")))
    assert [(row.text, row.label) for row in rows] == [('"a', "pos"), ('b"', "neg")]
    with pytest.raises(ArgumentError, match="found the delimiter 'ab', expected one of comma, semicolon, tab"):
        read_labelled_texts(path, Asked(marks=Marks("ab")))


def test_the_same_number_in_two_writings_is_one_label(tmp_path: Path) -> None:
    path, findings = tmp_path / "a.csv", Findings()
    path.write_text("text,label\na b,0\nc d,0.0\ne f,1\n")
    assert [row.label for row in read_labelled_texts(path, findings=findings)[0]] == ["0", "0", "1"]
    assert [str(finding) for finding in findings if finding.level == "left out"] == [
        f"labels: the label '0.0', read as '0' ({path}, line 3)"
    ]


TAR = b"reviews.csv".ljust(257, b"\0") + b"ustar" + bytes(250)
NAMED = {
    "a.csv": (b"%PDF-1.7\n", "a PDF document"),
    "b.csv": (b"<!DOCTYPE html>\n<html></html>", "a web page"),
    "c.csv": (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"),
    "d.xlsx": (zipped(**{"[Content_Types].xml": b"", "xl/workbook.xml": b""}), "an Excel workbook"),
    "e.csv.zst": (b"\x28\xb5\x2f\xfd\0", "a Zstandard archive"),
    "f.tar": (TAR, "a tar archive"),
    "g.tgz": (gzip.compress(TAR), "a tar archive"),
    "h.zip": (zipped(**{"a.csv": CSV, "b.csv": CSV}), "a zip archive of 2 files (a.csv, b.csv)"),
    "i.csv.gz": (gzip.compress(CSV)[:-9], "a gzip archive that is cut off or damaged"),
    "j.csv.gz": (gzip.compress(bytes(2**27)), "a gzip archive that unpacks to more than 64 MiB"),
    "k.pkl": (b"\x80\x04\x95", "a pickle of Python"),
    "l.parquet": (b"PAR1 and no more", "a Parquet file that cannot be read"),
    "m.json": (b'[{"text": "a"} {"text": "b"}]', "line 1: found no JSON"),
}


@pytest.mark.parametrize("name", NAMED)
def test_what_is_no_table_is_named(tmp_path: Path, name: str) -> None:
    content, says = NAMED[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError) as failure:
        read_labelled_texts(tmp_path / name)
    assert says in str(failure.value)
    assert ", expected " in str(failure.value)
