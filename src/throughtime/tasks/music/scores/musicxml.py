"""MusicXML, plain (.musicxml, .xml) and compressed (.mxl): the notes of a partwise score, as they sound.

Only what sounds is read: pitch, duration, chord, voice (backup, forward), tie, transposing instruments and tempo.
Repeats are not unfolded; grace notes, which have no duration of their own, are left out. Checked against music21's
reading of every score in its Bach corpus (tests/test_music_musicxml.py).
"""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

import numpy as np

from throughtime.data.archives import read_member, read_members
from throughtime.data.findings import Findings
from throughtime.errors import DataError
from throughtime.tasks.music.scores.score import DEFAULT_TEMPO, Score, UnpitchedError, notes_of
from throughtime.tasks.music.scores.ties import Written, joined

LARGEST = 64 * 2**20
"""Bytes of XML that a score may have."""
LARGEST_RATIO = 300
"""How many times larger than its archive a score may be: real ones stay below 60, bombs begin at 1,000."""

LONGEST = 1_000_000
"""Quarter notes that one note or rest may last."""

_SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_VELOCITY = 80  # a printed score says nothing of it
_EXPECTED = "a MusicXML score (score-partwise)"
_SILENT = {
    "grace notes": "a grace note, which has no duration of its own",
    "cue notes": "a cue note, which is only printed",
    "drums": "a note without a pitch",
    "notes without duration": "a note of no duration",
}
"""What does not sound, by the subject of its finding."""


def read_musicxml(path: Path, findings: Findings | None = None) -> Score:
    """The notes of a MusicXML score.

    Args:
        path: a score, plain or compressed.
        findings: of reading it.

    Raises:
        UnpitchedError: drums alone.
        DataError: empty, no XML, no partwise score, entity declarations, an archive that unpacks to too much, no notes.
    """
    packed = zipfile.is_zipfile(path)  # whatever it is called
    content = _unpacked(path) if packed else _plain(path)
    root = parse_xml(path, content)
    if root.tag == "score-timewise":
        raise DataError(path, "a timewise score", _EXPECTED)
    if root.tag != "score-partwise":
        raise DataError(path, f"an XML document of another kind (<{root.tag[:40]}>)", _EXPECTED)
    findings = Findings() if findings is None else findings
    rows: list[tuple[float, ...]] = []
    tempos: list[tuple[float, float]] = []
    silent: Counter[str] = Counter()
    parts = root.findall("part")
    for index, part in enumerate(parts):
        reader = _PartReader(path)
        reader.read(part)
        notes, loose = joined(reader.notes)
        rows += [(note.onset, note.duration, note.pitch, _VELOCITY, index) for note in notes]
        tempos += reader.tempos
        silent += reader.silent
        if loose:
            findings.suspicious("ties", "a tie that no note leads to: its note is struck", path, count=loose)
    if not rows:
        kind = UnpitchedError if silent["drums"] else DataError
        found = "drums alone, whose notes have no pitch" if silent["drums"] else "no notes"
        raise kind(path, found, "at least one note with a pitch and a duration")
    for subject, count in silent.items():
        findings.left_out(subject, _SILENT[subject], path, count=count)
    names = {part.get("id"): (part.findtext("part-name") or "").strip() for part in root.iter("score-part")}
    called = tuple(names.get(part.get("id"), "") for part in parts)
    return Score(path.stem, notes_of(rows), _tempos(tempos), called, _programs(root, parts), _meter(root))


def parse_xml(path: Path, content: bytes) -> Element:
    """The root of an XML document that declares no entities.

    Entities are all it takes to make a few lines unfold to gigabytes ("billion laughs"), and no score needs them.

    Raises:
        DataError: not well-formed, or it declares an entity.
    """
    builder, parser = TreeBuilder(), expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = builder.start, builder.end
    parser.CharacterDataHandler = builder.data

    def refuse(name: str, *_: object) -> None:
        raise DataError(path, f"a declaration of the entity {name[:40]!r}", "XML without entity declarations")

    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise DataError(path, f"broken XML ({reason})", _EXPECTED, line=error.lineno) from error
    except (ValueError, LookupError) as error:
        raise DataError(path, f"XML in an encoding that cannot be read ({error})", _EXPECTED) from error
    return builder.close()


def _plain(path: Path) -> bytes:
    if path.stat().st_size > LARGEST:
        raise DataError(path, f"{path.stat().st_size:,} bytes of XML", f"at most {LARGEST:,}")
    content = path.read_bytes()
    if not content.strip():
        raise DataError(path, "an empty file", _EXPECTED)
    if path.suffix.lower() == ".mxl" and not content.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith((b"<", b"\0<")):
        raise DataError(path, "no zip archive", "a compressed MusicXML score (.mxl)")
    return content


def _unpacked(path: Path) -> bytes:
    """The score inside a compressed file: the one that META-INF/container.xml names."""
    largest = min(LARGEST, max(2**20, LARGEST_RATIO * path.stat().st_size))
    container = parse_xml(path, read_member(path, "META-INF/container.xml", 2**20))
    roots = [file.get("full-path") for file in container.iter() if file.tag.rpartition("}")[2] == "rootfile"]
    if not roots or not roots[0]:
        raise DataError(path, "no root file in META-INF/container.xml", "the path of the score in the archive")
    name = roots[0]
    for member, content in read_members(path, lambda member: member == name, largest):
        if member == name:
            return content
    raise DataError(path, f"no {name!r} in the archive though META-INF/container.xml names it", _EXPECTED)


