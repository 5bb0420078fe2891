"""Data and settings that translation cannot learn from: one sentence each."""

from __future__ import annotations

from pathlib import Path

import polib
import pytest

from throughtime.cli.main import main


def write(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


# -- what can be wrong ---------------------------------------------------------------------------------------------

HEADER = 'msgid ""\nmsgstr "Content-Type: text/plain; charset={}\\n"\n\n'
ROWS = "".join(f"Det er den {n}. ged.\tThis is goat number {n}.\n" for n in range(30))
MO = polib.POFile()
MO.append(polib.POEntry(msgid="goat", msgstr="ged"))
ALIGNED = ["--source", "da", "--target", "en"]

MALFORMED: dict[str, tuple[dict[str, str | bytes], str, list[str], str]] = {
    "nothing there": ({}, "corpus.tsv", [], "corpus.tsv: found no such file"),
    "aligned, sides not told": ({"c.da": "a\n", "c.en": "b\n"}, "c", [], "expected a file or folder; for two aligned"),
    "aligned, one missing": ({"c.da": "a\n"}, "c", ALIGNED, "c.en: found no such file, expected two aligned files"),
    "aligned, unequal": ({"c.da": "a\nb\nc\n", "c.en": "a\nb\n"}, "c", ALIGNED, "c.da: found 3 lines, and 2 in c.en"),
    "aligned, not utf-8": ({"c.da": "a\nå\n", "c.en": b"a\n\xe5\n"}, "c", ALIGNED, "c.en, line 2: found byte 0xe5"),
    "aligned, binary": ({"c.da": b"a\n\0\n", "c.en": "a\nb\n"}, "c", ALIGNED, "c.da, line 2: found a binary file"),
    "aligned, empty": ({"c.da": "", "c.en": "a\n"}, "c", ALIGNED, "c.da: found an empty file"),
    "aligned, utf-16": ({"c.da": "a\n".encode("utf-16"), "c.en": "a\n"}, "c", ALIGNED, "found text in UTF-16"),
    "aligned, never both": ({"c.da": "a\n \n", "c.en": " \nb\n"}, "c", ALIGNED, "found no line that has text in both"),
    "an encoding unheard of": ({"c.tsv": ROWS}, "c.tsv", ["--encoding", "utf-99"], "found the encoding 'utf-99'"),
    "another kind of file": ({"c.docx": "text\n"}, "c.docx", [], "the ending '.docx' and no tab in its first line"),
    "an empty folder": ({"f/readme.md": "text\n"}, "f", [], "f: found no pairs of sentences"),
    "table, one column": ({"c.tsv": "a\nb\n"}, "c.tsv", [], "c.tsv, line 1: found 1 column, expected at least 2"),
    "table, short row": ({"c.tsv": "a\tb\nc\n"}, "c.tsv", [], "c.tsv, line 2: found 1 column, expected at least 2"),
    "table, no text": ({"c.tsv": "\tb\n\tb\n"}, "c.tsv", [], "c.tsv: found no row with a text on both sides"),
    "table, numbers": ({"c.tsv": "1\tb d\t2\n3\tc d\t7\n"}, "c.tsv", [], "expected two columns of sentences: --source"),
    "two tests": (
        {"f/train.tsv": ROWS, "f/dev.tsv": ROWS, "f/test_2016.tsv": ROWS, "f/test_2017.tsv": ROWS},
        "f",
        [],
        "found both test_2016.tsv and test_2017.tsv, expected one test split",
    ),
    "table, no such column": ({"c.tsv": ROWS}, "c.tsv", ["--source", "fransk"], "expected one called 'fransk'"),
    "table, one for both": ({"c.tsv": ROWS}, "c.tsv", ["--target", "1"], "found the column 1 for both sides"),
    "table, a head alone": ({"c.tsv": "source\ttarget\n"}, "c.tsv", [], "found a head line and no rows"),
    "table, one group": ({"c.tsv": "a\tb\na\tc\nd\tc\n"}, "c.tsv", [], "found 3 pairs in fewer than 3 groups"),
    "catalogue, bad syntax": ({"m.po": 'msgid "a"\nnonsense\n'}, "m.po", [], "m.po, line 2: found no catalogue"),
    "catalogue, untranslated": ({"m.po": 'msgid "a"\nmsgstr ""\n'}, "m.po", [], "m.po: found no translated message"),
    "catalogue, other bytes": (
        {"m.po": HEADER.format("UTF-8").encode() + b'msgid "a"\nmsgstr "\xe5"\n'},
        "m.po",
        [],
        "found the byte 0xe5, which is not",
    ),
    "catalogue, empty": ({"m.po": ""}, "m.po", [], "m.po: found an empty file"),
    "catalogue, other sides": ({"m.po": 'msgid "a"\nmsgstr "b"\n'}, "m.po", ALIGNED, "the sides 'da' and 'en'"),
    "compiled, cut off": ({"m.mo": MO.to_binary()[:-9]}, "m.mo", [], "m.mo: found"),
    "compiled, something else": ({"m.mo": b"not a catalogue at all"}, "m.mo", [], "m.mo: found no catalogue"),
    "one split twice": (
        {"f/train.tsv": ROWS, "f/training.tsv": ROWS, "f/dev.tsv": ROWS, "f/test.tsv": ROWS},
        "f",
        [],
        "found both train.tsv and training.tsv",
    ),
    "all too long": ({"c.tsv": ROWS}, "c.tsv", ["--max-length", "1"], "pairs of more than 1 pieces"),
    "tied and unequal": (
        {"c.tsv": ROWS},
        "c.tsv",
        ["--tied", "--hidden-size", "9"],
        "tied weights with vectors of 256",
    ),
    "sampling, not fed": (
        {"c.tsv": ROWS},
        "c.tsv",
        ["--scheduled-sampling", "0.1", "--no-input-feeding"],
        "scheduled sampling without input feeding",
    ),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_what_cannot_be_learned_from_is_one_sentence(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    files, data, options, sentence = MALFORMED[case]
    for name, content in files.items():
        write(tmp_path / name, content)
    monkeypatch.chdir(tmp_path)
    assert main(["train", "translation", data, "--out", "run", "--steps", "1", "--quiet", *options]) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1
    assert "Traceback" not in error
    assert not (tmp_path / "run").exists()
