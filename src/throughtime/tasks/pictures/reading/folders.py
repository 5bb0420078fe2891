"""Pictures in folders: of any sizes, a folder a class where there are such, splits where folders are called so."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from throughtime.data.findings import Findings
from throughtime.errors import DataError
from throughtime.tasks.pictures.reading.decode import SUFFIXES


@dataclass(frozen=True)
class Found:
    """A picture file and its class.

    Args:
        path: the file.
        label: the name of its class's folder; None where there are no classes.
    """

    path: Path
    label: str | None


def find_pictures(folder: Path, findings: Findings) -> list[Found]:
    """The picture files of a folder and those in it, in order of their names.

    A folder that holds pictures only in folders has a class for each of these.

    Raises:
        DataError: there is none.
    """
    files = visible_files(folder)
    pictures = [path for path in files if path.suffix.lower() in SUFFIXES]
    for other in files:
        if other.suffix.lower() not in SUFFIXES:
            findings.left_out(
                "unread files", f"a file that is no picture by its name ({other.suffix or 'no ending'})", other
            )
    if not pictures:
        raise DataError(folder, "a folder without pictures", f"files ending in {', '.join(SUFFIXES)}")
    classes = {path.relative_to(folder).parts[0] for path in pictures if path.parent != folder}
    loose = sum(path.parent == folder for path in pictures)
    if len(classes) < 2 or loose:
        findings.taken("classes", "none: the pictures are not in two or more folders of their own", folder)
        return [Found(path, None) for path in pictures]
    findings.taken("classes", f"{len(classes)}, the folders' names", folder)
    return [Found(path, path.relative_to(folder).parts[0]) for path in pictures]


def visible_files(folder: Path) -> list[Path]:
    """All files of a folder and those in it, in order of their names, but hidden ones."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and not _hidden(path, folder)]


def _hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in path.relative_to(folder).parts)
