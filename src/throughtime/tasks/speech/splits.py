"""How recordings are kept apart: as their folder says, or by who speaks."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from pathlib import Path

from throughtime.data.findings import Findings
from throughtime.data.splits import Split, hold_out, named_splits, note_merged_splits, split_of
from throughtime.tasks.speech.audio.utterance import Utterance

_TABLES = (".tsv", ".csv", ".jsonl")
_SPEAKERS = 10


def given_splits(folder: Path, findings: Findings | None = None) -> dict[Split, Path] | None:
    """The tables or folders of a folder named after splits (Common Voice, LibriSpeech, folders train and test).

    A folder beside a table of its split holds that table's recordings.

    Returns:
        As `named_splits`; None if the folder does not name them, and what is named after one is then noted.

    Raises:
        DataError: two parts for one split, or valid and test without train.
    """
    findings = Findings() if findings is None else findings
    parts = sorted(part for part in folder.iterdir() if not part.name.startswith("."))
    tables = [part for part in parts if part.is_file() and part.suffix.lower() in _TABLES]
    listed = {split_of(table) for table in tables}
    folders = [part for part in parts if part.is_dir() and split_of(part) not in listed - {None}]
    named = named_splits(folder, (*tables, *folders))
    if named is None:
        note_merged_splits(folder, (*tables, *folders), findings)
        return None
    for table in tables:
        if table not in named.values():
            findings.left_out("unread files", "a table that is called as no split is", table)
    if any(part.is_dir() for part in named.values()):  # else they hold what the tables list
        for other in folders:
            if other not in named.values():
                findings.left_out("unread files", "a folder that is called as no split is", other)
    return named


def speaker_or_index(utterance: Utterance, index: int) -> Hashable:
    """What stays on one side of a split: all that one of many people says; where nobody is named, each recording."""
    return index if utterance.speaker is None else utterance.speaker


def without_few_speakers(utterances: Sequence[Utterance], findings: Findings) -> list[Utterance]:
    """Utterances that forget who speaks where those are too few for a split to keep each on one side."""
    speakers = len({utterance.speaker for utterance in utterances} - {None})
    if speakers >= _SPEAKERS:
        findings.taken("speakers", f"{speakers:,} speakers, all that one of them says on one side of a split")
        return list(utterances)
    known = f"{speakers} speakers, fewer than {_SPEAKERS}" if speakers else "no speakers are named"
    findings.taken("speakers", f"{known}: the same voice may be on both sides of a split")
    return [replace(utterance, speaker=None) for utterance in utterances]


def hold_out_speakers(
    utterances: Sequence[Utterance], seed: int, findings: Findings
) -> tuple[list[Utterance], list[Utterance]]:
    """All but a tenth, and that tenth: what becomes of train where a split is not given."""
    groups = [speaker_or_index(one, index) for index, one in enumerate(without_few_speakers(utterances, findings))]
    return hold_out(utterances, groups, seed)
