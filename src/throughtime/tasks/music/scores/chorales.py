"""The built-in music: Bach's chorales from the corpus that comes with music21, read once and kept in the cache."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np

from throughtime.data.progress import counted
from throughtime.data.sources import cache_folder, kept_in_cache
from throughtime.errors import DataError, MissingExtraError
from throughtime.storage.atomic import written_apart
from throughtime.storage.written import read_arrays
from throughtime.tasks.music.scores.musicxml import read_musicxml
from throughtime.tasks.music.scores.score import Score

VERSION = "10.5.1"
"""The music21 whose corpus this is."""
SHA256 = "b0fbfa90eb6ea09e72256e6012929627a2dc6ea48ba673051972888110c42740"
"""Checksum over names and contents of the corpus' Bach scores, sorted by name."""

_VOICES = ("Soprano", "Alto", "Tenor", "Bass")


def chorales() -> list[Score]:
    """All four-part (and the two five-part) chorales of the corpus: the singers' notes, without doubling instruments.

    Reading the scores takes seconds; the notes are kept in the cache under the corpus' checksum.

    Raises:
        MissingExtraError: music21 is not installed.
        DataError: its corpus is not the one expected.
    """
    files = _corpus()
    found = _checksum(files)
    if found != SHA256:
        raise DataError(files[0].parent, f"Bach scores with checksum {found}", f"those of music21 {VERSION} ({SHA256})")
    kept = cache_folder() / f"chorales-{found[:16]}.npz"
    arrays: dict[str, Any]
    try:
        arrays = read_arrays(kept)
    except Exception:  # there is none yet, or it is damaged, which its own checksums say in any way
        every = counted(files, "reading the built-in chorales")
        scores = [score for file in every if (score := _voices(read_musicxml(file), file.stem)) is not None]
        arrays = {score.name: score.notes for score in scores}
        with kept_in_cache(kept.name, kept.parent), written_apart(kept) as unfinished:
            np.savez_compressed(unfinished, **arrays)
    return [Score(name, notes) for name, notes in arrays.items()]


def melody(score: Score, notes: int = 8) -> tuple[int, ...]:
    """The first intervals of the highest voice, in semitones: the same for all harmonisations of one hymn tune."""
    soprano = score.notes[score.notes["part"] == score.notes["part"].min()]
    return tuple(np.diff(soprano["pitch"].astype(int))[: notes - 1].tolist())


def _corpus() -> list[Path]:
    # found without being imported, which alone would take longer than reading the scores
    found = importlib.util.find_spec("music21")
    if found is None or found.origin is None:
        raise MissingExtraError("music21", "music", "the built-in Bach chorales")
    folder = Path(found.origin).parent / "corpus" / "bach"
    files = sorted(file for file in folder.glob("bwv*") if file.suffix in (".mxl", ".xml"))
    if not files:
        raise DataError(folder, "no Bach scores", f"the corpus of music21 {VERSION}")
    return files


def _checksum(files: list[Path]) -> str:
    total = hashlib.sha256()
    for file in files:
        total.update(file.name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def _voices(score: Score, name: str) -> Score | None:
    """The singers' parts only; None if soprano, alto, tenor and bass are not all there."""
    sung = [any(part.startswith(voice) for voice in _VOICES) for part in score.parts]
    if not all(any(part.startswith(voice) for part in score.parts) for voice in _VOICES):
        return None
    notes = score.notes[np.isin(score.notes["part"], np.flatnonzero(np.array(sung)))]
    return Score(name, notes)
