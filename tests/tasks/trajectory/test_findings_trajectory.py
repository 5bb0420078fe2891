"""What `throughtime check trajectory` says of strangers' files, and what becomes of these."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from moving_things import SMALL

import throughtime
from throughtime.cli.main import main
from throughtime.data.findings import Findings
from throughtime.errors import DataError
from throughtime.tasks.trajectory.tracks.read import read_tracks
from throughtime.tasks.trajectory.tracks.track import Track
from throughtime.tasks.trajectory.words import render

Row = tuple[int, int, float, float]  # thing, time, x, y


def walks(count: int = 12, steps: int = 30, seed: int = 0) -> list[Row]:
    """People who walk about, thing by thing."""
    random = np.random.default_rng(seed)
    ways = random.uniform(0, 30, (count, 1, 2)) + np.cumsum(random.uniform(0.2, 0.6, (count, steps, 2)), axis=1)
    return [(thing, time, *map(float, ways[thing, time])) for thing in range(count) for time in range(steps)]


def write(path: Path, head: str, rows: Sequence[Sequence[object]], mark: str = ",") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [mark.join(f"{field:.4f}" if isinstance(field, float) else str(field) for field in row) for row in rows]
    path.write_text("\n".join([*([head] if head else []), *lines]) + "\n")
    return path


def said(path: Path, **settings: object) -> list[str]:
    return [
        f"{finding.level}: {finding}" for finding in throughtime.check("trajectory", path, **settings).task.findings
    ]


def test_a_clean_table_is_described_and_nothing_is_suspicious(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "a.csv", "id,frame,x,y,colour", [(*row, "red") for row in walks()])
    assert main(["check", "trajectory", str(path)]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    for line in (
        "delimiter: a comma",
        "head line: the first row",
        "columns: by their names: track from id, t from frame, x from x, y from y",
        "columns: the column colour is not read",
        "times: one unit of the column is a second (or say --time-unit)",
        "steps: 1 seconds from point to point",
        "splits: drawn by the seed 0",
    ):
        assert line in shown


ORDERS = {
    "thing by thing, its name first": (lambda rows: rows, "column 1 is a track's"),
    "time by time, the time first": (
        lambda rows: sorted(((t, i, x, y) for i, t, x, y in rows)), "column 1 is a time",
    ),
    "time by time, the name first": (lambda rows: sorted(rows, key=lambda row: row[1]), "column 1 is a track's"),
}  # fmt: skip


@pytest.mark.parametrize("case", ORDERS)
def test_order_of_columns_is_seen_by_how_things_move(tmp_path: Path, case: str) -> None:
    order, expected = ORDERS[case]
    path = write(tmp_path / "a.txt", "", order(walks()), " ")
    assert any(line.startswith(f"taken: order of columns: {expected}") for line in said(path))
    assert [len(track) for track in read_tracks(path)] == [30] * 12


def test_an_order_that_cannot_be_told_is_suspicious(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    rows = [(i, t, *map(float, random.uniform(0, 9, 2))) for i in range(30) for t in range(30)]
    assert any(
        line.startswith("suspicious: order of columns") for line in said(write(tmp_path / "a.txt", "", rows, " "))
    )


@pytest.mark.parametrize("real", ["0 0.0", "0.0 0"])
def test_real_times_tell_which_column_is_the_time(tmp_path: Path, real: str) -> None:
    rows = [((i, 0.4 * t, x, y) if real == "0 0.0" else (0.4 * t, i, x, y)) for i, t, x, y in walks()]
    tracks = read_tracks(write(tmp_path / "a.txt", "", rows, "\t"))
    assert len(tracks) == 12
    assert tracks[0].times[1] == pytest.approx(0.4)


def test_ids_that_begin_anew_in_each_scene(tmp_path: Path) -> None:
    rows = [(scene, i, t, x + 50 * scene, y) for scene in (0, 1) for i, t, x, y in walks(seed=1)]
    path = write(tmp_path / "named.csv", "scene,id,frame,x,y", rows)
    assert any("scene from scene, track from id" in line for line in said(path))
    assert {track.name for track in read_tracks(path)} == {f"{s}:{i}" for s in (0, 1) for i in range(12)}
    other = write(tmp_path / "other.csv", "venue,id,frame,x,y", rows)
    with pytest.raises(DataError, match=r"line 362: found two places of track '0' at one time, 50 apart .* line 2"):
        read_tracks(other)
    assert len(read_tracks(other, columns="scene,track,t,x,y")) == 24


def test_one_name_twice_at_one_time_is_an_error_and_near_rows_are_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [row for t in range(30) for row in [(t, 7, 0.5 * t, 0.0), (t, 7, 0.5 * t + 90, 40.0)][:: (-1) ** t]]
    path = write(tmp_path / "a.csv", "frame,id,x,y", rows)
    assert main(["check", "trajectory", str(path)]) == 2
    assert "line 3: found two places of track '7' at one time, 98.49 apart (the other in line 2)" in (
        capsys.readouterr().err
    )
    near = [(i, t // 2, x, y) for i, t, x, y in walks()]
    lines = said(write(tmp_path / "near.csv", "id,t,x,y", near), observe=4, predict=4)
    (line,) = (line for line in lines if "rows of one time" in line)
    assert line.startswith("left out")
    assert "180 times" in line


TIMES = {
    "milliseconds": (lambda t: 1714521600000 + 400 * t, 1, "milliseconds since 1970"),
    "nanoseconds": (lambda t: 1714521600000000000 + 400000000 * t, 1, "nanoseconds since 1970"),
    "told": (lambda t: 1714521600000 + 400 * t, 0.001, ""),
    "dates": (lambda t: f"2024-05-01 00:{t // 60:02}:{t % 60:02}.250", 1, "dates, read as seconds since 1970"),
    "dates with zones": (lambda t: f"2024-05-01T02:00:{t:02}+02:00", 1, "dates, read as seconds since 1970"),
}


@pytest.mark.parametrize("case", TIMES)
def test_times_since_1970_and_dates(tmp_path: Path, case: str) -> None:
    time, unit, expected = TIMES[case]
    rows = [(i, time(t), x, y) for i, t, x, y in walks()]
    path = write(tmp_path / "a.csv", "id,timestamp,x,y", rows)
    findings = Findings()
    track = read_tracks(path, time_unit=None if unit == 1 else unit, findings=findings)[0]
    np.testing.assert_allclose(np.diff(track.times), 1.0 if "dates" in case else 0.4, atol=1e-6)
    assert track.times[0] == pytest.approx(1714521600.25 if case == "dates" else 1714521600)
    assert any(f"times: {expected}" in str(finding) for finding in findings) == (case != "told")


def test_other_times_are_one_sentence(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,t,x,y", [(1, "2024-05-01", 1, 2), (1, 5, 1, 2)])
    with pytest.raises(DataError, match="dates and numbers as times"):
        read_tracks(path)
    with pytest.raises(DataError, match="line 2: found '1st of May', expected a time, a number or a date such as"):
        read_tracks(write(tmp_path / "b.csv", "id,t,x,y", [(1, "1st of May", 1, 2)]))


def test_quoted_commas_empty_z_comments_and_missing_coordinates(tmp_path: Path) -> None:
    rows = [(i, '"Doe, ""J"""', t, x, y, "") for i, t, x, y in walks()]
    rows[4] = (*rows[4][:3], "", rows[4][4], "")
    path = write(tmp_path / "a.csv", "# by hand\nplayer,name,t,x,y,z", rows)
    lines = said(path)
    assert "left out: comments: a line that begins with #" in lines[0]
    assert any("left out: missing coordinates: a row without all" in line and "line 7)" in line for line in lines)
    assert any("left out: columns: the column of z is empty" in line for line in lines)
    tracks = read_tracks(path)
    assert [(len(track), track.dimensions) for track in tracks[:2]] == [(29, 2), (30, 2)]


