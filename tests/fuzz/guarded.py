"""A job in a process of its own, and what may not come of it: a traceback, a hang, much memory, a file elsewhere."""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

LARGEST = 2**30
"""Bytes of memory that a job may hold."""
_ROOM = 640 * 2**20  # that it may hold, at least, besides what was there before it began
_FAR_TOO_MUCH = 3 * 2**30  # more is not given to it
_LARGEST_FILE = 2**28
SECONDS = 20
"""Of a processor that a job may take."""
_WAITING = 120.0  # seconds that it may stand still, on a busy machine
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_RUNS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "socket.connect", "pickle.find_class")
_CHANGES = {"os.remove": 1, "os.rename": 2, "os.mkdir": 1, "os.rmdir": 1, "os.link": 2, "os.symlink": 2, "os.chmod": 1}


@dataclass(frozen=True)
class Fault:
    """What a job did that none may do.

    Args:
        kind: in a word: traceback, crash, hang, memory, outside, executed, status, silence, json.
        where: the same for one fault in the program however often it is met.
        what: all that is known.
    """

    kind: str
    where: str
    what: str


def watched(job: Callable[[], int], folder: Path, json_lines: bool = False, seconds: int = SECONDS) -> Fault | None:
    """Run a job in a forked process, in a folder that is all it may write to.

    Args:
        job: gives an exit status: 0, or 1 for what looks wrong, or 2 with a sentence on standard error.
        folder: where it runs; what it says is kept beside it, as `FOLDER.out` and `FOLDER.err`.
        json_lines: what it says must be JSON.
        seconds: of a processor that it may take.

    Returns:
        None: all is well.
    """
    out, err, told = (folder.with_name(f"{folder.name}.{name}") for name in ("out", "err", "told"))
    told.unlink(missing_ok=True)
    before = _resident()
    child = os.fork()
    if child == 0:
        _work(job, folder.resolve(), out, err, told, seconds)
    _, status, used = os.wait4(child, 0)
    held = used.ru_maxrss * 1024
    if os.WIFSIGNALED(status):
        name = signal.Signals(os.WTERMSIG(status)).name
        kind = "hang" if name in ("SIGXCPU", "SIGALRM", "SIGKILL") else "crash"
        return Fault(kind, f"{kind} {name}", f"ended by {name} after {used.ru_utime:.1f} s; {_tail(err)}")
    if held > max(LARGEST, before + _ROOM):
        return Fault("memory", "memory", f"{held / 2**20:,.0f} MiB, {before / 2**20:,.0f} before; {_tail(err)}")
    if told.exists():
        return Fault(**json.loads(told.read_text(encoding="utf-8")))
    return _judged(os.WEXITSTATUS(status), out, err, json_lines)


def _judged(status: int, out: Path, err: Path, json_lines: bool) -> Fault | None:
    """What it said must be in accord with its exit status."""
    if status not in (0, 1, 2):
        return Fault("status", f"status {status}", _tail(err))
    said = err.read_bytes()
    if status == 2 and not said.strip():
        return Fault("silence", "status 2 without a sentence", _tail(out))
    if b"\x1b" in said:
        return Fault("escape", "a control sequence on the terminal", _tail(err))
    if len(said) > 2**16:
        return Fault("talk", "more than 64 KiB on standard error", _tail(err))
    if json_lines and status == 0:
        try:
            _strict(out.read_text(encoding="utf-8"))
        except ValueError as error:
            return Fault("json", f"no JSON: {error}"[:60], _tail(out))
    return None


def _strict(text: str) -> None:
    def none(word: str) -> NoReturn:
        raise ValueError(f"{word} is no JSON")

    try:
        json.loads(text, parse_constant=none)
    except ValueError:
        for line in text.splitlines():
            json.loads(line, parse_constant=none)


def _work(job: Callable[[], int], folder: Path, out: Path, err: Path, told: Path, seconds: int) -> NoReturn:
    """What the forked process does."""
    seen: list[Fault] = []
    status = 3
    try:
        _redirect(out, err)
        os.chdir(folder)
        _limit(seconds)
        sys.addaudithook(lambda event, arguments: _heed(event, arguments, folder, seen))
        try:
            status = job()
        except SystemExit as leaving:
            status = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException as error:
        place = _place(traceback.extract_tb(error.__traceback__))
        seen.insert(0, Fault("traceback", f"{type(error).__name__} {place}", traceback.format_exc()[-6000:]))
    fault = seen[0] if seen else None
    seen.append(Fault("", "", ""))  # what is written from here on is ours
    if fault is not None:
        told.write_text(json.dumps(fault.__dict__), encoding="utf-8")
    sys.stdout.flush()
    os._exit(status if 0 <= status < 256 else 255)


def _place(stack: traceback.StackSummary) -> str:
    """The innermost function of the program in it."""
    own = (frame for frame in reversed(stack) if f"{os.sep}throughtime{os.sep}" in frame.filename)
    return next((f"{Path(frame.filename).name}:{frame.name}" for frame in own), "elsewhere")


def _redirect(out: Path, err: Path) -> None:
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for target, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666), target)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  # for all of the process
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False, buffering=1)  # noqa: SIM115


def _limit(seconds: int) -> None:
    for name, most in (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, _LARGEST_FILE),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, _mapped() + _FAR_TOO_MUCH),
    ):
        resource.setrlimit(name, (most, most))
    for name in (signal.SIGALRM, signal.SIGXCPU):
        signal.signal(name, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, _WAITING)


def _heed(event: str, arguments: tuple[Any, ...], folder: Path, seen: list[Fault]) -> None:
    """Keep in mind the first thing that is written outside, or executed."""
    if seen:
        return
    touched: list[str] = []
    if event == "open" and isinstance(arguments[0], (str, bytes)) and (arguments[2] or 0) & _WRITES:
        touched = [os.path.realpath(os.fsdecode(arguments[0]))]  # through any link
    elif event in _CHANGES:  # of names in folders: a link that is removed is not followed
        paths = [Path(os.fsdecode(path)) for path in arguments[: _CHANGES[event]] if not isinstance(path, int)]
        touched = [str(Path(os.path.realpath(path.parent), path.name)) for path in paths]
    outside = [path for path in touched if not Path(path).is_relative_to(folder) and path != os.devnull]
    if event in _RUNS or outside:
        stack = traceback.extract_stack()
        what = f"{event} {arguments!r:.300}\n{''.join(stack.format()[-10:])}"
        seen.append(Fault("outside" if outside else "executed", f"{event} {_place(stack)}", what))


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _mapped() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")


def _tail(path: Path) -> str:
    return path.read_bytes()[-2000:].decode(errors="replace") if path.exists() else ""
