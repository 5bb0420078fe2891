from __future__ import annotations

from pathlib import Path

import pytest

from throughtime.data.findings import Findings
from throughtime.data.text_files import read_lines, read_text
from throughtime.errors import DataError
from throughtime.tasks.base.inputs import lines_of


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def said(findings: Findings, subject: str) -> str:
    """All that was found about a subject."""
    return "; ".join(str(finding) for finding in findings if finding.subject == subject)


UNREADABLE = [
    (b"I don\x92t know", "expected text in utf-8 (or train with --encoding cp1252)"),
    (b"caf\xe9", "expected text in utf-8 (or train with --encoding latin-1)"),
    ("one é two é three é".encode() + b"\xff", "expected text in utf-8"),
]


@pytest.mark.parametrize(("text", "says"), UNREADABLE)
def test_another_encoding_is_proposed_where_most_is_not_utf_8(tmp_path: Path, text: bytes, says: str) -> None:
    with pytest.raises(DataError) as failure:
        read_text(write(tmp_path, "a.csv", b"text\n" + text))
    assert str(failure.value).endswith(says)
    assert failure.value.line == 2


@pytest.mark.parametrize(
    ("text", "encoding", "says"),
    [
        (b"I don\x92t know", "latin-1", "a control character U+0080 to U+009F"),
        ("caf\ufffd".encode(), "utf-8", "the character U+FFFD"),
        ("caf\u00c3\u00a9".encode(), "utf-8", "come of reading UTF-8 as another encoding"),
    ],
)
def test_text_that_was_read_in_a_wrong_encoding_is_suspicious(
    tmp_path: Path, text: bytes, encoding: str, says: str
) -> None:
    findings = Findings()
    read_text(write(tmp_path, "a.csv", b"text\n" + text), encoding, findings=findings)
    assert findings.worst == "suspicious"
    assert says in said(findings, "encoding")


LINE_ENDS = [
    ("one\rtwo\r", "one\ntwo\n", "carriage returns alone"),
    ("one\r\ntwo\r\n", "one\ntwo\n", ""),
    ("one\rmore\ntwo\n", "one more\ntwo\n", "a carriage return within a line, read as a space"),
    ("one\r\r\ntwo\r\r\n", "one \ntwo \n", "a carriage return within a line, read as a space, 2 times"),
    ("one\u2028more\x0b\x85\n", "one\u2028more\x0b\x85\n", ""),
]


@pytest.mark.parametrize(("content", "text", "says"), LINE_ENDS)
def test_a_carriage_return_ends_a_line_only_where_no_line_feed_does(
    tmp_path: Path, content: str, text: str, says: str
) -> None:
    findings = Findings()
    assert read_text(write(tmp_path, "a.txt", content), findings=findings) == text
    assert says in said(findings, "line ends")
    assert bool(says) == bool(said(findings, "line ends"))


LINES = [
    ("one\rmore\n\ntwo\u2028more", ["one more", "", "two\u2028more"]),
    ("one\rtwo\r", ["one", "two"]),
    ("\ufeffone\r\n\r\ntwo\r\n\r\n", ["one", "", "two", ""]),
]


@pytest.mark.parametrize(("content", "lines"), LINES)
def test_lines_are_those_that_editors_count(tmp_path: Path, content: str, lines: list[str]) -> None:
    assert read_lines(write(tmp_path, "a.txt", content)) == lines


@pytest.mark.parametrize(("content", "lines"), LINES)
def test_an_argument_of_predict_is_the_lines_of_its_file(tmp_path: Path, content: str, lines: list[str]) -> None:
    findings = Findings()
    assert list(lines_of(str(write(tmp_path, "a.txt", content)), findings)) == lines
    assert bool(said(findings, "line ends")) == (content.replace("\r\n", "").count("\r") > 0)
    assert list(lines_of("one\rmore\ntwo", findings)) == ["one\rmore\ntwo"]


def test_an_argument_that_is_no_text_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"line 2: found byte 0xe9 at position 6, which is not utf-8"):
        list(lines_of(str(write(tmp_path, "a.txt", b"one\ntw\xe9\n"))))
