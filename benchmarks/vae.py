"""A VAE of 400 hidden units and 20 latent numbers, beside pythae's of the same network, after the same minutes.

    python -m venv /some/where/peer
    /some/where/peer/bin/pip install -c constraints.txt torch==2.13.0 numpy
    /some/where/peer/bin/pip install -c constraints.txt pythae==0.1.2
    python benchmarks/vae.py FOLDER --peer /some/where/peer/bin/python --minutes 10
    python benchmarks/vae.py glyphs --peer /some/where/peer/bin/python --minutes 10

FOLDER has the four IDX files of Fashion-MNIST (Debian's package dataset-fashion-mnist); glyphs are built in. Both learn
on one thread from the same training split, in batches of 100 by Adam at 0.001, pixels drawn on or off anew each time,
and keep the best weights by the validation split. Judged is the importance-weighted bound of 200 samples (Burda et al.
2016) on the test split, binarised once: for pythae's weights too it is worked out by our code. Ours has the defaults of
`train vae` otherwise; `--set` gives it other settings, to be chosen by `--split valid`. The minutes of ours
are the clock's, those of pythae processor time, so that it is ours that loses by what else the machine does. Rates are
of training steps alone, in turns, in processor time.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

import throughtime
from pictures_speed import Rounds
from pictures_speed import ours as stepping
from throughtime.models.outputs.pixels import Bernoulli
from throughtime.models.parts.coders import decoder, encoder
from throughtime.models.vae import VAE
from throughtime.tasks.pictures import PictureVAE
from throughtime.tasks.pictures.baselines.principal import flat
from throughtime.tasks.pictures.picture import PictureSet, joined

UNITS, LATENT, SHAPE, RATE, BATCH = 400, 20, (1, 28, 28), 1e-3, 100
SETTINGS: Mapping[str, Any] = {
    "architecture": "dense",
    "units": (UNITS,),
    "latent": (LATENT,),
    "likelihood": "bernoulli",
    "batch_size": BATCH,
    "learning_rate": RATE,
    "epochs": None,
    "threads": 1,
    "quiet": True,
}
SAMPLES = 200
PEER = Path(__file__).with_name("vae_pythae.py")


def prepare(data: Path | None, folder: Path) -> None:
    """Write the splits as pythae is to read them."""
    task = PictureVAE(PictureVAE.Settings(), folder)
    splits = task.built_in_data() if data is None else task.read_splits(data)
    for name, pictures in splits.items():
        np.save(folder / f"{name}.npy", joined(pictures).array().reshape(len(pictures), -1))


def judge(model: VAE, pictures: np.ndarray) -> float:
    """The importance-weighted bound on -log p in nats, the mean of pictures (N, 784) uint8, binarised by one seed."""
    torch.manual_seed(0)
    targets = model.likelihood.targets(torch.from_numpy(flat(pictures.reshape(-1, 28, 28, 1))).view(-1, *SHAPE))
    return -float(model.eval().log_likelihood(targets, SAMPLES).mean())


def translated(path: Path) -> VAE:
    """Our model with pythae's weights; it has variances where ours has deviations."""
    with np.load(path) as arrays:
        theirs: dict[str, Tensor] = {name: torch.from_numpy(arrays[name]) for name in arrays.files}
    model = VAE(
        encoder("dense", SHAPE, 2 * LATENT, (UNITS,)), decoder("dense", LATENT, SHAPE, (UNITS,)), Bernoulli(), (LATENT,)
    )
    own = model.state_dict()
    for kind in ("weight", "bias"):
        mean, log_variance = (theirs[f"encoder.{name}.{kind}"] for name in ("mean", "log_variance"))
        own[f"encoder.1.{kind}"] = theirs[f"encoder.hidden.{kind}"]
        own[f"encoder.3.{kind}"] = torch.cat([mean, 0.5 * log_variance])
        own[f"decoder.0.{kind}"] = theirs[f"decoder.hidden.{kind}"]
        own[f"decoder.2.{kind}"] = theirs[f"decoder.output.{kind}"]
    model.load_state_dict(own)
    return model


def peer(python: str, folder: Path, minutes: float, *words: str) -> dict[str, float]:
    """What pythae's process counted."""
    command = [python, str(PEER), str(folder), str(minutes), str(RATE), str(BATCH), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    counted: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return counted


def ours(data: Path | None, out: Path, minutes: float, **settings: Any) -> throughtime.Run:
    """A run of ours."""
    return throughtime.train("vae", data, out=out, minutes=minutes, **{**SETTINGS, **settings})


def rate(steps: Rounds, seconds: float) -> float:
    """Pictures a second of training steps, in processor time."""
    steps(20)
    begun, count = time.process_time(), 0
    while time.process_time() - begun < seconds:
        steps(20)
        count += 20 * BATCH
    return count / (time.process_time() - begun)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="a folder of IDX files, or glyphs")
    parser.add_argument("--peer", help="the python of an environment that has pythae")
    parser.add_argument("--minutes", type=float, default=10.0, help="of training, each")
    parser.add_argument("--rounds", type=int, default=3, help="of rates in turns")
    parser.add_argument("--seconds", type=float, default=10.0, help="of training in each round")
    parser.add_argument(
        "--split", choices=("valid", "test"), default="test", help="judged; settings are chosen on valid"
    )
    parser.add_argument("--set", action="append", default=[], metavar="NAME=JSON", help="a setting of ours")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    data = None if asked.data == "glyphs" else Path(asked.data)
    settings = {name: json.loads(value) for name, value in (one.split("=", 1) for one in asked.set)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(data, folder)
        pictures = np.load(folder / f"{asked.split}.npy")
        run = ours(data, folder / "run", asked.minutes, **settings)
        nats = judge(cast(VAE, run.model), pictures)
        print(f"throughtime: NLL {nats:.2f} nats of {len(pictures):,} pictures", flush=True)
        if not asked.peer:
            return
        counted = peer(asked.peer, folder, asked.minutes)
        nats = judge(translated(folder / "pythae.npz"), pictures)
        print(f"pythae: NLL {nats:.2f} nats, {counted['epochs']} epochs", flush=True)
        train = np.load(folder / "train.npy").reshape(-1, 28, 28, 1)
        seen = PictureSet(train, [None] * len(train), [(Path("train"), row) for row in range(1, len(train) + 1)])
        steps = stepping(seen, "vae", architecture="dense", units=(UNITS,), latent=(LATENT,))
        rates: dict[str, list[float]] = {"throughtime": [], "pythae": []}
        for _ in range(asked.rounds):
            rates["throughtime"].append(rate(steps, asked.seconds))
            rates["pythae"].append(peer(asked.peer, folder, asked.seconds / 60, "--speed")["pictures/s"])
        for who, found in rates.items():
            print(f"{who}: {statistics.median(found):,.0f} pictures/s ({min(found):,.0f} to {max(found):,.0f})")


if __name__ == "__main__":
    main()
