"""Word and character error rates, by the package jiwer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from throughtime.storage.report import Table
from throughtime.storage.scores import MODEL, Scores, Shown
from throughtime.tasks.speech.audio.opening import package

_SHOWN = 15


def error_rates(said: Sequence[str], heard: Sequence[str]) -> dict[str, float]:
    """Of what was said (nowhere empty) and what was heard: wer, cer, and the share of sentences that are right.

    Example:
        >>> error_rates(["turn left", "go"], ["turn left", "ho"])["sentences_right"]
        0.5
    """
    jiwer = package("jiwer")
    right = sum(one == other for one, other in zip(said, heard, strict=True))
    return {
        "wer": float(jiwer.wer(list(said), list(heard))),
        "cer": float(jiwer.cer(list(said), list(heard))),
        "sentences_right": right / len(said),
    }


def table_of_errors(said: Sequence[str], heard: Sequence[str]) -> Table:
    """The most frequent mistakes in words: what was said, what was heard instead, and how often."""
    aligned = package("jiwer").process_words(list(said), list(heard))
    counts: Counter[tuple[str, str]] = Counter()
    for reference, hypothesis, chunks in zip(aligned.references, aligned.hypotheses, aligned.alignments, strict=True):
        for chunk in chunks:
            if chunk.type != "equal":
                words = reference[chunk.ref_start_idx : chunk.ref_end_idx]
                others = hypothesis[chunk.hyp_start_idx : chunk.hyp_end_idx]
                if chunk.type == "substitute":
                    counts.update(zip(words, others, strict=True))
                else:
                    counts.update([(" ".join(words) or "-", " ".join(others) or "-")])
    kinds = f"{aligned.substitutions} substituted, {aligned.deletions} left out, {aligned.insertions} added"
    words = aligned.hits + aligned.substitutions + aligned.deletions
    rows = [(*pair, count) for pair, count in counts.most_common(_SHOWN)]
    return Table(f"most frequent errors of {words} words ({kinds})", ("said", "heard", "times"), rows)


def scores_of(recordings: Sequence[str], said: Sequence[str], heard: Mapping[str, Sequence[str]]) -> Scores:
    """What each recording adds to the word error rate: errors, and words that were said.

    Args:
        recordings: for people.
        said: in each.
        heard: by each method.
    """
    process = package("jiwer").process_words
    counts = {}
    for method, texts in heard.items():
        found = [process(one, other) for one, other in zip(said, texts, strict=True)]
        counts[method] = np.array(
            [(f.substitutions + f.deletions + f.insertions, f.substitutions + f.deletions + f.hits) for f in found],
            float,
        )
    return Scores("wer", "min", counts, [*map(Shown, recordings, said, heard[MODEL])])
