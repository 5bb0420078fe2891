"""pythae's part of `vae.py`: its VAE, trained by its trainer, in an environment of its own.

    python benchmarks/vae_pythae.py FOLDER MINUTES RATE BATCH [--speed]

FOLDER has train.npy and valid.npy, pictures (N, 784) uint8; the best weights by the validation split are written there
as pythae.npz, and what was counted is printed as JSON. MINUTES are of processor time. Binarisation is
drawn once for a batch, which is the quickest that pythae can be made to do.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pythae.data.datasets import BaseDataset
from pythae.models import VAE, VAEConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from pythae.trainers import BaseTrainer, BaseTrainerConfig
from pythae.trainers.training_callbacks import TrainingCallback
from torch import Tensor, nn

UNITS, LATENT, PIXELS = 400, 20, 784


class Encoder(BaseEncoder):
    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(PIXELS, UNITS)
        self.mean, self.log_variance = nn.Linear(UNITS, LATENT), nn.Linear(UNITS, LATENT)

    def forward(self, pictures: Tensor) -> ModelOutput:
        hidden = self.hidden(pictures).relu()
        return ModelOutput(embedding=self.mean(hidden), log_covariance=self.log_variance(hidden))


class Decoder(BaseDecoder):
    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.output = nn.Linear(LATENT, UNITS), nn.Linear(UNITS, PIXELS)

    def forward(self, codes: Tensor) -> ModelOutput:
        return ModelOutput(reconstruction=self.output(self.hidden(codes).relu()).sigmoid())


class Binarised(VAE):
    """Pixels are drawn anew each time they are seen."""

    def forward(self, inputs: Any, **options: Any) -> ModelOutput:
        return super().forward({"data": torch.bernoulli(inputs["data"])}, **options)


class OutOfTimeError(Exception):
    pass


class Clock(TrainingCallback):
    """Counts steps, and ends the training at the end of an epoch after which another would take too long."""

    def __init__(self, seconds: float, at_once: bool) -> None:
        self.seconds, self.at_once = seconds, at_once
        self.begun = self.epoch_begun = self.first = self.last = time.process_time()
        self.steps = self.epochs = 0

    def on_epoch_begin(self, training_config: Any, **others: Any) -> None:
        self.epoch_begun = time.process_time()

    def on_train_step_end(self, training_config: Any, **others: Any) -> None:
        self.last = time.process_time()
        self.first = self.last if self.steps == 0 else self.first
        self.steps += 1
        if self.at_once and self.last - self.begun > self.seconds:
            raise OutOfTimeError

    def on_epoch_end(self, training_config: Any, **others: Any) -> None:
        now = time.process_time()
        self.epochs += 1
        if not self.at_once and now - self.begun + (now - self.epoch_begun) > self.seconds:
            raise OutOfTimeError


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("minutes", type=float)
    arguments.add_argument("rate", type=float)
    arguments.add_argument("batch", type=int)
    arguments.add_argument("--speed", action="store_true", help="count steps alone, and judge nothing")
    asked = arguments.parse_args()
    torch.set_num_threads(1)
    logging.disable(logging.INFO)
    train, valid = (_dataset(asked.folder / f"{split}.npy") for split in ("train", "valid"))
    config = VAEConfig(input_dim=(PIXELS,), latent_dim=LATENT, reconstruction_loss="bce")
    model = Binarised(config, Encoder(), Decoder())
    options = {"per_device_train_batch_size": asked.batch, "per_device_eval_batch_size": 500, "no_cuda": True}
    options |= {"output_dir": str(asked.folder / "pythae"), "num_epochs": 1_000_000, "learning_rate": asked.rate}
    clock = Clock(60 * asked.minutes, asked.speed)
    trainer = BaseTrainer(model, train, valid, BaseTrainerConfig(**options), [clock])
    with suppress(OutOfTimeError):
        trainer.train()
    found = {"steps": clock.steps, "epochs": clock.epochs}
    found["pictures/s"] = asked.batch * (clock.steps - 1) / (clock.last - clock.first)
    if not asked.speed:
        best = trainer._best_model.state_dict()
        np.savez(asked.folder / "pythae.npz", **{name: value.numpy() for name, value in best.items()})
    json.dump(found, sys.stdout)


def _dataset(path: Path) -> BaseDataset:
    pictures = torch.from_numpy(np.load(path)).float() / 255
    return BaseDataset(pictures, torch.zeros(len(pictures)))


if __name__ == "__main__":
    main()
