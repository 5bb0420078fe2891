"""Real tracks: balls of table tennis (bounces included) and pedestrians, beside constant velocity and Kalman filters.

    python benchmarks/trajectories.py tt3d spindoe eth hotel univ zara1 zara2

Balls are split by track (a fifth is test, an eighth is valid, by a fixed seed): observe 1/4 s and predict the next
1/4 s (tt3d), 0.15 s and the next 0.2 s (spindoe, whose tracks are shorter). Pedestrians: one scene is left out to be
the test, a sixth of the tracks of the others is the validation split; observe 8 points (3.2 s), predict 12 (4.8 s).
What share of the network's correction counts, and added to which simple method, places must say that training has not
seen: of the scenes that are not the test, those of one place after the other are left out, a network learns from the
rest, and ADE and FDE, relative to the best simple method's there, are averaged over the places. Of the method with the
smallest average the smallest share is taken that is within one standard error of it (Breiman et al. 1984). On the same
places, with that share, the 90 % regions are made so much wider than the validation split asks for that they hold 90 %
of the positions, on the average over the places. All other settings were chosen on validation splits (--validation
judges by them) and by places left out in the same way.

Published on ETH/UCY (ADE / FDE in metres, mean of the five scenes; Gupta et al. 2018): a line 0.79 / 1.59, Social LSTM
0.72 / 1.54, Social GAN 0.58 / 1.18, the best of 20 samples. Here there is one answer, the mean.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

import throughtime
from throughtime.data.archives import read_members
from throughtime.models.outputs.mixture import Mixture
from throughtime.models.parts.pooling import real_steps
from throughtime.tasks.trajectory.scoring import LEVEL
from throughtime.tasks.trajectory.simple import RIVALS
from throughtime.tasks.trajectory.tracks.read import read_tracks
from throughtime.tasks.trajectory.tracks.track import Track
from throughtime.tasks.trajectory.tracks.windows import WindowLoader

BALLS: dict[str, dict[str, Any]] = {
    "tt3d": {"unit": "seconds", "observe": 0.25, "predict": 0.25, "stride": 0.02},
    "spindoe": {"unit": "seconds", "observe": 0.15, "predict": 0.2, "stride": 0.02},
}
SCENES = {
    "eth": ["biwi_eth"],
    "hotel": ["biwi_hotel"],
    "univ": ["students001", "students003"],
    "zara1": ["crowds_zara01"],
    "zara2": ["crowds_zara02"],
}
PLACES = {
    "eth": ["biwi_eth"],
    "hotel": ["biwi_hotel"],
    "univ": ["students001", "students003", "uni_examples"],
    "zara": ["crowds_zara01", "crowds_zara02", "crowds_zara03"],
}
OF_BALLS = {"steps": 800, "minutes": None}
OF_PEOPLE = {"steps": 300, "minutes": None, "evaluate_every": 300, "dropout": 0.3, "distance": 10.0, "stretch": 0.3}
TRUST = np.linspace(0, 1, 21)
WIDER = np.round(np.geomspace(0.5, 8, 49), 3)

Parts = dict[str, Sequence[Track]]


def balls(name: str, data: Path, folder: Path) -> Parts:
    """The tracks of one set, split by track."""
    if name == "spindoe":
        for member, content in read_members(data / "spindoe" / "trajectories.zip", lambda member: member[0].isdigit()):
            (folder / member).write_bytes(content)
        tracks = read_tracks(folder)
    else:
        tracks = read_tracks(data / "tt3d" / "3D_gt")
    order = np.random.default_rng(0).permutation(len(tracks))
    test, valid = len(tracks) // 5, len(tracks) // 5 + len(tracks) // 8
    parts = {"test": order[:test], "valid": order[test:valid], "train": order[valid:]}
    return {part: [tracks[index] for index in indices] for part, indices in parts.items()}


def people(left_out: Sequence[str], others: Sequence[str], data: Path) -> Parts:
    """Some scenes left out; a sixth of the tracks of the others to choose by, the rest to learn from."""

    def read(files: Sequence[str]) -> list[Track]:
        return [track for file in files for track in read_tracks(data / "eth-ucy" / f"{file}.txt", time_unit=0.04)]

    tracks = read(others)
    order = np.random.default_rng(0).permutation(len(tracks))
    valid, train = ([tracks[index] for index in part] for part in np.split(order, [len(order) // 6]))
    return {"test": read(left_out), "valid": valid, "train": train}


def other_scenes(left_out: Sequence[str]) -> dict[str, list[str]]:
    """The scenes that are not left out, by place."""
    by_place = {place: [file for file in files if file not in left_out] for place, files in PLACES.items()}
    return {place: files for place, files in by_place.items() if files}


def choose_by_places(name: str, asked: argparse.Namespace, options: dict[str, Any]) -> dict[str, Any]:
    """Share of the network's mean, the method beside it and how wide regions are, by places that no training has seen.

    None of them is the test's.
    """
    found, runs = [], []
    places = other_scenes(SCENES[name])
    for place, files in places.items():
        others = [file for other, kept in places.items() if other != place for file in kept]
        parts = people(files, others, asked.data)
        with tempfile.TemporaryDirectory() as scratch:
            # a report on all that is left out would take minutes and is not read
            run = learn(
                parts | {"test": parts["valid"][:50]},
                Path(scratch),
                asked.seed,
                options | {"trust": 1.0, "rival": "kalman"},
            )
            found.append(errors(run, parts["test"]))
            runs.append((run, parts))
        trust, rival = cautious_choice(found[-1:])
        print(f"  {place} left out: share {trust:.2f}, added to the {rival}", flush=True)
    trust, rival = cautious_choice(found)
    held = [coverage_by_width(run, parts, trust, RIVALS.index(rival)) for run, parts in runs]
    for place, one in zip(places, held, strict=True):
        print(f"  {place} left out: 90 % regions hold {one[np.abs(WIDER - 1).argmin()]:.3f}", flush=True)
    enough = np.mean(held, axis=0) >= LEVEL
    return {
        "trust": trust,
        "rival": rival,
        "widen": float(WIDER[enough.argmax()]) if enough.any() else float(WIDER[-1]),
    }


def coverage_by_width(run: throughtime.Run, parts: Parts, trust: float, rival: int) -> np.ndarray:
    """Share of the test part's positions in regions that are wider than the validation part asks for by WIDER."""
    model: Any = run.model
    model.calibrate(some_windows(run, parts["valid"]), LEVEL, trust=trust, rival=rival)
    held = []
    for batch in some_windows(run, parts["test"]).epoch(0):
        real = real_steps(batch["asked_lengths"], batch["targets"].shape[1])
        with torch.no_grad():
            mixture = Mixture(*(part[real] for part in model(batch).positions))
        edge, apart = mixture.threshold(LEVEL), batch["targets"][real] - mixture.mean
        held.append(np.stack([(mixture.log_prob(mixture.mean + apart / width) >= edge).numpy() for width in WIDER]))
    return np.asarray(np.concatenate(held, axis=1).mean(axis=1))


