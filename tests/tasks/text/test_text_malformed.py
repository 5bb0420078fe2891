"""What the text task says of files, settings and features that cannot be."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from text_files import PROSE, SMALL, fitted, taught_to_count, write

from throughtime import verbs
from throughtime.cli.main import main
from throughtime.errors import DataError, ThroughtimeError
from throughtime.models.generator import Generator
from throughtime.tasks.text import Text, TextGeneration


@pytest.fixture(scope="module")
def counting(tmp_path_factory: pytest.TempPathFactory) -> verbs.Run:
    """A model that has hardly begun."""
    return taught_to_count(tmp_path_factory.mktemp("counting"), steps=1)


Make = Callable[[Path], Any]

MALFORMED: dict[str, tuple[Make, str]] = {
    "missing": (lambda _: None, "found nothing"),
    "broken link": (lambda data: data.symlink_to(data / "nowhere"), "found nothing"),
    "pipe": (lambda data: os.mkfifo(data), "neither a file nor a folder"),
    "empty": (lambda data: write(data, ""), "an empty file"),
    "white space": (lambda data: write(data, " \n\t\n" * 99), "only white space"),
    "picture": (lambda data: write(data, b"\x89PNG\r\n\x1a\n\x00\x00"), "found a PNG picture, expected text"),
    "zeros": (lambda data: write(data, PROSE.encode() + bytes(9)), "line 181: found binary data"),
    "latin-1": (lambda data: write(data, (PROSE + "caf\xe9\n").encode("latin-1")), "line 181: found the byte 0xe9"),
    "truncated": (lambda data: write(data, (PROSE + "caf\xe9").encode()[:-1]), "line 181: found the byte 0xc3"),
    "utf-16": (lambda data: write(data, PROSE.encode("utf-16")), "found text in UTF-16"),
    "utf-32": (lambda data: write(data, PROSE.encode("utf-32")), "found text in UTF-32"),
    "too short": (lambda data: write(data, "Ah!\n"), "too short"),
    "empty folder": (lambda data: data.mkdir(), "folder without text files"),
    "folder of pictures": (lambda data: write(data / "a.png", b"\x89PNG"), "folder without text files"),
    "folder with an empty file": (
        lambda data: [write(data / "a.txt", PROSE), write(data / "b.txt", "")],
        "b.txt: found an empty file",
    ),
    "folder without train": (
        lambda data: [write(data / f"{split}.txt", PROSE) for split in ("valid", "test")],
        "nothing for train",
    ),
    "folder with two of train": (
        lambda data: [write(data / f"{split}.txt", PROSE) for split in ("a.train", "b.train", "test", "valid")],
        "both a.train.txt and b.train.txt",
    ),
    "bad valid": (
        lambda data: [
            write(data / "train.txt", PROSE),
            write(data / "test.txt", PROSE),
            write(data / "valid.txt", b"fine\nbad \xff\n"),
        ],
        "valid.txt, line 2: found the byte 0xff",
    ),
    "blank test": (
        lambda data: [
            write(data / "train.txt", PROSE),
            write(data / "test.txt", " \n"),
            write(data / "valid.txt", PROSE),
        ],
        "test.txt: found only white space",
    ),
}


def says(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> str:
    """The one sentence on standard error of a command that ends with status 2."""
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return captured.err


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_data_is_one_sentence_and_nothing_is_written(
    tmp_path: Path, cache: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    make, expected = MALFORMED[case]
    make(tmp_path / "data")
    before = sorted(tmp_path.rglob("*"))
    said = says(capsys, ["train", "text", str(tmp_path / "data"), "--out", str(tmp_path / "run"), "--steps", "1"])
    assert said.startswith(f"throughtime: {tmp_path / 'data'}")
    assert expected in said
    assert said.count("\n") == 1
    assert [path for path in sorted(tmp_path.rglob("*")) if path not in (*before, cache)] == []


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"tied": True, "embedding_size": 5}, "a last layer of 12 units"),
        ({"tied": True, "softmax": "adaptive"}, "tied weights with the adaptive softmax"),
        ({"softmax": "adaptive", "layers": (4,)}, "found 4 features, expected at least 16"),
        ({"layers": ()}, "setting layers"),
        ({"layers": (8, 0)}, "setting layers.1"),
        ({"vocabulary_size": 2}, "setting vocabulary_size"),
        ({"dropout": 1.0}, "setting dropout"),
        ({"window": 0}, "setting window"),
        ({"level": "syllables"}, "setting level"),
        ({"windows": 9}, "no setting named 'windows'"),
    ],
)
def test_settings_that_cannot_be_are_said_before_anything_is_written(
    tmp_path: Path, settings: dict[str, Any], expected: str
) -> None:
    path = write(tmp_path / "text.txt", PROSE)
    with pytest.raises(ThroughtimeError) as caught:
        verbs.train("text", path, out=tmp_path / "run", steps=1, **(SMALL | settings))
    assert expected in str(caught.value)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"out": "new.mid"}, "expected the name of a .txt file"),
        ({"out": "no/such/folder/new.txt"}, "found no folder"),
        ({"temperature": -1.0}, "found temperature -1.0"),
        ({"top_k": 0}, "found top_k 0"),
        ({"top_p": 1.5}, "found top_p 1.5"),
        ({"length": 0}, "setting length"),
        ({"primers": "a"}, "no setting named 'primers'"),
    ],
)
def test_options_of_generation_that_cannot_be(
    counting: verbs.Run, tmp_path: Path, options: dict[str, Any], expected: str
) -> None:
    out = tmp_path / options.get("out", "new.txt")
    with pytest.raises(ThroughtimeError) as caught:
        verbs.generate(counting, out, **{name: value for name, value in options.items() if name != "out"})
    assert expected in str(caught.value)
    assert not out.exists()


def test_inputs_and_test_files_that_cannot_be_read(
    counting: verbs.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = str(counting.folder.path)
    bad = str(write(tmp_path / "bad.txt", b"01\n2\xff\n"))
    assert "bad.txt, line 2: found the byte 0xff" in says(capsys, ["predict", run, bad])
    assert "bad.txt, line 2: found the byte 0xff" in says(capsys, ["evaluate", run, bad])
    assert "found nothing" in says(capsys, ["evaluate", run, str(tmp_path / "missing.txt")])
    assert main(["predict", run, "0" * 5000]) == 0


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("tokenizer.json", b"{"),
        ("tokenizer.json", None),
        ("ngram.npz", b"PK\x03\x04 but no archive"),
        ("unigram.npz", None),
        ("facts.json", b"[1]"),
    ],
)
def test_damaged_features_are_an_error(tmp_path: Path, name: str, content: bytes | None) -> None:
    task, _ = fitted(tmp_path)
    folder = tmp_path / "features"
    folder.mkdir()
    task.save_features(folder)
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    with pytest.raises(DataError, match=name):
        Text(task.settings, tmp_path / "cache").load_features(folder)


def test_features_hold_no_pickle(tmp_path: Path) -> None:
    task, _ = fitted(tmp_path)
    folder = tmp_path / "features"
    folder.mkdir()
    task.save_features(folder)
    evil = np.array([Path("evil")], dtype=object)
    np.savez(folder / "ngram.npz", grams1=evil, counts1=np.array([1]), vocabulary_size=3)
    with pytest.raises(DataError, match=r"ngram\.npz"):
        Text(task.settings, tmp_path / "cache").load_features(folder)


def test_only_the_generator_is_asked_to_write(counting: verbs.Run, tmp_path: Path) -> None:
    assert isinstance(counting.model, Generator)
    with pytest.raises(ThroughtimeError, match="found a Linear"):
        counting.task.generate(torch.nn.Linear(1, 1), tmp_path / "new.txt", TextGeneration())
