"""The core that every application has; what only some can do stands beside it, a capability a file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import numpy as np

from throughtime.data.findings import Findings
from throughtime.data.splits import Splits, hold_out, split_groups
from throughtime.settings import TrainingSettings
from throughtime.storage.report import Report
from throughtime.tasks.base.inputs import lines_of
from throughtime.tasks.base.metric import Metric

if TYPE_CHECKING:
    from throughtime.data.batch import Loader
    from throughtime.data.sources import Carrier
    from throughtime.models.base import Model

Example = TypeVar("Example")
SettingsT = TypeVar("SettingsT", bound=TrainingSettings)
Prediction = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Described:
    """An example as checksums and summaries see it.

    Args:
        content: what is read: equal bytes, equal input.
        target: what is to be said of it; "" where that is the input itself.
        length: how long it is, in the task's `unit`.
        classes: what it counts for: its label, the labels of its entities; none where there are no classes.
        path, line: where it comes from.
    """

    content: bytes
    target: str
    length: float
    classes: tuple[str, ...] = ()
    path: Path | None = None
    line: int | None = None


class Task(ABC, Generic[Example, SettingsT]):
    """One application, from files to answers.

    Args:
        settings: what was asked.
        cache: a folder for things computed once (token caches); it may be deleted at any time.

    Attributes:
        findings: what reading has found since it was last cleared.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    """One line: what it learns."""
    reads: ClassVar[str]
    """What the user's files must look like."""
    built_in: ClassVar[str]
    """What it learns from if no data is given, and where that comes from."""
    carriers: ClassVar[Sequence[Carrier]] = ()
    """The package files out of which the built-in data, and what plain settings name, are read."""
    unit: ClassVar[str]
    """What an example's length is counted in: words, frames, seconds."""
    metric: ClassVar[Metric]
    Settings: ClassVar[type[TrainingSettings]]

    def __init__(self, settings: SettingsT, cache: Path) -> None:
        self.settings = settings
        self.cache = cache
        self.findings = Findings()
        self._watched: tuple[Sequence[Example], Loader] | None = None

    def check_settings(self) -> None:
        """Look at the files that the settings name, before anything is read; by default they name none.

        Raises:
            ThroughtimeError: one is not there, or cannot be what it should be.
        """
        return

    # -- data ------------------------------------------------------------------------------------------------

    @abstractmethod
    def built_in_data(self) -> Splits[Example]:
        """The built-in examples, in fixed splits."""

    @abstractmethod
    def read(self, path: Path) -> Sequence[Example]:
        """Examples of a file or folder of the user's; what was guessed, left out or looks wrong is in `findings`.

        Raises:
            DataError: names the file, the line, what was found and what was expected.
        """

    def read_splits(self, path: Path) -> Splits[Example]:
        """Read one file or folder and split it; a format that brings its own splits overrides this."""
        return self.split(self.read(path))

    def group(self, example: Example, index: int) -> Hashable:
        """Examples of one group stay on one side of a split; by default each stands alone."""
        return index

    def split(self, examples: Sequence[Example], valid: float = 0.1, test: float = 0.1) -> Splits[Example]:
        """Split by group: shares of the groups, in an order that the seed decides."""
        groups = [self.group(example, index) for index, example in enumerate(examples)]
        self.findings.taken("splits", f"drawn by the seed {self.settings.seed}: {valid:.0%} valid, {test:.0%} test")
        return split_groups(examples, groups, self.settings.seed, valid, test)

    def hold_out(self, train: Sequence[Example]) -> tuple[Sequence[Example], Sequence[Example]]:
        """All but a tenth of the groups, and that tenth: what becomes of train where another split is not given."""
        return hold_out(train, [self.group(example, index) for index, example in enumerate(train)], self.settings.seed)

    @abstractmethod
    def describe(self, example: Example) -> Described:
        """An example as checksums and summaries see it."""

    def learned_parts(self, example: Example) -> Iterable[Described]:
        """Stretches of an example that training may have had as examples of their own; by default there are none."""
        return ()

    @abstractmethod
    def show(self, example: Example) -> str:
        """An example for people, as the model will see it, on one line."""

    def examine(self, splits: Splits[Example]) -> None:
        """Look for what is wrong with examples that could be read; by default nothing more is looked for."""
        return

    # -- features: fitted on the training split alone ---------------------------------------------------------

    @abstractmethod
    def fit(self, train: Sequence[Example]) -> None:
        """Learn vocabulary, statistics and baselines from the training split."""

    @abstractmethod
    def save_features(self, folder: Path) -> None:
        """Write all that `fit` learned (no pickle)."""

    @abstractmethod
    def load_features(self, folder: Path) -> None:
        """Read what `save_features` wrote."""

    def accept(self, examples: Sequence[Example]) -> None:
        """Make sure that what training learned can be judged by these examples; by default any will do.

        Raises:
            ThroughtimeError: they are of another kind than those of training; the sentence names the first.
        """
        return

    # -- learning ---------------------------------------------------------------------------------------------

    @abstractmethod
    def model(self) -> Model:
        """A fresh model of the sizes that settings and features ask for."""

    def begin(self, model: Model) -> None:
        """Give a fresh model what training starts from; by default it keeps its random weights."""
        return

    @abstractmethod
    def loader(self, examples: Sequence[Example], *, training: bool) -> Loader:
        """Batches of these examples: shuffled and truncated as training wants it, or all in order."""

    def watched(self, examples: Sequence[Example], make: Callable[[Sequence[Example]], Loader] | None = None) -> Loader:
        """What `validate` reads of a split; made once, as training asks for the same split again and again.

        Args:
            examples: the split.
            make: makes it; None: `loader`.
        """
        if self._watched is None or self._watched[0] is not examples:
            loader = self.loader(examples, training=False) if make is None else make(examples)
            self._watched = (examples, loader)
        return self._watched[1]

    @abstractmethod
    def validate(self, model: Model, examples: Sequence[Example]) -> float:
        """The task's metric on a split, quickly: what training watches."""

    @abstractmethod
    def evaluate(self, model: Model, examples: Sequence[Example]) -> Report:
        """All the metrics, the baselines beside them."""

    @staticmethod
    def pooled(counts: np.ndarray) -> float:
        """The metric of some examples from the sum (K,) of their counts (`storage.scores`); by default a ratio."""
        return float(counts[0] / counts[1]) if counts[1] else 0.0

    # -- use --------------------------------------------------------------------------------------------------

    def read_inputs(self, argument: str) -> Iterator[Any]:
        """What one argument of `predict` stands for: the lines of a file, or the argument itself."""
        yield from lines_of(argument, self.findings)

    @abstractmethod
    def predict(self, model: Model, inputs: Iterable[Any]) -> Iterator[Prediction]:
        """One JSON-like answer for each input, as they come; those of a list may be worked out together."""

    @abstractmethod
    def render(self, prediction: Prediction) -> str:
        """A prediction for people, usually one line."""
