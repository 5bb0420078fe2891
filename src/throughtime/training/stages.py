"""What is shown of all that takes long beside training: a live line on a terminal, plain ones elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType

from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from throughtime.data.progress import Stage, watched

PLAIN_EVERY = 10.0  # seconds between two lines where there is no terminal
_BAR = 20


@contextmanager
def shown(quiet: bool = False) -> Iterator[None]:
    """Inside, what `stage` and `counted` say is shown on standard error.

    Args:
        quiet: it is not.
    """
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    if quiet:
        yield
        return
    with watched() as stages:
        if not console.is_terminal:
            with Ticker(PLAIN_EVERY, lambda: _say(stages, console)):
                yield
            return
        spinner = Spinner("dots")
        with Live(console=console, transient=True, refresh_per_second=8, get_renderable=lambda: _line(stages, spinner)):
            yield


class Ticker:
    """While it is entered, something is done every so many seconds, in a thread of its own.

    Args:
        seconds: between two times.
        tell: what is done.
    """

    def __init__(self, seconds: float, tell: Callable[[], None]) -> None:
        self.seconds, self.tell = seconds, tell
        self._last = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Ticker:
        self.begin()
        return self

    def begin(self) -> None:
        """Do it from now on."""
        self._last = time.monotonic()
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """Do no more of it."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def put_off(self) -> None:
        """Something else has just been said: the seconds begin anew."""
        self._last = time.monotonic()

    def _run(self) -> None:
        while not self._ended.wait(max(0.0, self._last + self.seconds - time.monotonic())):
            if time.monotonic() - self._last >= self.seconds:
                self.tell()
                self.put_off()


def clock(seconds: float) -> str:
    """Minutes and seconds, with hours where there are such.

    Example:
        >>> clock(75), clock(3675)
        ('1:15', '1:01:15')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _say(stages: Sequence[Stage], console: Console) -> None:
    if here := _innermost(stages):
        console.print(f"{here.what}: {_words(here)}", markup=False)


def _line(stages: Sequence[Stage], spinner: Spinner) -> RenderableType:
    here = _innermost(stages)
    if here is None:
        return Text("")
    line = Table.grid(padding=(0, 1))
    mark = ProgressBar(here.total, min(here.done, here.total), width=_BAR) if here.total else spinner
    line.add_row(mark, Text(f"{here.what}  {_words(here)}", no_wrap=True, overflow="ellipsis"))
    return line


def _innermost(stages: Sequence[Stage]) -> Stage | None:
    """The list is changed by another thread while it is looked at."""
    return next(reversed([*stages]), None)


def _words(here: Stage) -> str:
    """How far it is: how many, how many a second, how long and how long still."""
    spent = time.monotonic() - here.begun
    words = []
    if here.total is not None:
        words.append(f"{here.done:,} of {here.total:,}")
    elif here.done:
        words.append(f"{here.done:,}")
    if here.done and spent > 1:
        words.append(f"{here.done / spent:,.3g}/s")
    left = spent * (here.total - here.done) / here.done if here.done and here.total else None
    words.append(clock(spent) if left is None else f"{clock(spent)}, {clock(max(0.0, left))} to go")
    return "  ".join(words)
