from __future__ import annotations

from pathlib import Path

import pytest

from throughtime.data.findings import Findings
from throughtime.data.splits import hold_out, named_splits, read_named
from throughtime.errors import DataError

FOLDER = Path("data")
NAMED = {
    "folders": (["Train", "VALID", "test"], {"train": "Train", "valid": "VALID", "test": "test"}),
    "two are enough": (["training", "Dev"], {"train": "training", "valid": "Dev"}),
    "the other two": (["testing.csv", "train.csv"], {"train": "train.csv", "test": "testing.csv"}),
    "the last word": (["ptb.train.txt", "ptb.valid.txt"], {"train": "ptb.train.txt", "valid": "ptb.valid.txt"}),
    "the ending": (["ptb.train", "ptb.test"], {"train": "ptb.train", "test": "ptb.test"}),
    "archives": (["toy_TEST.ts", "toy_TRAIN.ts"], {"train": "toy_TRAIN.ts", "test": "toy_TEST.ts"}),
    "the first word": (["train2014", "val17", "test_a"], {"train": "train2014", "valid": "val17", "test": "test_a"}),
    "a whole name is better": (["train", "test", "test_2016"], {"train": "train", "test": "test"}),
    "train alone": (["train", "bus", "car"], None),
    "no train": (["test_drive", "valid_ticket"], None),
    "classes": (["walk", "run"], None),
    "two in one name": (["train_test", "test"], None),
}  # fmt: skip


@pytest.mark.parametrize("case", NAMED)
def test_parts_that_are_named_after_splits(case: str) -> None:
    names, expected = NAMED[case]
    found = named_splits(FOLDER, [FOLDER / name for name in names])
    assert (None if found is None else {split: path.name for split, path in found.items()}) == expected


def test_parts_beside_the_splits_are_noted() -> None:
    findings = Findings()
    named_splits(FOLDER, [FOLDER / name for name in ("train", "test", "test_2016", "extra")], findings)
    (finding,) = findings
    assert (finding.level, [place.path for place in finding.places]) == ("suspicious", ["data/extra", "data/test_2016"])


def test_splits_that_cannot_be_told_are_one_sentence() -> None:
    with pytest.raises(DataError, match=r"data: found both Train and training, expected one for train \(or say"):
        named_splits(FOLDER, [FOLDER / name for name in ("Train", "training", "val")])
    with pytest.raises(DataError, match=r"data: found dev and test, but nothing for train"):
        named_splits(FOLDER, [FOLDER / name for name in ("dev", "test")])


def test_what_is_not_given_is_cut_from_train_and_nothing_else() -> None:
    examples = {"train": list(range(20)), "val": [100, 101]}
    findings = Findings()
    named = named_splits(FOLDER, [FOLDER / name for name in examples])
    assert named is not None
    splits = read_named(named, lambda part: examples[part.name], lambda some: hold_out(some, some, 0), findings)
    assert splits.valid == [100, 101]
    assert len(splits.test) == 2
    assert sorted([*splits.train, *splits.test]) == list(range(20))
    assert [finding.what for finding in findings] == [
        "train as given by train", "valid as given by val", "test is not given: cut from train",
    ]  # fmt: skip


def test_groups_are_held_out_whole() -> None:
    rest, held = hold_out(list("aabbccdd"), list("aabbccdd"), seed=3, share=0.25)
    assert len(held) == 2
    assert len(set(held)) == 1
    assert held[0] not in rest
