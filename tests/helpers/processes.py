"""Processes of their own: forked from one that has nothing running and has imported what takes seconds."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable, Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from throughtime.storage.folder import RunFolder

context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(["throughtime.training.loop", "throughtime.layers", "throughtime.verbs"])


def _command(words: Sequence[str], log: Path) -> None:
    """A command line as a process of its own runs it."""
    from throughtime.cli.main import main

    os.dup2(os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND), 2)
    os.dup2(2, 1)
    sys.exit(main(words))


def train_killed(words: Sequence[str], out: Path, kills: int, longest: float, seed: str) -> int:
    """Run a command that trains to its end, killed at random moments and resumed.

    Args:
        words: `train TASK ...`, into `out`; a checkpoint is written after each step.
        out: the run folder; beside it, a log.
        kills, longest, seed: as `kill_again_and_again` takes them.

    Returns:
        How often it was killed.
    """
    checkpoint = RunFolder(out).checkpoint

    def start() -> ForkServerProcess:
        asked = ["train", words[1], "--out", str(out), "--resume", "--quiet"]
        if not checkpoint.exists():
            shutil.rmtree(out, ignore_errors=True)  # killed before there was anything to go on with
            asked = [*words, "--checkpoint-every", "0"]
        process = context.Process(target=_command, args=(asked, out.with_name("log")))
        process.start()
        return process

    return kill_again_and_again(start, checkpoint, kills, longest, seed)


def kill_again_and_again(
    start: Callable[[], ForkServerProcess], checkpoint: Path, kills: int, longest: float, seed: str
) -> int:
    """Run a training to its end, killed at random moments soon after its first new checkpoint, and started anew.

    Args:
        start: begins it, or goes on with it.
        checkpoint: the file that it writes.
        kills: how often it is killed at most.
        longest: seconds after the checkpoint in which it is killed.
        seed: of the moments.

    Returns:
        How often it was killed.
    """
    moments = random.Random(seed)
    killed = 0
    while True:
        process = start()
        if killed < kills:
            seen = checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0
            while process.is_alive() and (not checkpoint.exists() or checkpoint.stat().st_mtime_ns == seen):
                time.sleep(0.001)
            time.sleep(moments.uniform(0, longest))
            process.kill()
        process.join()
        if process.exitcode != -signal.SIGKILL:
            assert process.exitcode == 0
            return killed
        killed += 1
