"""What a problem of memory is: sequences without end, a model that reads them, and what others have reached."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from throughtime.data.batch import Loader
from throughtime.layers import Recurrent
from throughtime.models.base import Model
from throughtime.settings import TrainingSettings
from throughtime.tasks.base import Metric

Split = Literal["train", "valid", "test"]


class Problem(ABC):
    """One problem at one length.

    Attributes:
        name: as it is asked for, and called in folders.
        title: what has to be remembered, for people, in a line.
        metric: what layers are judged by.
        guess: what whoever remembers nothing comes to.
        input_size, hidden_size: I and H of the layers.
        longest: steps over which something has to be remembered.
        settings: how it is learned.
        ungated: settings of cells without gates, where they need others.
        published: what others have reached, by cell, with the conditions where they were others.
        source: who.
    """

    name: str
    title: str
    metric: ClassVar[Metric]
    guess: float
    input_size: int
    hidden_size: int
    longest: int
    settings: TrainingSettings
    ungated: Mapping[str, Any] = {}
    published: Mapping[str, str] = {}
    source: str = ""

    @abstractmethod
    def model(self, layers: Recurrent) -> Model:
        """A fresh model around layers of I inputs and H units, batch first."""

    @abstractmethod
    def loader(self, split: Split, seed: int) -> Loader:
        """Batches of a split; of what is learned from, in an order that the seed decides."""

    @abstractmethod
    def judge(self, model: Any, split: Split) -> dict[str, float]:
        """The metric, by its name, and what else is to be said of a model that `model` made."""
