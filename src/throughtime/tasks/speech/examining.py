"""What looks wrong with recordings and their texts, taken together."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

import numpy as np

from throughtime.data.findings import Findings
from throughtime.data.splits import Splits
from throughtime.tasks.speech.audio.condition import Condition
from throughtime.tasks.speech.audio.log_mel import FRAMES_A_SECOND
from throughtime.tasks.speech.audio.symbols import Symbols
from throughtime.tasks.speech.audio.utterance import Utterance
from throughtime.tasks.speech.features import Features

_SLOW, _LONG = 8.0, 3.0  # so many times slower than usual, and so many seconds at least: most of it is no speech
_FAST, _FASTEST = 4.0, 25.0  # so many times faster than usual, and so many characters a second at least


def examine(splits: Splits[Utterance], features: Features, findings: Findings) -> None:
    """Note what is wrong with the sounds, the texts, and the two together.

    Args:
        splits: what was read; the features of all recordings are computed and kept.
        features: they need not be fitted.
        findings: what is noted.

    Raises:
        DataError: recordings cannot be read; all of them are named.
    """
    conditions = {name: features.conditions(examples) for name, examples in splits.items()}
    for name, examples in splits.items():
        for utterance, condition in zip(examples, conditions[name], strict=True):
            for subject, what in condition.faults():
                findings.suspicious(subject, what, utterance.audio)
    every = [utterance for _, examples in splits.items() for utterance in examples]
    _look_for_copies(every, [one for some in conditions.values() for one in some], findings)
    _look_at_pace(every, features, findings)
    _look_at_spelling(splits, features, findings)
    _look_at_speakers(splits, findings)


def _look_for_copies(utterances: Sequence[Utterance], conditions: Sequence[Condition], findings: Findings) -> None:
    """The same sound in two files (or parts of one)."""
    first: dict[tuple[object, ...], Utterance] = {}
    for utterance, condition in zip(utterances, conditions, strict=True):
        other = first.setdefault((condition, round(utterance.seconds, 3)), utterance)
        if other is not utterance:
            what = "a recording that is there twice" + ("" if other.text == utterance.text else ", with another text")
            findings.suspicious("same recording", what, utterance.path, utterance.line)


def _look_at_pace(utterances: Sequence[Utterance], features: Features, findings: Findings) -> None:
    """Texts that cannot be said in so short a time, recordings in which little of it is."""
    lengths = np.array([len(features.text(utterance)) for utterance in utterances])
    seconds = np.array([utterance.seconds for utterance in utterances])
    pace = lengths / seconds
    usual = float(np.median(pace))
    steps = np.ceil(seconds * FRAMES_A_SECOND / features.settings.stride)
    kinds = (
        ("more characters than the model takes steps", (lengths > steps) & (features.settings.level == "characters")),
        ("a text that is too long for its recording", (pace > _FAST * usual) & (pace > _FASTEST)),
        ("a recording that is too long for its text", (pace < usual / _SLOW) & (seconds > _LONG)),
    )
    for what, wrong in kinds:
        for at in np.flatnonzero(wrong).tolist():
            findings.suspicious("pace", what, utterances[at].path, utterances[at].line)


def _look_at_spelling(splits: Splits[Utterance], features: Features, findings: Findings) -> None:
    """What of the texts is not learned as it stands."""
    asked = features.settings
    written = "in small letters" if asked.case == "lower" else "in letters as they are"
    left = "punctuation left out" if asked.punctuation == "drop" else "punctuation as it is"
    texts = {name: [features.text(utterance) for utterance in examples] for name, examples in splits.items()}
    every = [text for some in texts.values() for text in some]
    figures = sum(any(letter.isdigit() for letter in text) for text in every)
    said = f"; {figures:,} of {len(every):,} with numbers in figures, as they stand" if figures else ""
    findings.taken("spelling", f"{written}, {left}{said}")
    known: set[str] | None = None
    if asked.level == "characters":
        symbols = Symbols.fit(texts["train"], asked.level, asked.vocabulary_size)
        known = {symbols.decode([number]) for number in range(1, len(symbols))}
    for name, examples in splits.items():
        for utterance, text in zip(examples, texts[name], strict=True):
            for what in _unsaid(utterance.text, text, known):
                findings.left_out("characters", what, utterance.path, utterance.line)


def _unsaid(written: str, learned: str, known: set[str] | None) -> Iterator[str]:
    """What of a text is lost before it is learned, beside punctuation."""
    for letter in sorted({letter for letter in written if unicodedata.category(letter)[0] in "SC"} - set(learned)):
        if not letter.isspace():
            yield f"{letter!r} (U+{ord(letter):04X}) in a text, which is not learned"
    for letter in sorted(set(learned) - known) if known is not None else ():
        yield f"{letter!r} (U+{ord(letter):04X}) in a text, which training does not know (--vocabulary-size)"


def _look_at_speakers(splits: Splits[Utterance], findings: Findings) -> None:
    """Speakers of training who speak in the other splits, too."""
    learned = {utterance.speaker for utterance in splits.train} - {None}
    for name, examples in splits.items()[1:]:
        if both := learned & {utterance.speaker for utterance in examples}:
            findings.taken("speakers", f"{len(both):,} of training speak in the {name} split, too")
