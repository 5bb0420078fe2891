"""Deleting an application's folder and its lines in the registry and in the contracts breaks nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from throughtime import tasks

sys.path.insert(0, str(Path(__file__).parent))

from remove_flat import ROOT, remove

# one process for all, which imports what takes seconds, and one forked from it for each house
SCRIPT = """
import os, pkgutil, sys
from importlib import import_module
from pathlib import Path
import lightning_fabric, pydantic, rich, torch, tyro

def stands(source):
    sys.path.insert(0, source)
    sys.meta_path[:] = [finder for finder in sys.meta_path if "Redirecting" not in type(finder).__name__]
    import throughtime
    assert throughtime.__file__.startswith(source), throughtime.__file__
    for module in pkgutil.walk_packages(throughtime.__path__, "throughtime."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    from throughtime.cli.main import main
    for words in (["tasks"], ["--help"]):
        assert main(words) == 0
        print("--", flush=True)

for house in map(Path, sys.argv[1:]):
    if (child := os.fork()) == 0:
        out = os.open(house / "said", os.O_CREAT | os.O_WRONLY)
        os.dup2(out, 1), os.dup2(out, 2)
        stands(str(house / "src"))
        (house / "stands").touch()
        sys.exit()
    os.waitpid(child, 0)
"""


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A house without each of the applications, in which all modules were imported; by the name of what is gone."""
    found = {}
    for name in tasks.rooms:
        found[name] = tmp_path_factory.mktemp(name)
        shutil.copytree(ROOT / "src", found[name] / "src", ignore=shutil.ignore_patterns("*.so"))
        shutil.copy(ROOT / "pyproject.toml", found[name])
        remove(name, found[name])
    subprocess.run([sys.executable, "-c", SCRIPT, *map(str, found.values())], check=True)
    return found


@pytest.mark.parametrize("name", tasks.rooms)
def test_the_others_stand_without_it(name: str, houses: dict[str, Path]) -> None:
    said = (houses[name] / "said").read_text(encoding="utf-8")
    assert (houses[name] / "stands").exists(), said
    listed, shown, _ = said.split("--\n")
    heads = [line.partition(":")[0] for line in listed.splitlines() if line and not line.startswith(" ")]
    others = [other for other, room in tasks.room_of.items() if room != name]
    assert [head for head in heads if head in tasks.names] == others
    assert f"train {name}" not in shown
    assert "throughtime train " in shown
