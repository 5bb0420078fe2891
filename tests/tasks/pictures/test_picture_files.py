"""Pictures of strangers: what can be read is read and said how, what cannot is one sentence."""

from __future__ import annotations

import gzip
import io
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from throughtime.data.findings import Findings
from throughtime.errors import DataError, ThroughtimeError
from throughtime.tasks.pictures.reading.decode import read_picture
from throughtime.tasks.pictures.reading.fitting import Fitting
from throughtime.tasks.pictures.reading.idx import read_idx
from throughtime.tasks.pictures.reading.sets import Reading, read_set

LEFT_RED = np.zeros((4, 6, 3), np.uint8)
LEFT_RED[:, :3, 0] = 255


def reading(tmp_path: Path, size: int | None = None, skip_broken: bool = False) -> Reading:
    return Reading(size, "auto", "centre", "white", skip_broken, tmp_path)


def saved(path: Path, picture: Image.Image, **options: object) -> Path:
    picture.save(path, **options)  # type: ignore[arg-type]
    return path


def subjects(findings: Findings) -> set[str]:
    return {finding.subject for finding in findings}


# -- what is read -----------------------------------------------------------------------------------------------------


def test_each_way_of_colour_becomes_grey_or_red_green_blue(tmp_path: Path) -> None:
    colour = Image.fromarray(LEFT_RED)
    for mode, channels in (("RGB", 3), ("L", 1), ("1", 1), ("P", 3), ("CMYK", 3), ("YCbCr", 3)):
        suffix = ".jpg" if mode in ("CMYK", "YCbCr") else ".png"
        pixels = read_picture(saved(tmp_path / f"{mode}{suffix}", colour.convert(mode)))
        assert pixels.shape == (4, 6, channels), mode
        assert pixels.dtype == np.uint8
        if channels == 3:
            assert pixels[1, 0, 0] > 200 > 60 > pixels[1, 5, 0], mode


def test_what_is_transparent_shows_the_background(tmp_path: Path) -> None:
    layer = np.zeros((2, 2, 4), np.uint8)
    layer[0, 0] = (10, 20, 30, 255)
    path, findings = saved(tmp_path / "a.png", Image.fromarray(layer)), Findings()
    pixels = read_picture(path, "#00ff00", findings)
    assert pixels[0, 0].tolist() == [10, 20, 30]
    assert pixels[1, 1].tolist() == [0, 255, 0]
    assert subjects(findings) == {"transparency"}
    palette = Image.fromarray(np.array([[0, 1]], np.uint8), "P")
    palette.putpalette([0, 0, 0, 200, 0, 0])
    pixels = read_picture(saved(tmp_path / "p.png", palette, transparency=0))
    assert pixels.tolist() == [[[255, 255, 255], [200, 0, 0]]]


