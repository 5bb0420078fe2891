"""Translation memories: TMX, and the XLIFF that translators' programs exchange."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

from throughtime.data.findings import Findings
from throughtime.data.packed import unpacked
from throughtime.data.text_files import content_of
from throughtime.errors import DataError
from throughtime.tasks.translation.corpora.pair import Pair, Sides, tidy

MEMORIES = (".tmx", ".xlf", ".xliff")
_CODES = {"bpt", "ept", "ph", "it", "ut", "x"}
"""Elements within a text that stand for its formatting: what is in them is no text."""
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def read_memory(path: Path, sides: Sides, findings: Findings) -> list[Pair]:
    """The pairs of a TMX or XLIFF file.

    Args:
        path: the file.
        sides: languages of the two sides ("da" stands for "da-DK", too); what is not told is the language that the
            file says it translates from, and the first other.
        findings: takes which languages were read, and what was left out.

    Raises:
        DataError: it is no such file, or has not these languages.
    """
    root = _parsed(path, findings)
    units = list(_units(root))
    languages = list(dict.fromkeys(language for _, unit in units for language in unit))
    source = _language(path, sides.source, languages, _source_language(root) or (languages or [""])[0])
    target = _language(path, sides.target, languages, next((one for one in languages if one != source), ""))
    findings.taken("format", f"a translation memory: {source} the source, {target} the target", path)
    if others := [language for language in languages if language not in (source, target)]:
        findings.taken("languages", f"not read: {', '.join(others[:8])}", path)
    pairs = []
    for number, unit in units:
        one, other = tidy(unit.get(source, "")), tidy(unit.get(target, ""))
        if one and other:
            pairs.append(Pair(one, other, path, number))
        else:
            findings.left_out("empty sides", "a unit without a text on both sides", path, number)
    if not pairs:
        raise DataError(path, "no unit with a text on both sides", "pairs of sentences")
    return pairs


def memory_sources(path: Path, sides: Sides, findings: Findings) -> list[str]:
    """What is to be translated of such a file, unit by unit; "" where a unit has nothing."""
    root = _parsed(path, findings)
    units = list(_units(root))
    languages = list(dict.fromkeys(language for _, unit in units for language in unit))
    source = _language(path, sides.source, languages, _source_language(root) or (languages or [""])[0])
    findings.taken("format", f"a translation memory: {source} is translated", path)
    return [tidy(unit.get(source, "")) for _, unit in units]


def _parsed(path: Path, findings: Findings) -> ET.Element:
    try:
        content = unpacked(path, content_of(path), findings)
        if re.search(rb"<!ENTITY", content):  # a few of these can grow to gigabytes
            raise DataError(path, "XML that declares entities", "a translation memory without")
        return ET.fromstring(content)
    except OSError as error:
        raise DataError(path, f"a file that cannot be read ({error.strerror})", "a translation memory") from error
    except ET.ParseError as error:
        raise DataError(path, f"no XML ({error.msg})", "a translation memory", error.position[0]) from error


def _units(root: ET.Element) -> Iterator[tuple[int, dict[str, str]]]:
    """The texts of each unit by language, numbered from 1."""
    number = 0
    for unit in root.iter():
        if _name(unit) == "tu":
            number += 1
            yield number, {_lang(one): _text(seg) for one in _named(unit, "tuv") for seg in _named(one, "seg")}
    for file in _named(root, "file"):
        languages = (
            file.get("source-language") or root.get("srcLang") or "source",
            file.get("target-language") or root.get("trgLang") or "target",
        )
        for unit in file.iter():
            if _name(unit) not in ("trans-unit", "segment"):
                continue
            number += 1
            found = (_named(unit, side) for side in ("source", "target"))
            yield number, {language: _text(one[0]) for language, one in zip(languages, found, strict=True) if one}


def _source_language(root: ET.Element) -> str | None:
    """The language that a file says it translates from."""
    for element in root.iter():
        found = element.get("srclang") or element.get("source-language") or element.get("srcLang")
        if found is not None:
            return None if found == "*all*" else found
    return None


def _language(path: Path, told: str | None, languages: list[str], usual: str) -> str:
    """The language of a side, as the file writes it."""
    wanted = (told or usual).lower().replace("_", "-")
    written = {language.lower().replace("_", "-"): language for language in reversed(languages)}
    found = written.get(wanted) or next((own for low, own in written.items() if low.split("-")[0] == wanted), None)
    if found is None:
        shown = ", ".join(languages[:8]) or "none"
        raise DataError(path, f"the languages {shown}", f"{told!r} among them" if told else "two languages")
    return found


def _text(element: ET.Element) -> str:
    """All the text in an element, without formatting codes."""
    parts = [element.text or ""]
    for child in element:
        parts += ["" if _name(child) in _CODES else _text(child), child.tail or ""]
    return "".join(parts)


def _named(element: ET.Element, name: str) -> list[ET.Element]:
    return [child for child in element if _name(child) == name]


def _name(element: ET.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _lang(element: ET.Element) -> str:
    return element.get(_LANG) or element.get("lang") or ""