class _PartReader:
    """Walks through one part, measure by measure, with a clock in quarter notes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: list[Written] = []
        self.silent: Counter[str] = Counter()
        self.tempos: list[tuple[float, float]] = []
        self.clock = 0.0
        self.onset = 0.0  # of the last note, which the other notes of its chord share
        self.divisions = 1.0
        self.transposition = 0

    def read(self, part: Element) -> None:
        for measure in part.iter("measure"):
            start = furthest = self.clock
            for element in measure:
                self._element(element)
                furthest = max(furthest, self.clock)
                self.clock = max(self.clock, start)
            self.clock = furthest

    def _element(self, element: Element) -> None:
        if element.tag == "note":
            self._note(element)
        elif element.tag == "backup":
            self.clock -= self._duration(element)
        elif element.tag == "forward":
            self.clock += self._duration(element)
        elif element.tag == "attributes":
            self._attributes(element)
        elif element.tag in ("direction", "sound"):
            for sound in element.iter("sound"):
                if sound.get("tempo") is not None:
                    self.tempos.append((self.clock, self._number(sound.get("tempo"), "tempo")))

    def _attributes(self, attributes: Element) -> None:
        if attributes.find("divisions") is not None:
            self.divisions = self._number(attributes.findtext("divisions"), "divisions")
            if self.divisions <= 0:
                raise DataError(self.path, "0 divisions of a quarter note", "a positive number of divisions")
        transpose = attributes.find("transpose")
        if transpose is not None:
            chromatic = self._number(transpose.findtext("chromatic"), "chromatic")
            octaves = self._number(transpose.findtext("octave-change") or "0", "octave-change")
            self.transposition = round(chromatic + 12 * octaves)

    def _note(self, note: Element) -> None:
        if note.find("grace") is not None:
            self.silent["grace notes"] += 1
            return
        duration = self._duration(note)
        if note.find("chord") is None:
            self.onset = self.clock
            self.clock += duration
        pitch = note.find("pitch")
        if note.find("cue") is not None:
            self.silent["cue notes"] += 1
        elif note.find("unpitched") is not None:
            self.silent["drums"] += 1
        elif pitch is not None and duration == 0:
            self.silent["notes without duration"] += 1
        elif pitch is not None:  # else a rest
            self._pitched(note, pitch, duration)

    def _pitched(self, note: Element, pitch: Element, duration: float) -> None:
        step, octave = (pitch.findtext("step") or "").strip(), self._number(pitch.findtext("octave"), "octave")
        if step not in _SEMITONES:
            raise DataError(self.path, f"the pitch step {step[:20]!r}", "one of C D E F G A B")
        alter = self._number(pitch.findtext("alter") or "0", "alter")
        number = round(_SEMITONES[step] + alter + 12 * (octave + 1)) + self.transposition
        if not 0 <= number <= 127:
            raise DataError(self.path, f"a note of MIDI pitch {number}", "pitches from 0 to 127")
        ties = {tie.get("type") for tie in note.findall("tie")}
        voice = note.findtext("voice") or ""
        self.notes.append(Written(self.onset, duration, number, voice, "stop" in ties, "start" in ties))

    def _duration(self, element: Element) -> float:
        duration = self._number(element.findtext("duration"), "duration") / self.divisions
        if not 0 <= duration <= LONGEST:
            raise DataError(self.path, f"a duration of {duration:g} quarter notes", f"0 to {LONGEST:,}")
        return duration

    def _number(self, text: str | None, name: str) -> float:
        try:
            number = float(text or "")
        except ValueError:
            number = float("nan")
        if not np.isfinite(number):
            raise DataError(self.path, f"<{name}> with {(text or 'nothing')[:40]!r}", f"a number as {name}")
        return number


def _programs(root: Element, parts: Sequence[Element]) -> tuple[int, ...]:
    """General MIDI number of each part; none of any where one does not say it."""
    said = {part.get("id"): part.findtext(".//midi-program") for part in root.iter("score-part")}
    numbers = [_whole(said.get(part.get("id"))) for part in parts]
    return tuple(number - 1 for number in numbers) if all(1 <= number <= 128 for number in numbers) else ()


def _meter(root: Element) -> tuple[int, int] | None:
    """The first time signature, if it is one of two whole numbers."""
    time = next(root.iter("time"), None)
    beats, unit = (0, 0) if time is None else (_whole(time.findtext("beats")), _whole(time.findtext("beat-type")))
    return (beats, unit) if 0 < beats < 100 and unit in (1, 2, 4, 8, 16, 32, 64) else None


def _whole(text: str | None) -> int:
    """A whole number; 0 of what is none."""
    return int(text) if text is not None and text.strip().isdecimal() else 0


def _tempos(marks: list[tuple[float, float]]) -> np.ndarray:
    rows = sorted((at, pace) for at, pace in set(marks) if pace > 0)
    if not rows or rows[0][0] > 0:
        rows.insert(0, (0.0, DEFAULT_TEMPO))
    return np.array(rows)
