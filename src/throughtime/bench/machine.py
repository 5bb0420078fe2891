"""What this machine is: processor, cores, memory pages, compiler, OpenMP; all of it without torch."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

INSTRUCTIONS = ("avx2", "fma", "avx512f", "avx512_bf16", "amx_bf16")
"""Sets that matter to the kernels, as /proc/cpuinfo calls them."""


@cache
def _cpuinfo() -> dict[str, str]:
    try:
        first = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n\n")[0]
    except OSError:
        return {}
    pairs = (line.partition(":") for line in first.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def processor() -> str:
    """Its name, as well as the system knows it."""
    return _cpuinfo().get("model name") or platform.processor() or platform.machine()


def instructions() -> list[str] | None:
    """Those of `INSTRUCTIONS` that the processor has; None where the system does not say."""
    flags = _cpuinfo().get("flags")
    return None if flags is None else [name for name in INSTRUCTIONS if name in flags.split()]


def cores() -> int:
    """How many this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def quota() -> float | None:
    """Cores' worth of time that a container grants; None if there is no limit."""
    try:
        limit, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="utf-8").split()
    except (OSError, ValueError):
        return None
    return None if limit == "max" else int(limit) / int(period)


def load() -> float | None:
    """How many programs have wanted a core in the last minute, on average; None where the system does not say."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def huge_pages() -> str:
    """Which memory the system puts in huge pages: always, madvise (what asks for it), never; or unknown."""
    try:
        text = Path("/sys/kernel/mm/transparent_hugepage/enabled").read_text(encoding="utf-8")
    except OSError:
        return "unknown"
    found = re.search(r"\[(\w+)\]", text)
    return found.group(1) if found else "unknown"


def compiler() -> str | None:
    """First line that the C++ compiler says of itself; None if there is none."""
    for name in (os.environ.get("CXX"), "c++", "g++", "clang++"):
        path = shutil.which(name) if name else None
        if path is None:
            continue
        try:
            said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10, check=True).stdout
        except (OSError, subprocess.SubprocessError):
            continue
        return f"{path}: {said.splitlines()[0] if said else 'says no version'}"
    return None


def openmp_runtimes() -> list[str] | None:
    """OpenMP libraries in this process, by file; None where the system does not say."""
    try:
        lines = Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    files = {line.split(maxsplit=5)[-1] for line in lines if "/" in line}
    return sorted(file for file in files if re.match(r"lib(gomp|iomp5|omp)\b", Path(file).name))
