"""Line ends of a text that is read bit by bit."""

from __future__ import annotations

from pathlib import Path

from throughtime.data.findings import Findings

_BLOCK = 2**20


class LineEnds:
    """Makes a newline of every line end; a carriage return alone is one only in a file without a line feed.

    Args:
        path: the file.
        findings: is told of carriage returns that end no line; None: nobody is.
    """

    def __init__(self, path: Path, findings: Findings | None = None) -> None:
        self.path = path
        self.findings = findings
        self._line, self._waiting = 1, ""
        self._has_line_feed: bool | None = None  # looked up when the first carriage return comes

    def decode(self, text: str, *, final: bool = False) -> str:
        """The next bit of the text; one that ends in a carriage return is finished by the bit after it."""
        text = self._waiting + text
        self._waiting = "\r" if text.endswith("\r") and not final else ""
        text = text.removesuffix(self._waiting).replace("\r\n", "\n")
        if "\r" in text:
            text = self._without_returns(text)
        self._line += text.count("\n")
        return text

    def _without_returns(self, text: str) -> str:
        if self._has_line_feed is None:
            self._has_line_feed = _has_line_feed(self.path)
        if not self._has_line_feed:
            if self.findings is not None:
                self.findings.taken("line ends", "carriage returns alone", self.path)
            return text.replace("\r", "\n")
        if self.findings is not None:
            line = self._line + text.count("\n", 0, text.index("\r"))
            what = "a carriage return within a line, read as a space"
            self.findings.left_out("line ends", what, self.path, line, count=text.count("\r"))
        return text.replace("\r", " ")


def _has_line_feed(path: Path) -> bool:
    with path.open("rb") as file:
        return any(b"\n" in block for block in iter(lambda: file.read(_BLOCK), b""))