def some_windows(run: throughtime.Run, tracks: Sequence[Track]) -> WindowLoader:
    """At most a thousand, spread evenly: what regions hold is found by sampling, which takes its time."""
    task: Any = run.task
    return WindowLoader(tracks, task.protocol, 250, lambda windows, _: task.features.arrays(windows), most=1000)


def cautious_choice(found: Sequence[np.ndarray]) -> tuple[float, str]:
    """By the errors (2, trust, rival) of some places: the least trust that is as good as the best, within its error."""
    relative = [(both / both[:, :1].min(axis=2, keepdims=True)).mean(axis=0)[:, : len(RIVALS)] for both in found]
    mean = np.mean(relative, axis=0)
    best, rival = np.unravel_index(mean.argmin(), mean.shape)
    error = np.std([place[best, rival] for place in relative], ddof=1) / len(found) ** 0.5 if len(found) > 1 else 0.0
    trust = np.flatnonzero(mean[:, rival] <= mean[best, rival] + error)[0]
    return float(TRUST[trust]), RIVALS[rival]


def errors(run: throughtime.Run, tracks: Sequence[Track]) -> np.ndarray:
    """ADE and FDE of each simple method's path and a share of the network's correction, (2, trust, rival)."""
    model, sums, count = run.model, np.zeros((2, len(TRUST), 1)), 0
    for batch in run.task.loader(tracks, training=False).epoch(0):
        with torch.no_grad():
            mean = model(batch).positions.mean[:, :, None, None]
        rivals, units = batch["rivals"][:, :, None], batch["units"][:, :, None, None]
        paths = rivals + torch.tensor(TRUST, dtype=mean.dtype)[:, None, None] * mean
        apart = torch.linalg.vector_norm(paths - batch["targets"][:, :, None, None], dim=-1) * units
        sums = sums + np.stack([apart.mean(dim=1).sum(dim=0).numpy(), apart[:, -1].sum(dim=0).numpy()])
        count += len(apart)
    return np.asarray(sums) / count


