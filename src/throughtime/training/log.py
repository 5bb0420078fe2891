"""What a run tells: a live line on a terminal, plain lines elsewhere, metrics.csv and TensorBoard."""

from __future__ import annotations

import csv
import io
import math
import time
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Display

from throughtime.settings import TrainingSettings
from throughtime.storage.atomic import write_atomically
from throughtime.tasks.base import Metric
from throughtime.training.events import Events
from throughtime.training.progress import Progress, Sums
from throughtime.training.stages import Ticker, clock

_REFRESH = 0.25  # seconds between two changes of the live line
PLAIN_EVERY = 30.0  # seconds between two lines where there is no terminal


class Log:
    """The course of a run; entered for as long as it trains.

    Args:
        folder: the run folder: metrics.csv and events/ go there, cut back to the rows that `progress` has.
        progress: the run's counters; `evaluation` adds its rows there, so that they are in every checkpoint.
        metric: what the validation measures.
        settings: the limits, for the remaining time.
        quiet: say nothing; the files are written all the same.
    """

    def __init__(
        self, folder: Path, progress: Progress, metric: Metric, settings: TrainingSettings, quiet: bool
    ) -> None:
        self.progress = progress
        self.metric = metric
        self.settings = settings
        self._column = f"valid_{metric.name}"
        self._csv = folder / "metrics.csv"
        self._write_csv()
        self._events = Events(folder / "events", progress.rows)
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._quiet = quiet
        self._display = Display(
            *([BarColumn(bar_width=20)] if self._console.width >= 110 else []),  # numbers matter more than the bar
            TextColumn("{task.description}", markup=False),
            console=self._console,
            transient=True,
            disable=quiet or not self._console.is_terminal,
        )
        self._bar = self._display.add_task("starting", total=None)
        self._shown = 0.0
        self._loss = math.nan
        self._ticker = Ticker(PLAIN_EVERY, lambda: self.say(self._where()))

    def __enter__(self) -> Log:
        self._display.start()
        if not self._quiet and not self._console.is_terminal:
            self._ticker.begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ticker.end()
        self._display.stop()
        self._events.close()

    def step(self, loss: float) -> None:
        """Show where a run is after a step of that mean loss."""
        self._loss = loss
        now = time.monotonic()
        if self._display.disable or now - self._shown < _REFRESH:
            return
        self._shown = now
        share = self.progress.share(self.settings)
        self._display.update(self._bar, completed=share, total=1.0 if share else None, description=self._where())

    def _where(self) -> str:
        """Where a run is, between two evaluations."""
        progress = self.progress
        if math.isnan(self._loss):
            return f"step {progress.step}  working on the first step"
        best = "" if progress.best is None else f"best {self.metric.name} {progress.best:.4g}  "
        times = self._times(progress.share(self.settings))
        return f"step {progress.step}  loss {self._loss:.4g}  {best}{times}  {_rates(progress.since)}"

    def evaluation(self, value: float, rate: float, better: bool) -> None:
        """Write down the interval that an evaluation ends, and begin a new one.

        Args:
            value: the validation metric.
            rate: the learning rate.
            better: whether it is the best so far.
        """
        progress, since = self.progress, self.progress.since
        row = {
            "step": progress.step,
            "epoch": round(progress.epochs, 4),
            "seconds": round(progress.seconds, 3),
            "train_loss": since.loss / max(1, since.terms),
            self._column: value,
            "learning_rate": rate,
            "gradient_norm": since.norm / max(1, since.steps),
            "sequences_per_second": round(since.per_second(since.sequences), 1),
            "tokens_per_second": round(since.per_second(since.tokens), 1),
            **since.means,
        }
        progress.rows.append(row)
        self._write_csv()
        self._events.add(row)
        self.say(
            f"step {progress.step}  epoch {row['epoch']:.4g}  train loss {row['train_loss']:.4f}  "
            f"valid {self.metric.name} {value:.4f}{' (best)' if better else ''}  "
            f"{_rates(since)}  "
            f"{self._times(progress.share(self.settings))}"
        )

    def say(self, line: str) -> None:
        """One line for people."""
        if not self._quiet:
            self._ticker.put_off()
            self._console.print(line, markup=False)

    @property
    def values(self) -> list[float]:
        """The validation metric of each evaluation."""
        return [row[self._column] for row in self.progress.rows]

    def _times(self, share: float) -> str:
        """Time spent and, where a limit is known, time to go."""
        spent = clock(self.progress.seconds)
        return f"{spent}, {clock(self.progress.seconds * (1 - share) / share)} to go" if share > 0 else spent

    def _write_csv(self) -> None:
        text = io.StringIO()
        if self.progress.rows:
            # what is measured now and then only is not in every row
            columns = dict.fromkeys(name for row in self.progress.rows for name in row)
            writer = csv.DictWriter(text, list(columns), lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.progress.rows)
        write_atomically(self._csv, text.getvalue())


def _rates(sums: Sums) -> str:
    return f"{sums.per_second(sums.sequences):,.0f} sequences/s  {sums.per_second(sums.tokens):,.0f} tokens/s"
