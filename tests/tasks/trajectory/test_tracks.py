from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from throughtime.errors import ArgumentError, DataError, ThroughtimeError
from throughtime.tasks.trajectory.tracks.read import read_points, read_tracks
from throughtime.tasks.trajectory.tracks.track import Track
from throughtime.tasks.trajectory.tracks.windows import Chance, Protocol, Window, WindowLoader


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


LAYOUTS = {
    "named": ("track,t,x,y\na,0,1,2\na,0.5,3,4\nb,7,5,6\n", None, ["a", "b"]),
    "any order and other names": ("y,x,frame,id\n2,1,0,a\n4,3,0.5,a\n6,5,7,b\n", None, ["a", "b"]),
    "eth-ucy": ("0\t1.0\t1\t2\n1 1.0 3 4\n7 2.0 5 6\n", None, ["1", "2"]),
    "told": ("9;a;0;2;1\n9;a;0.5;4;3\n9;b;7;6;5\n", "-,track,t,y,x", ["a", "b"]),
    "told over a head line": ("who,when,east,north\na,0,1,2\na,.5,3,4\nb,7,5,6\n", "id,t,x,y", ["a", "b"]),
    "rows in any order": ("track,t,x,y\nb,7,5,6\na,0.5,3,4\na,0,1,2\n", None, ["b", "a"]),
    "comments, blank lines, quotation marks": (
        '# made by hand\n"track","t","x","y"\n\na,0,1,2\na,0.5,3,4\n\nb,7,5,6\n', None, ["a", "b"],
    ),
    "names without a head line": ("a,0,1,2\na,0.5,3,4\nb,7,5,6\n", None, ["a", "b"]),
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_give_the_same_tracks(tmp_path: Path, layout: str) -> None:
    content, columns, names = LAYOUTS[layout]
    if layout == "eth-ucy":
        content = content.replace(" ", "\t")
    tracks = read_tracks(write(tmp_path / "tracks.csv", content), columns=columns)
    assert [track.name for track in tracks] == names
    first, second = sorted(tracks, key=lambda track: track.name)
    assert first.positions.tolist() == [[1, 2], [3, 4]]
    assert first.times.tolist() == ([0, 1] if layout == "eth-ucy" else [0, 0.5])
    assert second.positions.tolist() == [[5, 6]]
    assert second.times.tolist() == [7]


def test_one_track_a_file_with_and_without_a_head_line(tmp_path: Path) -> None:
    write(tmp_path / "b.csv", "Timestamp,X,Y,Z\n10.5,1,2,3\n10.6,4,5,6\n")
    write(tmp_path / "a.csv", "0.000;1.5;2;3\n0.007;4;5;6\n")
    write(tmp_path / "notes.md", "not a table")
    first, second = read_tracks(tmp_path)
    assert (first.name, second.name) == ("a", "b")
    assert first.positions.tolist() == [[1.5, 2, 3], [4, 5, 6]]
    assert second.times.tolist() == [10.5, 10.6]


def test_time_unit_missing_points_and_points_of_one_time(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "t,x,y\n0,1,1\n10,,3\n20,nan,4\n30,5,5\n30,7,9\n40,6,NA\n")
    (track,) = read_tracks(path, time_unit=0.04)
    np.testing.assert_allclose(track.times, [0, 1.2])
    assert track.positions.tolist() == [[1, 1], [6, 7]]


def test_tracks_of_several_files_have_different_names(tmp_path: Path) -> None:
    (tmp_path / "day 1").mkdir()
    for name in ("day 1/a.csv", "b.csv"):
        write(tmp_path / name, "track,t,x,y\n1,0,0,0\n2,0,0,0\n")
    assert [track.name for track in read_tracks(tmp_path)] == ["b:1", "b:2", "day 1/a:1", "day 1/a:2"]


MALFORMED = [
    ("empty", b"", "an empty file"),
    ("blank", b"\n \n", "an empty file"),
    ("comments", b"# nothing\n", "comments only"),
    ("head line alone", b"track,t,x,y\n", "a head line and no rows"),
    ("binary", b"track,t,x,y\n\x00\x01\n", "binary file"),
    ("utf-16", "track,t,x,y\n".encode("utf-16"), "UTF-16"),
    ("latin-1", b"tr\xe4ck,t,x,y\n", "line 1: found byte 0xe4"),
    ("png", b"\x89PNG\r\n\x1a\n\x00\x00", "found a PNG picture, expected text"),
    ("prose", b"Once upon a time.\nThere was a ball.\n", r"a head line \(Once, upon, a, time"),
    ("no time", b"track,x,y\na,1,2\n", "without t"),
    ("no coordinates", b"track,t,vx,vy\na,1,2,3\n", "without x and y"),
    ("two times", b"t,timestamp,x,y\n0,0,1,2\n", "two columns for t"),
    ("two columns", b"0,1\n1,2\n", "2 columns without names"),
    ("many columns", b"0,1,2,3,4,5\n", "6 columns without names"),
    ("short row", b"t,x,y\n0,1,2\n1,2\n", "line 3: found 2 columns, expected 3"),
    ("long row", b"t,x,y\n0,1,2\n1,2,3,4\n", "line 3: found 4 columns, expected 3"),
    ("a word", b"t,x,y\n0,1,2\n1,two,3\n", "line 3: found 'two', expected a coordinate"),
    ("a word for a time", b"t,x,y\nnoon,1,2\n", "line 2: found 'noon', expected a time"),
    ("no time in a row", b"t,x,y\n0,1,2\n,1,2\n", "line 3: found no time"),
    ("infinity", b"t,x,y\n0,1,2\n1,inf,2\n", "line 3: found a coordinate of inf"),
    ("huge", b"t,x,y\n0,1,2\n1,1e300,2\n", "line 3: found a coordinate of 1e300"),
    ("time goes back", b"t,x,y\n0,1,2\n2,1,2\n1,1,2\n", "line 4: found the time 1 after 2"),
    ("no name", b"track,t,x,y\na,0,1,2\n,1,1,2\n", "line 3: found no name"),
    ("all missing", b"t,x,y\n0,nan,2\n1,,3\n", "missing coordinates only"),
    ("thousands", b"t;x;y\n0;1.234,5;2\n", r"line 2: found '1\.234,5'"),
]


@pytest.mark.parametrize(("name", "content", "sentence"), MALFORMED, ids=[name for name, _, _ in MALFORMED])
def test_malformed_file_is_one_sentence_with_its_line(tmp_path: Path, name: str, content: bytes, sentence: str) -> None:
    path = write(tmp_path / "tracks.csv", content)
    with pytest.raises(DataError, match=sentence) as error:
        read_tracks(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_other_mistakes(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="found nothing"):
        read_tracks(tmp_path / "nowhere.csv")
    with pytest.raises(DataError, match="a folder without tables"):
        read_tracks(tmp_path)
    path = write(tmp_path / "a.csv", "0,1,2\n")
    with pytest.raises(DataError, match="found 3 columns, expected 4 as told"):
        read_tracks(path, columns="t,x,y,z")
    with pytest.raises(ArgumentError, match="expected t, x and y among them"):
        read_tracks(path, columns="t,x,height")
    write(tmp_path / "b.csv", "t,x,y,z\n0,1,2,3\n")
    with pytest.raises(DataError, match=r"b.csv: found tracks in \[2, 3\] dimensions, expected 2 as in .*a.csv"):
        read_tracks(tmp_path)


def test_points_written_out() -> None:
    track = read_points(" 0,1,2,3; 0.5,4,5,6 ")
    assert track.times.tolist() == [0, 0.5]
    assert track.positions.tolist() == [[1, 2, 3], [4, 5, 6]]
    for wrong in ("", "0,1", "0,1,2 1,2,3,4", "0,1,x", "0,1,nan", "nowhere", "1,0,0 0,1,1", "0,0,0 0,1,1"):
        with pytest.raises(ArgumentError, match="expected"):
            read_points(wrong)


# -- windows -----------------------------------------------------------------------------------------------------


def line(steps: int, name: str = "a") -> Track:
    times = np.arange(steps) * 0.5
    return Track(name, times, np.stack([times, -times], axis=1))


def test_windows_counted_in_points() -> None:
    protocol = Protocol("points", observe=3, predict=2)
    assert protocol.cuts(line(7)) == [2, 3, 4]
    window = protocol.window(line(7), 3)
    assert window.times.tolist() == [0.5, 1, 1.5]
    assert window.asked.tolist() == [2, 2.5]
    assert window.targets is not None
    assert window.targets[:, 0].tolist() == [2, 2.5]
    assert protocol.cuts(line(4)) == []
    assert Protocol("points", 3, 2, stride=2).cuts(line(8)) == [2, 4]


def test_windows_counted_in_seconds_skip_over_gaps() -> None:
    track = Track("a", np.array([0, 0.1, 0.2, 0.3, 0.9, 1.0, 1.1, 1.2]), np.zeros((8, 2)))
    protocol = Protocol("seconds", observe=0.2, predict=0.3, asked=2, stride=0.1)
    assert protocol.cuts(track) == [2, 3, 4]
    window = protocol.window(track, 4)
    assert window.times.tolist() == [0.9]  # nothing was seen just before
    assert window.asked.tolist() == [1.1, 1.2]
    assert protocol.window(track, 3).asked.tolist() == []


def test_the_end_of_a_track_is_asked_ahead() -> None:
    window = Protocol("points", 3, 2).ahead(line(7))
    assert window.targets is None
    assert window.asked.tolist() == [3.5, 4]
    assert len(window.times) == 3
    window = Protocol("seconds", 1.0, 0.6, asked=3).ahead(line(7))
    np.testing.assert_allclose(window.asked, [3.2, 3.4, 3.6])


def collate(windows: object, _random: object) -> dict[str, np.ndarray]:
    assert isinstance(windows, list)
    return {
        "lengths": np.array([len(window.times) for window in windows]),
        "last": np.array([window.times[-1] for window in windows]),
        "seen": np.array([window.times.sum() for window in windows]),
    }


def test_random_windows_depend_on_seed_and_epoch_alone_and_can_be_skipped() -> None:
    def loader(seed: int) -> WindowLoader:
        tracks = [line(40), line(3), line(25)]
        return WindowLoader(tracks, Protocol("points", 8, 4), 2, collate, seed=seed, chance=Chance())

    def values(seed: int, epoch: int, skip: int = 0) -> list[list[float]]:
        return [batch["seen"].tolist() + batch["last"].tolist() for batch in loader(seed).epoch(epoch, skip)]

    assert values(1, 0) == values(1, 0)
    assert values(1, 0)[2:] == values(1, 0, skip=2)
    assert values(1, 0) != values(1, 1)
    assert values(1, 0) != values(2, 0)
    assert len(values(1, 0)) == len(loader(1)) == 4  # an eighth of 39 + 2 + 24 cuts, two in a batch, rounded


def test_chance_leaves_out_points_but_never_the_last() -> None:
    window = Protocol("points", 8, 4).window(line(20), 10)
    random = np.random.default_rng(0)
    lengths = []
    for _ in range(3000):
        other = Chance(partial=0.5, drop=0.0)(window, random)
        assert other.times[-1] == window.times[-1]
        lengths.append(len(other.times))
    # half are whole; log-uniform below: one point has log 2 / log 8 of the rest
    assert np.mean(np.array(lengths) == 8) == pytest.approx(0.5, abs=0.03)
    assert np.mean(np.array(lengths) == 1) == pytest.approx(0.5 / 3, abs=0.03)
    dropped = Chance(partial=0.0, drop=0.99)(window, random)
    assert dropped.times[-1] == window.times[-1]
    assert len(dropped.times) < 4


@pytest.mark.parametrize("dimensions", [2, 3])
def test_futures_of_one_position_are_turned_at_random_without_a_preferred_side(dimensions: int) -> None:
    track = Track("a", np.arange(3.0), np.arange(3.0)[:, None] * np.ones(dimensions) + 5)
    window = Window(track, track.times[:1], track.positions[:1], track.times[1:], track.positions[1:])
    random = np.random.default_rng(0)
    ways = []
    for _ in range(4000):
        turned = Chance(drop=0.0)(window, random).targets
        assert turned is not None
        way = turned - window.positions[-1]
        np.testing.assert_allclose(way[1], 2 * way[0])  # turned as a whole
        np.testing.assert_allclose(np.linalg.norm(way[0]), np.sqrt(dimensions))
        ways.append(way[0] / np.sqrt(dimensions))
    # uniform on the sphere: mean 0, second moments 1 / D
    assert np.abs(np.mean(ways, axis=0)).max() < 0.04
    np.testing.assert_allclose(np.cov(np.array(ways).T), np.eye(dimensions) / dimensions, atol=0.03)
    assert Chance(turn=False)(window, random).targets is window.targets


def test_too_short_tracks_are_named() -> None:
    with pytest.raises(ThroughtimeError, match=r"observe 8 and predict 4 points; the longest, b .* has 9 points"):
        WindowLoader([line(5), line(9, "b")], Protocol("points", 8, 4), 2, collate)
