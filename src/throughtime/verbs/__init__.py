"""The verbs in Python, a file each: check, train, and those that need but a run folder: evaluate, predict, ..."""

from __future__ import annotations

from throughtime.verbs.checking import Checked, check
from throughtime.verbs.evaluating import evaluate
from throughtime.verbs.generating import generate
from throughtime.verbs.inspecting import (
    inspect_attention,
    inspect_embeddings,
    inspect_gates,
    inspect_gradients,
    inspect_saliency,
    inspect_units,
)
from throughtime.verbs.predicting import predict
from throughtime.verbs.preferring import prefer
from throughtime.verbs.reporting import report
from throughtime.verbs.run import Run, stored_settings
from throughtime.verbs.stressing import stress
from throughtime.verbs.training import train

__all__ = [
    "Checked",
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
    "prefer",
    "report",
    "stored_settings",
    "stress",
    "train",
]
