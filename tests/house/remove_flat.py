"""Takes applications out of copies of the house, and looks whether what is left still stands.

    python tests/house/remove_flat.py NAME ...      (none: each in turn, and all at once)

No test runs nine times that once would prove as much. In a house with no application: the tests that know none, by what
they import. In a house with one application alone: its own tests and, for it, those of all applications; so it needs no
other, whichever is removed. In a house without it: ruff, lint-imports, mypy and the tests of what all share; those that
have it as their example leave with it, and are named.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import grimp

import throughtime
from throughtime import tasks

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "build", "runs", "benchmarks")
PYTEST = (sys.executable, "-m", "pytest", "-n", "2", "-m", "not slow")
# an installation that can be edited finds the package by a finder of its own, before any path
BY_PATH = 'import sys\nsys.meta_path[:] = [one for one in sys.meta_path if "Redirecting" not in type(one).__name__]\n'


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


@contextmanager
def without(names: Iterable[str]) -> Iterator[Path]:
    """A copy of the house without some applications and their tests."""
    with tempfile.TemporaryDirectory() as folder:
        house = Path(folder) / "house"
        shutil.copytree(ROOT, house, ignore=LEFT_OUT)
        (house / "site").mkdir()
        (house / "site" / "sitecustomize.py").write_text(BY_PATH, encoding="utf-8")
        for name in names:
            remove(name, house)
            stored = (house / "tests" / "tasks" / "stored_runs").iterdir()
            places = [house / "tests" / "tasks" / name]
            places += [path for path in stored if path.name.partition("-")[0] in its(name)]
            for gone in places:
                shutil.rmtree(gone, ignore_errors=True)  # not of each application is there a stored run
        yield house


def its(room: str) -> list[str]:
    """The applications in a folder."""
    return [one for one, other in tasks.room_of.items() if other == room]


def having(room: str, tests: Iterable[Path]) -> list[Path]:
    """Test files that have an application of the room as their example, or whose helpers have."""
    one = "|".join(its(room))
    # its name between quotes, also as the first part of a path; "text" is a name of columns too
    named = rf'"({one})/' if room == "text" else rf'"({one})["/]'
    example = re.compile(
        rf'tasks\.{room}\b|{named}|"(train|check)", "({one})"|(train|find)\("({one})"|^    "({one})": \{{'
        rf'|(STORED|"stored_runs") / "({one})"|^ +\("({one})", \[',
        re.MULTILINE,
    )

    def texts(file: Path) -> Iterator[str]:
        yield (text := file.read_text(encoding="utf-8"))
        for helper in helpers_of(text):
            yield from texts(helper)

    return [path for path in tests if any(map(example.search, texts(path)))]


def helpers_of(text: str) -> Iterator[Path]:
    """Modules of the tests' own that a test, or another of them, imports."""
    for package, name, names in re.findall(r"^from (helpers|fuzz)(\.\w+)? import ([\w, ]+)", text, re.MULTILINE):
        for one in [name[1:]] if name else names.split(", "):
            if (file := TESTS / package / f"{one}.py").is_file():
                yield file


@cache
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("throughtime", exclude_type_checking_imports=True, cache_dir=None)


@cache
def needed(module: str) -> frozenset[str]:
    """A module, or what is in a package, and all that it imports in the end."""
    inside = {module} | graph().find_descendants(module)
    return frozenset(inside.union(*map(graph().find_upstream_modules, inside)))


@cache
def reached(file: Path) -> frozenset[str]:
    """All modules that a test needs in the end: by itself, by its helpers, or by what it runs in other processes."""
    text = file.read_text(encoding="utf-8")
    # a name between quotes is only to be loaded beforehand
    named = {*re.findall(r"(?<!\")\bthroughtime(?:\.\w+)+", text)}
    for package, names in re.findall(r"from (throughtime[\w.]*) import ([\w, ]+)", text):
        named |= {f"{package}.{name}" for name in names.split(", ")}
    if '"-m", "throughtime' in text:
        named.add("throughtime.cli")
    found = set[str]().union(*map(reached, helpers_of(text)))
    for name in named:
        package, first = name.split(".")[:2]
        name = throughtime._HOMES.get(first, name)
        while name not in graph().modules:  # a class or function of it
            name = name.rpartition(".")[0]
        found |= needed(name) if name != package else set()
    return frozenset(found)


