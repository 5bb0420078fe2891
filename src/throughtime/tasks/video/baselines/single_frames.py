"""The baseline of clip classification that knows no time: logistic regression on frames, whatever their order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from throughtime.data.progress import stage
from throughtime.errors import MissingExtraError
from throughtime.storage.written import read_arrays, readable

_MOST = 5_000  # frames learned from


class SingleFrames:
    """p(class | frame) = softmax(W x + b); a clip's answer is the mean of its frames' log-probabilities.

    Args:
        mean: (F,) of the features.
        deviation: (F,) of them.
        weight: W, (C, F).
        bias: b, (C,).
    """

    def __init__(self, mean: np.ndarray, deviation: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> None:
        self.mean, self.deviation, self.weight, self.bias = mean, deviation, weight, bias

    @classmethod
    def fit(cls, clips: Sequence[np.ndarray], classes: Sequence[int], seed: int = 0) -> SingleFrames:
        """Learn from the frames of clips (T_i, ...) and the clips' classes, numbers from 0 (each must occur).

        Raises:
            MissingExtraError: scikit-learn is missing.
        """
        try:
            from sklearn.linear_model import LogisticRegression
        except ImportError as error:
            raise MissingExtraError("scikit-learn", "video", "the baseline of single frames") from error
        features = np.concatenate([frame_features(clip) for clip in clips])
        targets = np.repeat(classes, [len(clip) for clip in clips])
        # each class keeps its last frame: the others are drawn
        kept = np.random.default_rng(seed).permutation(len(features))[:_MOST]
        if len(set(targets[kept].tolist())) < len(set(classes)):
            kept = np.arange(len(features))
        mean, deviation = features.mean(axis=0), features.std(axis=0) + 1e-6
        model = LogisticRegression(C=0.1, max_iter=300, tol=1e-3)
        with stage("fitting the regression of frames"):
            model.fit((features[kept] - mean) / deviation, targets[kept])
        weight, bias = model.coef_, model.intercept_
        if len(weight) == 1:  # two classes: scikit-learn keeps only the second one's
            weight, bias = np.concatenate([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
        return cls(mean, deviation, weight, bias)

    def answer(self, clip: np.ndarray) -> int:
        """The class of a clip (T, ...)."""
        return int(self.log_probabilities(clip).argmax())

    def log_probabilities(self, clip: np.ndarray) -> np.ndarray:
        """log p (C,) of the classes of a clip (T, ...)."""
        scores = ((frame_features(clip) - self.mean) / self.deviation) @ self.weight.T + self.bias
        largest = scores.max(axis=1, keepdims=True)
        logs = scores - largest - np.log(np.exp(scores - largest).sum(axis=1, keepdims=True))
        mean = logs.mean(axis=0)
        return np.asarray(mean - np.log(np.exp(mean).sum()))

    def save(self, path: Path) -> None:
        """Write an .npz file."""
        np.savez(
            path,
            mean=self.mean, deviation=self.deviation, weight=self.weight, bias=self.bias,
        )  # fmt: skip

    @classmethod
    def load(cls, path: Path) -> SingleFrames:
        """Read what `save` wrote.

        Raises:
            DataError: it is missing or something else.
        """
        with readable(path, "baseline of single frames"):
            arrays = read_arrays(path)
            return cls(*(arrays[name] for name in ("mean", "deviation", "weight", "bias")))


def frame_features(frames: np.ndarray) -> np.ndarray:
    """Vectors (T, F) as they are; of pictures (T, S, S, 3), means of 8 x 8 fields, grey, and of the three colours."""
    if frames.ndim == 2:
        return frames
    field = max(1, frames.shape[1] // 8)
    side = frames.shape[1] // field
    cut = frames[:, : side * field, : side * field].astype(np.float32)
    fields = cut.reshape(len(frames), side, field, side, field, 3).mean(axis=(2, 4))
    grey = fields.mean(axis=-1).reshape(len(frames), -1)
    return np.concatenate([grey, cut.mean(axis=(1, 2)), cut.std(axis=(1, 2))], axis=1)
