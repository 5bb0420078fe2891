"""What readers find: counted, ordered by how bad it is, and said once."""

from __future__ import annotations

from pathlib import Path

from throughtime.data.findings import MOST_PLACES, Findings


def test_the_same_thing_is_counted_and_its_places_are_kept() -> None:
    findings = Findings()
    for line in range(1, 41):
        findings.left_out("empty texts", "a row without a text", Path("a.csv"), line)
    findings.left_out("empty texts", "a row without a text", Path("b.csv"))
    (found,) = findings
    assert found.count == 41
    assert [place.line for place in found.places] == list(range(1, MOST_PLACES + 1))
    assert str(found) == "empty texts: a row without a text, 41 times (a.csv, lines 1, 2, 3, 4, 5; ...)"


def test_the_worst_comes_first_and_what_was_understood_is_said_once() -> None:
    findings = Findings()
    for _ in range(3):
        findings.taken("delimiter", "a semicolon", Path("a.csv"))
    findings.suspicious("classes", "one class only")
    assert [(finding.level, finding.count) for finding in findings] == [("suspicious", 1), ("taken", 1)]
    assert findings.worst == "suspicious"
    findings.clear()
    assert findings.worst is None
