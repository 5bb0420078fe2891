from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from throughtime.data.delimiters import Marks
from throughtime.data.findings import Findings
from throughtime.errors import DataError
from throughtime.tasks.translation.corpora.pair import Sides
from throughtime.tasks.translation.corpora.parallel import read_pairs, sources_of

PAIRS = [("En ged, ja.", "A goat, yes."), ("En kat sov.", "A cat slept."), ("Det regner nu.", "It rains now.")]
TMX = """<?xml version="1.0"?><!DOCTYPE tmx SYSTEM "tmx14.dtd"><tmx version="1.4"><header srclang="da-DK"/><body>
<tu><tuv xml:lang="en-GB"><seg>A goat, yes.</seg></tuv>
<tuv xml:lang="da-DK"><seg>En <bpt i="1">&lt;b&gt;</bpt><hi>ged</hi><ept i="1">&lt;/b&gt;</ept>, ja.</seg></tuv></tu>
<tu><tuv xml:lang="da-DK"><seg>En kat sov.</seg></tuv><tuv xml:lang="en-GB"><seg>A cat slept.</seg></tuv></tu>
<tu><tuv xml:lang="da-DK"><seg>Det regner nu.</seg></tuv><tuv xml:lang="en-GB"><seg>It rains now.</seg></tuv></tu>
</body></tmx>"""
UNITS = "".join(f"<trans-unit id='1'><source>{a}</source><target>{b}</target></trans-unit>" for a, b in PAIRS)
XLIFF = (
    '<xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2">'
    f'<file source-language="da" target-language="en"><body>{UNITS}</body></file></xliff>'
)
SEGMENTS = "".join(f"<segment><source>{a}</source><target>{b}</target></segment>" for a, b in PAIRS)
XLIFF_2 = f'<xliff version="2.0" srcLang="da" trgLang="en"><file><unit id="1">{SEGMENTS}</unit></file></xliff>'
READ = {
    "p.csv": "da,en\n" + "".join(f'"{a}","{b}"\n' for a, b in PAIRS),
    "semicolons.csv": "".join(f"{a};{b}\n" for a, b in PAIRS),
    "p.jsonl": "".join(json.dumps({"translation": {"da": a, "en": b}}) + "\n" for a, b in PAIRS),
    "sides.jsonl": "".join(json.dumps({"id": n, "source": a, "target": b}) + "\n" for n, (a, b) in enumerate(PAIRS)),
    "p.json": json.dumps([{"da": a, "en": b} for a, b in PAIRS], indent=1),
    "p.tmx": TMX,
    "p.xliff": XLIFF,
    "p.xlf": XLIFF_2,
}


@pytest.mark.parametrize("name", READ)
def test_pairs_of_the_communities_are_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(READ[name], encoding="utf-8")
    assert [(pair.source, pair.target) for pair in read_pairs(path)] == PAIRS
    assert sources_of(path, Sides(), "utf-8", Findings()) == [source for source, _ in PAIRS]
    packed = tmp_path / f"{name}.gz"
    packed.write_bytes(gzip.compress(READ[name].encode()))
    assert [(pair.source, pair.target) for pair in read_pairs(packed)] == PAIRS


@pytest.mark.parametrize("name", ["p.csv", "p.jsonl", "p.tmx", "p.xliff"])
def test_the_direction_can_be_turned_round(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(READ[name], encoding="utf-8")
    assert [(pair.target, pair.source) for pair in read_pairs(path, Sides("en", "da"))] == PAIRS


def test_aligned_files_may_be_packed(tmp_path: Path) -> None:
    for side, texts in zip(("da", "en"), zip(*PAIRS, strict=True), strict=True):
        (tmp_path / f"c.{side}.gz").write_bytes(gzip.compress("".join(f"{text}\n" for text in texts).encode()))
    for path in (tmp_path / "c", tmp_path / "c.da.gz", tmp_path):
        assert [(pair.source, pair.target) for pair in read_pairs(path, Sides("da", "en"))] == PAIRS


def test_what_stands_between_columns_can_be_told(tmp_path: Path) -> None:
    path = tmp_path / "pairs.txt"
    path.write_text("".join(f"{a}^{b}\n" for a, b in PAIRS))
    found = read_pairs(path, Sides("1", "2", Marks("^")))
    assert [(pair.source, pair.target) for pair in found] == PAIRS


REFUSED = {
    "broken.tmx": (TMX[:-8], "found no XML"),
    "bomb.tmx": ('<!DOCTYPE t [<!ENTITY a "aa">]><tmx/>', "XML that declares entities"),
    "one.tmx": ("<tmx><body><tu><tuv xml:lang='da'><seg>x</seg></tuv></tu></body></tmx>", "found the languages da"),
    "uneven.csv": ('"Hej","Hi"\nJa, du,Yes\n', "line 2: found 3 columns, expected 2"),
    "one.jsonl": ('{"da": "Hej"}\n', "found 1 column"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_are_no_pairs_is_said(tmp_path: Path, name: str) -> None:
    content, says = REFUSED[name]
    (tmp_path / name).write_text(content)
    with pytest.raises(DataError) as failure:
        read_pairs(tmp_path / name)
    assert says in str(failure.value)