def test_the_side_that_the_camera_noted_is_up(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6  # the right side of what is stored is the top
    path, findings = saved(tmp_path / "a.png", Image.fromarray(LEFT_RED), exif=exif), Findings()
    pixels = read_picture(path, findings=findings)
    assert pixels.shape == (6, 4, 3)
    assert pixels[0].max() == 255  # the red half is above
    assert pixels[5].max() == 0
    assert "orientation" in subjects(findings)


def test_sixteen_bits_become_eight_and_animations_their_first_frame(tmp_path: Path) -> None:
    deep = Image.fromarray(np.array([[0, 257 * 100, 65535]], np.uint16))
    findings = Findings()
    assert read_picture(saved(tmp_path / "deep.png", deep), findings=findings)[0, :, 0].tolist() == [0, 100, 255]
    frames = [Image.new("L", (3, 3), shade) for shade in (10, 200)]
    moving = saved(tmp_path / "a.gif", frames[0], save_all=True, append_images=frames[1:])
    assert read_picture(moving, findings=findings).max() == 10
    assert subjects(findings) == {"depth", "animations"}


def test_sizes_are_guessed_and_said_and_shapes_cut(tmp_path: Path) -> None:
    for number, (width, height) in enumerate([(40, 30), (33, 33), (90, 35)]):
        saved(tmp_path / f"{number}.png", Image.new("RGB", (width, height), "red"))
    findings = Findings()
    pictures = read_set(tmp_path, reading(tmp_path), findings)
    assert pictures.shape == (3, 32, 32)
    said = [str(finding) for finding in findings]
    assert any("32 x 32 pixels (guessed; --size tells another), in colour" in line for line in said)
    assert any("a picture that is not square: its middle was taken, 2 times" in line for line in said)
    assert any("smaller than the size, which was enlarged" in line for line in said) is True  # 40 x 30
    assert findings.worst == "suspicious"


@pytest.mark.parametrize(("crop", "left"), [("centre", 128), ("squeeze", 255), ("pad", 255)])
def test_the_three_ways_to_a_square(crop: str, left: int) -> None:
    # white at the left, grey in the middle half, black at the right
    wide = np.repeat(np.array([255, 128, 0], np.uint8), (3, 6, 3))[None, :, None].repeat(6, axis=0)
    pixels = Fitting(4, 1, crop, (9, 9, 9)).fit(wide)[..., 0]  # type: ignore[arg-type]
    assert pixels.shape == (4, 4)
    middle = pixels[2]
    assert middle[0] == left
    assert (pixels[0] == 9).all() == (crop == "pad")


def test_a_folder_a_class_and_files_that_are_none(tmp_path: Path) -> None:
    for name in ("cats", "dogs"):
        (tmp_path / name).mkdir()
        for number in range(2):
            saved(tmp_path / name / f"{number}.png", Image.new("L", (8, 8), number))
    (tmp_path / "cats" / "notes.txt").write_text("mine")
    (tmp_path / "cats" / ".hidden.png").write_text("")
    findings = Findings()
    pictures = read_set(tmp_path, reading(tmp_path), findings)
    assert [picture.label for picture in pictures] == ["cats", "cats", "dogs", "dogs"]
    assert {"unread files", "classes"} <= subjects(findings)


def test_idx_files_with_their_labels_and_compressed(tmp_path: Path) -> None:
    pixels = np.arange(2 * 5 * 5, dtype=np.uint8).reshape(2, 5, 5)
    head = bytes([0, 0, 8, 3]) + struct.pack(">3I", *pixels.shape)
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(head + pixels.tobytes()))
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 3])))
    pictures = read_set(tmp_path / "train-images-idx3-ubyte.gz", reading(tmp_path), Findings())
    assert [picture.label for picture in pictures] == ["7", "3"]
    np.testing.assert_array_equal(pictures[1].pixels[..., 0], pixels[1])
    (tmp_path / "train-images-idx3-ubyte").write_bytes((head + pixels.tobytes())[:-3])
    with pytest.raises(DataError, match="found 47 bytes of data, expected 50"):
        read_idx(tmp_path / "train-images-idx3-ubyte")
    (tmp_path / "x-idx3-ubyte.gz").write_bytes(gzip.compress(head + pixels.tobytes())[:-12])
    with pytest.raises(DataError, match="cut off"):
        read_idx(tmp_path / "x-idx3-ubyte.gz")


def test_arrays_in_their_usual_layouts(tmp_path: Path) -> None:
    colour = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), dtype=np.uint8)
    np.savez(tmp_path / "a.npz", x=colour.transpose(0, 3, 1, 2) / 255.0, y=[2, 0, 1])
    pictures = read_set(tmp_path / "a.npz", reading(tmp_path), Findings())
    np.testing.assert_array_equal(pictures.array(), colour)
    assert [picture.label for picture in pictures] == ["2", "0", "1"]
    np.save(tmp_path / "b.npy", colour[..., 0])
    assert read_set(tmp_path / "b.npy", reading(tmp_path), Findings()).shape == (1, 8, 8)
    np.save(tmp_path / "c.npy", colour.astype(np.float32) - 200)
    with pytest.raises(DataError, match="numbers from -200 to"):
        read_set(tmp_path / "c.npy", reading(tmp_path), Findings())


def test_parquet_tables_of_picture_files(tmp_path: Path) -> None:
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    content = io.BytesIO()
    Image.new("L", (8, 8), 77).save(content, "PNG")
    rows = [{"bytes": content.getvalue(), "path": None}] * 2
    parquet.write_table(pyarrow.table({"image": rows, "label": [4, 5]}), tmp_path / "a.parquet")
    pictures = read_set(tmp_path / "a.parquet", reading(tmp_path), Findings())
    assert [(picture.label, int(picture.pixels.max()), picture.line) for picture in pictures] == [
        ("4", 77, 1),
        ("5", 77, 2),
    ]


def write_table(path: Path, contents: list[bytes | None], labels: list[int | None]) -> Path:
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.table({"image": contents, "label": labels}), path)
    return path


