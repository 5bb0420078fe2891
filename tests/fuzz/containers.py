"""Ways to damage what is inside a file, so that its outside still holds: JSON, TOML, arrays, archives, weights."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from fuzz.mutations import damaged

_VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1,
        0.5,
        1e308,
        float("nan"),
        float("inf"),
        20_000,
        10**9,
        2**63,
        10**30,
        "",
        "x",
        "nan",
    ),
    *("../../x", "/dev/zero", "a" * 20_000, [], {}, [[]], [0], ["a", "a"], {"a": 1}, [None]),
)
_TOML = (
    *("0", "-1", "1", "2", "7", "20000", "1000000000", "9223372036854775807", "0.5", "-0.5", "1e308", "nan", "inf"),
    *(
        "true",
        "false",
        '""',
        '"x"',
        '"auto"',
        '"lstm"',
        '"../../x"',
        "[]",
        "[1]",
        '["a"]',
        "{}",
        "{a = 1}",
        "2024-05-01",
    ),
    *("[" * 5000, '"' + "a" * 20_000 + '"', '"""', "'", "\x00"),
)
_SHAPES = ("(0,)", "()", "(1000000000000,)", "(2000000000, 3)", "(-1,)", "(3, 0)", "(1, 1, 1, 1)", "(99999,)", "(5")
_DTYPES = ("'|O'", "'<f8'", "'<c16'", "'<U9999999'", "'<M8[s]'", "'|V8'", "'>i2'", "'|b1'", "[('a','<f4')]", "'zz'")
_BOMB = 300 * 2**20
"""Bytes that a small archive unpacks to."""


def damaged_inside(name: str, content: bytes, random: Random) -> bytes:
    """A file with a fault, inside where it has an inside that is known here, else anywhere.

    Args:
        name: its name; the ending says what it holds.
        content: the whole one.
        random: decides.
    """
    ending = Path(name).suffix.lower()
    way = _INSIDE.get(ending)
    if way is None or random.random() < 0.25:
        return damaged(content, random)
    try:
        return way(content, random)
    except Exception:  # it has had a fault before, and its inside cannot be had any more
        return damaged(content, random)


def _json(content: bytes, random: Random) -> bytes:
    lines = content.decode().splitlines()
    if random.random() < 0.05:
        return b"[" * 50_000 if random.random() < 0.5 else b'{"a":' * 50_000
    try:
        return json.dumps(_changed(json.loads(content), random), ensure_ascii=random.random() < 0.5).encode()
    except ValueError:
        at = random.randrange(len(lines))  # a value a line
        lines[at] = json.dumps(_changed(json.loads(lines[at]), random))
        return "\n".join(lines).encode()


def _changed(value: Any, random: Random) -> Any:
    """One node of a tree is another, gone, or new."""
    if isinstance(value, dict) and value and random.random() < 0.9:
        name = random.choice(list(value))
        how = random.random()
        if how < 0.1:
            return {key: one for key, one in value.items() if key != name}
        if how < 0.2:
            return value | {random.choice(("", "x", "../x", name + name)): random.choice(_VALUES)}
        return value | {name: _changed(value[name], random)}
    if isinstance(value, list) and value and random.random() < 0.9:
        at, how = random.randrange(len(value)), random.random()
        if how < 0.1:
            return value[:at] + value[at + 1 :]
        if how < 0.2:
            return value[:at] + [value[at]] * random.choice((2, 3000)) + value[at + 1 :]
        return [*value[:at], _changed(value[at], random), *value[at + 1 :]]
    return random.choice(_VALUES)


def _toml(content: bytes, random: Random) -> bytes:
    lines = content.decode().splitlines()
    settings = [at for at, line in enumerate(lines) if " = " in line]
    at = random.choice(settings)
    how = random.random()
    if how < 0.75:
        lines[at] = f"{lines[at].split(' = ')[0]} = {random.choice(_TOML)}"
    elif how < 0.85:
        del lines[at]
    else:
        lines.insert(at, random.choice((lines[at], "x = 1", "[settings]", "[" * 3000, *(["a.b = 1"]))))
    return "\n".join(lines).encode()


