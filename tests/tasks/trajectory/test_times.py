"""Times as people and programs write them, and the columns that they stand in."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from throughtime.data.findings import Findings
from throughtime.errors import DataError
from throughtime.tasks.trajectory.tracks.read import read_tracks

NOON = datetime(2024, 5, 13, 12, tzinfo=UTC).timestamp()
WRITTEN = {
    "year first": ("2024/05/13 12:00:00", "2024/05/13 12:00:00.5", "2024/05/14 00:00:00"),
    "day first": ("13.05.2024 12:00:00", "13.05.2024 12:00:00.5", "14.05.2024 0:00:00"),
    "day first, by a day over 12": ("13/05/2024 12:00:00", "13/05/2024 12:00:00.5", "14/05/2024 00:00:00"),
    "month first, by a day over 12": ("05/13/2024 12:00:00", "05/13/2024 12:00:00.5", "05/14/2024 00:00:00"),
    "of ISO 8601, with a zone": ("2024-05-13T14:00:00+02:00", "2024-05-13T12:00:00.5Z", "2024-05-14T00:00:00Z"),
}


def _write(folder: Path, head: str, *rows: str) -> Path:
    path = folder / "t.csv"
    path.write_text("\n".join([head, *rows]) + "\n")
    return path


@pytest.mark.parametrize("form", WRITTEN)
def test_dates_are_seconds_since_1970(tmp_path: Path, form: str) -> None:
    rows = [f"a,{time},{place},0" for place, time in enumerate(WRITTEN[form])]
    (track,) = read_tracks(_write(tmp_path, "id,time,x,y", *rows))
    assert track.times.tolist() == [NOON, NOON + 0.5, NOON + 43_200]


def test_a_date_that_may_be_two_is_refused(tmp_path: Path) -> None:
    path = _write(tmp_path, "id,time,x,y", "a,05/01/2024 12:00:00,0,0", "a,06/01/2024 12:00:00,1,0")
    with pytest.raises(DataError, match=r"line 2: found '05/01/2024 12:00:00', whose day may be 05 or 01"):
        read_tracks(path)


@pytest.mark.parametrize(
    "wrong", ["31.02.2024 12:00:00", "13.05.2024 25:00:00", "13.05.2024 noon", "13.05.2024 12:00:00 x"]
)
def test_no_date_is_named_with_its_line(tmp_path: Path, wrong: str) -> None:
    path = _write(tmp_path, "id,time,x,y", "a,13.05.2024 12:00:00,0,0", f"a,{wrong},1,0")
    with pytest.raises(DataError, match="line 3: found '"):
        read_tracks(path)


def test_a_clock_alone_counts_from_midnight_and_may_not_pass_it(tmp_path: Path) -> None:
    findings = Findings()
    path = _write(tmp_path, "id,time,x,y", "a,12:00:00,0,0", "a,12:00:00.25,1,0")
    (track,) = read_tracks(path, findings=findings)
    assert track.times.tolist() == [43_200, 43_200.25]
    assert "a clock, and no date" in " ".join(map(str, findings))
    path = _write(tmp_path, "id,time,x,y", "a,23:59:59,0,0", "a,00:00:01,1,0")
    with pytest.raises(DataError, match="pass midnight"):
        read_tracks(path)


@pytest.mark.parametrize("head", ["id,date,time,x,y", "id,time,date,x,y"])
def test_a_day_and_its_time_in_two_columns(tmp_path: Path, head: str) -> None:
    parts = {"date": "2024-05-13", "time": "12:00:00"}
    names = head.split(",")
    rows = [",".join(parts.get(name, {"id": "a"}.get(name, str(at))) for name in names) for at in (0, 1)]
    path = _write(tmp_path, head, rows[0], rows[1].replace("12:00:00", "12:00:01.5"))
    (track,) = read_tracks(path)
    assert track.times.tolist() == [NOON, NOON + 1.5]


def test_two_columns_of_times_that_are_none_of_these_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="two columns for t"):
        read_tracks(_write(tmp_path, "id,time,timestamp,x,y", "a,0,1,0,0", "a,1,2,1,0"))


def test_a_column_called_name_tells_tracks_apart_where_no_other_does(tmp_path: Path) -> None:
    rows = [f'"{name}",{time},{time},0' for name in ("Doe, Jane", "Roe, Jim") for time in (0, 1)]
    tracks = read_tracks(_write(tmp_path, "name,t,x,y", *rows))
    assert [track.name for track in tracks] == ["Doe, Jane", "Roe, Jim"]
    rows = [f"{at // 2},same,{at % 2},{at},0" for at in range(4)]
    tracks = read_tracks(_write(tmp_path, "id,name,t,x,y", *rows))
    assert [track.name for track in tracks] == ["0", "1"]