def learn(parts: Parts, folder: Path, seed: int, settings: dict[str, Any]) -> throughtime.Run:
    files = {part: write(folder / f"{part}.csv", tracks) for part, tracks in parts.items()}
    return throughtime.train("trajectory", **files, out=folder / "run", quiet=True, seed=seed, **settings)


def write(path: Path, tracks: Sequence[Track]) -> Path:
    rows = ["track,t,x,y,z" if tracks[0].dimensions == 3 else "track,t,x,y"]
    for track in tracks:
        for moment, place in zip(track.times, track.positions, strict=True):
            name = f"{track.path.stem}:{track.name}"
            rows.append(",".join([name, f"{moment:.6f}", *(f"{number:.6f}" for number in place)]))
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def measure(name: str, asked: argparse.Namespace, options: dict[str, Any]) -> throughtime.Report:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "tracks").mkdir()
        if name in BALLS:
            parts, settings = balls(name, asked.data, folder / "tracks"), BALLS[name] | OF_BALLS | options
        else:
            others = [file for files in other_scenes(SCENES[name]).values() for file in files]
            parts, settings = people(SCENES[name], others, asked.data), OF_PEOPLE | options
            if not asked.validation and "trust" not in settings:
                settings |= choose_by_places(name, asked, settings)
        if asked.validation:
            parts["test"] = parts["valid"]
        return learn(parts, folder, asked.seed, settings).folder.read_report()


def value(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", default=["tt3d", "spindoe", *SCENES])
    parser.add_argument("--data", type=Path, default=Path("../shared/data/trajectory"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--validation", action="store_true", help="judge by the validation split")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="other settings")
    asked = parser.parse_args()
    if not asked.data.is_dir():
        sys.exit(f"{asked.data} is not there: this benchmark needs the tracks, see --data")
    options = {name: value(text) for name, _, text in (pair.partition("=") for pair in asked.set)}
    shown = ("ade", "fde", "direction", "speed", "nll", "coverage")
    ratios = []
    for name in asked.sets:
        started = time.monotonic()
        report = measure(name, asked, options)
        print(f"{name}: {report.tables[0].title}, {(time.monotonic() - started) / 60:.1f} minutes, {options}")
        for method, scores in {"network": report.metrics, **report.baselines}.items():
            print("  " + "  ".join(f"{key} {scores[key]:.3f}" for key in shown if key in scores) + f"  {method}")
        for what, chosen in report.tables[2].rows:
            print(f"  {what}: {chosen}")
        for row in report.tables[1].rows:
            print(f"  one position: {row[0]}: {row[1]}")
        best = {key: min(scores[key] for scores in report.baselines.values()) for key in ("ade", "fde")}
        ratios.append([report.metrics[key] / best[key] for key in ("ade", "fde")])
        print(f"  of the best baseline: ADE {ratios[-1][0]:.3f}, FDE {ratios[-1][1]:.3f}", flush=True)
    print(
        f"mean ratios: ADE {statistics.mean(r[0] for r in ratios):.3f}, FDE {statistics.mean(r[1] for r in ratios):.3f}"
    )


if __name__ == "__main__":
    main()
