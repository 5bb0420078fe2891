"""JoeyNMT's side of `benchmarks/translation_peer.py`, which runs it with the peer's python: no throughtime here."""

from __future__ import annotations

import resource
from collections.abc import Callable
from itertools import chain, count
from pathlib import Path
from typing import Any, NamedTuple

JOEY = """
name: "peer"
joeynmt_version: "2.3.0"
model_dir: "{folder}/joey"
use_cuda: False
random_seed: 1
data:
    train: "{folder}/pieces/train"
    dev: "{folder}/pieces/{part}"
    dataset_type: "plain"
    src: {{lang: "da", level: "word", lowercase: False, max_length: 100, voc_min_freq: 1, normalize: False}}
    trg: {{lang: "en", level: "word", lowercase: False, max_length: 100, voc_min_freq: 1, normalize: False}}
training:
    optimizer: "adam"
    normalization: "tokens"
    learning_rate: 0.001
    scheduling: "exponential"  # never asked for a step: the rate stays as it is
    clip_grad_norm: 1.0
    label_smoothing: 0.1
    batch_size: 64
    batch_type: "sentence"
    epochs: 100
    overwrite: True
testing:
    batch_size: 64
    batch_type: "sentence"
    max_output_length: 60
    beam_size: 1
model:
    initializer: "xavier_uniform"
    embed_initializer: "normal"
    embed_init_weight: 0.1
    bias_initializer: "zeros"
    encoder:
        type: "recurrent"
        rnn_type: "lstm"
        embeddings: {{embedding_dim: 256, scale: False}}
        hidden_size: 256
        bidirectional: True
        num_layers: 1
        dropout: 0.3
    decoder:
        type: "recurrent"
        rnn_type: "lstm"
        embeddings: {{embedding_dim: 256, scale: False}}
        hidden_size: 256
        dropout: 0.3
        hidden_dropout: 0.3
        num_layers: 1
        input_feeding: True
        init_hidden: "bridge"
        attention: "bahdanau"
"""


class Work(NamedTuple):
    """What a process is asked for.

    Args:
        seconds: of training.
        part: valid or test: what is translated then.
        learn: whether the trained model is kept; else the one that was kept before translates, if there is one.
    """

    seconds: float
    part: str
    learn: bool

    def settle(self, model: Any, weights: Path) -> None:
        """Keep the model, or take the one that was kept."""
        import torch

        if self.learn:
            torch.save(model.state_dict(), weights)
        elif weights.exists():
            model.load_state_dict(torch.load(weights))
        model.eval()


def peer(folder: Path, work: Work, threads: int, batch_size: int, clock: Callable[[], float]) -> dict[str, Any]:
    """The same with JoeyNMT's own training step, batches and search, run by the peer's python."""
    import logging

    import torch
    from joeynmt.config import load_config, parse_global_args, set_validation_args  # type: ignore[import-not-found]
    from joeynmt.prediction import predict, prepare  # type: ignore[import-not-found]
    from joeynmt.training import TrainManager  # type: ignore[import-not-found]

    logging.disable(logging.CRITICAL)
    torch.set_num_threads(threads)
    (folder / "joey").mkdir(exist_ok=True)
    (folder / "joey.yaml").write_text(JOEY.format(folder=folder, part=work.part), encoding="utf-8")
    args = parse_global_args(load_config(folder / "joey.yaml"), rank=0, mode="train")
    model, train, valid, _ = prepare(args, rank=0, mode="train")
    manager = TrainManager(
        model=model, model_dir=args.model_dir, device=args.device, n_gpu=0, rank=0, num_workers=0,
        autocast=args.autocast, seed=args.seed, train_args=args.train, dev_args=set_validation_args(args.test),
    )  # fmt: skip
    batches = train.make_iter(
        batch_size=batch_size, batch_type="sentence", seed=0, shuffle=True, num_workers=0, device=args.device,
        eos_index=model.eos_index, pad_index=model.pad_index,
    )  # fmt: skip

    def epoch(number: int) -> Any:
        batches.batch_sampler.set_seed(number)
        return batches

    started, tokens, spent = clock(), 0, 0.0
    for batch in chain.from_iterable(map(epoch, count())):
        if clock() - started > work.seconds:
            break
        began = clock()
        manager._train_step(batch)
        manager.clip_grad_fun(parameters=model.parameters())
        manager.optimizer.step()
        model.zero_grad()
        tokens, spent = tokens + int(batch.ntokens), spent + clock() - began
    found: dict[str, Any] = {"training, tokens/s": tokens / spent, "trained on, tokens": tokens} if spent else {}
    work.settle(model, folder / "peer.pt")
    for beams in (1, 5):
        began = clock()
        asked = args.test._replace(beam_size=beams, beam_alpha=1.0 if beams > 1 else -1)
        *_, pieces, _, _ = predict(
            model=model, data=valid, device=args.device, n_gpu=0, args=asked, autocast=args.autocast
        )  # fmt: skip
        found[f"pieces {beams}"] = [[piece for piece in line if piece.isdigit()] for line in pieces]
        found |= speeds(beams, clock() - began, [len(line) for line in found[f"pieces {beams}"]])
    return found | {"memory, MB": peak()}


def speeds(beams: int, seconds: float, lengths: list[int]) -> dict[str, Any]:
    """Of a search; pieces a second compare models whose answers are not of one length."""
    pieces = sum(lengths) + len(lengths)
    return {f"beam {beams}, sentences/s": len(lengths) / seconds, f"beam {beams}, pieces/s": pieces / seconds}


def peak() -> float:
    """Most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
