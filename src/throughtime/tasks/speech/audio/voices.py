"""The built-in speech: composed sentences, in the many voices of eSpeak NG, in noisy places and quiet ones."""

from __future__ import annotations

import hashlib
import json
import platform
import random
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import numpy as np

from throughtime.data.archives import read_members
from throughtime.data.progress import counted
from throughtime.data.sources import Carrier, kept_in_cache
from throughtime.errors import ThroughtimeError
from throughtime.tasks.speech.audio.noise import COLOURS, noise, with_noise
from throughtime.tasks.speech.audio.opening import package
from throughtime.tasks.speech.audio.recording import Resampled
from throughtime.tasks.speech.audio.sentences import compose

ESPEAK_NG = {
    machine: Carrier(
        "espeakng-loader",
        "0.2.4",
        f"espeakng_loader-0.2.4-py3-none-{kind}.whl",
        sha256,
        "the speech synthesiser eSpeak NG 1.52 as a library, with its voices; GPL 3",
    )
    for machine, kind, sha256 in (
        (
            ("Linux", "x86_64"),
            "manylinux_2_17_x86_64.manylinux2014_x86_64",
            "08721baf27d13d461f6be6eed9a65277e70d68234ff484fd8b9897b222cdcb6d",
        ),
        (
            ("Linux", "aarch64"),
            "manylinux_2_28_aarch64",
            "d1e798141b46a050cdb75fcf3c17db969bb2c40394f3f4a48910655d547508b9",
        ),
        (
            ("Darwin", "arm64"),
            "macosx_11_0_arm64",
            "d27cdca31112226e7299d8562e889d3e38a1e48055c9ee381b45d669072ee59f",
        ),
        (
            ("Windows", "AMD64"),
            "win_amd64",
            "41f1e08ac9deda2efd1ea9de0b81dab9f5ae3c4b24284f76533d0a7b1dd7abd7",
        ),
    )
}
"""By system and machine, as the module platform names them: machine code fits one kind only."""
_HERE = (platform.system(), platform.machine())
CARRIERS = tuple(carrier for machine, carrier in ESPEAK_NG.items() if machine == _HERE)
"""That of this machine, or none."""
RATE = 16_000
SIZES = {"train": 3600, "valid": 300, "test": 400}
ACCENTS = ("gmw/en-US", "gmw/en", "gmw/en-GB-x-rp", "gmw/en-GB-scotland", "gmw/en-029", "gmw/en-US-nyc")
# no voice of one split is in another; each has men, women and old people
VARIANTS = {
    "train": (
        "f1 f3 f4 f5 m1 m2 m4 m5 m6 m8 Alex Alicia Denis Gene Jacky Lee Michael Reed adam announcer "
        "belinda benjamin boris david ed edward grandma iven linda max paul rob robert steph travis zac"
    ),
    "valid": "f2 m3 Annie quincy",
    "test": "m7 aunty Andy grandpa shelby victor",
}
_RECIPE = 1  # another number when the rest of this file makes other sound of the same requests
# of the signal over the noise, one as often as the other: a noisy place and a quiet one; nowhere is it quite silent
_DECIBELS = ((5.0, 25.0), (35.0, 60.0))
_SILENCE = ((0.1, 0.4), (0.3, 0.6))  # seconds before and after what is said
_LEVELS = (-20.0, -2.0)  # of the loudest sample, in decibels
_LIBRARY = ("libespeak-ng.so", "libespeak-ng.dylib", "espeak-ng.dll")
_PACKAGE = "espeakng_loader/"


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be said, and how; see `throughtime.tasks.speech.audio.espeak`."""

    text: str
    voice: str
    rate: int
    pitch: int
    range: int


def built_in_speech(cache: Path) -> Path:
    """The folder of the built-in corpus: train.tsv, valid.tsv, test.tsv and clips, made when first asked for.

    Args:
        cache: where it is kept.

    Raises:
        ThroughtimeError: no eSpeak NG for this machine, no network, a full disk.
    """
    recipe = json.dumps([_RECIPE, *([asdict(one) for one in requests_of(split)] for split in SIZES)])
    folder = cache / "speech" / f"espeak-{hashlib.sha256(recipe.encode()).hexdigest()[:16]}"
    if folder.is_dir():
        return folder
    with kept_in_cache("the built-in speech", cache):
        folder.parent.mkdir(parents=True, exist_ok=True)
        # once it has been renamed there is nothing to clean up
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="making-", ignore_cleanup_errors=True) as making:
            _render_all(Path(making))
            try:
                Path(making).rename(folder)
            except OSError:
                if not folder.is_dir():  # else another process was first
                    raise
    return folder


def _render_all(folder: Path) -> None:
    requests = {split: requests_of(split) for split in SIZES}
    (folder / "clips").mkdir()
    every = [(split, number, asked) for split, some in requests.items() for number, asked in enumerate(some)]
    rows: dict[str, list[str]] = {split: ["path\tsentence\tclient_id\tnoise"] for split in SIZES}
    spoken = speak([asked for _, _, asked in every])
    saying = counted(every, "speaking the built-in sentences")
    for (split, number, asked), samples in zip(saying, spoken, strict=True):
        chance = np.random.default_rng((tuple(SIZES).index(split), number))
        heard, background = _in_a_room(samples, chance)
        name = f"{split}-{number:05}.flac"
        package("soundfile").write(folder / "clips" / name, heard, RATE, subtype="PCM_16")
        rows[split].append(f"{name}\t{asked.text}\t{asked.voice}\t{background}")
    for split, lines in rows.items():
        (folder / f"{split}.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def requests_of(split: str) -> list[Request]:
    """Who says what in a split; no sentence and no voice of one is in another."""
    first = sum(count for name, count in SIZES.items() if name < split)
    sentences = compose(sum(SIZES.values()), seed=0)
    random.Random(0).shuffle(sentences)  # the later ones are of the longer kinds
    chance = random.Random(f"voices of {split}")
    return [
        Request(
            text,
            f"{chance.choice(ACCENTS)}+{chance.choice(VARIANTS[split].split())}",
            rate=chance.randint(105, 170),
            pitch=chance.randint(25, 75),
            range=chance.randint(30, 75),
        )
        for text in sentences[first : first + SIZES[split]]
    ]


def _in_a_room(samples: np.ndarray, chance: np.random.Generator) -> tuple[np.ndarray, str]:
    """A recording as a microphone would give it, and what is behind the voice."""
    before, after = (round(RATE * chance.uniform(*seconds)) for seconds in _SILENCE)
    colour, place = str(chance.choice(list(COLOURS))), int(chance.integers(len(_DECIBELS)))
    decibels = float(chance.uniform(*_DECIBELS[place]))
    heard = np.pad(samples, (before, after))
    heard = with_noise(heard, noise(colour, len(heard), RATE, chance), decibels)
    loudest = 10 ** (chance.uniform(*_LEVELS) / 20)
    return heard * (loudest / float(np.abs(heard).max())), f"{colour} {decibels:.0f} dB"


def speak(requests: Sequence[Request]) -> Iterator[np.ndarray]:
    """Samples, float32 (N,) at 16 kHz, of each request in turn; the same requests always sound the same.

    Raises:
        ThroughtimeError: no eSpeak NG for this machine, or it fails.
    """
    if not CARRIERS:
        raise ThroughtimeError(
            f"found no eSpeak NG for {' on '.join(_HERE)}, expected recordings of your own: "
            "throughtime train speech DATA"
        )
    with tempfile.TemporaryDirectory(prefix="espeak-") as place:
        library = _unpack(CARRIERS[0].path(), Path(place))
        command = [sys.executable, "-m", "throughtime.tasks.speech.audio.espeak", str(library)]
        command += [str(library.with_name("espeak-ng-data"))]
        asked = Path(place) / "requests.jsonl"
        asked.write_text("".join(json.dumps(asdict(one)) + "\n" for one in requests), encoding="utf-8")
        with (
            asked.open("rb") as file,
            subprocess.Popen(command, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process,
        ):
            assert process.stdout is not None
            assert process.stderr is not None
            try:
                yield from _answers(process.stdout, len(requests))
            except EOFError:
                said = process.stderr.read().decode(errors="replace").strip()
                reason = (said.splitlines() or [f"exit status {process.wait()}"])[-1]
                raise ThroughtimeError(f"found that eSpeak NG fails ({reason}), expected speech") from None
            finally:
                process.kill()


def _answers(stream: IO[bytes], count: int) -> Iterator[np.ndarray]:
    (rate,) = struct.unpack("<I", _exactly(stream, 4))
    for _ in range(count):
        (size,) = struct.unpack("<I", _exactly(stream, 4))
        said = np.frombuffer(_exactly(stream, size), dtype="<i2").astype(np.float32) / 32768
        turned = Resampled(rate, RATE)
        yield np.concatenate([turned.add(said), turned.end()])


def _exactly(stream: IO[bytes], size: int) -> bytes:
    content = stream.read(size)
    if len(content) < size:
        raise EOFError
    return content


def _unpack(wheel: Path, folder: Path) -> Path:
    """Write the library and its data into a folder; the path of the library."""
    library = None
    for name, content in read_members(wheel, lambda member: member.startswith(_PACKAGE)):
        path = folder / Path(name).relative_to(_PACKAGE)
        if ".." in path.parts:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        library = path if path.name in _LIBRARY else library
    if library is None:
        raise ThroughtimeError(f"found no library of eSpeak NG in {wheel.name}, expected one of {', '.join(_LIBRARY)}")
    return library
