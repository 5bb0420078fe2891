"""Piano-rolls, events and the simple methods: what goes in comes out, and counts are counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from throughtime.tasks.music.scores.chorales import chorales
from throughtime.tasks.music.scores.events import (
    BOUNDARY,
    NOTE_OFF,
    NOTE_ON,
    SHIFT,
    VELOCITY,
    VOCABULARY,
    from_events,
    to_events,
)
from throughtime.tasks.music.scores.representation import Frames, Performance, Piece
from throughtime.tasks.music.scores.roll import to_notes, to_roll
from throughtime.tasks.music.scores.score import Score, notes_of
from throughtime.tasks.music.scores.statistics import bernoulli_nll, event_statistics, key_statistics

rolls = arrays(np.uint8, st.tuples(st.integers(1, 20), st.just(88)), elements=st.integers(0, 1))


@settings(max_examples=80, deadline=None)
@given(rolls, st.sampled_from([0.5, 1.0, 3.0, 4.0]), st.sampled_from([None, 1.0, 2.0]))
def test_roll_survives_being_played(roll: np.ndarray, resolution: float, restrike: float | None) -> None:
    sounding = np.flatnonzero(roll.any(1))
    if not len(sounding):
        return
    again, lost = to_roll(Score("", to_notes(roll, resolution, restrike)), resolution)
    assert (lost.outside, lost.unheard) == (0, 0)
    np.testing.assert_array_equal(again, roll[sounding[0] : sounding[-1] + 1])


def test_held_keys_are_one_note_and_restruck_keys_several() -> None:
    roll = np.zeros((8, 88), np.uint8)
    roll[1:7, 40] = 1
    assert to_notes(roll, 2)[["onset", "duration", "pitch"]].tolist() == [(0.5, 3.0, 61)]
    assert to_notes(roll, 2, restrike=1)["onset"].tolist() == [0.5, 1.0, 2.0, 3.0]


def test_frames_are_looked_at_as_they_begin() -> None:
    # an eighth note passing within the quarter is not seen at one frame a quarter, and is at two
    score = Score("", notes_of([(0, 0.5, 60), (0.5, 0.5, 62), (1, 1, 64)]))
    assert to_roll(score, 1)[1].unheard == 1
    assert to_roll(score, 2)[1].unheard == 0
    assert [frame.nonzero()[0].tolist() for frame in to_roll(score, 1)[0]] == [[39], [43]]
    assert [frame.nonzero()[0].tolist() for frame in to_roll(score, 2)[0]] == [[39], [41], [43], [43]]


def test_notes_a_little_late_still_count() -> None:
    score = Score("", notes_of([(0.0, 1, 60), (1.1, 1, 62)]))
    assert [frame.nonzero()[0].tolist() for frame in to_roll(score, 1)[0]] == [[39], [41]]


def test_silence_before_the_first_note_is_left_out() -> None:
    assert to_roll(Score("", notes_of([(7, 2, 60)])), 1)[0].sum(1).tolist() == [1, 1]


def test_events_of_two_notes() -> None:
    score = Score("", notes_of([(0, 1, 60, 100), (0, 3, 64, 100)]))
    assert to_events(score).tolist() == [
        VELOCITY + 25, NOTE_ON + 60, NOTE_ON + 64, SHIFT + 49, NOTE_OFF + 60, SHIFT + 99, NOTE_OFF + 64, BOUNDARY,
    ]  # fmt: skip


def test_events_know_the_tempo() -> None:
    slow = Score("", notes_of([(0, 1, 60)]), np.array([[0.0, 60.0]]))
    assert to_events(slow).tolist()[2:4] == [SHIFT + 99, NOTE_OFF + 60]


def test_chorales_survive_as_events() -> None:
    for score in chorales()[::50]:
        played = from_events(to_events(score))
        start = score.notes["onset"].min()
        # two voices that strike one key together become one note; times are rounded to 10 ms
        ours, theirs = (np.unique(notes["onset"]) for notes in (played.notes, score.notes))
        np.testing.assert_allclose(ours, theirs - start, atol=0.011)
        assert set(played.notes["pitch"]) == set(score.notes["pitch"])
        assert abs(played.end - (score.end - start)) < 0.02


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, VOCABULARY - 1), max_size=60))
def test_any_events_can_be_played(events: list[int]) -> None:
    notes = from_events(np.array(events, np.int64)).notes
    assert (notes["duration"] > 0).all()
    assert ((notes["velocity"] >= 1) & (notes["velocity"] <= 127)).all()


def test_key_statistics_by_counting() -> None:
    random = np.random.default_rng(0)
    pieces = [(random.random((9, 88)) < 0.3).astype(np.uint8) for _ in range(3)]
    found = key_statistics(pieces)
    frames = [(before[5], frame[5]) for p in pieces for before, frame in zip([np.zeros(88), *p[:-1]], p, strict=True)]
    assert found["frequency"][5] == (sum(on for _, on in frames) + 0.5) / (len(frames) + 1)
    for state in (0, 1):
        after = [on for was, on in frames if was == state]
        assert found["after"][state, 5] == (sum(after) + 0.5) / (len(after) + 1)


def test_event_statistics_are_probabilities_and_follow_the_data() -> None:
    found = event_statistics([np.array([3, 7, 3, 7, BOUNDARY]), np.array([3, BOUNDARY])])
    assert found["frequency"].sum() == pytest.approx(1)
    np.testing.assert_allclose(found["after"].sum(1), 1)
    assert found["after"][BOUNDARY].argmax() == 3
    assert found["after"][3].argmax() == 7


def test_bernoulli_nll_of_fair_coins() -> None:
    np.testing.assert_allclose(bernoulli_nll(np.eye(3, 88, dtype=np.uint8), np.full(88, 0.5)), 88 * np.log(2))


def test_frame_accuracy_counts_as_the_literature_does() -> None:
    truth, guess = np.zeros((2, 88), np.uint8), np.zeros((2, 88), np.uint8)
    truth[0, [1, 2, 3]] = 1
    guess[0, [2, 3, 4]] = 1
    guess[1, 7] = 1
    assert Frames(1).hits(truth, guess) == (2, 5)


def test_all_keys() -> None:
    roll = np.zeros((2, 88), np.uint8)
    roll[0, [0, 40]] = 1
    moved = Frames(1).in_all_keys(Piece("", roll))
    assert sorted(tuple(np.flatnonzero(piece.elements[0])) for piece in moved) == sorted(
        tuple(key + by for key in (0, 40) if key + by >= 0) for by in range(-6, 6)
    )
    events = to_events(Score("", notes_of([(0, 1, 60)])))
    pitches = [from_events(piece.elements).notes["pitch"][0] for piece in Performance().in_all_keys(Piece("", events))]
    assert pitches == [60 + by for by in range(-6, 6)]


def test_the_network_reads_one_element_behind() -> None:
    roll = np.eye(3, 88, dtype=np.uint8)
    np.testing.assert_array_equal(Frames(1).shifted(roll), np.concatenate([np.zeros((1, 88)), roll[:2]]))
    assert Performance().shifted(np.array([5, 6, BOUNDARY])).tolist() == [BOUNDARY, 5, 6]
