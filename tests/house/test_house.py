"""The house by its import graph: an application is one flat, and what it alone needs lies in it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from pathlib import Path

import grimp
import pytest

from throughtime import tasks
from throughtime.data.sources import Carrier
from throughtime.tasks.base import Capability
from throughtime.tasks.prefetch import carriers

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "throughtime"


@cache
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("throughtime", exclude_type_checking_imports=True, cache_dir=None)


def flat(module: str) -> str | None:
    """The application that a module belongs to."""
    _, *rooms = module.split(".")
    return rooms[1] if len(rooms) > 1 and rooms[0] == "tasks" and rooms[1] in tasks.rooms else None


def users(module: str) -> set[str]:
    """The applications that need a module in the end."""
    return {name for user in graph().find_downstream_modules(module) if (name := flat(user)) is not None}


def of(room: str) -> list[str]:
    """The modules of a room that hold something."""
    package = f"throughtime.{room}"
    inside = graph().find_descendants(package)
    return sorted(module for module in inside if not (SOURCE.parent / module.replace(".", "/")).is_dir())


@pytest.mark.parametrize("module", of("data"))
def test_data_holds_what_two_or_more_applications_share(module: str) -> None:
    assert len(users(module)) > 1, f"{module} is used by {users(module) or 'nobody'} alone"


def test_no_application_needs_another() -> None:
    flats = {f"throughtime.tasks.{name}" for name in tasks.rooms}
    for one in flats:
        for other in flats - {one}:
            assert not graph().find_shortest_chains(one, other, as_packages=True), f"{one} needs {other}"


def naming(name: str, files: Iterable[Path]) -> list[str]:
    """The files whose text names an application's folder."""
    named = re.compile(rf"\btasks[./]{name}\b|\btasks import (\w+, )*{name}\b")
    return [str(path.relative_to(SOURCE)) for path in files if named.search(path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("name", tasks.rooms)
def test_nobody_outside_its_folder_names_it(name: str) -> None:
    own = SOURCE / "tasks" / name
    assert naming(name, (path for path in SOURCE.rglob("*.py") if own not in path.parents)) == []
    assert naming(name, own.rglob("*.py"))  # else it would prove nothing


def test_every_folder_is_registered_and_kept_apart() -> None:
    folders = {path.parent.name for path in (SOURCE / "tasks").glob("*/__init__.py")} - {"base"}
    assert folders == set(tasks.rooms)
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    (apart,) = (contract["modules"] for contract in contracts if contract["type"] == "independence")
    assert apart == [f"throughtime.tasks.{name}" for name in tasks.rooms]


@pytest.mark.parametrize("capability", Capability.__subclasses__())
def test_every_capability_is_somebodys(capability: type[Capability]) -> None:
    assert tasks.able(capability)


def test_prefetching_leaves_out_no_package_that_is_read() -> None:
    there = set[Carrier]()
    for path in SOURCE.rglob("*.py"):
        if " Carrier(\n" in (text := path.read_text(encoding="utf-8")) or "= sources.Carrier(\n" in text:
            module = import_module(".".join(path.relative_to(SOURCE.parent).with_suffix("").parts))
            for value in vars(module).values():
                some = value if isinstance(value, tuple) else [value]
                there.update(one for one in some if isinstance(one, Carrier))
    assert there == set(carriers())
    assert len(there) == len(carriers())
