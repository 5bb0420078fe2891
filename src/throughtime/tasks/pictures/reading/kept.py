"""Pictures decoded once: what reading gave is kept in the cache for as long as the files stay what they are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from throughtime.data.findings import Findings
from throughtime.data.sources import kept_in_cache, state
from throughtime.storage.atomic import write_atomically, written_apart
from throughtime.tasks.pictures.picture import PictureSet

# to be raised when files are read or kept otherwise, so that an old cache is not taken for a new one
_FORMAT = 2
FEWEST = 64
"""Files that are worth it: fewer are decoded each time."""


def read_once(
    files: Sequence[Path], asked: Sequence[Any], cache: Path, findings: Findings, read: Callable[[Findings], PictureSet]
) -> PictureSet:
    """What `read` gives, from the cache if the same files were read likewise before.

    What was kept is summed up before it is believed, about a second a gigabyte: whoever reads pictures goes over all
    of them once anyway, for the checksum of each, and a bit that flipped on the disk would be learned from for ever.

    Args:
        files: all whose content, or mere presence, decides what is read.
        asked: how they are read, as JSON can have it.
        cache: its folder; made if need be.
        findings: get those of reading, also where nothing is read.
        read: decodes the files; its pictures may lie in memory.

    Returns:
        The pictures, mapped from a file of the cache.

    Raises:
        ThroughtimeError: the cache cannot be written, or what `read` raises.
    """
    folder = cache / "pictures"
    key = _key(files, asked)
    pixels, facts = folder / f"{key}.pixels", folder / f"{key}.json"
    there = facts.exists()
    known = _known(pixels, facts) if there else None
    if known is None:
        found = Findings()
        pictures = read(found)
        with kept_in_cache("the pictures", folder):
            folder.mkdir(parents=True, exist_ok=True)
            facts.unlink(missing_ok=True)  # of pixels that are damaged
            with written_apart(pixels) as file:
                pictures.pixels.tofile(file)
            said = _facts(pictures, found)
            said["checksum"] = _checksum(pixels, said)
            write_atomically(facts, json.dumps(said, ensure_ascii=False))
        if there:
            findings.left_out("kept pictures", "what the cache had of these was damaged: they were read anew", pixels)
        known = PictureSet(_mapped(pixels, pictures.pixels.shape), pictures.labels, pictures.places), found
    for finding in known[1]:
        findings.add(finding)
    return known[0]


def _key(files: Sequence[Path], asked: Sequence[Any]) -> str:
    """Changes when a file does, when one comes or goes, and with the way of reading."""
    states = []
    for file in files:
        with suppress(OSError):  # what cannot be read is said when it is read
            states.append([str(file), *state(file)])
    return hashlib.sha256(json.dumps([_FORMAT, states, asked]).encode()).hexdigest()[:32]


def _facts(pictures: PictureSet, findings: Findings) -> dict[str, Any]:
    places = [[str(path), line] for path, line in pictures.places]
    return {
        "shape": list(pictures.pixels.shape),
        "labels": list(pictures.labels),
        "places": places,
        "findings": findings.to_json(),
    }


def _known(pixels: Path, facts: Path) -> tuple[PictureSet, Findings] | None:
    """What the cache has; None if that is not what was written."""
    try:
        said = json.loads(facts.read_text(encoding="utf-8"))
        if said.pop("checksum") != _checksum(pixels, said):
            return None
        shape = tuple(said["shape"])
        places = [(Path(path), line) for path, line in said["places"]]
        findings = Findings.from_json(facts, said["findings"])
        return PictureSet(_mapped(pixels, shape), said["labels"], places), findings
    except Exception:  # damaged as it may be: it is read anew
        return None


def _checksum(pixels: Path, facts: dict[str, Any]) -> str:
    """Of both files."""
    with pixels.open("rb") as file:
        digest = hashlib.file_digest(file, hashlib.blake2b)
    digest.update(json.dumps(facts).encode())
    return digest.hexdigest()


def _mapped(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    return np.memmap(path, np.uint8, "r", shape=shape)
