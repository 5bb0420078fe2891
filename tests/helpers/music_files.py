"""Small music files, made byte by byte, so that the readers are not tested against the writers alone."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

END = b"\x00\xff\x2f\x00"
ONE_NOTE = b"\x00\x90\x3c\x40\x60\x80\x3c\x00" + END
"""Middle C for one quarter note, at 96 ticks."""
CONTAINER = '<container><rootfiles><rootfile full-path="score.xml"/></rootfiles></container>'


def midi(*tracks: bytes, division: int = 96) -> bytes:
    """A Standard MIDI File."""
    chunks = b"".join(b"MTrk" + struct.pack(">I", len(track)) + track for track in tracks)
    return b"MThd" + struct.pack(">IHHH", 6, int(len(tracks) > 1), len(tracks), division) + chunks


def note(step: str, octave: int, duration: float, inside: str = "", after: str = "") -> str:
    """A MusicXML note."""
    return (
        f"<note>{inside}<pitch><step>{step}</step><octave>{octave}</octave></pitch>"
        f"<duration>{duration}</duration>{after}</note>"
    )


def musicxml(measures: str, attributes: str = "<divisions>2</divisions>", head: str = "") -> str:
    """A MusicXML score of one part."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<score-partwise version="3.1"><part-list>'
        f'<score-part id="P1"><part-name>Soprano</part-name></score-part></part-list><part id="P1">'
        f"<measure><attributes>{attributes}</attributes></measure>{measures}</part></score-partwise>"
    )


def mxl(path: Path, content: str | bytes, container: str = CONTAINER) -> Path:
    """A compressed MusicXML file."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/container.xml", container)
        archive.writestr("score.xml", content)
    return path
