"""Built-in pairs, Danish and English: messages of programs in fixed splits, and composed sentences to learn from."""

from __future__ import annotations

import tempfile
from pathlib import Path

from throughtime.data.archives import read_members
from throughtime.data.progress import counted
from throughtime.data.sources import Carrier
from throughtime.errors import ThroughtimeError
from throughtime.tasks.translation.corpora.catalogues import read_catalogue
from throughtime.tasks.translation.corpora.danish_phrases import phrases
from throughtime.tasks.translation.corpora.pair import Pair, Sides
from throughtime.tasks.translation.corpora.splits import alike, split_pairs

PLONE = Carrier(
    "plone.app.locales",
    "7.0.4",
    "plone_app_locales-7.0.4-py3-none-any.whl",
    "de96a5d0dc1fe5ab540fa6f993805c09da80a9518aa7a309e8cd1f433e3ae6aa",
    "Plone's messages and their translations into 70 languages, as .po files; GPL 2",
)
DJANGO = Carrier(
    "Django",
    "5.2.19",
    "django-5.2.19-py3-none-any.whl",
    "5965d974a5218a2b68a11dd1276434707f23886525c23f0598eccedaf4f4ca00",
    "Django's messages and their translations into 100 languages, as .po files; BSD",
)
CARRIERS = (PLONE, DJANGO)


def splits(sides: Sides) -> tuple[list[Pair], list[Pair], list[Pair]]:
    """Training, validation and test, without a sentence that two of them share on either side.

    The composed sentences are learned from only: what is judged by are messages that people have written.

    Args:
        sides: da and en, or en and da; none: Danish to English.

    Raises:
        ThroughtimeError: other sides; or the package files cannot be had.
    """
    source, target = sides.source or "da", sides.target or ("da" if sides.source == "en" else "en")
    if {source, target} != {"da", "en"}:
        raise ThroughtimeError(f"found the sides {source!r} and {target!r}, expected da and en for the built-in data")
    train, valid, test = split_pairs(messages(), seed=0, valid=0.05, test=0.1)
    taken = {alike(text) for pair in (*valid, *test) for text in (pair.source, pair.target)}
    composed = [Pair(english, said, Path("composed"), line) for line, (said, english) in enumerate(phrases(), 1)]
    train += [pair for pair in composed if taken.isdisjoint((alike(pair.source), alike(pair.target)))]
    if source == "en":
        return train, valid, test
    train, valid, test = ([Pair(p.target, p.source, p.path, p.line) for p in part] for part in (train, valid, test))
    return train, valid, test


def messages() -> list[Pair]:
    """The translated messages of all carriers, English to Danish, each once."""
    found: dict[tuple[str, str], Pair] = {}
    for carrier in CARRIERS:
        for pair in _read(carrier):
            found.setdefault((alike(pair.source), alike(pair.target)), pair)
    return list(found.values())


def _read(carrier: Carrier) -> list[Pair]:
    wheel, pairs = carrier.path(), []
    with tempfile.TemporaryDirectory(prefix="throughtime-") as folder:
        members = read_members(wheel, lambda name: "/da/LC_MESSAGES/" in name and name.endswith(".po"))
        for name, content in counted(members, f"reading the messages of {carrier.package}"):
            path = Path(folder) / "messages.po"
            path.write_bytes(content)
            pairs += [Pair(english, said, Path(name), line) for english, said, _, line in read_catalogue(path)]
    return pairs
