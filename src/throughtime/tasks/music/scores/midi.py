"""Standard MIDI files, bare or wrapped in RIFF, read and written by symusic."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from throughtime.data.findings import Findings
from throughtime.errors import DataError, MissingExtraError
from throughtime.tasks.music.scores.mending import FOUND, is_whole, mended
from throughtime.tasks.music.scores.score import DEFAULT_TEMPO, NOTE, Score, UnpitchedError

TICKS = 480
"""Ticks in a quarter note of the files we write."""
_EXPECTED = "a Standard MIDI File (.mid) with notes"


def read_midi(path: Path, findings: Findings | None = None) -> Score:
    """The notes of a MIDI file; drum tracks are left out, for their numbers are not pitches.

    Args:
        path: a Standard MIDI File of format 0, 1 or 2.
        findings: of reading it.

    Raises:
        UnpitchedError: drums alone.
        DataError: empty, truncated, no MIDI file, or without a pitched note of any duration.
    """
    findings = Findings() if findings is None else findings
    content = _unwrapped(path.read_bytes())
    if not content:
        raise DataError(path, "an empty file", _EXPECTED)
    score = _parsed(path, content, findings)
    if score.ticks_per_quarter <= 0:
        raise DataError(path, "0 ticks in a quarter note", "a MIDI header with a positive division")
    tracks = [track for track in score.tracks if not track.is_drum]
    if score.tracks and not tracks:
        raise UnpitchedError(path, "drum tracks only", "at least one track of pitched notes")
    if drums := len(score.tracks) - len(tracks):
        findings.left_out("drums", "a track of drums, whose numbers are no pitches", path, count=drums)
    notes = np.concatenate([_track(track, part) for part, track in enumerate(tracks)] or [np.empty(0, NOTE)])
    lasting = notes[notes["duration"] > 0]
    if not len(lasting):
        what = f"{len(notes)} notes, all of no duration" if len(notes) else "no notes"
        raise DataError(path, what, "at least one note that sounds")
    if silent := len(notes) - len(lasting):
        findings.left_out("notes without duration", "a note that ends as it begins", path, count=silent)
    for name in ("onset", "duration"):
        lasting[name] /= score.ticks_per_quarter
    ordered = lasting[np.lexsort((lasting["pitch"], lasting["onset"]))]
    names, programs = (tuple(getattr(track, name) for track in tracks) for name in ("name", "program"))
    return Score(path.stem, ordered, _tempos(score), names, programs, _meter(score))


def _unwrapped(content: bytes) -> bytes:
    """The MIDI file in a RIFF file (.rmi), or what is one already."""
    if content[:4] != b"RIFF" or content[8:12] != b"RMID":
        return content
    at = 12
    while len(head := content[at : at + 8]) == 8:
        length = int.from_bytes(head[4:], "little")
        if head[:4] == b"data":
            return content[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
    return content


def _parsed(path: Path, content: bytes, findings: Findings) -> Any:
    """What symusic makes of a file; of one whose numbers lie, or over which it stumbles, once that has been mended."""
    symusic = _symusic()
    try:
        if is_whole(content):
            try:
                return symusic.Score.from_midi(content)
            except (RuntimeError, ValueError):
                if not (wrong := mended(content)[1]):
                    raise
        fixed, wrong = mended(content)
        score = symusic.Score.from_midi(fixed)
    except (RuntimeError, ValueError) as error:
        reason = str(error).removeprefix("MiniMidi: ").removesuffix(": iostream error").rstrip(".!")
        raise DataError(path, f"a broken MIDI file ({reason})", _EXPECTED) from error
    for subject, count in wrong.items():
        findings.suspicious(subject, FOUND[subject], path, count=count)
    return score


def _track(track: object, part: int) -> np.ndarray:
    """The notes of one track, still in ticks; what the sustain pedal holds sounds on."""
    columns, pedals = track.notes.numpy(), track.pedals.numpy()  # type: ignore[attr-defined]
    notes = np.zeros(len(columns["time"]), NOTE)
    notes["onset"], notes["duration"] = columns["time"], columns["duration"]
    notes["pitch"], notes["velocity"], notes["part"] = columns["pitch"], columns["velocity"], part
    if len(pedals["time"]):
        _sustain(notes, pedals["time"].astype(float), pedals["duration"].astype(float))
    return notes


def _sustain(notes: np.ndarray, down: np.ndarray, held: np.ndarray) -> None:
    """Let notes that end while the pedal is down sound until it goes up, or until their key is struck again."""
    end = notes["onset"] + notes["duration"]
    at = np.searchsorted(down, end, side="right") - 1
    up = np.where(at >= 0, (down + held)[at], -np.inf)
    end = np.maximum(end, up)
    for pitch in np.unique(notes["pitch"]):
        same = np.flatnonzero(notes["pitch"] == pitch)
        same = same[np.argsort(notes["onset"][same], kind="stable")]
        struck = np.append(notes["onset"][same][1:], np.inf)
        own = notes["onset"][same] + notes["duration"][same]
        end[same] = np.minimum(end[same], np.maximum(struck, own))
    notes["duration"] = end - notes["onset"]


def _tempos(score: object) -> np.ndarray:
    """The tempo map (K, 2); a piece starts at 120 quarter notes a minute until it says otherwise."""
    columns = score.tempos.numpy()  # type: ignore[attr-defined]
    pace = np.maximum(columns["mspq"].astype(np.float64), 1.0)
    rows = np.stack([columns["time"] / score.ticks_per_quarter, 60e6 / pace], axis=1)  # type: ignore[attr-defined]
    if not len(rows) or rows[0, 0] > 0:
        rows = np.concatenate([[[0.0, DEFAULT_TEMPO]], rows])
    return rows[np.argsort(rows[:, 0], kind="stable")]


def _meter(score: Any) -> tuple[int, int] | None:
    """The first time signature, if it is one."""
    first = min(score.time_signatures, key=lambda one: one.time, default=None)
    return (first.numerator, first.denominator) if first is not None and first.numerator and first.denominator else None


def write_midi(score: Score, path: Path, program: int = 0) -> None:
    """Write a score as a MIDI file, one track a part.

    Args:
        score: what to write.
        path: the file; it is replaced as a whole or not at all.
        program: General MIDI number of the instrument (0: grand piano, 19: church organ).
    """
    symusic = _symusic()
    out = symusic.Score(TICKS)
    for start, pace in score.tempos:
        out.tempos.append(symusic.Tempo(round(start * TICKS), mspq=round(60e6 / pace)))
    if score.meter is not None:
        out.time_signatures.append(symusic.TimeSignature(0, *score.meter))
    for part in np.unique(score.notes["part"]) if len(score.notes) else ():
        named = score.parts[part] if part < len(score.parts) else ""
        track = symusic.Track(name=named, program=program, is_drum=False)
        for note in score.notes[score.notes["part"] == part]:
            onset = round(float(note["onset"]) * TICKS)
            end = round(float(note["onset"] + note["duration"]) * TICKS)
            length = max(end - onset, 1)
            track.notes.append(symusic.Note(onset, length, int(note["pitch"]), int(note["velocity"])))
        out.tracks.append(track)
    scratch = path.with_name(path.name + ".part")
    scratch.write_bytes(out.dumps_midi())
    scratch.replace(path)


def _symusic() -> ModuleType:
    try:
        import symusic
    except ImportError as error:
        raise MissingExtraError("symusic", "music", "reading and writing MIDI") from error
    module: ModuleType = symusic
    return module
