"""Ways to damage a file: bytes of any kind, and lines, fields and numbers of a text."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

INTEGERS = (0, 1, -1, 2, 127, 128, 255, 256, 32767, 65535, 65536, 10**6, 10**9, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1)
NUMBERS = (
    "0", "-0", "-1", "1", "2", "0.5", "-3.7", "1e-320", "1e13", "1e30", "1e308", "1e400", "-1e400", "nan", "inf",
    "-inf", "99999999999999999999", "20000", "65536", "1000000000", "2147483648", "9223372036854775808", "1_000",
    "0x10", "1,5", "١٢", "½", "", "x",
)  # fmt: skip
WORDS = (
    b"", b" ", b"\0", b'"', b"'", b'""', b'"a', b"\\", b"\t", b"\n", b"\r", b",", b";", b"\x1b[31m", b"\xff", b"\xc3",
    b"\xed\xa0\x80", b"\xef\xbb\xbf", "\u2028".encode(), "\u202e".encode(), "e\u0301".encode(), "\U0001f600".encode(),
    b"../../x", b"/dev/zero", b"..", b"-", b"--help", b"=1+1", b"%s%n", b"${HOME}", b"nan", b"None", b"null", b"true",
    b"[", b"{", b"<", b"&a;", b"a" * 20_000, b"[" * 20_000, b"#", b"O", b"B-", b"I-x", b"|", b"__label__",
)  # fmt: skip
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_FIELD = re.compile(rb"[^\s,;:|<>\"'=\[\]{}()]+")
_LARGEST = 2**21  # bytes that a damaged file may have
Mutation = Callable[[bytes, Random], bytes]


def damaged(content: bytes, random: Random) -> bytes:
    """A file with one to four faults.

    Args:
        content: the whole one.
        random: decides which, and where.
    """
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        ways = _TEXT if is_text(content) and random.random() < 0.8 else _BYTES
        content = random.choice(ways)(content, random)[:_LARGEST]
    return content


def is_text(content: bytes) -> bool:
    """Whether it can be read as text."""
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in content[:1000]


def _span(content: bytes, random: Random, longest: int = 64) -> slice:
    """A place in it; near the beginning, where heads are, as often as anywhere."""
    ahead = min(len(content), 256) if random.random() < 0.5 else len(content)
    start = random.randrange(ahead + 1)
    return slice(start, start + random.randrange(1, longest))


def _replaced(content: bytes, where: slice, new: bytes) -> bytes:
    return content[: where.start] + new + content[where.stop :]


# -- of bytes ------------------------------------------------------------------------------------------------


def flip(content: bytes, random: Random) -> bytes:
    """Up to eight bits are others."""
    changed = bytearray(content)
    for _ in range(random.randrange(1, 9)):
        if changed:
            changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def overwrite(content: bytes, random: Random) -> bytes:
    """A stretch is noise, zeros or ones."""
    where = _span(content, random)
    length = len(content[where])
    return _replaced(content, where, random.choice((bytes(length), b"\xff" * length, random.randbytes(length))))


def number(content: bytes, random: Random) -> bytes:
    """Two, four or eight bytes are a number at an edge: a length, a count, a rate."""
    size, order = random.choice((2, 4, 8)), random.choice(("little", "big"))
    value = random.choice(INTEGERS) % 2 ** (8 * size)
    start = _span(content, random).start
    return _replaced(content, slice(start, start + size), value.to_bytes(size, order))  # type: ignore[arg-type]


def cut(content: bytes, random: Random) -> bytes:
    """It breaks off."""
    return content[: _span(content, random).start]


def grow(content: bytes, random: Random) -> bytes:
    """There is more after its end."""
    return content + random.choice((bytes(1), bytes(5000), random.randbytes(100), content[:1000], b"\n"))


def remove(content: bytes, random: Random) -> bytes:
    """A stretch is gone."""
    return _replaced(content, _span(content, random), b"")


def double(content: bytes, random: Random) -> bytes:
    """A stretch is there twice, or a thousand times."""
    where = _span(content, random)
    return _replaced(content, where, content[where] * random.choice((2, 2, 1000)))


def insert(content: bytes, random: Random) -> bytes:
    """A strange word stands in it."""
    start = random.randrange(len(content) + 1)
    return content[:start] + random.choice(WORDS) + content[start:]


# -- of texts ------------------------------------------------------------------------------------------------


def change_number(content: bytes, random: Random) -> bytes:
    """A number is another."""
    return _change(content, random, _NUMBER, lambda: random.choice(NUMBERS).encode())


def change_all_numbers(content: bytes, random: Random) -> bytes:
    """A column of one value, or nothing that moves: every number with more than one digit is the same."""
    return re.sub(rb"-?\d+\.\d+", random.choice(NUMBERS).encode(), content)


def change_field(content: bytes, random: Random) -> bytes:
    """A word is another."""
    return _change(content, random, _FIELD, lambda: random.choice(WORDS))


def _change(content: bytes, random: Random, pattern: re.Pattern[bytes], new: Callable[[], bytes]) -> bytes:
    found = list(pattern.finditer(content[:100_000]))
    if not found:
        return insert(content, random)
    chosen = random.choice(found)
    return content[: chosen.start()] + new() + content[chosen.end() :]


def lines(content: bytes, random: Random) -> bytes:
    """Lines are gone, doubled, in another order, or very many."""
    parts = content.splitlines(keepends=True) or [b""]
    at = random.randrange(len(parts))
    how = random.randrange(5)
    if how == 0:
        del parts[at : at + random.choice((1, 1, 10))]
    elif how == 1:
        parts[at:at] = [parts[at]] * random.choice((1, 1, 3000))
    elif how == 2:
        random.shuffle(parts)
    elif how == 3:
        parts = parts[: at + 1]
    else:
        parts[at] = random.choice(WORDS) + b"\n"
    return b"".join(parts)


def ends(content: bytes, random: Random) -> bytes:
    """Other line ends."""
    return content.replace(b"\n", random.choice((b"\r", b"\r\n", b"\n\n", b"", b"\n\r", "\u2028".encode())))


def delimiter(content: bytes, random: Random) -> bytes:
    """Another mark between the fields."""
    old, new = random.sample((b",", b"\t", b";", b"|", b" ", b":"), 2)
    return content.replace(old, new)


def encoding(content: bytes, random: Random) -> bytes:
    """Another encoding."""
    text = content.decode(errors="replace")
    return text.encode(random.choice(("utf-16", "utf-16-be", "utf-8-sig", "latin-1", "utf-32")), errors="replace")


def character(content: bytes, random: Random) -> bytes:
    """A character is gone, or in the other case."""
    where = slice(start := random.randrange(len(content) + 1), start + 1)
    return _replaced(content, where, random.choice((b"", content[where].swapcase(), b'"', b" ", b"-")))


_BYTES: tuple[Mutation, ...] = (flip, overwrite, number, number, cut, grow, remove, double, insert, flip)
_TEXT: tuple[Mutation, ...] = (
    change_number, change_number, change_field, change_field, lines, lines, ends, delimiter, encoding, character,
    character, change_all_numbers, insert, cut,
)  # fmt: skip