def test_a_table_is_never_in_memory_as_a_whole(tmp_path: Path) -> None:
    content = io.BytesIO()
    Image.new("RGB", (128, 128), (9, 99, 200)).save(content, "PNG")
    table = write_table(tmp_path / "a.parquet", [content.getvalue()] * 300, [1] * 300)
    read_set(write_table(tmp_path / "warm.parquet", [content.getvalue()], [1]), reading(tmp_path, size=8), Findings())
    tracemalloc.start()
    pictures = read_set(table, reading(tmp_path, size=8), Findings())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(pictures) == 300
    assert np.unique(pictures.array().reshape(-1, 3), axis=0).tolist() == [[9, 99, 200]]
    assert peak < 300 * 128 * 128 * 3 / 5


def test_rows_that_cannot_be_read_are_named_or_left_out(tmp_path: Path) -> None:
    content = io.BytesIO()
    Image.new("L", (8, 8), 77).save(content, "PNG")
    some: list[bytes | None] = [content.getvalue(), b"no picture", None, content.getvalue()]
    table = write_table(tmp_path / "a.parquet", some, [4, 5, 6, None])
    with pytest.raises(DataError) as raised:
        read_set(table, reading(tmp_path), Findings())
    said = str(raised.value)
    assert "found 2 of 4 files that cannot be read, expected none (--skip-broken leaves them out)" in said
    assert "line 2: found no picture that can be read" in said
    assert "line 3: found no bytes in place of a picture" in said
    findings = Findings()
    pictures = read_set(table, reading(tmp_path, skip_broken=True), findings)
    assert [(picture.label, picture.line) for picture in pictures] == [("4", 1), (None, 4)]
    assert "a file that cannot be read, 2 times" in " ".join(map(str, findings))


# -- what is refused --------------------------------------------------------------------------------------------------


def _png(width: int, height: int, data: bytes) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def _jpeg() -> bytes:
    content = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(content, "JPEG")
    return content.getvalue()


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty.png": (lambda: b"", "an empty file"),
    "cut.jpg": (lambda: _jpeg()[:1500], "a damaged picture"),
    "head.jpg": (lambda: _jpeg()[:20], "a damaged picture|no picture that can be read"),
    "bomb.png": (lambda: _png(50_000, 50_000, zlib.compress(b"\0" * 10_000)), "far more pixels than any picture has"),
    "large.png": (lambda: _png(12_000, 12_000, zlib.compress(b"\0" * 10_000)), "a picture of 12,000 x 12,000 pixels"),
    "lie.png": (lambda: _png(100, 100, zlib.compress(b"\0" * 50)), "a damaged picture"),
    "vector.png": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><rect/></svg>', "no picture that can be read"),
    "page.png": (lambda: b"<!DOCTYPE html><html><body>404</body></html>", "no picture that can be read"),
    "zeros.png": (lambda: bytes(5_000), "no picture that can be read"),
    "text.png": (lambda: "Ærø".encode("latin-1") * 99, "no picture that can be read"),
    "archive.png": (lambda: gzip.compress(_jpeg()), "no picture that can be read"),
    "script.png": (lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no picture that can be read"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_picture_is_one_sentence(name: str, tmp_path: Path) -> None:
    make, found = HOSTILE[name]
    (tmp_path / name).write_bytes(make())
    with pytest.raises(DataError, match=f"{name}: found ({found})"):
        read_picture(tmp_path / name)


def test_what_a_file_is_says_its_content_and_not_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(_jpeg())
    assert read_picture(tmp_path / "a.png").shape == (64, 64, 3)


@pytest.mark.parametrize("size", [(1, 1), (1, 5_000), (5_000, 1)])
def test_pictures_of_one_pixel_and_of_one_line(size: tuple[int, int], tmp_path: Path) -> None:
    saved(tmp_path / "a.png", Image.new("L", size, 9))
    assert read_set(tmp_path, reading(tmp_path, size=8), Findings()).array().tolist() == [[[[9]] * 8] * 8]


def test_all_broken_files_are_named_at_once_and_left_out_on_request(tmp_path: Path) -> None:
    for number in range(40):
        saved(tmp_path / f"{number:02}.png", Image.new("L", (8, 8), number))
    for number in (3, 17):
        (tmp_path / f"{number:02}.png").write_bytes(b"broken")
    with pytest.raises(ThroughtimeError, match="found 2 of 40 files that cannot be read") as caught:
        read_set(tmp_path, reading(tmp_path), Findings())
    assert "03.png: found no picture" in str(caught.value)
    assert "17.png: found no picture" in str(caught.value)
    findings = Findings()
    assert len(read_set(tmp_path, reading(tmp_path, skip_broken=True), findings)) == 38
    assert next(f.count for f in findings if f.subject == "broken files") == 2
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(DataError, match="a folder without pictures"):
        read_set(empty, reading(tmp_path), Findings())
