"""What becomes of the notes of a piece on their way to the network, as findings."""

from __future__ import annotations

from pathlib import Path

from throughtime.data.findings import Findings
from throughtime.tasks.music.scores.representation import Piece
from throughtime.tasks.music.settings import MusicSettings

_MOVED = {
    "common": "each piece moved so that its tonic, found by the sounding time of its pitches, is C",
    "none": "each piece as it is",
    "all": "each piece as it is, and learned from in all twelve keys",
}


def note_form(asked: MusicSettings, findings: Findings) -> None:
    """Note what all pieces are turned into."""
    findings.taken("key", _MOVED[asked.transpose])
    frames = f"frames of {1 / asked.resolution:g} quarter notes"
    form = frames if asked.representation == "roll" else "events in time steps of 10 ms"
    findings.taken("form", f"{form}, from the first note on")


def note_lost(piece: Piece, asked: MusicSettings, findings: Findings) -> None:
    """Note the notes that a piece's elements do not show."""
    resolution = f"--resolution {asked.resolution:g}"
    kinds = (
        ("keyboard", "a note outside the 88 keys of a piano", piece.lost.outside),
        ("resolution", f"a note too short to be heard at {resolution}", piece.lost.unheard),
        ("resolution", f"a repeated note merged with the one before at {resolution}", piece.lost.merged),
    )
    for subject, what, count in kinds:
        if count:
            findings.left_out(subject, what, Path(piece.name), count=count)
