"""A damaged data.json is one sentence that names the place, whatever stands there instead."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from throughtime.data.findings import Findings
from throughtime.errors import DataError
from throughtime.storage.folder import RunFolder

SPLIT = {"examples": 3, "checksum": "ab", "unit": "words", "median_length": 2.0, "longest": 4.0, "classes": {"a": 3}}
FINDING = {
    "level": "taken",
    "subject": "delimiter",
    "what": "a comma",
    "count": 1,
    "places": [["a.csv", 2], ["b", None]],
}
ACCOUNT: dict[str, Any] = {
    "splits": dict.fromkeys(("train", "valid", "test"), SPLIT),
    "findings": [FINDING],
}


def written(path: Path, account: Any) -> RunFolder:
    folder = RunFolder.create(path / "run")
    folder.write_data(ACCOUNT, {name: np.zeros(3, dtype=np.uint64) for name in ACCOUNT["splits"]})
    (folder.path / "data.json").write_text(json.dumps(account), encoding="utf-8")
    return folder


def test_what_training_writes_is_read(tmp_path: Path) -> None:
    found = written(tmp_path, ACCOUNT).read_data()
    assert found is not None
    assert found[0] == ACCOUNT
    assert [str(one) for one in Findings.from_json(tmp_path, found[0]["findings"])] == [
        "delimiter: a comma (a.csv, line 2; b)"
    ]


@pytest.mark.parametrize("value", [None, "x", True])
@pytest.mark.parametrize(
    "place",
    [
        ("splits",),
        ("splits", "valid"),
        ("splits", "train", "examples"),
        ("splits", "train", "longest"),
        ("splits", "test", "classes"),
        ("splits", "test", "classes", "a"),
        ("findings",),
        ("findings", 0),
        ("findings", 0, "count"),
        ("findings", 0, "places"),
        ("findings", 0, "places", 0),
    ],
)
def test_what_is_something_else_is_named(place: tuple[Any, ...], value: Any, tmp_path: Path) -> None:
    account = copy.deepcopy(ACCOUNT)
    inside: Any = account
    for name in place[:-1]:
        inside = inside[name]
    inside[place[-1]] = value
    with pytest.raises(DataError, match=r"data\.json: found no account of what was read \(.*\), expected"):
        written(tmp_path, account).read_data()


def test_a_finding_of_no_level_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="found no findings"):
        Findings.from_json(tmp_path, [FINDING | {"level": "so-so"}])
