"""Nine sentences, again and again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from helpers.tiny import Edit, Tiny


def write(folder: Path) -> Tiny:
    sentences = [f"The cat {verb} on the {noun}.\n" for verb in ("sat", "lay", "ran") for noun in ("mat", "hat", "bed")]
    data, together = folder / "data" / "prose.txt", folder / "inputs.txt"
    data.write_text("".join(sentences) * 30)
    inputs = ("The cat sat on the mat.", "The bed.", "The hat ran, the hat lay.")
    together.write_text("\n".join(inputs) + "\n")
    return Tiny(
        data,
        {"layers": (4,), "batch_size": 2, "window": 10},
        Edit(data, b"sat", b"sit"),
        inputs,
        str(together),
        generation={"length": 20, "temperature": 2.0},
    )


def latent(tiny: Tiny) -> Tiny:
    """The same sentences, each with a code."""
    settings = {name: value for name, value in tiny.settings.items() if name != "window"}
    settings |= {"latent": 3, "encoder_size": 4, "free_bits": 1.0, "kl_warmup": 10, "importance_samples": 4}
    return replace(tiny, settings=settings)
