"""What reading music finds: said by `throughtime check`, with the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from helpers.music_files import END, ONE_NOTE, midi, musicxml, note
from throughtime.cli.main import main
from throughtime.data.damaged import MOST_NAMED
from throughtime.tasks.music import Music, MusicSettings
from throughtime.tasks.music.scores.midi import read_midi
from throughtime.tasks.music.scores.score import Score, notes_of
from throughtime.tasks.music.scores.silences import LONGEST_NOTE, LONGEST_SILENCE, bounded


def melody_of(*pitches: int) -> bytes:
    """Quarter notes one after the other, without an end."""
    return b"".join(bytes([0, 0x90, pitch, 64, 96, 0x80, pitch, 0]) for pitch in pitches)


def folder(place: Path, **files: bytes | str) -> Path:
    """Four tunes of their own, and files beside them (`a_mid` is a.mid)."""
    place.mkdir()
    for number in range(4):
        tune = melody_of(60, 61 + number, 60, 65 + number, 60, 70, 60, 71)
        (place / f"tune{number}.mid").write_bytes(midi(tune + END))
    for name, content in files.items():
        path = place / name.replace("_", ".")
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return place


def check(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str]:
    """Exit status and what is printed."""
    status = main(["check", "music", *map(str, words)])
    printed = capsys.readouterr()
    return status, printed.out + printed.err


BEGUN = ONE_NOTE[: -len(END)]
DRUM = b"\x00\x99\x24\x40\x60\x89\x24\x00" + END
HIGH = b"\x00\x90\x7f\x40\x60\x80\x7f\x00"
FAR = b"\xff\xff\x7f\x90\x40\x40\x60\x80\x40\x00"
HELD = b"\x00\x90\x40\x40\xff\xff\x7f\x80\x40\x00"
FLASH = b"\x30\x90\x40\x40\x0c\x80\x40\x00"
TIED = "<measure>" + note("C", 4, 2, after='<tie type="stop"/>') + "</measure>"
FOUND: dict[str, tuple[str, bytes | str, int, str]] = {
    # what: name, content, exit status, what is said
    "a controller byte over 127": ("x_mid", midi(b"\x00\xb0\x07\xff" + ONE_NOTE), 1, "taken as 127 (FOLDER/x.mid)"),
    "a pitch bend over 127": ("x_mid", midi(b"\x00\xe0\xc8\xff" + ONE_NOTE), 1, "taken as 127, 2 times"),
    "a note days later": ("x_mid", midi(BEGUN + FAR + END), 1, "quarter notes of silence, cut to that"),
    "a note of days": ("x_mid", midi(HELD + END), 1, "a note held for more than 512 quarter notes, cut to that"),
    "a tie from nowhere": ("x_xml", musicxml(TIED), 1, "ties: a tie that no note leads to"),
    "notes beyond the keyboard": ("x_mid", midi(BEGUN + HIGH * 2 + END), 0, "88 keys of a piano, 2 times"),
    "a track of drums": ("x_mid", midi(ONE_NOTE, DRUM), 0, "drums: a track of drums"),
    "a piece of drums": ("x_mid", midi(DRUM), 0, "drums: a piece of drums alone (FOLDER/x.mid)"),
    "karaoke": ("x_kar", midi(DRUM), 0, "drums: a piece of drums alone (FOLDER/x.kar)"),
    "a format that nobody reads": ("x_mscz", b"PK", 0, "unread files: a file that ends in .mscz"),
    "a note between two frames": ("x_mid", midi(BEGUN + FLASH + END), 0, "too short to be heard"),
    "a repeated note": ("x_mid", midi(melody_of(60, 60) + END), 0, "a repeated note merged with the one before"),
}


@pytest.mark.parametrize("what", FOUND)
def test_what_was_found_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str) -> None:
    name, content, expected, said = FOUND[what]
    place = folder(tmp_path / "music", **{name: content})
    status, printed = check(capsys, place)
    assert said.replace("FOLDER", str(place)) in printed
    assert status == expected, printed


def test_how_music_was_understood_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = folder(tmp_path / "music")
    status, printed = check(capsys, place, "--transpose", "none", "--resolution", "2")
    assert status == 0
    for said in ("each piece as it is", "frames of 0.5 quarter notes", "4 pieces, 4 beginnings", "drawn by the seed"):
        assert said in printed


def test_all_damaged_files_are_named_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = folder(tmp_path / "music", **{f"b{number:02}_mid": midi(ONE_NOTE)[:-3] for number in range(MOST_NAMED + 3)})
    status, printed = check(capsys, place)
    assert status == 2
    assert f"{place}: found {MOST_NAMED + 3} that cannot be read" in printed
    assert all(f"{place}/b{number:02}.mid: found a broken MIDI file" in printed for number in range(MOST_NAMED))
    assert f"b{MOST_NAMED}.mid" not in printed
    assert "and 3 more" in printed


def test_tunes_of_training_are_found_in_given_splits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    learned = folder(tmp_path / "train")
    for split, tune in (("valid", (60, 50, 60, 52, 60, 53, 60, 55)), ("test", (65, 66, 65, 70, 65, 75, 65, 76, 67))):
        (tmp_path / split).mkdir()
        (tmp_path / split / "a.mid").write_bytes(midi(melody_of(*tune) + END))
    held_out = ("--valid", tmp_path / "valid", "--test", tmp_path / "test")
    status, printed = check(capsys, "--train", learned, *held_out)
    assert status == 1
    assert f"a piece of the test split that begins as one of training does ({tmp_path}/test/a.mid)" in printed
    assert "of the valid split" not in printed


def test_midi_in_a_riff_file_is_read(tmp_path: Path) -> None:
    content = midi(ONE_NOTE)
    inside = b"RMID" + b"DISP\x03\x00\x00\x00abc\x00" + b"data" + len(content).to_bytes(4, "little") + content
    path = tmp_path / "a.rmi"
    path.write_bytes(b"RIFF" + len(inside).to_bytes(4, "little") + inside)
    assert read_midi(path).notes["pitch"].tolist() == [60]


def test_a_stray_event_costs_little(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(midi(BEGUN + FAR * 3 + END))
    (piece,) = Music(MusicSettings(), tmp_path).read(path)
    assert len(piece.elements) == 4 + 3 * LONGEST_SILENCE


def test_what_follows_a_cut_silence_keeps_its_time_and_tempo() -> None:
    gap = 3 * LONGEST_SILENCE
    tempos = np.array([[0.0, 60.0], [gap - 1, 100.0], [gap + 3, 90.0]])
    score = Score("", notes_of([(0, 2, 60), (1, 1, 62), (2 + gap, 1, 64), (4 + gap, 2 * LONGEST_NOTE, 65)]), tempos)
    near, cut, silence = bounded(score)
    assert (cut, silence) == (1, gap - LONGEST_SILENCE)
    assert near.notes["onset"].tolist() == [0, 1, 2 + LONGEST_SILENCE, 4 + LONGEST_SILENCE]
    assert near.notes["duration"].tolist() == [2, 1, 1, LONGEST_NOTE]
    # a tempo that began within what was cut begins with the note after it
    assert near.tempos[:, 0].tolist() == [0, 2 + LONGEST_SILENCE, 3 + LONGEST_SILENCE]
