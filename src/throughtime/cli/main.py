"""`throughtime VERB ...`: finds the verb, runs it, and turns what the user can put right into one sentence."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from rich.console import Console
from rich.table import Table

from throughtime import __version__, tasks
from throughtime.errors import KernelFallbackWarning, ThroughtimeError

# verb -> what it does; each is a module of this package with `run(arguments) -> exit status`
VERBS = {
    "tasks": "what there is to learn, what files look like, which data is built in",
    "check": "how your files are understood, and what looks wrong with them, before anything is learned",
    "train": "learn from your files, or from the built-in data",
    "evaluate": "judge a trained model, simple baselines beside it",
    "predict": "answer arguments, a file or standard input",
    "generate": "make something new",
    "stress": "judge a trained model again under noise, bad light, typing errors, ...: where does it break?",
    "inspect": "look inside a trained model: gates, gradients, what each unit responds to",
    "report": "all there is to know of a run on one page, or several runs compared",
    "bench": "measure the layers on this machine; --doctor explains which kernels run, and why",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb.

    Args:
        arguments: what stands after `throughtime`; None: this process's own.

    Returns:
        0 done, 2 something the user can put right, 130 interrupted.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] in ("-h", "--help"):
        _help()
        return 0
    if words[0] == "--version":
        print(f"throughtime {__version__}")
        return 0
    try:
        if words[0] not in VERBS:
            raise ThroughtimeError(f"found no verb {words[0]!r}, expected one of: {', '.join(VERBS)}")
        verb, options = (import_module(f"throughtime.cli.{name}") for name in (words[0], "optional"))
        with warnings.catch_warnings(), options.registry:
            if not sys.warnoptions:
                _heed_only_ours()
            status: int = verb.run(words[1:])
        if sys.stdout is not None:
            sys.stdout.flush()  # here a full disk is one sentence; when Python ends it is a traceback
    except ThroughtimeError as error:
        return _fail(str(error), 2)
    except BrokenPipeError:
        _give_up_output()  # its reader (head, less) has seen enough
        return 0
    except OSError as error:
        _give_up_output()
        where = f"{error.filename}: " if error.filename else ""
        return _fail(f"{where}{error.strerror or error}", 2)
    except UnicodeEncodeError as error:
        character = error.object[error.start]
        return _fail(
            f"found the character {character!a}, which cannot be written as {error.encoding}, "
            "expected text that can (PYTHONUTF8=1 makes the output UTF-8)",
            2,
        )
    except MemoryError as error:
        return _fail(f"found too little memory for that ({str(error)[:200] or 'no more is given'})", 2)
    except KeyboardInterrupt as interrupt:
        return _fail(str(interrupt) or "interrupted", 130)
    return status


def _give_up_output() -> None:
    """Where standard output takes no more, let nothing else be written there, not even when Python ends."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _help() -> None:
    console = Console()
    console.print(f"throughtime {__version__}: learns from sequences and generates new ones.\n")
    table = Table.grid(padding=(0, 2))
    for verb, purpose in VERBS.items():
        table.add_row(f"  throughtime {verb}", purpose)
    console.print(table)
    first = f"throughtime train {tasks.names[0]}"
    console.print(f"\nthroughtime VERB --help says more. A first step: {first}", highlight=False)


def _heed_only_ours() -> None:
    """Show what makes a run slow; what libraries whisper among themselves is no concern of the user's."""
    warnings.simplefilter("ignore")
    warnings.simplefilter("always", KernelFallbackWarning)
    warnings.showwarning = _warn


def _warn(message: Warning | str, *_: Any, **__: Any) -> None:
    Console(stderr=True, soft_wrap=True).print(f"throughtime: {message}", style="yellow", markup=False, highlight=False)


def _fail(sentence: str, status: int) -> int:
    # a name of a file may hold what moves the cursor or colours the terminal
    shown = "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in sentence)
    Console(stderr=True, soft_wrap=True).print(f"throughtime: {shown}", style="red", markup=False, highlight=False)
    return status
