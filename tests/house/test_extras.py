"""What a missing package is answered by: an extra that there is, and that brings it."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]


def brought(extra: str) -> set[str]:
    """The packages that an extra names, or the extras that it is made of; not what these packages need themselves."""
    found = set()
    for requirement in EXTRAS[extra]:
        if own := re.fullmatch(r"throughtime\[(.+)\]", requirement):
            found |= {package for part in own[1].split(",") for package in brought(part)}
        else:
            found.add(re.split(r"[<>=\[]", requirement)[0])
    return found


def named() -> Iterator[tuple[str, str, str]]:
    """Where a missing package is answered by an extra: the file, the package, the extra."""
    for path in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(ast.Name("MissingExtraError"), [ast.Constant(str(package)), ast.Constant(str(extra)), _]):
                    yield path.name, package, extra
                case ast.Call(ast.Name("package"), [ast.Constant(str(package))]):  # of speech
                    yield path.name, package, "speech"


@pytest.mark.parametrize(("file", "package", "extra"), list(named()))
def test_the_extra_brings_the_package(file: str, package: str, extra: str) -> None:
    assert package.replace("_", "-") in brought(extra), file


def test_all_is_all() -> None:
    assert brought("all") == {package for extra in EXTRAS if extra != "dev" for package in brought(extra)}
