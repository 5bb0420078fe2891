"""How a piece becomes a sequence for the network and comes back: piano-roll frames, or performance events."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from throughtime.tasks.music.scores.events import BOUNDARY, SHIFT, event_name, from_events, to_events
from throughtime.tasks.music.scores.manner import Manner
from throughtime.tasks.music.scores.roll import NOTHING, Lost, to_notes, to_roll
from throughtime.tasks.music.scores.score import KEYS, LOWEST_KEY, Score, pitch_name
from throughtime.tasks.music.scores.statistics import (
    Statistics,
    bernoulli_nll,
    event_statistics,
    key_statistics,
    previous,
)

_SHOWN = 4  # elements of a piece that people are shown


@dataclass(frozen=True)
class Piece:
    """One piece as the network sees it.

    Args:
        name: of its file.
        elements: (T, 88) frames or (T,) events.
        shift: semitones by which it was moved, to be undone when it sounds again.
        tune: what other pieces on the same tune have too; they stay on one side of a split.
        lost: notes that the representation cannot show.
        manner: how it is played; None: that is not to be taken over.
    """

    name: str
    elements: NDArray[Any]
    shift: int = 0
    tune: tuple[int, ...] = ()
    lost: Lost = NOTHING
    manner: Manner | None = None


class Representation(ABC):
    """Sequence elements from a score and back, what a network reads of them, and simple methods beside it."""

    unit: ClassVar[str]

    def shown(self, elements: NDArray[Any]) -> str:
        """How a piece begins, for people."""
        return " | ".join(map(self.name_of, elements[:_SHOWN]))

    @abstractmethod
    def name_of(self, element: Any, shift: int = 0) -> str:
        """One element of a piece that was moved by so many semitones, for people: as it sounds."""

    @abstractmethod
    def encode(self, score: Score) -> tuple[NDArray[Any], Lost]:
        """Elements of a score, and which of its notes they cannot show."""

    @abstractmethod
    def decode(self, elements: NDArray[Any], restrike: float | None = None) -> Score:
        """The score that elements stand for."""

    @abstractmethod
    def shifted(self, elements: NDArray[Any]) -> NDArray[Any]:
        """What the network reads when it is to predict each element: the one before, first a beginning."""

    @abstractmethod
    def nothing(self, count: int) -> NDArray[Any]:
        """So many elements of no meaning: silent frames, boundaries."""

    def opened(self, elements: NDArray[Any]) -> NDArray[Any]:
        """Elements without their ending, so that they can be continued."""
        return elements

    @abstractmethod
    def in_all_keys(self, piece: Piece) -> list[Piece]:
        """The piece moved by -6 to 5 semitones."""

    @abstractmethod
    def fit(self, pieces: Sequence[Piece]) -> Statistics:
        """Counts for the simple methods."""

    @abstractmethod
    def baselines(self, elements: NDArray[Any], statistics: Statistics) -> dict[str, tuple[NDArray[Any], NDArray[Any]]]:
        """For each simple method: -log p of each element (T,) and its best guess of them (as `elements`)."""

    @abstractmethod
    def hits(self, elements: NDArray[Any], guesses: NDArray[Any]) -> tuple[int, int]:
        """Numerator and denominator of the accuracy."""


@dataclass(frozen=True)
class Frames(Representation):
    """Piano-roll frames.

    Args:
        resolution: frames in a quarter note.
    """

    resolution: float
    unit: ClassVar[str] = "frame"

    def name_of(self, element: Any, shift: int = 0) -> str:
        """The notes of a frame."""
        return " ".join(pitch_name(LOWEST_KEY + int(key) - shift) for key in np.nonzero(element)[0]) or "silence"

    def encode(self, score: Score) -> tuple[NDArray[Any], Lost]:
        """As `to_roll`."""
        return to_roll(score, self.resolution)

    def decode(self, elements: NDArray[Any], restrike: float | None = None) -> Score:
        """As `to_notes`."""
        return Score("", to_notes(elements, self.resolution, restrike))

    def shifted(self, elements: NDArray[Any]) -> NDArray[Any]:
        """Silence, and then all frames but the last."""
        return previous(elements).astype(np.float32)

    def nothing(self, count: int) -> NDArray[Any]:
        """Silent frames (count, 88)."""
        return np.zeros((count, KEYS), np.uint8)

    def in_all_keys(self, piece: Piece) -> list[Piece]:
        """Keys that leave the keyboard fall silent."""
        padded = np.pad(piece.elements, ((0, 0), (6, 6)))
        return [replace(piece, elements=padded[:, 6 - by : 6 - by + KEYS]) for by in range(-6, 6)]

    def fit(self, pieces: Sequence[Piece]) -> Statistics:
        """As `key_statistics`."""
        return key_statistics(piece.elements for piece in pieces)

    def baselines(self, elements: NDArray[Any], statistics: Statistics) -> dict[str, tuple[NDArray[Any], NDArray[Any]]]:
        """Each key as often as in the training pieces; the last frame again, with each key's habit of changing."""
        before = previous(elements)
        frequency = np.broadcast_to(statistics["frequency"], elements.shape)
        again = np.where(before == 1, statistics["after"][1], statistics["after"][0])
        return {
            "key frequencies": (bernoulli_nll(elements, frequency), (frequency > 0.5).astype(np.uint8)),
            "repeat the last frame": (bernoulli_nll(elements, again), before),
        }

    def hits(self, elements: NDArray[Any], guesses: NDArray[Any]) -> tuple[int, int]:
        """True positives; true positives, false positives and false negatives (Bay et al. 2009)."""
        return int((elements & guesses).sum()), int((elements | guesses).sum())


