"""Ctrl-C while something is imported: heard at once, obeyed when the import is done."""

from __future__ import annotations

import _thread
import signal
import threading
from types import FrameType

_AGAIN = 0.05  # seconds


def heed_after_imports() -> None:
    """From now on Ctrl-C raises KeyboardInterrupt as ever, but not within an import: torch's libraries end the process
    by themselves, with a core dump, if Python raises while they are loaded.
    """
    signal.signal(signal.SIGINT, _obey)


def _obey(_: int, frame: FrameType | None) -> None:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            later = threading.Timer(_AGAIN, _signal_again)
            later.daemon = True
            later.start()
            return
        frame = frame.f_back
    raise KeyboardInterrupt


def _signal_again() -> None:
    """Send the main thread the signal itself, where there are such: it may be waiting for a pipe by now."""
    main = threading.main_thread().ident
    if main is not None and hasattr(signal, "pthread_kill"):
        signal.pthread_kill(main, signal.SIGINT)
    else:
        _thread.interrupt_main()
