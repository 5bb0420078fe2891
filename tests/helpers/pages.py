"""A report read by a parser of HTML that says what is wrong with a page."""

from __future__ import annotations

import re
from pathlib import Path

from lxml import etree, html

MOST_BYTES = 1_000_000
_ASKS = ("src", "href", "action", "data", "poster", "srcset", "xlink:href")


class Page:
    """A page that is known to be whole, small, and to ask nothing of any network.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        content = path.read_bytes()
        assert len(content) < MOST_BYTES
        parser = html.HTMLParser(encoding="utf-8")
        self.tree = html.document_fromstring(content, parser=parser)
        # the parser knows no element that is younger than 1999
        wrong = [str(e) for e in parser.error_log if e.type != etree.ErrorTypes.HTML_UNKNOWN_TAG]
        assert wrong == []
        self.source = content.decode("utf-8")
        self._asks_nothing()
        ids = self.tree.xpath("//@id")
        assert len(ids) == len(set(ids))
        assert {link[1:] for link in self.tree.xpath("//a/@href")} <= set(ids)

    def _asks_nothing(self) -> None:
        for element in self.tree.iter(etree.Element):
            for name, value in element.attrib.items():
                assert not name.startswith("on"), (element.tag, name)
                if name in _ASKS:
                    assert value.startswith(("data:image/", "data:audio/", "#")), (element.tag, name, value)
        (style,) = self.tree.xpath("//style/text()")
        assert not re.search(r"url\(|@import", style)
        (script,) = self.tree.xpath("//script/text()")
        assert not re.search(r"https?:|fetch|XMLHttpRequest|WebSocket|import\b|eval", script)
        assert self.tree.xpath("//link | //iframe | //object | //embed | //base | //form") == []
        (policy,) = self.tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
        assert policy.startswith("default-src 'none';")

    @property
    def sections(self) -> dict[str, str]:
        """The text of each section, by its title."""
        return {one.findtext("h2"): " ".join(one.text_content().split()) for one in self.tree.xpath("//section")}

    def rows(self, section: str, caption: str = "") -> list[list[str]]:
        """The first table of a section whose caption begins so: all its rows, the heads first."""
        for table in self.tree.xpath("//section[h2=$title]//table", title=section):
            if (table.findtext("caption") or "").startswith(caption):
                return [[" ".join(cell.text_content().split()) for cell in row] for row in table.iter("tr")]
        raise AssertionError(f"no table {caption!r} in {section!r}")
