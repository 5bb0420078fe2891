"""MIDI and MusicXML: what the readers hear in files whose bytes we wrote ourselves, and in Bach's scores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.music_files import END, ONE_NOTE, midi, musicxml, mxl, note
from throughtime.tasks.music import Music, MusicSettings
from throughtime.tasks.music.scores.chorales import chorales, melody
from throughtime.tasks.music.scores.key import find_key, semitones_to_c
from throughtime.tasks.music.scores.midi import read_midi, write_midi
from throughtime.tasks.music.scores.musicxml import read_musicxml
from throughtime.tasks.music.scores.score import Score, notes_of

PEDAL_DOWN, PEDAL_UP = b"\x00\xb0\x40\x7f", b"\x60\xb0\x40\x00"


def heard(score: Score) -> list[tuple[float, ...]]:
    return score.notes[["onset", "duration", "pitch"]].tolist()


def read(tmp_path: Path, content: bytes | str, name: str = "a.mid") -> Score:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_midi(path) if name.endswith(".mid") else read_musicxml(path)


def test_midi_notes_and_velocity(tmp_path: Path) -> None:
    score = read(tmp_path, midi(ONE_NOTE))
    assert heard(score) == [(0.0, 1.0, 60)]
    assert score.notes["velocity"].tolist() == [64]
    assert score.seconds(np.array([2.0])).tolist() == [1.0]


def test_midi_tracks_become_parts_and_drums_are_left_out(tmp_path: Path) -> None:
    drums = b"\x00\x99\x24\x40\x60\x89\x24\x00" + END
    bass = b"\x60\x91\x30\x40\x60\x81\x30\x00" + END
    score = read(tmp_path, midi(ONE_NOTE, drums, bass))
    assert heard(score) == [(0.0, 1.0, 60), (1.0, 1.0, 48)]
    assert score.notes["part"].tolist() == [0, 1]


def test_midi_tempo_changes_count_in_seconds(tmp_path: Path) -> None:
    # one quarter note at 60 a minute, then 120
    tempo = b"\x00\xff\x51\x03\x0f\x42\x40\x60\xff\x51\x03\x07\xa1\x20" + END
    score = read(tmp_path, midi(tempo, ONE_NOTE))
    np.testing.assert_allclose(score.seconds(np.array([0.5, 1.0, 3.0])), [0.5, 1.0, 2.0])


def test_sustain_pedal_holds_notes_until_it_goes_up(tmp_path: Path) -> None:
    score = read(tmp_path, midi(PEDAL_DOWN + ONE_NOTE[:-4] + PEDAL_UP + END))
    assert heard(score) == [(0.0, 2.0, 60)]


def test_sustained_note_ends_where_its_key_is_struck_again(tmp_path: Path) -> None:
    again = b"\x30\x90\x3c\x40\x10\x80\x3c\x00"
    score = read(tmp_path, midi(PEDAL_DOWN + ONE_NOTE[:-4] + again + PEDAL_UP + END))
    assert heard(score) == [(0.0, 1.5, 60), (1.5, pytest.approx(7 / 6), 60)]


one_note = st.tuples(st.integers(0, 400), st.integers(1, 60), st.integers(0, 127), st.integers(1, 127))


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(one_note, min_size=1, max_size=30))
def test_midi_comes_back_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, ...]]
) -> None:
    # one key cannot sound twice at a time in a MIDI track, so notes of one pitch follow each other
    clock: dict[int, int] = {}
    kept = []
    for wait, length, pitch, velocity in rows:
        start = clock.get(pitch, 0) + wait
        clock[pitch] = start + length
        kept.append((start / 12, length / 12, pitch, velocity))
    path = tmp_path_factory.mktemp("midi") / "a.mid"
    score = Score("a", notes_of(kept), np.array([[0.0, 75.0], [2.0, 50.0]]))
    write_midi(score, path)
    again = read_midi(path)
    for name in ("onset", "duration", "pitch", "velocity"):
        np.testing.assert_allclose(again.notes[name], score.notes[name], atol=1e-9)
    np.testing.assert_allclose(again.tempos, score.tempos)


def bar(*elements: str) -> str:
    return f"<measure>{''.join(elements)}</measure>"


def tied(*kinds: str, length: float = 2) -> str:
    """Middle C, tied as said."""
    return note("C", 4, length, after="".join(f'<tie type="{kind}"/>' for kind in kinds))


def in_voice(voice: int, written: str) -> str:
    return written.replace("</note>", f"<voice>{voice}</voice></note>")


def altered(step: str, octave: int, by: int) -> str:
    return note(step, octave, 2).replace("</step>", f"</step><alter>{by}</alter>")


C, BACK = note("C", 4, 2), "<backup><duration>4</duration></backup>"
LOW = note("C", 3, 2) + note("D", 3, 2)
GRACE = "<note><grace/><pitch><step>D</step><octave>4</octave></pitch></note>"
MUSICXML = {
    "durations in divisions": (bar(C, note("D", 4, 1)), [(0, 1, 60), (1, 0.5, 62)]),
    "chord": (bar(C, note("E", 4, 2, "<chord/>"), note("G", 4, 2)), [(0, 1, 60), (0, 1, 64), (1, 1, 67)]),
    "rest": (bar("<note><rest/><duration>3</duration></note>", C), [(1.5, 1, 60)]),
    "two voices": (bar(note("C", 5, 4), BACK, LOW), [(0, 1, 48), (0, 2, 72), (1, 1, 50)]),
    "shorter last voice": (bar(note("C", 5, 4), BACK, note("C", 3, 2)) + bar(C), [(0, 1, 48), (0, 2, 72), (2, 1, 60)]),
    "forward": (bar("<forward><duration>2</duration></forward>", C), [(1, 1, 60)]),
    "tie over the bar line": (bar(tied("start")) + bar(tied("stop", length=1), C), [(0, 1.5, 60), (1.5, 1, 60)]),
    "tie through three": (bar(tied("start"), tied("stop", "start")) + bar(tied("stop")), [(0, 3, 60)]),
    "tie into nothing": (bar(tied("start"), note("D", 4, 2), tied("stop")), [(0, 1, 60), (1, 1, 62), (2, 1, 60)]),
    "tie into another voice": (
        bar(in_voice(1, tied("start", length=4))) + bar(in_voice(2, tied("stop"))),
        [(0, 3, 60)],
    ),
    "tie whose end is written first": (
        bar("<forward><duration>2</duration></forward>", in_voice(1, tied("stop")), BACK, in_voice(2, tied("start"))),
        [(0, 2, 60)],
    ),
    "tie beside another voice": (
        bar(in_voice(1, tied("start")), in_voice(1, tied("stop")), BACK, in_voice(2, tied()), in_voice(2, tied())),
        [(0, 2, 60), (0, 1, 60), (1, 1, 60)],
    ),
    "grace note": (bar(GRACE, C), [(0, 1, 60)]),
    "accidentals": (bar(altered("B", 3, 1), altered("C", 4, -2)), [(0, 1, 60), (1, 1, 58)]),
    "unpitched": (bar("<note><unpitched/><duration>2</duration></note>", C), [(1, 1, 60)]),
}


@pytest.mark.parametrize("what", MUSICXML)
def test_musicxml(what: str, tmp_path: Path) -> None:
    measures, expected = MUSICXML[what]
    assert heard(read(tmp_path, musicxml(measures), "a.musicxml")) == expected


def test_musicxml_transposing_instrument_sounds_lower(tmp_path: Path) -> None:
    attributes = (
        "<divisions>2</divisions><transpose><chromatic>-2</chromatic><octave-change>-1</octave-change></transpose>"
    )
    score = read(tmp_path, musicxml(bar(note("D", 5, 2)), attributes), "a.xml")
    assert heard(score) == [(0, 1, 60)]


def test_musicxml_tempo(tmp_path: Path) -> None:
    score = read(tmp_path, musicxml(bar('<direction><sound tempo="60"/></direction>', note("C", 4, 2))), "a.xml")
    assert score.seconds(np.array([1.0])).tolist() == [1.0]


def test_compressed_musicxml_equals_plain(tmp_path: Path) -> None:
    content = musicxml(bar(note("C", 4, 2), note("E", 4, 2)))
    packed = read_musicxml(mxl(tmp_path / "a.mxl", content))
    assert heard(packed) == heard(read(tmp_path, content, "a.xml"))
    assert packed.parts == ("Soprano",)


def test_utf16_musicxml(tmp_path: Path) -> None:
    content = musicxml(bar(note("C", 4, 2))).replace("UTF-8", "UTF-16")
    assert heard(read(tmp_path, content.encode("utf-16"), "a.xml")) == [(0, 1, 60)]


@pytest.mark.parametrize("tonic", range(12))
@pytest.mark.parametrize("minor", [False, True])
def test_key_of_a_cadence(tonic: int, minor: bool) -> None:
    third = 3 if minor else 4
    chords = [(0, third, 7), (5, 5 + third, 12), (7, 11, 14), (0, third, 7)]
    rows = [(beat, 1, 48 + tonic + pitch) for beat, chord in enumerate(chords) for pitch in chord]
    found = notes_of(rows)
    assert find_key(found) == (tonic, minor)
    assert (tonic + semitones_to_c(found)) % 12 == 0


def test_key_is_the_same_at_any_height() -> None:
    for score in chorales()[::40]:
        tonic, minor = find_key(score.notes)
        for by in range(1, 12):
            assert find_key(score.transposed(by).notes) == ((tonic + by) % 12, minor)


def test_built_in_chorales() -> None:
    scores = chorales()
    assert len(scores) == 409
    by_name = {score.name: score for score in scores}
    # BWV 269, "Aus meines Herzens Grunde", G major: its first chord and its soprano's first notes
    first = by_name["bwv269"].notes
    assert sorted(first["pitch"][first["onset"] == 0].tolist()) == [43, 59, 62, 67]
    assert find_key(first) == (7, False)
    soprano = first[first["part"] == first["part"].min()]
    assert soprano["pitch"][:5].tolist() == [67, 67, 74, 71, 69]
    # of a score with instruments only the singers are heard
    assert set(by_name["bwv29.8"].notes["part"].tolist()) == {3, 4, 5, 6}


def test_built_in_split_keeps_each_tune_on_one_side(tmp_path: Path) -> None:
    splits = Music(MusicSettings(), tmp_path).built_in_data()
    sides = [{piece.tune for piece in side} for side in (splits.train, splits.valid, splits.test)]
    assert sum(map(len, sides)) == len(set.union(*sides))
    assert sum(map(len, (splits.train, splits.valid, splits.test))) == 409
    again = Music(MusicSettings(), tmp_path).built_in_data()
    assert [piece.name for piece in again.test] == [piece.name for piece in splits.test]


def test_melody_knows_a_tune_in_another_key() -> None:
    score = chorales()[0]
    assert melody(score) == melody(score.transposed(5))
    assert melody(score) != melody(chorales()[1])


@pytest.mark.slow
def test_every_score_of_the_corpus_as_music21_hears_it() -> None:
    import warnings

    from music21 import converter

    from throughtime.tasks.music.scores.chorales import _corpus

    for file in _corpus():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parsed = converter.parse(file, forceSource=True).toSoundingPitch()
        # sounding time of each pitch, which does not depend on how a tie is written in a chord
        theirs, ours = set(), set()
        for part in parsed.parts:
            for element in part.flatten().notes:
                if not element.duration.isGrace:
                    start = round(float(element.offset) * 96)
                    for pitch in element.pitches:
                        theirs |= {
                            (pitch.midi, tick) for tick in range(start, start + round(element.quarterLength * 96))
                        }
        for one in read_musicxml(file).notes:
            start = round(float(one["onset"]) * 96)
            end = start + round(float(one["duration"]) * 96)
            ours |= {(int(one["pitch"]), tick) for tick in range(start, end)}
        assert ours == theirs, file.name
