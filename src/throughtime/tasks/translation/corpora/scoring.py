"""How much translations have in common with references: BLEU and chrF, by sacrebleu (Post 2018)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from throughtime.errors import MissingExtraError
from throughtime.storage.scores import MODEL, Scores, Shown

_NAMES = ("bleu", "chrf")


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
    scores = (float(metric.corpus_score(list(answers), None).score) for metric in _metrics(references))
    return dict(zip(_NAMES, scores, strict=True))


def signatures(references: Sequence[str]) -> dict[str, str]:
    """What has to be known to compute the same scores: sacrebleu's signatures."""
    signed = (f"sacrebleu {metric.get_signature()}" for metric in _metrics(references))
    return dict(zip(_NAMES, signed, strict=True))


def scores_of(sources: Sequence[str], references: Sequence[str], answers: Mapping[str, Sequence[str]]) -> Scores:
    """What each sentence adds to BLEU: n-grams (1 to 4) in common with the reference, those of the answer, and the
    lengths of both.

    Args:
        sources: the sentences.
        references: what they mean.
        answers: of each method.
    """
    bleu, chrf = _metrics()
    counts = {}
    for method, texts in answers.items():
        found = [bleu.corpus_score([text], [[reference]]) for text, reference in zip(texts, references, strict=True)]
        counts[method] = np.array([(*f.counts, *f.totals, f.sys_len, f.ref_len) for f in found], float)
    pairs = zip(answers[MODEL], references, strict=True)
    alone = np.array([chrf.sentence_score(text, [reference]).score for text, reference in pairs])  # BLEU is of corpora
    return Scores("bleu", "max", counts, [*map(Shown, sources, references, answers[MODEL])], values=alone)


def pooled_bleu(counts: np.ndarray) -> float:
    """BLEU of sentences whose counts (10,), as `scores_of` gives them, have been summed."""
    *grams, said, meant = counts.astype(int).tolist()
    bleu = _metrics()[0]
    return float(bleu.compute_bleu(grams[:4], grams[4:], said, meant, smooth_method=bleu.smooth_method).score)


def _metrics(references: Sequence[str] | None = None) -> tuple[Any, Any]:
    """BLEU and chrF, for these references or for those that they are given with each answer."""
    try:
        from sacrebleu.metrics.bleu import BLEU
        from sacrebleu.metrics.chrf import CHRF
    except ImportError as error:
        raise MissingExtraError("sacrebleu", "translation", "measuring translations") from error
    given = None if references is None else [list(references)]
    return BLEU(references=given), CHRF(references=given)
