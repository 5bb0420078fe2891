"""MIDI and MusicXML files that are not what their heads or names say, and that others read nevertheless."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from throughtime.data.findings import Findings
from throughtime.errors import DataError
from throughtime.tasks.music.scores.files import read_score

_END = b"\x00\xff\x2f\x00"


def track(*pitches: int, end: bytes = _END) -> bytes:
    """Quarter notes one after the other; the status of the first is that of all."""
    events = b"".join(bytes([0, pitch, 80, 96, pitch, 0]) for pitch in pitches)
    return b"\x00\x90" + events[1:] + end


def midi(*tracks: tuple[bytes, int], counted: int | None = None, form: int = 1, between: bytes = b"") -> bytes:
    """A file of tracks, each with by how much its head lies of its length."""
    numbers = (form, len(tracks) if counted is None else counted, 96)
    head = b"MThd" + (6).to_bytes(4, "big") + b"".join(number.to_bytes(2, "big") for number in numbers)
    return head + between.join(b"MTrk" + (len(body) + lie).to_bytes(4, "big") + body for body, lie in tracks)


LOW, HIGH = track(40, 41, 42), track(70, 71)
FILES = {
    "lengths too long": (midi((LOW, 33), (HIGH, 99)), "lengths", 2),
    "a length too short": (midi((LOW, -7), (HIGH, 0)), "lengths", 1),
    "lengths of 0": (midi((LOW, -len(LOW)), (HIGH, -len(HIGH))), "lengths", 2),
    "a track more than counted": (midi((LOW, 0), (HIGH, 0), counted=1), "tracks", 1),
    "a track more in a file of one": (midi((LOW, 0), (HIGH, 0), counted=1, form=0), "tracks", 1),
    "bytes between the tracks": (midi((LOW, 0), (HIGH, 0), between=b"\0\0\0"), None, 0),
    "a head of another machine": (bytes(128) + midi((LOW, 0), (HIGH, 0)), "head", 1),
    "a velocity over 127": (midi((LOW, 5), (HIGH.replace(b"\x50", b"\xc8", 1), 0)), "data bytes", 1),
    "no end of track": (midi((LOW[:-4], 0), (HIGH, 0)), None, 0),
    "bytes behind the end": (midi((LOW, 0), (HIGH, 0)) + b"\0junk", None, 0),
    "nothing wrong": (midi((LOW, 0), (HIGH, 0)), None, 0),
}


@pytest.mark.parametrize("name", FILES)
def test_all_notes_are_read_and_what_lies_is_said(tmp_path: Path, name: str) -> None:
    content, subject, count = FILES[name]
    path = tmp_path / "a.mid"
    path.write_bytes(content)
    findings = Findings()
    assert sorted(read_score(path, findings).notes["pitch"].tolist()) == [40, 41, 42, 70, 71]
    said = {finding.subject: finding.count for finding in findings if finding.level == "suspicious"}
    assert said.get(subject or "", 0) == count
    assert bool(said) == bool(subject)


def test_a_track_cut_off_is_an_error_whatever_its_length_says(tmp_path: Path) -> None:
    whole = midi((LOW, 0), (HIGH, 0))
    for cut in (5, 9, 15):
        (tmp_path / "a.mid").write_bytes(whole[:-cut])
        with pytest.raises(DataError, match="a broken MIDI file"):
            read_score(tmp_path / "a.mid")


SCORE = (
    '<score-partwise><part-list><score-part id="P1"><part-name>x</part-name></score-part></part-list><part id="P1">'
    "<measure><attributes><divisions>1</divisions></attributes><note><pitch><step>C</step><octave>4</octave></pitch>"
    "<duration>2</duration></note></measure></part></score-partwise>"
)
CONTAINER = '<container><rootfiles><rootfile full-path="score.xml"/></rootfiles></container>'


def test_plain_and_packed_scores_under_each_others_names(tmp_path: Path) -> None:
    (tmp_path / "plain.mxl").write_text(f'\ufeff<?xml version="1.0" encoding="UTF-8"?>{SCORE}', encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "packed.xml", "w") as archive:
        archive.writestr("META-INF/container.xml", CONTAINER)
        archive.writestr("score.xml", SCORE)
    for name in ("plain.mxl", "packed.xml"):
        assert read_score(tmp_path / name).notes[["pitch", "duration"]].tolist() == [(60, 2.0)]
