"""A recording as a transcriber's layers read it: step by step, each of some frames."""

from __future__ import annotations

import numpy as np
import torch

from throughtime.decoding.ctc import greedy
from throughtime.models.transcriber import Transcriber
from throughtime.tasks.base.symbols import SymbolSequence
from throughtime.tasks.speech.audio.batches import UtteranceLoader, Varied
from throughtime.tasks.speech.audio.log_mel import FRAMES_A_SECOND
from throughtime.tasks.speech.features import Features


def reading(model: Transcriber, features: Features, mel: np.ndarray, begin: float) -> SymbolSequence:
    """The seconds of a recording, and the text of its most probable way, without a search.

    Args:
        model: the run's.
        features: those that it was trained with.
        mel: (T, F), log-mel features of the recording or of a part of it.
        begin: seconds before its first frame.
    """
    model.eval()
    device = next(model.parameters()).device

    def batch_of(symbols: np.ndarray) -> UtteranceLoader:
        return UtteranceLoader([Varied([mel], symbols)], 1, features.normaliser)

    with torch.no_grad():
        (batch,) = batch_of(np.zeros(0, dtype=np.int64)).epoch(0)
        batch = batch.to(device)
        steps = model.heard(batch["lengths"])
        (said,) = greedy(model(batch).float().cpu(), steps.cpu())
    (batch,) = batch_of(np.asarray(said, dtype=np.int64)).epoch(0)
    seconds = features.settings.stride / FRAMES_A_SECOND
    symbols = tuple(f"{begin + seconds * step:.2f}" for step in range(int(steps)))
    text = " ".join(features.symbols.decode(said).split())
    return SymbolSequence(symbols, f"steps of {seconds:g} s", "recurrent", batch.to(device), text or "(nothing said)")