@dataclass(frozen=True)
class Performance(Representation):
    """Events of an expressive performance, after Performance RNN."""

    unit: ClassVar[str] = "event"

    def name_of(self, element: Any, shift: int = 0) -> str:
        """An event in words."""
        event = int(element)
        pitch = event % 128
        return event_name(event - pitch + min(max(pitch - shift, 0), 127) if event < SHIFT else event)

    def encode(self, score: Score) -> tuple[NDArray[Any], Lost]:
        """As `to_events`, which can show all notes."""
        return to_events(score), NOTHING

    def decode(self, elements: NDArray[Any], restrike: float | None = None) -> Score:
        """As `from_events`."""
        return from_events(elements)

    def shifted(self, elements: NDArray[Any]) -> NDArray[Any]:
        """A boundary, and then all events but the last."""
        return np.concatenate([np.array([BOUNDARY]), elements[:-1]])

    def nothing(self, count: int) -> NDArray[Any]:
        """Boundaries (count,)."""
        return np.full(count, BOUNDARY)

    def opened(self, elements: NDArray[Any]) -> NDArray[Any]:
        """Without the closing boundary."""
        return elements[:-1]

    def in_all_keys(self, piece: Piece) -> list[Piece]:
        """Notes that leave MIDI's 128 pitches stay at its border."""
        events = piece.elements
        pitch, moves = events % 128, events < SHIFT
        return [
            replace(piece, elements=np.where(moves, events - pitch + (pitch + by).clip(0, 127), events))
            for by in range(-6, 6)
        ]

    def fit(self, pieces: Sequence[Piece]) -> Statistics:
        """As `event_statistics`."""
        return event_statistics(piece.elements for piece in pieces)

    def baselines(self, elements: NDArray[Any], statistics: Statistics) -> dict[str, tuple[NDArray[Any], NDArray[Any]]]:
        """Each event as often as in the training pieces; each as often as after the event before."""
        before = self.shifted(elements)
        frequency, after = statistics["frequency"], statistics["after"]
        return {
            "event frequencies": (-np.log(frequency[elements]), np.full_like(elements, frequency.argmax())),
            "event after event": (-np.log(after[before, elements]), after.argmax(1)[before]),
        }

    def hits(self, elements: NDArray[Any], guesses: NDArray[Any]) -> tuple[int, int]:
        """Events guessed right, and all of them."""
        return int((elements == guesses).sum()), elements.size


class Examples(Sequence[dict[str, NDArray[Any]]]):
    """Pieces as a loader takes them: `inputs` one element behind `targets`."""

    def __init__(self, pieces: Sequence[Piece], representation: Representation) -> None:
        self.pieces = pieces
        self.representation = representation

    def __len__(self) -> int:
        """How many pieces."""
        return len(self.pieces)

    def __getitem__(self, index: Any) -> Any:
        """The piece of that number."""
        elements = self.pieces[index].elements
        return {"inputs": self.representation.shifted(elements), "targets": elements}
