"""Training rates of the models of pictures beside plain PyTorch loops of the same networks.

    python benchmarks/pictures_speed.py --threads 1
    python benchmarks/pictures_speed.py --rounds 9 --processor-time vae autoencoder

Both learn from the same made-up pictures, 28 x 28 in grey, in one process, in turns (ours, plain, ours, plain, ...), so
that whatever else the machine does falls on both. Printed are medians of pictures a second, their quartiles, and the
ratio of each round. Ours is what `throughtime train` runs: its loader, its model, its step. The plain loop has the same
layers and batches, float32 pictures in memory (N, C, H, W), and Adam as torch has it by default. Where penalties are
not worked out at each step, a round has as many steps as it takes to meet each of them.

The plain StyleGAN (stylegan_plain.py) scales the weights for each picture, and works out both penalties at each step;
or, where its name says so, as seldom as ours.
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
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from stylegan_plain import training
from throughtime.data.batch import Batch
from throughtime.models.gan import symmetric
from throughtime.models.parts.coders import Architecture, decoder, encoder
from throughtime.models.parts.drawing import PictureCritic, PictureMaker
from throughtime.tasks import find
from throughtime.tasks.pictures.loader import PictureLoader
from throughtime.tasks.pictures.picture import PictureSet
from throughtime.training.hardware import make_fabric
from throughtime.training.step import Stepper

SHAPE, LATENT, BATCH = (1, 28, 28), 20, 100
GAN_LATENT, GAN_WIDTH = 64, 32
STYLEGAN_BATCH = 32
LAZY = 16  # steps between two penalties of the discriminator, and at most of any
UNITS: Mapping[Architecture, tuple[int, ...]] = {"dense": (400,), "convolutional": (32,)}

Rounds = Callable[[int], None]
"""Takes so many training steps."""


@dataclass(frozen=True)
class Pair:
    """What is measured in turns.

    Args:
        ours, plain: the two.
        batch: pictures of a step.
        cycle: steps after which everything has been done once.
    """

    ours: Rounds
    plain: Rounds
    batch: int = BATCH
    cycle: int = 1


def made_up(size: int = 12_000) -> PictureSet:
    """Blots on black, as drawn things are: most pixels are wholly on or off."""
    random = np.random.default_rng(0)
    coarse = random.integers(-255, 512, (size, 7, 7), dtype=np.int16).clip(0, 255).astype(np.uint8)
    pixels = coarse.repeat(4, axis=1).repeat(4, axis=2)[..., None]
    return PictureSet(pixels, [None] * size, [(Path("made up"), row) for row in range(1, size + 1)])


def ours(pictures: PictureSet, task: str, batch: int = BATCH, **settings: Any) -> tuple[Rounds, Any]:
    """What `throughtime train TASK` runs for each batch, and its model as it begins."""
    kind: Any = find(task)
    made = kind(kind.Settings(batch_size=batch, device="cpu", **settings), Path("unused"))
    made.fit(pictures[:100])
    model = made.model()
    stepper = Stepper(model, make_fabric(made.settings), made.settings)
    stepper.model.train()
    batches = enumerate(endless(made.loader(pictures, training=True)))

    def rounds(steps: int) -> None:
        for number, batch in islice(batches, steps):
            stepper.step([batch], None, 1e-3, number)

    return rounds, model


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


def autoencoders(pictures: PictureSet, architecture: Architecture) -> Pair:
    settings = {"architecture": architecture, "units": UNITS[architecture], "latent": LATENT}
    return Pair(ours(pictures, "autoencoder", **settings)[0], plain_autoencoder(pictures, architecture))


def vaes(pictures: PictureSet, architecture: Architecture) -> Pair:
    settings = {"architecture": architecture, "units": UNITS[architecture], "latent": (LATENT,)}
    return Pair(ours(pictures, "vae", **settings)[0], plain_vae(pictures, architecture))


def gans(pictures: PictureSet) -> Pair:
    """DCGAN with R1: ours lazily, channels last, real and generated pictures in one pass; the plain one each step."""
    settings = {"spectral": "no", "penalty": "r1", "latent": GAN_LATENT, "width": GAN_WIDTH, "classifier_steps": 1}
    return Pair(ours(pictures, "gan", **settings)[0], plain_gan(pictures), cycle=LAZY)


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


def stylegans(pictures: PictureSet, r1_every: int, path_every: int) -> Pair:
    """Both of the settings' own sizes, undisturbed pictures: the networks alone."""
    settings = {"augment": "none", "classifier_steps": 1}
    own, model = ours(pictures, "stylegan", STYLEGAN_BATCH, **settings)
    data = symmetric(torch.from_numpy(pictures.array()))
    around = (model.generator.layer_sides[-1] - model.side) // 2
    framed = F.pad(data, (around,) * 4, "replicate").contiguous()
    plain_one = training(model, framed, STYLEGAN_BATCH, r1_every, path_every)
    return Pair(own, plain_one, STYLEGAN_BATCH, LAZY)


MODELS: Mapping[str, Callable[[PictureSet], Pair]] = {
    "autoencoder dense": lambda pictures: autoencoders(pictures, "dense"),
    "autoencoder convolutional": lambda pictures: autoencoders(pictures, "convolutional"),
    "vae dense": lambda pictures: vaes(pictures, "dense"),
    "vae convolutional": lambda pictures: vaes(pictures, "convolutional"),
    "gan": gans,
    "stylegan": lambda pictures: stylegans(pictures, 1, 1),
    "stylegan beside a lazy one": lambda pictures: stylegans(pictures, LAZY, 4),
}
"""Ours and the plain loop of each."""


def measure(pair: Pair, rounds: int, seconds: float, clock: Callable[[], float]) -> list[list[float]]:
    """Pictures a second of each round, the two in turns."""
    steps, speeds = [], [[], []]  # type: tuple[list[int], list[list[float]]]
    ways = pair.ours, pair.plain
    for run in ways:
        run(3)  # allocators and caches
        started = clock()
        run(3)
        cycles = max(1, round(3 * seconds / (clock() - started) / pair.cycle))
        steps.append(cycles * pair.cycle)
    for _ in range(rounds):
        for run, some, found in zip(ways, steps, speeds, strict=True):
            started = clock()
            run(some)
            found.append(some * pair.batch / (clock() - started))
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
    print(json.dumps({"machine": processor(), "threads": asked.threads, "torch": torch.__version__}))
    pictures = made_up()
    for name, make in MODELS.items():
        if asked.models and not name.startswith(tuple(asked.models)):
            continue
        pair = make(pictures)
        speeds = measure(pair, asked.rounds, asked.seconds, clock)
        ratios = [one / other for one, other in zip(*speeds, strict=True)]
        result: dict[str, Any] = {"model": name, "batch": pair.batch}
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