def _npy(content: bytes, random: Random) -> bytes:
    """Another head of an array, of the same length."""
    length = struct.unpack("<H", content[8:10])[0]
    head, rest = content[10 : 10 + length].decode("latin-1"), content[10 + length :]
    how = random.randrange(4)
    if how == 0:
        head = re.sub(r"'shape': \([^)]*\)", lambda _: f"'shape': {random.choice(_SHAPES)}", head)
    elif how == 1:
        head = re.sub(r"'descr': '[^']*'", lambda _: f"'descr': {random.choice(_DTYPES)}", head)
    elif how == 2:
        head = head.replace("False", "True")
    else:
        return content[: 10 + length] + damaged(rest, random)
    head = head.rstrip("\n ").ljust(length - 1) + "\n"
    return content[:8] + struct.pack("<H", len(head)) + head.encode("latin-1") + rest


def _zip(content: bytes, random: Random) -> bytes:
    """Another member, one more, one fewer, or one that unpacks to far more."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    at, how = random.randrange(len(members)), random.random()
    name, inner = members[at]
    if how < 0.6:
        members[at] = name, damaged_inside(name, inner, random)
    elif how < 0.7:
        del members[at]
    elif how < 0.8:
        members.append((random.choice(("../../x", "/x", "x.npy", name, "__MACOSX/x")), inner))
    elif how < 0.9:
        members[at] = random.choice(("", "x", "y.npy", name.upper())), inner
    elif how < 0.92:
        members[at] = name, inner[:100] + bytes(_BOMB)
    packed = io.BytesIO()
    members = list(dict(members).items())  # a name twice is a warning of Python's
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, inner in members:
            # the time of now would make each case another
            archive.writestr(zipfile.ZipInfo(name or "unnamed"), inner, zipfile.ZIP_DEFLATED)
    return packed.getvalue() if how < 0.95 else damaged(packed.getvalue(), random)


def _safetensors(content: bytes, random: Random) -> bytes:
    """Another head of the weights, or another number among them."""
    length = struct.unpack("<Q", content[:8])[0]
    head, rest = json.loads(content[8 : 8 + length]), bytearray(content[8 + length :])
    how = random.random()
    if how < 0.3:
        at = random.randrange(0, max(1, len(rest) - 4), 4)
        rest[at : at + 4] = random.choice((b"\0\0\xc0\x7f", b"\0\0\x80\x7f", b"\xff\xff\x7f\x7f", random.randbytes(4)))
    elif how < 0.4:
        length_of_rest = random.choice((0, 1, len(rest) // 2, len(rest)))
        rest = rest[:length_of_rest] + bytearray(random.choice((0, 1, 8)))
    else:
        head = _changed(head, random)
    text = json.dumps(head).encode()
    return struct.pack("<Q", len(text)) + text + bytes(rest)


def _packed(pack: Callable[[bytes], bytes], unpack: Callable[[bytes], bytes]) -> Callable[[bytes, Random], bytes]:
    """Another content of a packed file, or one that unpacks to far more."""

    def way(content: bytes, random: Random) -> bytes:
        if random.random() < 0.02:
            return pack(bytes(_BOMB))
        return pack(damaged(unpack(content), random))

    return way


_INSIDE: dict[str, Callable[[bytes, Random], bytes]] = {
    ".json": _json,
    ".jsonl": _json,
    ".toml": _toml,
    ".npy": _npy,
    **dict.fromkeys((".npz", ".mxl", ".zip", ".xlsx"), _zip),
    ".safetensors": _safetensors,
    ".gz": _packed(lambda content: gzip.compress(content, 1, mtime=0), gzip.decompress),
    ".xz": _packed(lambda content: lzma.compress(content, preset=0), lzma.decompress),
    ".bz2": _packed(lambda content: bz2.compress(content, 1), bz2.decompress),
}