def test_gaps_short_tracks_and_still_things(tmp_path: Path) -> None:
    rows = [(i, t + 100 * (i == 3 and t > 20), x, y) for i, t, x, y in walks() if i != 5 or t == 0]
    rows += [(20, t, 1.0, 2.0) for t in range(30)]
    path = write(tmp_path / "a.csv", "id,t,x,y", rows)
    splits = ["--train", str(path), "--valid", str(path), "--test", str(path)]
    assert main(["check", "trajectory", *splits]) == 1
    lines = [
        f"{f.level}: {f}" for f in throughtime.check("trajectory", train=path, valid=path, test=path).task.findings
    ]
    (gap,) = (line for line in lines if "a gap of over 5 seconds" in line)
    assert gap.startswith("suspicious: gaps")
    assert "3 times" in gap
    assert any("short tracks: a track of one point, of no use" in line for line in lines)
    assert any("a track of the valid split too short to observe 8 and predict 12 points" in line for line in lines)
    assert any("taken: motion: 3 of 39 tracks stay where they are" in line for line in lines)


@pytest.mark.parametrize("names", [("train", "val", "test"), ("Training", "Testing")])
@pytest.mark.parametrize("folders", [True, False])
def test_splits_that_a_folder_names_are_kept(tmp_path: Path, names: tuple[str, ...], folders: bool) -> None:
    for seed, name in enumerate(names):
        file = tmp_path / name / "a.csv" if folders else tmp_path / f"{name}.csv"
        write(file, "id,t,x,y,split", [(*row, "?") for row in walks(seed=seed)])
    seen = throughtime.check("trajectory", tmp_path)
    origins = {split: {part for track in tracks for part in track.path.parts} for split, tracks in seen.splits.items()}
    first, last = (name if folders else f"{name}.csv" for name in (names[0], names[-1]))
    assert first in origins["train"]
    assert last in origins["test"]
    assert last not in origins["train"] | origins["valid"]
    assert len(seen.splits.train) == (12 if len(names) == 3 else 11)
    assert any("a column 'split', which is not heeded" in str(finding) for finding in seen.task.findings)


