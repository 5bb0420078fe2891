"""Decoded pictures in the cache: the same the second time, and never older than the files."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from throughtime.data.findings import Findings
from throughtime.errors import ThroughtimeError
from throughtime.tasks.pictures.picture import PictureSet
from throughtime.tasks.pictures.reading import decode
from throughtime.tasks.pictures.reading.sets import Reading, read_set

COUNT = 70


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    for number in range(COUNT):
        place = tmp_path / "data" / "ab"[number % 2]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (9, 12), dtype=np.uint8)).save(place / f"{number:02}.png")
    (tmp_path / "data" / "a" / "notes.txt").write_text("mine")
    return tmp_path / "data"


def read(folder: Path, **changes: object) -> tuple[PictureSet, list[str]]:
    asked = {"size": 8, "channels": "auto", "crop": "centre", "background": "white", "skip_broken": False} | changes
    findings = Findings()
    pictures = read_set(folder, Reading(**asked, cache=folder.parent / "cache"), findings)  # type: ignore[arg-type]
    return pictures, [str(finding) for finding in findings]


def assert_same(one: tuple[PictureSet, list[str]], other: tuple[PictureSet, list[str]]) -> None:
    np.testing.assert_array_equal(one[0].array(), other[0].array())
    assert [(p.label, p.path, p.line) for p in one[0]] == [(p.label, p.path, p.line) for p in other[0]]
    assert one[1] == other[1]


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that are really decoded."""
    seen: list[Path] = []
    real = decode.decode

    def counting(content: bytes, path: Path, *others: object) -> np.ndarray:
        seen.append(path)
        return real(content, path, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(decode, "decode", counting)
    return seen


def test_the_second_time_nothing_is_decoded_and_all_is_the_same(folder: Path, decoded: list[Path]) -> None:
    first = read(folder)
    assert len(decoded) == COUNT
    assert any("unread files" in line for line in first[1])
    assert_same(first, read(folder))
    assert len(decoded) == COUNT
    assert isinstance(first[0].pixels, np.memmap)


def test_a_file_that_changed_came_or_went_is_heeded(folder: Path) -> None:
    first, file = read(folder)[0].array(), folder / "a" / "00.png"
    before = file.stat()
    Image.new("L", (9, 9), 7).save(file)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    changed = read(folder)[0].array()
    assert (changed[0] == 7).all()
    np.testing.assert_array_equal(changed[1:], first[1:])
    file.unlink()
    np.testing.assert_array_equal(read(folder)[0].array(), first[1:])


def test_another_way_of_reading_is_read_anew(folder: Path) -> None:
    read(folder)
    assert read(folder, size=4)[0].shape == (1, 4, 4)
    assert read(folder, channels="colour")[0].shape == (3, 8, 8)
    assert (read(folder, crop="pad", size=12)[0].array()[:, 0] == 255).all()
    assert (read(folder, crop="pad", size=12, background="black")[0].array()[:, 0] == 0).all()


def flipped(content: bytes) -> bytes:
    """One bit is another, in the middle."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 4]) + content[middle + 1 :]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda content: content[:-5],
    "nonsense": lambda _: b"[]",
    "a flipped bit": flipped,
    "another label": lambda content: content.replace(b'"b"', b'"a"'),
}


@pytest.mark.parametrize("ending", [".json", ".pixels"])
@pytest.mark.parametrize("damage", ["gone", *DAMAGES])
def test_a_damaged_cache_is_made_anew_and_that_is_said(ending: str, damage: str, folder: Path) -> None:
    first = read(folder)
    expected = first[0].array(), first[1]
    [kept] = (folder.parent / "cache" / "pictures").glob(f"*{ending}")
    content = kept.read_bytes()
    broken = DAMAGES[damage](content) if damage in DAMAGES else None
    kept.unlink()  # the mapping of `first` keeps the old one
    if broken is not None:
        kept.write_bytes(broken)
    what = "what the cache had of these was damaged: they were read anew"
    noticed = [f"kept pictures: {what} ({kept.with_suffix('.pixels')})"]
    if broken == content or (damage == "gone" and ending == ".json"):  # without its account nothing was kept
        noticed = []
    again = read(folder)
    np.testing.assert_array_equal(again[0].array(), expected[0])
    assert [line for line in again[1] if "kept pictures" in line] == noticed
    assert [line for line in again[1] if "kept pictures" not in line] == expected[1]
    assert kept.read_bytes() == content
    assert sorted(path.suffix for path in kept.parent.iterdir()) == [".json", ".pixels"]
    assert read(folder)[1] == expected[1]


def test_broken_files_are_named_each_time_and_nothing_is_kept(folder: Path) -> None:
    (folder / "b" / "01.png").write_bytes(b"broken")
    for _ in range(2):
        with pytest.raises(ThroughtimeError, match=r"01\.png: found no picture"):
            read(folder)
    assert not list((folder.parent / "cache").rglob("*.json"))
    first = read(folder, skip_broken=True)
    assert len(first[0]) == COUNT - 1
    assert_same(first, read(folder, skip_broken=True))
