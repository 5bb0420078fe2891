"""How texts to be classified are disturbed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from throughtime.data.labelled_texts import LabelledText
from throughtime.data.words.disturbed import CHANGES, Change
from throughtime.tasks.base.conditions import Condition, Conditions


class DisturbedTexts(Conditions[LabelledText]):
    """Texts whose label stays what it is."""

    def conditions(self, room: Path) -> Sequence[Condition[LabelledText]]:
        """Those of all texts."""
        return [Condition(one.name, one.says, one.shares, _on(one)) for one in CHANGES]

    def question(self, example: LabelledText) -> Any:
        """The text."""
        return example.text


def _on(change: Change) -> Callable[[LabelledText, float, np.random.Generator], LabelledText]:
    return lambda one, percent, random: replace(one, text=change.text(one.text, percent, random))
