"""What is brought into the cache ahead: all that applications read out of packages, as they say themselves."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import throughtime
from throughtime.data.sources import Carrier
from throughtime.tasks.prefetch import carriers


def test_no_package_that_is_read_is_left_out() -> None:
    source, there = Path(throughtime.__file__).parent, set[Carrier]()
    for path in source.rglob("*.py"):
        if " Carrier(\n" in (text := path.read_text(encoding="utf-8")) or "= sources.Carrier(\n" in text:
            module = import_module(".".join(path.relative_to(source.parent).with_suffix("").parts))
            for value in vars(module).values():
                some = value if isinstance(value, tuple) else [value]
                there.update(one for one in some if isinstance(one, Carrier))
    assert there == set(carriers())
    assert len(there) == len(carriers())


def test_without_a_network_the_command_says_one_sentence_and_exits_2(tmp_path: Path) -> None:
    (tmp_path / "shelf").mkdir()
    shelf = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "shelf"), "THROUGHTIME_CACHE": str(tmp_path)}
    command = [sys.executable, "-m", "throughtime.tasks.prefetch"]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | shelf, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"{carriers()[0].package}=={carriers()[0].version}" in done.stderr