def test_a_test_table_without_a_train_is_learned_from_and_named(tmp_path: Path) -> None:
    for seed, name in enumerate(("monday.csv", "test.csv")):
        write(tmp_path / "data" / name, "id,t,x,y", walks(seed=seed))
    seen = throughtime.check("trajectory", tmp_path / "data")
    found = [one for one in seen.task.findings if "merged with the others" in one.what]
    assert [(one.level, [Path(place.path).name for place in one.places]) for one in found] == [
        ("suspicious", ["test.csv"])
    ]


def test_things_that_all_stand_still_are_refused_before_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "a.csv", "id,t,x,y", [(i, t, i, i) for i in range(12) for t in range(30)])
    assert any(line.startswith("suspicious: motion: a track that stays where it is") for line in said(path))
    assert main(["train", "trajectory", str(path), "--out", str(tmp_path / "run"), "--steps", "2"]) == 2
    assert "nothing moves in these tracks" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_exact_straight_lines_are_learned_from(tmp_path: Path) -> None:
    rows = [(i, t, (1 + i) * t, 3 * i) for i in range(12) for t in range(30)]
    path = write(tmp_path / "a.csv", "id,t,x,y", rows)
    run = throughtime.train("trajectory", path, out=tmp_path / "run", quiet=True, steps=20, **SMALL)
    (answer,) = throughtime.predict(run, [Track("a", np.arange(8.0), np.stack([2 * np.arange(8.0), np.zeros(8)], 1))])
    assert answer["positions"][-1]["mean"] == pytest.approx([2 * 19, 0], abs=0.1)


def test_digits_are_printed_to_the_size_of_the_deviation() -> None:
    position = {"t": 1714521600.4, "mean": [500014.3118, 6170002.77], "deviation": [0.0123, 340.0]}
    prediction = {
        "track": "a", "observed": [[1714521599.6, 0, 0], [1714521600.0, 0, 0]], "positions": [position],
        "direction": {"unknown": False, "vector": [1.0, 0.0], "within_degrees": 3.0},
        "speed": {"median": 1.0, "low": 0.9, "high": 1.1},
    }  # fmt: skip
    assert render(prediction).endswith("at 1714521600.40 (500014.312 ± 0.012, 6170003 ± 340)")


def test_regions_that_hold_less_than_they_promise_are_said_and_few_tracks_make_none_narrower(tmp_path: Path) -> None:
    random, rows = np.random.default_rng(0), ["id,t,x,y"]
    for track in range(8):  # those that are judged by turn, which no other does
        turn = 0.5 if track >= 6 else 0.0
        for step in range(30):
            angle = turn * max(0, step - 8)
            noise = 0.001 * random.standard_normal(2)
            rows.append(f"{track},{step},{step * np.cos(angle) + noise[0]:.5f},{step * np.sin(angle) + noise[1]:.5f}")
    for name, part in (("train", rows[1:151]), ("val", rows[151:181]), ("test", rows[181:])):
        (tmp_path / f"{name}.csv").write_text("\n".join([rows[0], *part]) + "\n")
    run = throughtime.train("trajectory", tmp_path, out=tmp_path / "run", steps=1, hidden_size=4, quiet=True)
    said = [str(finding) for finding in run.task.findings if finding.subject == "regions"]
    held = run.folder.read_report().metrics["coverage"]
    assert held < 0.8
    assert f"regions: they hold {held:.1%} of the judged positions, and promise 90%" in said
    paths = {name: tmp_path / f"{file}.csv" for name, file in (("train", "train"), ("valid", "val"), ("test", "test"))}
    before = throughtime.check("trajectory", **paths).task.findings
    assert any("they are made wider, never narrower" in str(finding) for finding in before)
    assert float(run.model.calibration) >= 1
