"""How pieces are disturbed, in frames and in events: counted by what is heard."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from throughtime.tasks.music.conditions import DisturbedPieces, late, left_out, wrong
from throughtime.tasks.music.scores.representation import Frames, Performance, Piece, Representation
from throughtime.tasks.music.scores.score import Score, notes_of

NOTES = notes_of([(quarter, 0.5, 40 + 2 * (quarter * 7 % 20)) for quarter in range(400)])


class Room(DisturbedPieces):
    def __init__(self, form: Representation) -> None:
        self.form = form


def test_wrong_notes_are_a_semitone_off_and_none_leaves_the_piano() -> None:
    played = wrong(NOTES, 0.4, np.random.default_rng(0))
    off = played["pitch"].astype(int) - NOTES["pitch"]
    assert set(off) == {-1, 0, 1}
    assert np.mean(off != 0) == pytest.approx(0.4, abs=0.1)
    ends = notes_of([(0, 1, 21), (1, 1, 108)] * 50)
    assert set(wrong(ends, 1.0, np.random.default_rng(0))["pitch"]) == {22, 107}


def test_late_notes_are_a_sixteenth_late_and_lost_ones_are_gone() -> None:
    played = late(NOTES, 0.2, np.random.default_rng(0))
    assert (np.diff(played["onset"]) >= 0).all()
    assert set(played["onset"] % 1) == {0.0, 0.25}
    assert np.mean(played["onset"] % 1 == 0.25) == pytest.approx(0.2, abs=0.08)
    assert len(left_out(NOTES, 0.2, np.random.default_rng(0))) == pytest.approx(320, abs=32)
    assert len(left_out(NOTES, 1.0, np.random.default_rng(0))) == 1


@pytest.mark.parametrize("form", [Frames(4), Performance()], ids=["frames", "events"])
def test_a_piece_is_heard_so_in_both_forms(form: Representation) -> None:
    elements, _ = form.encode(Score("a", NOTES))
    piece = Piece("a", elements, shift=2, tune=(1,))
    before = Counter(form.decode(elements).notes["pitch"].tolist())
    for condition in Room(form).conditions(Path()):
        (found,) = condition.disturb([piece], 5, seed=0)
        assert (found.name, found.shift, found.tune) == ("a", 2, (1,))
        after = Counter(form.decode(found.elements).notes["pitch"].tolist())
        apart = ((before - after) + (after - before)).total()
        if condition.name == "wrong notes":  # one of 20 pitches an even number apart is gone, an odd one has come
            assert sum(count for pitch, count in after.items() if pitch % 2) == apart / 2 == pytest.approx(160, abs=40)
        if condition.name == "lost notes":
            assert apart == before.total() - after.total() == pytest.approx(160, abs=40)
        if condition.name == "late notes":
            assert not np.array_equal(found.elements, elements)
            assert apart == 0
