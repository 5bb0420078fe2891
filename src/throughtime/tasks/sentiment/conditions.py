"""How texts to be classified are disturbed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from throughtime.data.labelled_texts import LabelledText
from throughtime.data.words.disturbed import Change
from throughtime.tasks.base.conditions import Condition, Conditions, conditions_of_text


class DisturbedTexts(Conditions[LabelledText]):
    """Texts whose label stays what it is."""

    def conditions(self, room: Path) -> Sequence[Condition[LabelledText]]:
        """Those of all texts."""
        return conditions_of_text(_disturbed)

    def question(self, example: LabelledText) -> Any:
        """The text."""
        return example.text


def _disturbed(example: LabelledText, change: Change, percent: float, random: np.random.Generator) -> LabelledText:
    return replace(example, text=change.text(example.text, percent, random))
