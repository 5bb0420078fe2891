"""How recordings are kept apart: as their folder says, or by who speaks."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from pathlib import Path

from throughtime.data.findings import Findings
from throughtime.data.splits import Split, Splits, named_splits, note_merged_splits, split_of
from throughtime.data.text_files import read_lines
from throughtime.errors import DataError
from throughtime.tasks.speech.audio.utterance import Utterance

_TABLES = (".tsv", ".csv", ".jsonl", ".json")
_COMMAND_LISTS = {"valid": "validation_list.txt", "test": "testing_list.txt"}
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


def listed_splits(folder: Path, utterances: Sequence[Utterance], findings: Findings) -> Splits[Utterance] | None:
    """As the lists of Speech Commands have them; None if the folder does not bring these."""
    lists = {split: folder / name for split, name in _COMMAND_LISTS.items()}
    if not folder.is_dir() or not all(path.is_file() for path in lists.values()):
        return None
    of = {folder / line.strip(): split for split, path in lists.items() for line in read_lines(path)}
    parts: dict[str, list[Utterance]] = {"train": [], "valid": [], "test": []}
    for utterance in utterances:
        parts[of.get(utterance.audio, "train")].append(utterance)
    for split, name in _COMMAND_LISTS.items():
        if not parts[split]:
            raise DataError(lists[split], "no recording that is there", "paths of recordings, from its folder")
        findings.taken("splits", f"{split} as {name} lists it; all others are train")
    return Splits(**parts)


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
