"""NumPy's files from strangers: what is no array is named, what is too much is refused before it is unpacked."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from throughtime.data.arrays import array_names, read_array, read_arrays
from throughtime.errors import DataError


def _with_head(path: Path, head: str, content: bytes = bytes(24)) -> Path:
    text = (head + " " * (63 - len(head) % 64) + "\n").encode("latin-1")
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + content)
    return path


HEADS = {
    "giant": "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,)}",
    "negative": "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}",
    "objects": "{'descr': '|O', 'fortran_order': False, 'shape': (3,)}",
    "cut off": "{'descr': '<f8', 'fortran_order': False, 'shape': (3",
    "no kind": "{'descr': 'zz', 'fortran_order': False, 'shape': (3,)}",
    "a call": "__import__('os').system('true')",
}


@pytest.mark.parametrize("mapped", [False, True])
@pytest.mark.parametrize("head", HEADS)
def test_a_head_that_lies_is_one_sentence(head: str, mapped: bool, tmp_path: Path) -> None:
    path = _with_head(tmp_path / "a.npy", HEADS[head])
    with pytest.raises(DataError, match=r"a\.npy: found (no readable array|an array for which there is no memory)"):
        read_array(path, mapped=mapped)


def test_other_files_are_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=np.zeros(3))
    (tmp_path / "x.npz").rename(tmp_path / "x.npy")
    with pytest.raises(DataError, match=r"x\.npy: found a zip archive, as \.npz files are"):
        read_array(tmp_path / "x.npy")
    np.save(tmp_path / "y.npy", np.zeros(3))
    (tmp_path / "y.npy").rename(tmp_path / "y.npz")
    with pytest.raises(DataError, match=r"found a single array \(\.npy\)"):
        array_names(tmp_path / "y.npz", "arrays")
    (tmp_path / "p.npy").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(DataError, match="found a PNG picture"):
        read_array(tmp_path / "p.npy")
    (tmp_path / "e.npy").touch()
    with pytest.raises(DataError, match="found an empty file"):
        read_array(tmp_path / "e.npy")
    with pytest.raises(DataError, match="found a folder"):
        read_array(tmp_path)


def test_arrays_that_unpack_to_far_too_much_are_refused_by_their_heads(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("x.npy", "w") as member:
        for _ in range(80):
            member.write(bytes(2**20))
    with pytest.raises(DataError, match=r"found arrays that unpack to 83,886,080 bytes, expected at most 67,108,864"):
        read_arrays(path, ["x"], "arrays")


def test_what_is_whole_is_read(tmp_path: Path) -> None:
    values = np.arange(6.0).reshape(2, 3)
    np.save(tmp_path / "a.npy", values)
    np.savez_compressed(tmp_path / "a.npz", x=values, y=np.array(["b", "c"]))
    np.testing.assert_array_equal(read_array(tmp_path / "a.npy", mapped=True), values)
    assert array_names(tmp_path / "a.npz", "arrays") == ["x", "y"]
    found = read_arrays(tmp_path / "a.npz", ["y", "x"], "arrays")
    assert found[0].tolist() == ["b", "c"]
    np.testing.assert_array_equal(found[1], values)
