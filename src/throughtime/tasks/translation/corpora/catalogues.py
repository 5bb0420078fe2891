"""Catalogues of messages and their translations, as gettext has them: .po and .mo files, read by polib."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from throughtime.data.findings import Findings
from throughtime.errors import DataError, MissingExtraError
from throughtime.tasks.translation.corpora.pair import tidy

CATALOGUES = (".po", ".mo")
_IDENTIFIER = re.compile(r"[a-z0-9]+(?:[_.:-][a-z0-9]+)+", re.IGNORECASE)
_DEFAULT = re.compile(r'Default:\s*"((?:[^"\\]|\\.)*)"', re.DOTALL)
_PLACE = re.compile(r"\(line (\d+)\)(?:: )?(.*)", re.DOTALL)

Message = tuple[str, str, Path, int]
"""Source, target, file, line (of a .mo file: which message)."""


def read_catalogue(
    path: Path, source: str = "msgid", target: str = "msgstr", *, findings: Findings | None = None
) -> list[Message]:
    """The messages of a catalogue that are translated; fuzzy and obsolete ones are left out.

    A message whose msgid is an identifier (`label_upgrade`) stands for the text that a comment `Default: "Upgrade"`
    gives, as Zope's and Plone's catalogues have it; without one it is left out. Singular and plural are two messages.

    Args:
        path: a .po or .mo file.
        source: which side is read, msgid or msgstr.
        target: the other one.
        findings: takes what was left out.

    Raises:
        DataError: it is no such file, or damaged.
        MissingExtraError: polib is missing.
    """
    findings = Findings() if findings is None else findings
    messages = _messages(path, _entries(path), findings)
    found = (({"msgid": one, "msgstr": other}, line) for one, other, line in messages)
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


def _messages(path: Path, entries: list[Any], findings: Findings) -> Iterator[tuple[str, str, int]]:
    """Source, target and line of each, singular and plural apart."""
    for number, entry in enumerate(entries, 1):
        line = getattr(entry, "linenum", None) or number
        if entry.obsolete or "fuzzy" in getattr(entry, "flags", ()):
            why = "an obsolete message" if entry.obsolete else "a message marked as fuzzy"
            findings.left_out("messages", why, path, line)
            continue
        plural = dict(entry.msgstr_plural)
        sides = [(entry.msgid, plural.get(0, entry.msgstr))]
        if entry.msgid_plural:
            sides.append((entry.msgid_plural, plural.get(1, "")))
        if more := [form for form, text in plural.items() if form > 1 and text.strip()]:
            findings.left_out("messages", "a plural form beyond the second", path, line, len(more))
        default = _DEFAULT.search(getattr(entry, "comment", "") or "")
        for source, target in sides:
            if not target.strip():
                findings.left_out("messages", "a message without a translation", path, line)
                continue
            if _IDENTIFIER.fullmatch(source):
                source = default[1].replace('\\"', '"') if default else ""
            if source.strip():
                yield tidy(source), tidy(target), line
            else:
                findings.left_out("messages", "an identifier without a text of its own", path, line)
