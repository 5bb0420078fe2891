"""Broken and hostile music files: one clear sentence that names the file, and nothing else."""

from __future__ import annotations

import io
import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from helpers.music_files import CONTAINER, END, ONE_NOTE, midi, musicxml, mxl, note
from throughtime.errors import DataError, ThroughtimeError
from throughtime.tasks.music import Music, MusicGeneration, MusicSettings

GOOD = midi(ONE_NOTE)
LAUGHS = (
    '<!DOCTYPE score-partwise [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
    + "]>"
)
OUTSIDE = '<!DOCTYPE score-partwise [<!ENTITY secret SYSTEM "file:///etc/passwd">]>'


def matlab(**arrays: object) -> bytes:
    from scipy.io import savemat

    buffer = io.BytesIO()
    savemat(buffer, arrays)
    return buffer.getvalue()


def cells(*rolls: object) -> np.ndarray:
    array = np.empty((1, len(rolls)), object)
    for index, roll in enumerate(rolls):
        array[0, index] = roll
    return array


SILENCE, NAN, TWO = np.zeros((4, 88)), np.full((4, 88), np.nan), np.full((4, 88), 2)


def rolls(*train: object, valid: object = SILENCE) -> bytes:
    """A MATLAB file of these training pieces."""
    return matlab(traindata=cells(*train), validdata=cells(valid), testdata=cells(SILENCE))


def bar(*notes: str) -> str:
    """A MusicXML score of one measure."""
    return musicxml(f"<measure>{''.join(notes)}</measure>")


FILES: dict[str, tuple[str, bytes | str, str]] = {
    # what is wrong: name, content, what the sentence must say
    "empty MIDI": ("a.mid", b"", "an empty file"),
    "junk MIDI": ("a.mid", bytes(range(256)) * 20, "not MThd"),
    "MIDI cut in its header": ("a.mid", GOOD[:10], "less than 14"),
    "MIDI cut in a track": ("a.mid", GOOD[:-5], "Invalid chunk length"),
    "MIDI track that claims 2 GB": ("a.mid", GOOD[:18] + b"\x7f\xff\xff\xff" + GOOD[22:-4], "Invalid chunk length"),
    "MIDI without notes": ("a.mid", midi(END), "no notes"),
    "MIDI notes of no duration": ("a.mid", midi(b"\x00\x90\x3c\x40\x00\x80\x3c\x00" + END), "all of no duration"),
    "MIDI with drums only": ("a.mid", midi(b"\x00\x99\x3c\x40\x60\x89\x3c\x00" + END), "drum tracks only"),
    "MIDI without a time unit": ("a.mid", midi(ONE_NOTE, division=0), "0 ticks in a quarter note"),
    "MIDI in film frames": ("a.mid", midi(ONE_NOTE, division=0xE728), "ticks per quarter"),
    "MIDI below the keyboard": ("a.mid", midi(b"\x00\x90\x05\x40\x60\x80\x05\x00" + END), "no note within the 88 keys"),
    "MIDI that is text": ("a.mid", "once upon a time", "not MThd"),
    "empty MusicXML": ("a.musicxml", b"", "an empty file"),
    "white space as MusicXML": ("a.xml", b" \n\n", "an empty file"),
    "broken MusicXML": ("a.xml", musicxml("")[:-20], "line 1: found broken XML"),
    "MusicXML of another kind": ("a.xml", "<html><body/></html>", "another kind (<html>)"),
    "timewise MusicXML": ("a.xml", "<score-timewise/>", "a timewise score"),
    "MusicXML without notes": ("a.xml", musicxml("<measure/>"), "no notes"),
    "MusicXML with drums only": ("a.xml", bar("<note><unpitched/><duration>2</duration></note>"), "drums alone"),
    "MusicXML rest only": ("a.xml", bar("<note><rest/><duration>4</duration></note>"), "no notes"),
    "MusicXML note of no duration": ("a.xml", bar(note("C", 4, 0)), "no notes"),
    "MusicXML negative duration": ("a.xml", bar(note("C", 4, -2)), "a duration of -1 quarter notes"),
    "MusicXML duration in words": ("a.xml", bar(note("C", 4, "x")), "<duration> with 'x'"),
    "MusicXML infinite duration": ("a.xml", bar(note("C", 4, "inf")), "with 'inf'"),
    "MusicXML no such pitch": ("a.xml", bar(note("H", 4, 2)), "the pitch step 'H'"),
    "MusicXML octave 99": ("a.xml", bar(note("C", 99, 2)), "MIDI pitch 1200"),
    "MusicXML octave nan": ("a.xml", bar(note("C", "nan", 2)), "<octave> with 'nan'"),
    "MusicXML no divisions": ("a.xml", musicxml("", "<divisions>0</divisions>"), "0 divisions"),
    "MusicXML too long": ("a.xml", bar(note("C", 4, "1e300")), "a duration of 5e+299"),
    "MusicXML unknown encoding": ("a.xml", '<?xml version="1.0" encoding="klingon"?><a/>', "unknown encoding"),
    "MusicXML wrong encoding": ("a.xml", musicxml("").replace("Soprano", "Sopr\xe4n").encode("latin-1"), "broken XML"),
    "billion laughs": ("a.xml", musicxml("&j;", head=LAUGHS), "declaration of the entity 'a'"),
    "entity from a file": ("a.xml", musicxml("&secret;", head=OUTSIDE), "declaration of the entity 'secret'"),
    "mxl that is no archive": ("a.mxl", b"no archive" * 99, "no zip archive"),
    "empty mxl": ("a.mxl", b"", "an empty file"),
    "wrong ending": ("a.mp3", b"ID3", "ends in .mp3"),
    "no ending": ("a", GOOD, "ends in nothing"),
    "empty mat": ("a.mat", b"", "an empty file"),
    "junk mat": ("a.mat", b"\x00\xff junk" * 400, "no MATLAB file"),
    "mat of version 7.3": ("a.mat", b"\x89HDF\r\n\x1a\n" + b"MATLAB 7.3 MAT-file".ljust(600), "no MATLAB file"),
    "mat cut short": ("a.mat", rolls(SILENCE)[:150], "no MATLAB file"),
    "mat without splits": ("a.mat", matlab(x=1.0), "no traindata and no validdata and no testdata"),
    "mat of plain numbers": ("a.mat", matlab(traindata=1.0, validdata=1.0, testdata=1.0), "with no cells"),
    "mat with NaN": ("a.mat", rolls(SILENCE, NAN), "nan in traindata{2}"),
    "mat with a two": ("a.mat", rolls(TWO), "2 in traindata{1}"),
    "mat with 87 keys": ("a.mat", rolls(SILENCE, valid=SILENCE[:, 1:]), "validdata{1} of shape 4 x 87"),
    "mat with an empty piece": ("a.mat", rolls(SILENCE[:0]), "traindata{1} of shape 0 x 88"),
}


