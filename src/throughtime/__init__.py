"""throughtime learns from sequences and generates new ones.

The recurrent layers are drop-in replacements for torch.nn's, the verbs are the command line in Python:

    >>> import throughtime
    >>> run = throughtime.train("music", out="runs/bach", minutes=2)  # doctest: +SKIP
    >>> throughtime.generate(run, "chorale.mid", temperature=0.9)  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from throughtime.layers import GRU, LSTM, RNN
    from throughtime.verbs import (
        Run,
        check,
        evaluate,
        generate,
        inspect_attention,
        inspect_embeddings,
        inspect_gates,
        inspect_gradients,
        inspect_saliency,
        inspect_units,
        predict,
        report,
        stress,
        train,
    )

__version__ = "0.1.0"

# public name -> where it lives; imported when first used, so that `import throughtime` does not wait for torch
_HOMES = {
    "RNN": "throughtime.layers",
    "GRU": "throughtime.layers",
    "LSTM": "throughtime.layers",
    "Run": "throughtime.verbs",
    "check": "throughtime.verbs",
    "train": "throughtime.verbs",
    "evaluate": "throughtime.verbs",
    "predict": "throughtime.verbs",
    "generate": "throughtime.verbs",
    "report": "throughtime.verbs",
    "inspect_attention": "throughtime.verbs",
    "inspect_embeddings": "throughtime.verbs",
    "inspect_gates": "throughtime.verbs",
    "inspect_gradients": "throughtime.verbs",
    "inspect_saliency": "throughtime.verbs",
    "inspect_units": "throughtime.verbs",
    "stress": "throughtime.verbs",
}

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "Run",
    "check",
    "evaluate",
    "generate",
    "inspect_attention",
    "inspect_embeddings",
    "inspect_gates",
    "inspect_gradients",
    "inspect_saliency",
    "inspect_units",
    "predict",
    "report",
    "stress",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
