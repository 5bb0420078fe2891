"""How sentences to be translated are disturbed; what is to be said stays what it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from throughtime.data.words.disturbed import CHANGES, Change
from throughtime.tasks.base.conditions import Condition, Conditions
from throughtime.tasks.translation.corpora.pair import Pair


class DisturbedPairs(Conditions[Pair]):
    """Pairs whose source is disturbed."""

    def conditions(self, room: Path) -> Sequence[Condition[Pair]]:
        """Those of all texts."""
        return [Condition(one.name, one.says, one.shares, _on(one)) for one in CHANGES]

    def question(self, example: Pair) -> Any:
        """The source."""
        return example.source


def _on(change: Change) -> Callable[[Pair, float, np.random.Generator], Pair]:
    return lambda pair, percent, random: replace(pair, source=change.text(pair.source, percent, random))
