"""Tables of tracks as cameras, trackers, receivers and spreadsheets write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import throughtime
from throughtime.cli.main import main
from throughtime.data.findings import Findings
from throughtime.errors import DataError
from throughtime.tasks.trajectory.tracks.globe import to_metres, zone_of
from throughtime.tasks.trajectory.tracks.read import read_tracks


def write(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


HEADS = {
    "NGSIM": ("Vehicle_ID,Frame_ID,Total_Frames,Global_Time,Local_X,Local_Y", "7,{f},9,{f}000,{x},{y}"),
    "inD": ("recordingId,trackId,frame,trackLifetime,xCenter,yCenter,heading", "0,7,{f},3,{x},{y},90"),
    "INTERACTION": ("track_id,frame_id,timestamp_ms,agent_type,x,y,vx,vy", "7,{f},{f}000,car,{x},{y},0,0"),
    "Argoverse": ("TIMESTAMP,TRACK_ID,OBJECT_TYPE,X,Y,CITY_NAME", "{f}.0,7,AGENT,{x},{y},PIT"),
    "frameNum": ("frameNum;Object ID;X [m];Y [m]", "{f};7;{x};{y}"),
    "a box": ("frame,id,bb_left,bb_top,bb_width,bb_height,conf,x,y,z", "{f},7,{l},{u},4,6,1,-1,-1,-1"),
    "corners": ("Frame,ID,xmin,ymin,xmax,ymax", "{f},7,{l},{u},{r},{d}"),
    "MOT without a head line": ("", "{f},7,{l},{u},4,6,1,-1,-1,-1"),
    "Stanford drones": ("", '7 {l} {u} {r} {d} {f} 0 0 1 "Biker"'),
    "ETH": ("", "{f}.0 7.0 {x} 0.0 {y} 0.1 0.0 0.1"),
    "decimal commas": ("id;t;x;y", "7;{f},0;{x},0;{y},0"),
    "decimal commas and spaces": ("", "{f},5 {x},0 {y},0"),
    "decimal commas and tabs": ("id\tt\tx\ty", "7\t{f},0\t{x},0\t{y},0"),
    "quoted decimal commas": ("id,t,x,y", '7,{f},"{x},0","{y},0"'),
}


@pytest.mark.parametrize("name", HEADS)
def test_tables_of_many_origins_hold_the_same_track(tmp_path: Path, name: str) -> None:
    head, row = HEADS[name]
    rows = [row.format(f=f, x=10 + 2 * f, y=20 + f, l=8 + 2 * f, u=17 + f, r=12 + 2 * f, d=23 + f) for f in range(1, 8)]
    findings = Findings()
    (track,) = read_tracks(
        write(tmp_path / "a.csv", "\n".join([*([head] if head else []), *rows]) + "\n"), findings=findings
    )
    np.testing.assert_allclose(np.diff(track.times), 1000 if name == "NGSIM" else 1)
    assert track.positions.tolist() == [[10 + 2 * f, 20 + f] for f in range(1, 8)]
    if "decimal" in name:
        assert any(str(finding).startswith("numbers: decimal commas") for finding in findings)


def test_metres_of_the_map_of_the_world() -> None:
    assert [zone_of(longitude) for longitude in (-79.4, 3.0, 179.9)] == [17, 31, 60]
    # the CN Tower, as its article has it; the meridian's arc to 45 degrees is 4,984,944.378 m
    np.testing.assert_allclose(to_metres(np.array([[43.642567, -79.387139]]), 17), [[630084, 4833438]], atol=1)
    np.testing.assert_allclose(to_metres(np.array([[45.0, 9.0]]), 32), [[500000, 0.9996 * 4984944.378]], atol=2e-3)
    south = to_metres(np.array([[-1e-6, 9.0], [np.nan, 9.0]]), 32, south=True)
    assert south[0, 1] == pytest.approx(1e7, abs=0.2)
    assert np.isnan(south[1]).all()


@pytest.mark.parametrize(
    "head", ["mmsi,BaseDateTime,LAT,LON", "individual-local-identifier,timestamp,location-lat,location-long"]
)
def test_latitude_and_longitude_become_metres(tmp_path: Path, head: str) -> None:
    rows = [f"9,2024-05-01T12:00:{s:02},{55 + s * 1e-5:.5f},{12.5 - s * 1e-5:.5f}" for s in range(30)]
    findings = Findings()
    (track,) = read_tracks(write(tmp_path / "a.csv", head + "\n" + "\n".join(rows) + "\n"), findings=findings)
    way = np.linalg.norm(track.positions[-1] - track.positions[0])
    # 29e-5 degrees: of latitude 111,328 m each there, of longitude 63,994 m; the map is 0.9996 to 1.0001 of it
    assert way == pytest.approx(29e-5 * np.hypot(111_328, 63_994), rel=1e-3)
    assert any("latitude and longitude, as metres of UTM zone 33 north" in str(finding) for finding in findings)
    with pytest.raises(DataError, match="line 3: found the latitude 98 and the longitude 12"):
        read_tracks(write(tmp_path / "b.csv", "t,lat,lon\n0,55,12\n1,98,12\n"))


def test_a_gap_cuts_a_track_where_that_is_told(tmp_path: Path) -> None:
    times = [*range(10), *range(100, 105), 200]
    path = write(tmp_path / "a.csv", "id,t,x,y\n" + "\n".join(f"7,{t},{t},0" for t in times) + "\n")
    assert [len(track) for track in read_tracks(path)] == [16]
    findings = Findings()
    pieces = read_tracks(path, gap=5, findings=findings)
    assert [(piece.name, len(piece)) for piece in pieces] == [("7 (1)", 10), ("7 (2)", 5), ("7 (3)", 1)]
    assert any(
        "a gap of over 5 seconds in a track: what comes after it is another one, 2 times" in str(f) for f in findings
    )


def test_all_broken_tables_are_named_at_once_or_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(12):
        rows = "\n".join(f"{t},{t * (number + 1)},{t}" for t in range(30))
        write(tmp_path / f"{number:02}.csv", f"t,x,y\n{rows}\n")
    write(tmp_path / "03.csv", "t,x,y\n0,1,2\n1,two,3\n")
    write(tmp_path / "07.csv", "")
    assert main(["check", "trajectory", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert "03.csv, line 3: found 'two'" in error
    assert "07.csv: found an empty file" in error
    checked = throughtime.check("trajectory", tmp_path, skip_broken=True)
    assert sum(len(part) for _, part in checked.splits.items()) == 10
    assert any(f.subject == "broken files" and f.count == 2 for f in checked.task.findings)


def test_one_of_valid_and_test_may_be_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b"):
        rows = [f"{n},{t},{t * (n + 1)},{t}" for n in range(12) for t in range(30)]
        write(tmp_path / f"{name}.csv", "id,t,x,y\n" + "\n".join(rows) + "\n")
    checked = throughtime.check("trajectory", train=tmp_path / "a.csv", test=tmp_path / "b.csv")
    assert [len(part) for _, part in checked.splits.items()] == [11, 1, 12]
    assert any(str(f) == "splits: valid is not given: cut from train" for f in checked.task.findings)
    assert main(["check", "trajectory", "--valid", str(tmp_path / "a.csv"), "--test", str(tmp_path / "b.csv")]) == 2
    assert "expected --train and one of the others at least" in capsys.readouterr().err
