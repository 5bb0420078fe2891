"""Names of people, places and organisations, apart for each split: lists out of the package Faker."""

from __future__ import annotations

import ast
import hashlib
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from throughtime.data.archives import read_members
from throughtime.data.sources import Carrier
from throughtime.errors import DataError

Split = Literal["train", "valid", "test"]

FAKER = Carrier(
    "Faker",
    "40.54.0",
    "faker-40.54.0-py3-none-any.whl",
    "2dd88ee8cb63a9149e19ef48bdd73879bc3854d8ba2d6c1535e902a762e603f7",
    "lists of first names, last names, places and words that companies are named with; MIT",
)
# where the lists stand: the provider's folder, and the names of its lists
_LANGUAGES = ("en", "en_US", "en_GB", "en_IN", "de_DE", "fr_FR", "es_ES", "it_IT", "da_DK", "sv_SE", "nl_NL", "pl_PL")
_FIRST = {f"person/{language}": ("first_names_male", "first_names_female") for language in _LANGUAGES}
_LAST = {f"person/{language}": ("last_names", "male_last_names") for language in _LANGUAGES}
_PLACES = {
    "address/en": ("countries",),
    "address/en_US": ("states",),
    "address/en_GB": ("counties",),
    "address/de_DE": ("cities",),
    "address/sv_SE": ("cities",),
    "address/pl_PL": ("cities",),
    "address/fi_FI": ("cities",),
    "date_time": ("countries",),  # of each country's record, its capital
}
# Names of the sentences that everyone tries first, and of the pairs in benchmarks/entities.py: never in training.
_TEST_ALONE = (
    "Harry Potter Hermione Granger Teddy Roosevelt Franklin Theodore Chelsea Clinton Graham Greene Morgan Freeman "
    "Morris Chang Bartlett Giamatti Stanley Kubrick Victoria Beckham Jack Nicholson Edison Cavani"
)

# how often a name is written in each way, in percent
_PERSONS = {
    "{first} {last}": 47,
    "{first}": 16,
    "{last}": 14,
    "{first} {letter}. {last}": 7,
    "{letter}. {last}": 5,
    "{first} {first} {last}": 5,
    "{first} {last} - {last}": 4,
    "{first} {last} Jr.": 2,
}
_PLACES_AS = {
    "{place}": 76,
    "{last}ville": 3,
    "{last}ton": 3,
    "{last}bury": 3,
    "{last}field": 3,
    "{last} City": 2,
    "{last} Falls": 2,
    "New {last}": 2,
    "Port {last}": 2,
    "Lake {last}": 2,
    "North {last}": 2,
}
_ORGANISATIONS = {
    "{last} {form}": 35,
    "{letter}{letter}{letter}": 10,
    "{letter}{letter}{letter}{letter}": 4,
    "University of {place}": 8,
    "{last} and Sons": 6,
    "{last} & {last}": 6,
    "{last} , {last} and {last}": 5,
    "{last} - {last}": 5,
    "Bank of {place}": 5,
    "{place} University": 5,
    "{place} United": 5,
    "{place} City Council": 3,
    "{last} Foundation": 3,
}
_FORMS = ("Inc.", "Ltd.", "Corp.", "Group", "Holdings", "Industries", "Bank", "Airlines", "Motors", "Foods", "Energy")
_PART = re.compile(r"\{([a-z]+)\}")


@dataclass(frozen=True)
class Names:
    """The names that one split may use.

    Args:
        first: first names.
        last: last names.
        place: towns, states, countries; some of several words.
    """

    first: Sequence[str]
    last: Sequence[str]
    place: Sequence[str]
    letter: Sequence[str] = "ABCDEFGHIJKLMNOPRSTUVW"
    form: Sequence[str] = _FORMS

    def person(self, draw: random.Random) -> str:
        """A person as news name one, words apart by spaces."""
        return self._one(_PERSONS, draw)

    def location(self, draw: random.Random) -> str:
        """A town, a state, a country; a quarter of them composed of last names."""
        return self._one(_PLACES_AS, draw)

    def organisation(self, draw: random.Random) -> str:
        """A company, a bank, a university, a club."""
        return self._one(_ORGANISATIONS, draw)

    def _one(self, ways: Mapping[str, int], draw: random.Random) -> str:
        way = draw.choices(list(ways), list(ways.values()))[0]
        return _PART.sub(lambda part: draw.choice(getattr(self, part.group(1))), way)


def split_of(name: str) -> Split:
    """The split of a name, by its letters: a tenth is valid, a tenth test; test are also those that everyone tries.

    Example:
        >>> split_of("Granger")
        'test'
    """
    if name in _TEST_ALONE.split():
        return "test"
    number = hashlib.sha256(name.encode()).digest()[0] % 10
    return "test" if number == 0 else "valid" if number == 1 else "train"


def read_names() -> dict[Split, Names]:
    """The names of each split; none is in two of them, in whatever role.

    Raises:
        ThroughtimeError: the package file that carries them cannot be had, or is another.
    """
    wheel = FAKER.path()
    folders = {f"faker/providers/{name}/__init__.py": name for name in (*_FIRST, *_LAST, *_PLACES)}
    sources = {folders[member]: content for member, content in read_members(wheel, lambda name: name in folders)}
    if missing := set(folders.values()) - set(sources):
        raise DataError(wheel, f"no list {min(missing)}", "the lists of Faker")
    lists = [
        sorted({word for folder, names in table.items() for word in _strings(sources[folder], folder, names)})
        for table in (_FIRST, _LAST, _PLACES)
    ]
    parts: dict[Split, Names] = {}
    for split in ("train", "valid", "test"):
        parts[split] = Names(*([name for name in names if _split_of_words(name) == split] for names in lists))
    return parts


def _split_of_words(name: str) -> Split:
    """That of a name's longest word."""
    return split_of(max(name.split(), key=len))


def _strings(source: bytes, folder: str, names: Sequence[str]) -> Iterator[str]:
    """The usable strings of some lists in Python source, which is read and never run."""
    for node in ast.walk(ast.parse(source)):
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if any(isinstance(target, ast.Name) and target.id in names for target in targets):
            value = node.value if isinstance(node, (ast.Assign, ast.AnnAssign)) else None
            for word in _constants(value) if folder != "date_time" else _capitals(value):
                if _is_usable(word):
                    yield word


def _constants(node: ast.AST | None) -> Iterator[str]:
    for part in ast.walk(node) if node is not None else ():
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value


def _capitals(node: ast.AST | None) -> Iterator[str]:
    """What stands under "capital" in each record."""
    for part in ast.walk(node) if node is not None else ():
        if isinstance(part, ast.keyword) and part.arg == "capital":
            yield from _constants(part.value)
        elif isinstance(part, ast.Dict):
            for key, value in zip(part.keys, part.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "capital":
                    yield from _constants(value)


def _is_usable(name: str) -> bool:
    """Capitalised words of letters, at most three."""
    words = name.split()
    return len(words) <= 3 and len(name) > 2 and name[0].isupper() and all(word.isalpha() for word in words)
