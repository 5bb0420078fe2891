"""The one interface that all tasks share; the verbs know nothing else of them."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeVar

from pydantic import Field

from throughtime.errors import DataError, ThroughtimeError
from throughtime.settings import Settings, TrainingSettings
from throughtime.storage.report import Report

if TYPE_CHECKING:
    from rich.text import Text

    from throughtime.data.batch import Loader
    from throughtime.models.base import Model

Example = TypeVar("Example")
SettingsT = TypeVar("SettingsT", bound=TrainingSettings)
Prediction = dict[str, Any]


@dataclass(frozen=True)
class Metric:
    """The number that decides which model is best.

    Args:
        name: key in a report's metrics.
        unit: what it counts, for people.
        best: whether a smaller or a larger value is better.
    """

    name: str
    unit: str
    best: Literal["min", "max"]

    def better(self, new: float, old: float | None) -> bool:
        """Whether `new` beats `old` (None: nothing yet)."""
        return old is None or (new < old if self.best == "min" else new > old)


@dataclass(frozen=True)
class Splits(Generic[Example]):
    """Examples to learn from, to choose by, and to be judged by."""

    train: Sequence[Example]
    valid: Sequence[Example]
    test: Sequence[Example]


class GenerateSettings(Settings):
    """How to sample; a task that generates adds its own (length, primer, ...)."""

    seed: int = Field(default=0, ge=0)
    """Seed of the sampling."""
    temperature: float = 1.0
    """Below 1: safer; above 1: bolder; 0: always the most probable."""
    top_k: int | None = None
    """Sample among the k most probable only."""
    top_p: float | None = None
    """Sample among the most probable that together reach p."""


class Task(ABC, Generic[Example, SettingsT]):
    """One application, from files to answers.

    Args:
        settings: what was asked.
        cache: a folder for things computed once (token caches); it may be deleted at any time.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    """One line: what it learns."""
    reads: ClassVar[str]
    """What the user's files must look like."""
    built_in: ClassVar[str]
    """What it learns from if no data is given, and where that comes from."""
    metric: ClassVar[Metric]
    Settings: ClassVar[type[TrainingSettings]]
    Generation: ClassVar[type[GenerateSettings] | None] = None
    """Options of `generate`, None if the task does not generate."""
    ending: ClassVar[str] = ".txt"
    """Of the file that `generate` is to write."""
    forms: ClassVar[tuple[str, ...]] = ()
    """Names of the other forms that `express` gives a prediction."""
    draws: ClassVar[bool] = False
    """Whether `draw` makes a picture of a prediction."""

    def __init__(self, settings: SettingsT, cache: Path) -> None:
        self.settings = settings
        self.cache = cache
        self._watched: tuple[Sequence[Example], Loader] | None = None

    # -- data ------------------------------------------------------------------------------------------------

    @abstractmethod
    def built_in_data(self) -> Splits[Example]:
        """The built-in examples, in fixed splits."""

    @abstractmethod
    def read(self, path: Path) -> Sequence[Example]:
        """Examples of a file or folder of the user's.

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
        groups: dict[Hashable, list[Example]] = {}
        for index, example in enumerate(examples):
            groups.setdefault(self.group(example, index), []).append(example)
        if len(groups) < 3:
            raise ThroughtimeError(
                f"found {len(groups)} independent examples, expected at least 3 to split into train, valid and test; "
                "give --train, --valid and --test instead"
            )
        order = list(groups.values())
        random.Random(self.settings.seed).shuffle(order)
        n_valid, n_test = (max(1, round(share * len(order))) for share in (valid, test))
        cuts = order[:n_valid], order[n_valid : n_valid + n_test], order[n_valid + n_test :]
        first, second, rest = ([example for group in cut for example in group] for cut in cuts)
        return Splits(rest, first, second)

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

    def check(self, examples: Sequence[Example]) -> None:
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

    # -- use --------------------------------------------------------------------------------------------------

    def read_inputs(self, argument: str) -> Iterator[Any]:
        """What one argument of `predict` stands for: the lines of a file, or the argument itself."""
        path = existing(argument)
        if path is None:
            yield argument
            return
        try:
            with path.open(encoding="utf-8") as lines:
                yield from (line.rstrip("\n") for line in lines)
        except UnicodeDecodeError as error:
            found = f"bytes that are not UTF-8 at position {error.start}"
            raise DataError(path, found, "text, one input a line") from None

    @abstractmethod
    def predict(self, model: Model, inputs: Iterable[Any]) -> Iterator[Prediction]:
        """One JSON-like answer for each input, as they come; those of a list may be worked out together."""

    @abstractmethod
    def render(self, prediction: Prediction) -> str:
        """A prediction for people, usually one line."""

    def express(self, prediction: Prediction, form: str) -> str:
        """A prediction in another form: lines for programs that read it; "" where there is nothing to print.

        Args:
            prediction: one that `predict` gave.
            form: one of `forms`.

        Raises:
            ThroughtimeError: this task has no other forms.
        """
        raise ThroughtimeError(f"the task {self.name} has no other forms of its predictions")

    def paint(self, prediction: Prediction) -> Text | None:
        """A prediction in colours, for a terminal; None: as `render` gives it."""
        return None

    def draw(self, prediction: Prediction, path: Path) -> None:
        """Draw a prediction as a PNG picture; one in which there is nothing to see leaves no file.

        Args:
            prediction: one that `predict` gave.
            path: the file to write, ending in .png.

        Raises:
            ThroughtimeError: this task does not draw.
        """
        raise ThroughtimeError(f"the task {self.name} draws no pictures of its predictions")

    def generate(self, model: Model, out: Path, options: GenerateSettings) -> list[Path]:
        """Write something new to `out` (and beside it); the files written.

        Raises:
            ThroughtimeError: this task does not generate.
        """
        raise ThroughtimeError(f"the task {self.name} does not generate; music and text do")


def existing(argument: str) -> Path | None:
    """The path that an argument of `predict` is, if something is there; None: it is the input itself."""
    path = Path(argument)
    try:
        # Path("") is the folder one is in
        return path if argument and path.exists() else None
    except OSError:  # a sentence longer than a name can be
        return None
