"""How sentences to be translated are disturbed; what is to be said stays what it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from throughtime.data.words.disturbed import Change
from throughtime.tasks.base.conditions import Condition, Conditions, conditions_of_text
from throughtime.tasks.translation.corpora.pair import Pair


class DisturbedPairs(Conditions[Pair]):
    """Pairs whose source is disturbed."""

    def conditions(self, room: Path) -> Sequence[Condition[Pair]]:
        """Those of all texts."""
        return conditions_of_text(_disturbed)

    def question(self, example: Pair) -> Any:
        """The source."""
        return example.source


def _disturbed(pair: Pair, change: Change, percent: float, random: np.random.Generator) -> Pair:
    return replace(pair, source=change.text(pair.source, percent, random))
