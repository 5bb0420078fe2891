"""What energy a run has used, and how that is known: as it stands in energy.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

How = Literal["measured", "estimated", "unknown"]
"""From the best: by a meter; from a constant that is named; not at all."""

_HOWS: tuple[How, ...] = get_args(How)
_JOULES_PER_KWH = 3.6e6


@dataclass(frozen=True)
class Part:
    """One thing that uses energy.

    Args:
        what: processors, a graphics card.
        how: its energy is known.
        by: the meter, or the constant that it was estimated from, or why it is unknown.
        joules: None where it is unknown.
    """

    what: str
    how: How
    by: str
    joules: float | None


@dataclass(frozen=True)
class Energy:
    """What has been used over some time.

    Args:
        seconds: that time.
        parts: each named once.

    Example:
        >>> parts = (Part("processors", "measured", "RAPL", 7.2e6), Part("GPU", "unknown", "no meter", None))
        >>> hour = Energy(3600, parts)
        >>> hour.kwh, hour.how, hour.times(0.5).kwh, (hour + hour).seconds
        (2.0, 'unknown', 1.0, 7200)
    """

    seconds: float = 0.0
    parts: tuple[Part, ...] = ()

    @property
    def kwh(self) -> float | None:
        """Of all parts of which it is known; None if it is of none."""
        known = [part.joules for part in self.parts if part.joules is not None]
        return sum(known) / _JOULES_PER_KWH if known else None

    @property
    def how(self) -> How:
        """How the whole is known: as its worst part is."""
        return max((part.how for part in self.parts), key=_HOWS.index, default="unknown")

    def __add__(self, other: Energy) -> Energy:
        """Parts that were known in the same way are added up, others stand side by side."""
        parts = {(part.what, part.how, part.by): part for part in self.parts}
        for part in other.parts:
            key = (part.what, part.how, part.by)
            before = parts[key].joules if key in parts else 0.0
            joules = None if before is None or part.joules is None else before + part.joules
            parts[key] = Part(*key, joules)
        return Energy(self.seconds + other.seconds, tuple(parts.values()))

    def times(self, factor: float) -> Energy:
        """As much for more, or for less."""
        parts = (Part(p.what, p.how, p.by, None if p.joules is None else factor * p.joules) for p in self.parts)
        return Energy(factor * self.seconds, tuple(parts))

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Energy:
        """What `dataclasses.asdict` made of one."""
        parts = tuple(Part(**part) for part in stored["parts"])
        if any(part.how not in _HOWS for part in parts):
            raise ValueError(f"expected how it is known to be one of {', '.join(_HOWS)}")
        return cls(float(stored["seconds"]), parts)


@dataclass(frozen=True)
class Footprint:
    """What a run has used so far, over all its resumptions.

    Args:
        training: reading, learning and judging.
        validation: the part of it that went into answering the validation split, again and again.
        answered: examples that were answered there.
        grams_per_kwh: CO2 equivalent of the electricity.
        intensity: where that number comes from.
    """

    training: Energy
    validation: Energy
    answered: int
    grams_per_kwh: float
    intensity: str

    def grams(self, energy: Energy) -> float | None:
        """CO2 equivalent of some of it; None where the energy is unknown."""
        return None if energy.kwh is None else energy.kwh * self.grams_per_kwh

    @property
    def thousand(self) -> Energy | None:
        """What 1,000 predictions take, from those of the validation; None before the first."""
        return self.validation.times(1000 / self.answered) if self.answered else None

    def in_words(self, energy: Energy) -> str:
        """Some of it, and how it is known.

        Example:
            >>> used = Energy(60, (Part("processors", "measured", "RAPL", 7.2e6),))
            >>> Footprint(used, used, 1, 473, "the world's mean").in_words(used)
            '2 kWh, 946 g CO2e, measured (processors: RAPL)'
        """
        amount = "" if energy.kwh is None else f"{energy.kwh:.3g} kWh, {self.grams(energy):.3g} g CO2e, "
        parts = (
            f"{part.what}: {part.by}" if part.how == energy.how else f"{part.what} {part.how}: {part.by}"
            for part in energy.parts
        )
        return f"{amount}{energy.how} ({'; '.join(parts)})"

    def to_json(self) -> dict[str, Any]:
        """As it is stored: all that `from_json` needs, and the sums beside it."""
        return {
            "training": self._summed(self.training),
            "validation": {"examples_answered": self.answered, **self._summed(self.validation)},
            "thousand_predictions": None if self.thousand is None else self._summed(self.thousand),
            "grams_co2e_per_kwh": self.grams_per_kwh,
            "intensity": self.intensity,
        }

    def _summed(self, energy: Energy) -> dict[str, Any]:
        return {
            "kwh": energy.kwh,
            "grams_co2e": self.grams(energy),
            "how": energy.how,
            "seconds": energy.seconds,
            "parts": [vars(part) for part in energy.parts],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Footprint:
        """What `to_json` gave."""
        training, validation = (Energy.from_json(stored[name]) for name in ("training", "validation"))
        answered = int(stored["validation"]["examples_answered"])
        return cls(training, validation, answered, float(stored["grams_co2e_per_kwh"]), str(stored["intensity"]))
