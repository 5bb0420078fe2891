"""New pieces are played as those that were learned, and within what these do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import symusic
import torch

from throughtime.tasks.music import Music
from throughtime.tasks.music.scores.files import read_score
from throughtime.tasks.music.scores.manner import Manner, manner_of, usual_manner, within
from throughtime.tasks.music.scores.midi import write_midi
from throughtime.tasks.music.scores.score import Score, notes_of
from throughtime.tasks.music.settings import MusicGeneration, MusicSettings

TEMPOS = np.array([[0.0, 96.0]])


def waltz(start: int) -> Score:
    """Three in a bar, quiet, from anywhere."""
    rows = [(beat, 1.0, 60 + (start + beat) % 7, 40 + start % 2) for beat in range(24)]
    return Score("waltz", notes_of(rows), TEMPOS, ("flute",), (73,), (3, 4))


def write_waltzes(folder: Path) -> Path:
    folder.mkdir()
    for start in range(12):
        write_midi(waltz(start), folder / f"{start}.mid", 73)
    return folder


def test_a_file_says_how_its_piece_is_played(tmp_path: Path) -> None:
    write_midi(waltz(0), tmp_path / "a.mid", 73)
    manner = manner_of(read_score(tmp_path / "a.mid"))
    assert (manner.program, manner.meter, manner.velocity) == (73, (3, 4), 40)
    assert (manner.lowest, manner.highest, manner.voices, manner.bar) == (60, 66, 1, 3.0)
    assert manner.tempo == pytest.approx(96, abs=1e-3)
    assert manner.longest == pytest.approx(60 / 96, abs=1e-3)
    plain = (
        '<score-partwise><part-list><score-part id="P1">{}</score-part></part-list><part id="P1"><measure><attributes>'
    )
    plain += "<divisions>1</divisions><time><beats>6</beats><beat-type>8</beat-type></time></attributes><note><pitch>"
    plain += "<step>C</step><octave>4</octave></pitch><duration>2</duration></note></measure></part></score-partwise>"
    for program, expected in (("<midi-instrument><midi-program>41</midi-program></midi-instrument>", 40), ("", 19)):
        (tmp_path / "a.musicxml").write_text(plain.format(program))
        manner = manner_of(read_score(tmp_path / "a.musicxml"))
        assert (manner.program, manner.meter, manner.bar) == (expected, (6, 8), 3.0)


def test_the_usual_manner_is_the_middle_and_the_most_frequent() -> None:
    some = [Manner(tempo=tempo, program=program, voices=3) for tempo, program in ((60, 0), (90, 40), (200, 40))]
    usual = usual_manner([*some, *[replace(some[1], longest=2.0, lowest=40)] * 97])
    assert (usual.tempo, usual.program, usual.voices, usual.lowest) == (90, 40, 3, 21)
    assert usual.longest == pytest.approx(2.0)  # three stuck notes of a hundred pieces do not count
    assert usual_manner([]) == Manner()


def test_notes_beyond_those_that_were_learned_are_left_out() -> None:
    rows = [(0, 400, 60), *((beat, 4, 62 + beat) for beat in range(8)), (2, 1, 5)]
    near, changed = within(Score("", notes_of(rows)), Manner(longest=3.0, voices=3))
    assert changed == {"cut short": 1, "too many at once": 3, "too low or high": 1}
    assert near.notes["duration"].max() == pytest.approx(6.0)
    assert 5 not in near.notes["pitch"]
    for moment in np.arange(0, 12, 0.5):
        sounds = (near.notes["onset"] <= moment) & (moment < near.notes["onset"] + near.notes["duration"] - 1e-9)
        assert sounds.sum() <= 3


@pytest.mark.parametrize("form", ["roll", "events"])
def test_a_new_piece_has_tempo_meter_instrument_and_loudness_of_the_data(tmp_path: Path, form: str) -> None:
    torch.manual_seed(0)  # a model that has learned nothing may compose silence
    asked = MusicSettings(representation=form, hidden_size=4, nade_units=4, embedding_size=4)
    task = Music(asked, tmp_path)
    task.fit(task.read(write_waltzes(tmp_path / "data")))
    (tmp_path / "features").mkdir()
    task.save_features(tmp_path / "features")
    again = Music(asked, tmp_path)
    again.load_features(tmp_path / "features")
    assert again.manner == task.manner
    out = tmp_path / "new.mid"
    again.generate(again.model().eval(), out, MusicGeneration(length=40))
    written = symusic.Score(str(out))
    assert written.tracks[0].program == 73
    assert [(one.numerator, one.denominator) for one in written.time_signatures] == [(3, 4)]
    assert written.tempos[0].qpm == pytest.approx(96, abs=0.01)
    notes = written.tracks[0].notes.numpy()
    if form == "roll":
        assert set(notes["velocity"].tolist()) == {40}
    else:
        assert set(notes["pitch"].tolist()) <= set(range(task.manner.lowest, task.manner.highest + 1))
        assert notes["duration"].max() <= task.manner.longest / 60 * 96 * written.ticks_per_quarter + 1
        assert any(finding.subject == "composed notes" for finding in again.findings)
    again.generate(again.model().eval(), out, MusicGeneration(length=40, tempo=50, instrument="strings"))
    written = symusic.Score(str(out))
    assert written.tracks[0].program == 48
    assert written.tempos[0].qpm == pytest.approx(50, abs=0.01)
