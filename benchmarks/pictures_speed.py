"""Training rates of the models of pictures beside plain PyTorch loops of the same networks.

    python benchmarks/pictures_speed.py --threads 1
    python benchmarks/pictures_speed.py --rounds 9 --processor-time vae autoencoder

Both learn from the same made-up pictures, 28 x 28 in grey, in one process, in turns (ours, plain, ours, plain, ...), so
that whatever else the machine does falls on both. Printed are medians of pictures a second, their quartiles, and the
ratio of each round. Ours is what `throughtime train` runs: its loader, its model, its step. The plain loop has the same
layers and batches, float32 pictures in memory (N, C, H, W), and Adam as torch has it by default.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from itertools import count, islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from throughtime.data.batch import Batch
from throughtime.models.parts.coders import Architecture, decoder, encoder
from throughtime.models.parts.drawing import PictureCritic, PictureMaker
from throughtime.tasks import find
from throughtime.tasks.pictures.loader import PictureLoader
from throughtime.tasks.pictures.picture import PictureSet
from throughtime.training.hardware import make_fabric
from throughtime.training.step import Stepper

SHAPE, LATENT, BATCH = (1, 28, 28), 20, 100
GAN_LATENT, GAN_WIDTH = 64, 32
UNITS: Mapping[Architecture, tuple[int, ...]] = {"dense": (400,), "convolutional": (32,)}

Rounds = Callable[[int], None]
"""Takes so many training steps."""


def made_up(size: int = 12_000) -> PictureSet:
    """Blots on black, as drawn things are: most pixels are wholly on or off."""
    random = np.random.default_rng(0)
    coarse = random.integers(-255, 512, (size, 7, 7), dtype=np.int16).clip(0, 255).astype(np.uint8)
    pixels = coarse.repeat(4, axis=1).repeat(4, axis=2)[..., None]
    return PictureSet(pixels, [None] * size, [(Path("made up"), row) for row in range(1, size + 1)])


def ours(pictures: PictureSet, task: str, **settings: Any) -> Rounds:
    """What `throughtime train TASK` runs for each batch."""
    kind: Any = find(task)
    made = kind(kind.Settings(batch_size=BATCH, device="cpu", **settings), Path("unused"))
    made.fit(pictures[:100])
    stepper = Stepper(made.model(), make_fabric(made.settings), made.settings)
    stepper.model.train()
    batches = enumerate(endless(made.loader(pictures, training=True)))

    def rounds(steps: int) -> None:
        for number, batch in islice(batches, steps):
            stepper.step([batch], None, 1e-3, number)

    return rounds


def endless(loader: PictureLoader) -> Iterator[Batch]:
    """Epoch after epoch."""
    for epoch in count():
        yield from loader.epoch(epoch)


def plain(pictures: PictureSet, network: nn.Module, loss: Callable[[Tensor], Tensor]) -> Rounds:
    """A plain loop: one tensor of pictures, shuffled in each epoch."""
    data = torch.from_numpy(pictures.array()).permute(0, 3, 1, 2).float().div(255).contiguous()
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)

    def batches() -> Iterator[Tensor]:
        while True:
            for members in torch.randperm(len(data)).split(BATCH):
                yield data[members]

    seen = batches()

    def rounds(steps: int) -> None:
        for batch in islice(seen, steps):
            optimiser.zero_grad()
            total = loss(batch)
            total.backward()
            optimiser.step()
            total.item()

    return rounds


def plain_autoencoder(pictures: PictureSet, architecture: Architecture) -> Rounds:
    """Squared error of what is drawn again."""
    units = UNITS[architecture]
    down, up = encoder(architecture, SHAPE, LATENT, units), decoder(architecture, LATENT, SHAPE, units)
    network = nn.Sequential(down, up, nn.Sigmoid())
    return plain(pictures, network, lambda batch: F.mse_loss(network(batch), batch, reduction="sum") / len(batch))


def plain_vae(pictures: PictureSet, architecture: Architecture) -> Rounds:
    """Binary cross-entropy and divergence, pixels drawn anew each time."""
    units = UNITS[architecture]
    down, up = encoder(architecture, SHAPE, 2 * LATENT, units), decoder(architecture, LATENT, SHAPE, units)

    def loss(batch: Tensor) -> Tensor:
        drawn = torch.bernoulli(batch)
        mean, log_variance = down(drawn).chunk(2, dim=1)
        codes = mean + (0.5 * log_variance).exp() * torch.randn_like(mean)
        error = F.binary_cross_entropy_with_logits(up(codes), drawn, reduction="sum")
        divergence = -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum()
        return (error + divergence) / len(batch)

    return plain(pictures, nn.ModuleList([down, up]), loss)


def autoencoders(pictures: PictureSet, architecture: Architecture) -> tuple[Rounds, Rounds]:
    settings = {"architecture": architecture, "units": UNITS[architecture], "latent": LATENT}
    return ours(pictures, "autoencoder", **settings), plain_autoencoder(pictures, architecture)


def vaes(pictures: PictureSet, architecture: Architecture) -> tuple[Rounds, Rounds]:
    settings = {"architecture": architecture, "units": UNITS[architecture], "latent": (LATENT,)}
    return ours(pictures, "vae", **settings), plain_vae(pictures, architecture)


def gans(pictures: PictureSet) -> tuple[Rounds, Rounds]:
    """DCGAN with R1: ours lazily, channels last, real and generated pictures in one pass; the plain one each step."""
    settings = {"spectral": "no", "penalty": "r1", "latent": GAN_LATENT, "width": GAN_WIDTH, "classifier_steps": 1}
    return ours(pictures, "gan", **settings), plain_gan(pictures)


def plain_gan(pictures: PictureSet) -> Rounds:
    """Two optimisers in turns, and R1 at each step."""
    data = torch.from_numpy(pictures.array()).permute(0, 3, 1, 2).float().div(127.5).sub(1).contiguous()
    channels, side, _ = SHAPE
    maker = PictureMaker("dcgan", GAN_LATENT, channels, side, GAN_WIDTH)
    critic = PictureCritic("dcgan", channels, side, GAN_WIDTH)
    makers, critics = (torch.optim.Adam(one.parameters(), lr=2e-4, betas=(0.5, 0.999)) for one in (maker, critic))
    average = deepcopy(maker)

    def rounds(steps: int) -> None:
        for _ in range(steps):
            real = data[torch.randint(len(data), (BATCH,))].requires_grad_()
            fake = maker(torch.randn(BATCH, GAN_LATENT))
            of_real = critic(real)
            (slope,) = torch.autograd.grad(of_real.sum(), real, create_graph=True)
            penalty = 0.5 * slope.square().flatten(1).sum(1).mean()
            critics.zero_grad()
            (F.softplus(-of_real).mean() + F.softplus(critic(fake.detach())).mean() + penalty).backward()
            critics.step()
            makers.zero_grad()
            loss = F.softplus(-critic(fake)).mean()
            loss.backward()
            makers.step()
            with torch.no_grad():
                for mine, other in zip(average.parameters(), maker.parameters(), strict=True):
                    mine.lerp_(other, 0.001)
            loss.item()

    return rounds


MODELS: Mapping[str, Callable[[PictureSet], tuple[Rounds, Rounds]]] = {
    "autoencoder dense": lambda pictures: autoencoders(pictures, "dense"),
    "autoencoder convolutional": lambda pictures: autoencoders(pictures, "convolutional"),
    "vae dense": lambda pictures: vaes(pictures, "dense"),
    "vae convolutional": lambda pictures: vaes(pictures, "convolutional"),
    "gan": gans,
}
"""Ours and the plain loop of each."""


def measure(ways: tuple[Rounds, Rounds], rounds: int, seconds: float, clock: Callable[[], float]) -> list[list[float]]:
    """Pictures a second of each round, ways in turns."""
    steps, speeds = [], [[], []]  # type: tuple[list[int], list[list[float]]]
    for run in ways:
        run(3)  # allocators and caches
        started = clock()
        run(3)
        steps.append(max(1, round(3 * seconds / (clock() - started))))
    for _ in range(rounds):
        for run, some, found in zip(ways, steps, speeds, strict=True):
            started = clock()
            run(some)
            found.append(some * BATCH / (clock() - started))
    return speeds


def processor() -> str:
    """The name of this machine's processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def main() -> int:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("models", nargs="*", metavar="MODEL", help=f"the beginnings of some of: {', '.join(MODELS)}")
    arguments.add_argument("--threads", type=int, default=1)
    arguments.add_argument("--rounds", type=int, default=15)
    arguments.add_argument("--seconds", type=float, default=1.0, help="of training in a round")
    arguments.add_argument("--processor-time", action="store_true", help="count that: fair while others are at work")
    asked = arguments.parse_args()
    torch.set_num_threads(asked.threads)
    torch.manual_seed(0)
    clock = time.process_time if asked.processor_time else time.perf_counter
    print(json.dumps({"machine": processor(), "threads": asked.threads, "batch": BATCH, "torch": torch.__version__}))
    pictures = made_up()
    for name, make in MODELS.items():
        if asked.models and not name.startswith(tuple(asked.models)):
            continue
        speeds = measure(make(pictures), asked.rounds, asked.seconds, clock)
        ratios = [one / other for one, other in zip(*speeds, strict=True)]
        result: dict[str, Any] = {"model": name}
        for way, values in zip(("throughtime", "plain"), speeds, strict=True):
            quartiles = statistics.quantiles(values, n=4)
            result[way] = round(statistics.median(values))
            result[f"{way} quartiles"] = [round(quartiles[0]), round(quartiles[2])]
        result |= {"ratio": round(statistics.median(ratios), 2)}
        result |= {"ratio range": [round(min(ratios), 2), round(max(ratios), 2)]}
        print(json.dumps(result), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