def knows_applications(modules: Iterable[str]) -> bool:
    """Whether the registry, which finds them by name, is among some modules, or one of theirs."""
    theirs = tuple(f"throughtime.tasks.{room}." for room in tasks.rooms)
    return any(module == "throughtime.tasks" or f"{module}.".startswith(theirs) for module in modules)


def sorted_out() -> tuple[list[Path], list[Path]]:
    """The tests (and modules with examples) that know no application, and those that know what all share."""
    tests = {path: reached(path) for path in TESTS.rglob("test_*.py") if path.parent.name != "house"}
    for path in (ROOT / "src").rglob("*.py"):
        if ">>> " in path.read_text(encoding="utf-8"):
            module = ".".join(path.relative_to(ROOT / "src").with_suffix("").parts).removesuffix(".__init__")
            tests[path] = needed(module) if path.name != "__init__.py" else graph().find_upstream_modules(module)
    of_tasks = (TESTS / "tasks", *(ROOT / "src" / "throughtime" / "tasks" / room for room in tasks.rooms))
    tests = {path: modules for path, modules in tests.items() if not any(map(path.is_relative_to, of_tasks))}
    shared = [path for path in tests if knows_applications(tests[path])]
    return sorted(set(tests) - set(shared)), sorted(shared)


def stands(what: str, house: Path, *commands: Sequence[str | Path]) -> bool:
    """Whether some commands succeed in a house; what they say otherwise is shown."""
    path = os.pathsep.join((str(house / "src"), str(house / "site")))
    environment = os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    fallen = False
    for command in commands:
        words = [str(word.relative_to(ROOT)) if isinstance(word, Path) else word for word in command]
        done = subprocess.run(words, cwd=house, env=environment, capture_output=True, text=True, check=False)
        last = (done.stdout.splitlines() or [""])[-1]
        verdict = f"stands ({last})" if done.returncode == 0 else f"falls\n{done.stdout}{done.stderr}"
        print(f"{what}: {' '.join(words[:3])}: {verdict}", flush=True)
        fallen |= done.returncode != 0
    return not fallen


def empty() -> bool:
    """Whether what knows no application does without any."""
    with without(tasks.rooms) as house:
        return stands("no application", house, [*PYTEST, *sorted_out()[0]])


def alone(room: str) -> bool:
    """Whether an application needs no other."""
    with without(other for other in tasks.rooms if other != room) as house:
        of_all = sorted((TESTS / "tasks").glob("test_*.py"))
        own = [TESTS / "tasks" / room, ROOT / "src" / "throughtime" / "tasks" / room]
        return stands(f"{room} alone", house, [*PYTEST, *of_all, *own])


def gone(room: str) -> bool:
    """Whether all others do without an application."""
    with without([room]) as house:
        shared = sorted_out()[1]
        examples = having(room, shared)
        named = ", ".join(str(path.relative_to(ROOT)) for path in examples)
        print(f"without {room}: left with it: {named or 'no tests of others'}", flush=True)
        rest = [path for path in shared if path not in examples]
        return stands(f"without {room}", house, ["ruff", "check", "src"], ["lint-imports"], ["mypy"], [*PYTEST, *rest])


if __name__ == "__main__":
    asked = sys.argv[1:]
    fallen = [] if asked or empty() else ["an empty house"]
    for room in asked or tasks.rooms:
        fallen += [f"{look.__name__}: {room}" for look in (alone, gone) if not look(room)]
    sys.exit(f"falls: {', '.join(fallen)}" if fallen else 0)
