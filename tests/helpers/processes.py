"""Processes of their own: forked from one that has nothing running and has imported what takes seconds."""

from __future__ import annotations

import multiprocessing
import random
import signal
import time
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess
from pathlib import Path

context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(["throughtime.training.loop", "throughtime.layers", "throughtime.verbs"])


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
