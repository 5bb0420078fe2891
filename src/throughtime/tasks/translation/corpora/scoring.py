"""How much translations have in common with references: BLEU and chrF, by sacrebleu (Post 2018)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from throughtime.errors import MissingExtraError


def translation_scores(answers: Sequence[str], references: Sequence[str]) -> dict[str, float]:
    """BLEU (Papineni et al. 2002) and chrF (Popović 2015) of a whole corpus, of 100.

    Args:
        answers: one a sentence.
        references: one a sentence.

    Raises:
        MissingExtraError: sacrebleu is missing.

    Example:
        >>> translation_scores(["A goat is here now."], ["A goat is here now."])["chrf"]
        100.0
    """
    metrics = _metrics(references).items()
    return {name: float(metric.corpus_score(list(answers), None).score) for name, metric in metrics}


def signatures(references: Sequence[str]) -> dict[str, str]:
    """What has to be known to compute the same scores: sacrebleu's signatures."""
    return {name: f"sacrebleu {metric.get_signature()}" for name, metric in _metrics(references).items()}


def _metrics(references: Sequence[str]) -> dict[str, Any]:
    try:
        from sacrebleu.metrics.bleu import BLEU
        from sacrebleu.metrics.chrf import CHRF
    except ImportError as error:
        raise MissingExtraError("sacrebleu", "translation", "measuring translations") from error
    return {"bleu": BLEU(references=[list(references)]), "chrf": CHRF(references=[list(references)])}
