"""By how much the loss of each class counts, where some are rare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from throughtime.data.labels import Labels
from throughtime.errors import ThroughtimeError

BALANCED = "balanced"


def told_weights(asked: Sequence[str]) -> dict[str, float]:
    """The weights of classes that were told by name; none where `balanced` or nothing was.

    Raises:
        ThroughtimeError: something else was told.

    Example:
        >>> told_weights(("spam=4", "other=0.5")), told_weights(("balanced",))
        ({'spam': 4.0, 'other': 0.5}, {})
    """
    if tuple(asked) in ((), (BALANCED,)):
        return {}
    weights = {}
    for one in asked:
        name, _, number = one.rpartition("=")
        try:
            weights[name] = float(number)
        except ValueError:
            weights[name] = 0.0
        if not name or not 0 < weights[name] < float("inf"):
            raise ThroughtimeError(f"--class-weights: found {one!r}, expected {BALANCED}, or classes as NAME=WEIGHT")
    return weights


def class_weights(
    asked: Sequence[str], labels: Labels, counts: Mapping[str, int], texts: int, *, several: bool
) -> list[float] | None:
    """The weight of each class (C,); None: all count alike.

    Balanced, all classes count alike however many texts each has: the weight is N / (C n), of several labels that of a
    text which has the label against one which has not, (N - n) / n.

    Args:
        asked: `balanced`, or NAME=WEIGHT for some; all others 1.
        labels: the classes.
        counts: texts of each, n.
        texts: N.
        several: whether a text may have several.

    Raises:
        ThroughtimeError: a class that is not there.
    """
    if not asked:
        return None
    if tuple(asked) == (BALANCED,):
        of = [counts[name] for name in labels.names]
        return [max(texts - n, 1) / n if several else texts / (len(of) * n) for n in of]
    told = told_weights(asked)
    if strange := [name for name in told if name not in labels.names]:
        known = ", ".join(labels.names[:20]) + (", ..." if len(labels) > 20 else "")
        raise ThroughtimeError(f"--class-weights: found no class {strange[0]!r}, expected some of: {known}")
    return [told.get(name, 1.0) for name in labels.names]
