"""What a model says of a piece, for people: how surprising it is, and where most."""

from __future__ import annotations

from typing import Any

import numpy as np

from throughtime.tasks.music.scores.representation import Piece
from throughtime.tasks.music.scores.score import LOWEST_KEY, pitch_name
from throughtime.tasks.music.settings import MusicSettings


def moment(
    piece: Piece, nll: np.ndarray, guesses: np.ndarray, at: int, unit: str, settings: MusicSettings
) -> dict[str, Any]:
    """One element of a piece: where it stands, its -log p, and of a frame what sounds and what was expected.

    Args:
        piece: of elements (T, ...).
        nll: (T,) -log p of each.
        guesses: the likeliest of each, as the elements are.
        at: which.
        unit: what elements are called.
        settings: say what they are.
    """
    found: dict[str, Any] = {unit: at + 1, "nll": float(nll[at])}
    if settings.representation == "roll":
        found["quarter"] = at / settings.resolution
        for name, keys in (("notes", piece.elements[at]), ("expected", guesses[at])):
            found[name] = [pitch_name(LOWEST_KEY + int(key) - piece.shift) for key in np.nonzero(keys)[0]]
    return found


def render(prediction: dict[str, Any], unit: str) -> str:
    """One line: the file, its NLL and the most surprising moments."""
    said = []
    for one in prediction["surprises"]:
        words = f"{unit} {one[unit]} ({one['nll']:.1f} nats"
        if "notes" in one:
            words += f": {' '.join(one['notes']) or 'silence'}, expected {' '.join(one['expected']) or 'silence'}"
        said.append(words + ")")
    count = f"{prediction[f'{unit}s']} {unit}s"
    return f"{prediction['file']}: {prediction['nll']:.3f} nats per {unit}, {count}; surprises: {'; '.join(said)}"
