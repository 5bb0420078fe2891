"""Catalogues of messages and their translations, as gettext has them: .po and .mo files, read by polib."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from throughtime.errors import DataError, MissingExtraError

CATALOGUES = (".po", ".mo")
_IDENTIFIER = re.compile(r"[a-z0-9]+(?:[_.:-][a-z0-9]+)+", re.IGNORECASE)
_DEFAULT = re.compile(r'Default:\s*"((?:[^"\\]|\\.)*)"', re.DOTALL)
_PLACE = re.compile(r"\(line (\d+)\)(?:: )?(.*)", re.DOTALL)

Message = tuple[str, str, Path, int]
"""Source, target, file, line (of a .mo file: which message)."""


def read_catalogue(path: Path, source: str = "msgid", target: str = "msgstr") -> list[Message]:
    """The messages of a catalogue that are translated; fuzzy and obsolete ones are left out.

    A message whose msgid is an identifier (`label_upgrade`) stands for the text that a comment `Default: "Upgrade"`
    gives, as Zope's and Plone's catalogues have it; without one it is left out. Singular and plural are two messages.

    Args:
        path: a .po or .mo file.
        source: which side is read, msgid or msgstr.
        target: the other one.

    Raises:
        DataError: it is no such file, or damaged.
        MissingExtraError: polib is missing.
    """
    found = (({"msgid": one, "msgstr": other}, line) for one, other, line in _messages(_entries(path)))
    return [(text[source], text[target], path, line) for text, line in found]


def _entries(path: Path) -> list[Any]:
    try:
        import polib
    except ImportError as error:
        raise MissingExtraError("polib", "translation", "reading .po and .mo files") from error
    kind = "a .mo file of gettext" if path.suffix.lower() == ".mo" else "a .po file of gettext"
    if path.is_dir():
        raise DataError(path, "a folder", kind)
    if path.stat().st_size == 0:
        raise DataError(path, "an empty file", kind)
    try:
        return list(polib.mofile(str(path)) if path.suffix.lower() == ".mo" else polib.pofile(str(path)))
    except UnicodeDecodeError as error:
        found = f"the byte 0x{error.object[error.start]:02x}, which is not {error.encoding},"
        raise DataError(path, found, f"{kind} in the encoding that its header says") from error
    except LookupError as error:
        raise DataError(path, f"a header with an unknown encoding ({error})", kind) from error
    except (
        Exception
    ) as error:  # polib raises OSError for bad syntax; damaged binaries raise what their broken part raises
        place = _PLACE.search(str(error))
        reason = " ".join((place[2] if place else str(error)).split()) or "its structure is broken"
        raise DataError(path, f"no catalogue ({reason})", kind, line=int(place[1]) if place else None) from error


def _messages(entries: list[Any]) -> Iterator[tuple[str, str, int]]:
    for number, entry in enumerate(entries, 1):
        if entry.obsolete or "fuzzy" in getattr(entry, "flags", ()):
            continue
        line = getattr(entry, "linenum", None) or number
        plural = dict(entry.msgstr_plural)
        sides = [(entry.msgid, plural.get(0, entry.msgstr))]
        if entry.msgid_plural:
            sides.append((entry.msgid_plural, plural.get(1, "")))
        default = _DEFAULT.search(getattr(entry, "comment", "") or "")
        for source, target in sides:
            if _IDENTIFIER.fullmatch(source):
                source = default[1].replace('\\"', '"') if default else ""
            source, target = " ".join(source.split()), " ".join(target.split())
            if source and target:
                yield source, target, line