@pytest.fixture
def task(tmp_path: Path) -> Music:
    return Music(MusicSettings(), tmp_path)


def sentence(call: Callable[[], object], path: Path) -> str:
    with pytest.raises(DataError) as caught:
        call()
    text = str(caught.value)
    assert text.startswith(str(path))
    assert ": found " in text
    assert ", expected " in text
    assert "\n" not in text
    return text


@pytest.mark.parametrize("what", FILES)
def test_broken_file(what: str, task: Music, tmp_path: Path) -> None:
    name, content, said = FILES[what]
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    assert said in sentence(lambda: task.read(path), path)


def test_zip_bomb(task: Music, tmp_path: Path) -> None:
    path = mxl(tmp_path / "bomb.mxl", b" " * 80_000_000)
    assert path.stat().st_size < 100_000
    assert "more than" in sentence(lambda: task.read(path), path)


def test_zip_bomb_that_lies_about_its_size(task: Music, tmp_path: Path) -> None:
    path = mxl(tmp_path / "liar.mxl", b" " * 80_000_000)
    lying = path.read_bytes().replace(struct.pack("<I", 80_000_000), struct.pack("<I", 1_000))
    path.write_bytes(lying)
    sentence(lambda: task.read(path), path)


def test_mxl_without_the_score_it_names(task: Music, tmp_path: Path) -> None:
    path = mxl(tmp_path / "a.mxl", "", CONTAINER.replace("score.xml", "../../etc/passwd"))
    assert "no '../../etc/passwd' in the archive" in sentence(lambda: task.read(path), path)


def test_mxl_without_container(task: Music, tmp_path: Path) -> None:
    path = tmp_path / "a.mxl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("score.xml", musicxml(""))
    assert "META-INF/container.xml" in sentence(lambda: task.read(path), path)


def test_entity_bomb_inside_mxl(task: Music, tmp_path: Path) -> None:
    path = mxl(tmp_path / "a.mxl", musicxml("&j;", head=LAUGHS))
    assert "declaration of the entity" in sentence(lambda: task.read(path), path)


def test_folder_without_music(task: Music, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no music")
    assert "a folder without music" in sentence(lambda: task.read(tmp_path), tmp_path)


def test_one_broken_file_in_a_folder_is_named(task: Music, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.mid").write_bytes(GOOD)
    broken = tmp_path / "deep" / "b.mid"
    broken.write_bytes(GOOD[:-3])
    sentence(lambda: task.read(tmp_path), broken)


def test_nothing_there(task: Music, tmp_path: Path) -> None:
    assert "no such file" in sentence(lambda: task.read(tmp_path / "a.mid"), tmp_path / "a.mid")


def test_pipe(task: Music, tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    os.mkfifo(path)
    assert "a device or pipe" in sentence(lambda: task.read(path), path)


def test_loop_of_links(task: Music, tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    path.symlink_to(path)
    with pytest.raises(DataError):
        task.read(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_file_without_permission(task: Music, tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(GOOD)
    path.chmod(0)
    assert "cannot be read" in sentence(lambda: task.read(path), path)


def test_folder_called_as_music_is(task: Music, tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    path.mkdir()
    assert "a folder without music" in sentence(lambda: task.read(path), path)


def test_too_few_pieces_to_split(task: Music, tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(GOOD)
    with pytest.raises(ThroughtimeError, match="at least 3 to split"):
        task.read_splits(tmp_path)


def test_mat_is_no_source_of_events(tmp_path: Path) -> None:
    path = tmp_path / "a.mat"
    path.write_bytes(rolls(SILENCE))
    task = Music(MusicSettings(representation="events"), tmp_path)
    assert "piano-rolls" in sentence(lambda: task.read_splits(path), path)


@pytest.mark.parametrize("out", ["missing/a.mid", "."])
def test_nowhere_to_write(out: str, task: Music, tmp_path: Path) -> None:
    path = tmp_path / out
    before = sorted(tmp_path.rglob("*"))
    sentence(lambda: task.check_output(path, MusicGeneration()), path)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("name", "said"), [("none.mid", "no such file"), ("text.txt", "ends in .txt"), ("folder", "a folder")]
)
def test_primer_that_is_no_music(name: str, said: str, task: Music, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("la la la")
    (tmp_path / "folder").mkdir()
    before = sorted(tmp_path.rglob("*"))
    options = MusicGeneration(primer=tmp_path / name)
    found = sentence(lambda: task.check_output(tmp_path / "out.mid", options), tmp_path / name)
    assert said in found
    assert sorted(tmp_path.rglob("*")) == before
