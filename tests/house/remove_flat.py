"""Removes an application from a copy of the house, and looks whether what is left still stands.

    python tests/house/remove_flat.py NAME ...      (none: each in turn)

The lines that name it are taken out of the registry and of the contracts; then ruff, lint-imports, mypy and the fast
tests. Tests that have the application as their example leave with it, and are named.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from throughtime import tasks

ROOT = Path(__file__).parents[2]
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "build", "runs", "benchmarks")


def remove(name: str, house: Path) -> None:
    """Delete an application's folder and the lines that name it, as a person would."""
    shutil.rmtree(house / "src" / "throughtime" / "tasks" / name)
    for file, line in (
        (house / "src" / "throughtime" / "tasks" / "__init__.py", rf'    "{name}": \{{(?s:.*?)\}},\n'),
        (house / "pyproject.toml", rf'    "throughtime\.tasks\.{name}",\n'),
    ):
        text, count = re.subn(line, "", file.read_text(encoding="utf-8"))
        assert count == 1, file
        file.write_text(text, encoding="utf-8")


def having(name: str, tests: Path) -> list[str]:
    """Test files that have the application as their example."""
    its = "|".join(one for one, room in tasks.room_of.items() if room == name)
    example = re.compile(
        rf'tasks\.{name}\b|"(train|check)", "({its})"|train\("({its})"|SMALL\["({its})"\]|STORED / "({its})"'
    )
    found = (path for path in tests.rglob("test_*.py") if example.search(path.read_text(encoding="utf-8")))
    return sorted(str(path.relative_to(tests.parent)) for path in found)


def look(name: str) -> bool:
    """Whether the house without it stands."""
    with tempfile.TemporaryDirectory() as folder:
        house = Path(folder) / "house"
        shutil.copytree(ROOT, house, ignore=LEFT_OUT)
        remove(name, house)
        stored = (house / "tests" / "tasks" / "stored_runs").iterdir()
        its = (path for path in stored if tasks.room_of.get(path.name.partition("-")[0]) == name)
        for gone in (house / "tests" / "tasks" / name, *its):
            shutil.rmtree(gone)
        shutil.rmtree(house / "tests" / "house")  # what two shared, one may have alone now; README names it on
        examples = having(name, house / "tests")
        print(f"{name}: left with it: {', '.join(examples) or 'no tests of others'}", flush=True)
        environment = os.environ | {"PYTHONPATH": str(house / "src"), "OMP_NUM_THREADS": "1"}
        stands = True
        for command in (
            ["ruff", "check", "src"],
            ["lint-imports"],
            ["mypy"],
            [sys.executable, "-m", "pytest", "-n", "2", "-m", "not slow", *(f"--ignore={path}" for path in examples)],
        ):
            done = subprocess.run(command, cwd=house, env=environment, capture_output=True, text=True, check=False)
            print(f"{name}: {' '.join(command[:3])}: {'stands' if done.returncode == 0 else done.stdout}", flush=True)
            stands &= done.returncode == 0
        return stands


if __name__ == "__main__":
    fallen = [name for name in sys.argv[1:] or tasks.rooms if not look(name)]
    sys.exit(f"falls without: {', '.join(fallen)}" if fallen else 0)
