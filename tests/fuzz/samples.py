"""Whole files of every format that an application reads, small ones, to be damaged."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from helpers import music_files, speech_files
from throughtime import tasks

STORED = Path(__file__).parents[1] / "tasks" / "stored_runs"
STAND_IN = "DATA-FOLDER"
"""What stands in a stored run's config.toml for the folder of its data."""


@dataclass(frozen=True)
class Sample:
    """Data that can be read.

    Args:
        task: the application that reads it.
        folder: holds all of it.
        argument: what the application is given, from that folder.
        options: of reading it.
    """

    task: str
    folder: Path
    argument: str
    options: tuple[str, ...] = ()


def write_samples(place: Path) -> list[Sample]:
    """Write all of them, each into a folder of its own; the stored runs' data are among them."""
    samples = []
    for stored in sorted(path for path in STORED.iterdir() if (path / "run").is_dir()):
        task = stored.name.partition("-")[0]
        folder = place / f"stored-{stored.name}"
        shutil.copytree(stored / "data", folder / "data")
        inside = sorted((folder / "data").iterdir())
        alone = inside[0].relative_to(folder).as_posix() if len(inside) == 1 else "data"
        samples.append(Sample(task, folder, alone))
    random = np.random.default_rng(0)
    for write in (_tracks, _clips, _sound, _music, _pictures, _texts):
        for number, (task, files, argument, *options) in enumerate(write(random)):
            if task not in tasks.names:  # a house without it
                continue
            folder = place / f"{write.__name__[1:]}-{number}"
            for name, content in files.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
            samples.append(Sample(task, folder, argument, tuple(options)))
    return samples


Written = Iterator[tuple[Any, ...]]
"""Application, files by their names, argument, options."""


def _tracks(random: np.random.Generator) -> Written:
    def table(head: str, form: str) -> str:
        rows = [
            form.format(i=i, k=k, s=k * 0.5, e=1_700_000_000_000 + k * 400, x=3 + i + k * 0.4, y=0.1 * i * k, d=k + 10)
            for i in range(5)
            for k in range(24)
        ]
        return "\n".join([head, *rows] if head else rows) + "\n"

    for head, form in (
        ("id,t,x,y", "{i},{s},{x:.3f},{y:.3f}"),
        ("scene,track_id,frame,x,y,z", "{i},1,{k},{x:.3f},{y:.3f},0"),
        ("", "{k} {i} {x:.3f} {y:.3f}"),
        ('"id";"t [ms]";"x";"y"', '"{i}";{e};{x:.3f};{y:.3f}'),
        ("player\tdatetime\tx\ty", "{i}\t2024-05-01T12:00:{d}.5Z\t{x:.3f}\t{y:.3f}"),
        ("mmsi,time,lat,lon", "{i},{k},55.{d},12.{d}{i}"),
        ("", "{k},{i},{x:.2f},{y:.2f},20,30,1,-1,-1,-1"),
    ):
        yield "trajectory", {"tracks.csv": table(head, form)}, "tracks.csv"


def _array(values: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.save(content, values)
    return content.getvalue()


def _arrays(**values: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.savez_compressed(content, **values)  # type: ignore[arg-type]
    return content.getvalue()


def _clips(random: np.random.Generator) -> Written:
    def walk(steps: int, width: int) -> np.ndarray:
        return random.normal(size=(steps, width)).cumsum(axis=0)

    many = np.stack([walk(12, 3) for _ in range(12)])
    labels = np.arange(12) % 2
    names = [f"{'ab'[n % 2]}/{n}" for n in range(8)]
    csv = "\n".join(",".join(f"{v:.3f}" for v in row) for row in walk(10, 3))
    yield "video", {f"{name}.npy": _array(walk(10, 3)) for name in names}, "."
    yield "video", {f"{name}.csv": "x,y,z\n" + csv for name in names}, "."
    yield "video", {f"{name}/{k}.npy": _array(walk(1, 3)[0]) for name in names for k in range(5)}, "."
    yield "video", {"X.npy": _array(many), "y.npy": _array(labels)}, "X.npy"
    yield "video", {"d.npz": _arrays(x_train=many, y_train=labels, x_test=many[:4], y_test=labels[:4])}, "d.npz"
    cases = [
        ":".join(",".join(f"{v:.3f}" for v in row) for row in walk(10, 3).T) + f":{'ab'[n % 2]}" for n in range(10)
    ]
    yield "video", {"d.ts": "@problemName d\n@classLabel true a b\n@data\n" + "\n".join(cases) + "\n"}, "d.ts"
    weka = "@relation d\n@attribute v0 numeric\n@attribute v1 numeric\n@attribute v2 real\n@attribute c {a,b}\n@data\n"
    yield "video", {"d.arff": weka + "\n".join(f"{n},{n / 3:.2f},1,{'ab'[n % 2]}" for n in range(10)) + "\n"}, "d.arff"
    long = [f"{n},{k},{n + k * 0.1:.2f},{k},{'ab'[n % 2]}" for n in range(8) for k in range(6)]
    yield "video", {"d.csv": "id,time,v,w,label\n" + "\n".join(long) + "\n"}, "d.csv"
    listed = {f"{n}.npy": _array(walk(9, 4)) for n in range(8)}
    yield "video", {**listed, "l.csv": "path,label\n" + "".join(f"{n}.npy,{n % 2}\n" for n in range(8))}, "l.csv"
    yield "video", {f"{name}.mp4": _film(random, number) for number, name in enumerate(names[:6])}, "."


def _film(random: np.random.Generator, number: int) -> bytes:
    import av

    content = io.BytesIO()
    with av.open(content, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 16
        for shown in range(6):
            pixels = np.full((16, 16, 3), 20 * shown + 5 * number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return content.getvalue()


def _sound(random: np.random.Generator) -> Written:
    import soundfile

    def spoken(ending: str, text: str) -> bytes:
        content = io.BytesIO()
        sound = speech_files.say(text, random)
        soundfile.write(content, sound, speech_files.RATE, format=ending)
        return content.getvalue()

    texts = ["ab", "ba c", "cab", "a b"]
    for ending in ("wav", "mp3", "ogg", "flac"):
        files: dict[str, bytes | str] = {f"{n}.{ending}": spoken(ending, text) for n, text in enumerate(texts)}
        beside: dict[str, bytes | str] = {f"{n}.txt": text for n, text in enumerate(texts)}
        lines: dict[str, str] = {
            "m.csv": "path,text\n" + "".join(f"{n}.{ending},{text}\n" for n, text in enumerate(texts)),
            "m.jsonl": "".join(
                json.dumps({"audio_filepath": f"{n}.{ending}", "offset": 0.1, "duration": 0.3, "text": text}) + "\n"
                for n, text in enumerate(texts)
            ),
        }
        yield "speech", {**files, **beside}, "."
        for name, content in lines.items():
            yield "speech", {**files, name: content}, name
    kaldi = {
        "wav.scp": "r1 0.wav\nr2 1.wav\n",
        "segments": "u1 r1 0.0 0.2\nu2 r1 0.2 0.4\nu3 r2 0.0 0.3\n",
        "text": "u1 ab\nu2 b\nu3 ba\n",
        "utt2spk": "u1 s1\nu2 s2\nu3 s3\n",
    }
    yield "speech", {"0.wav": spoken("wav", "abc"), "1.wav": spoken("wav", "ba b"), **kaldi}, "."


def _music(random: np.random.Generator) -> Written:
    def tune(*pitches: int) -> bytes:
        notes = (bytes([0, 0x90, 60 + p, 64, 96, 0x80, 60 + p, 0]) for p in pitches)
        return b"".join(notes) + music_files.END

    starts = ((0, 4, 7, 5), (7, 5, 4, 2), (12, 11, 9, 7), (2, 4, 5, 2))
    files: dict[str, bytes | str] = {
        f"{n}.mid": music_files.midi(tune(*start, 4, 2, 0), division=96 + n) for n, start in enumerate(starts)
    }
    score = music_files.musicxml("<measure>" + "".join(music_files.note(s, 4, 2) for s in "CDEFG") + "</measure>")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, inner in (("META-INF/container.xml", music_files.CONTAINER), ("score.xml", score)):
            archive.writestr(zipfile.ZipInfo(name), inner)
    yield "music", files, "."
    yield "music", {**files, "a.musicxml": score, "b.xml": score, "c.mxl": packed.getvalue()}, "."
    yield "music", {"rolls.mat": _matlab(random)}, "rolls.mat"


def _matlab(random: np.random.Generator) -> bytes:
    from scipy.io import savemat

    content = io.BytesIO()
    rolls = np.empty((1, 3), dtype=object)
    for number in range(3):
        rolls[0, number] = (random.random((12, 88)) < 0.05).astype(np.uint8)
    savemat(content, {"traindata": rolls, "validdata": rolls, "testdata": rolls}, do_compression=True)
    return content.getvalue()


def _pictures(random: np.random.Generator) -> Written:
    from PIL import Image

    def picture(kind: str) -> bytes:
        content = io.BytesIO()
        Image.fromarray(random.integers(0, 255, (16, 16, 3), dtype=np.uint8)).save(content, kind)
        return content.getvalue()

    for kind in ("png", "jpeg", "gif", "bmp", "webp", "tiff", "ppm"):
        yield "autoencoder", {f"{n % 2}/{n}.{kind}": picture(kind) for n in range(8)}, "."
    many = random.integers(0, 255, (10, 12, 12), dtype=np.uint8)
    head = np.array([0x803, 10, 12, 12], ">i4").tobytes()
    yield "vae", {"train-images-idx3-ubyte": head + many.tobytes()}, "train-images-idx3-ubyte"
    yield "vae", {"a-idx3-ubyte.gz": gzip.compress(head + many.tobytes(), mtime=0)}, "a-idx3-ubyte.gz"
    yield "gan", {"p.npy": _array(many)}, "p.npy"
    yield "autoencoder", {"p.npz": _arrays(images=many, labels=np.arange(10) % 2)}, "p.npz"
    import pyarrow
    from pyarrow import parquet

    content = io.BytesIO()
    table = {"image": [{"bytes": picture("png"), "path": None} for _ in range(6)], "label": [0, 1] * 3}
    parquet.write_table(pyarrow.table(table), content)
    yield "autoencoder", {"p.parquet": content.getvalue()}, "p.parquet"


def _texts(random: np.random.Generator) -> Written:
    words = ["good", "bad", "not", "the", "food", "was", "at", "all", "Ann", "Paris"]
    sentences = [" ".join(random.choice(words, 6)) for _ in range(30)]
    prose = "\n".join(sentences) + "\n"
    yield "text", {"a.txt": prose}, "a.txt"
    yield "text", {"a.txt.gz": gzip.compress(prose.encode(), mtime=0)}, "a.txt.gz"
    yield "text", {"a.txt.xz": lzma.compress(prose.encode())}, "a.txt.xz"
    rows = [(text, ("pos", "neg")[n % 2]) for n, text in enumerate(sentences)]
    yield "sentiment", {"r.csv": "text,label\n" + "".join(f'"{t}",{c}\n' for t, c in rows)}, "r.csv"
    yield "sentiment", {"r.tsv": "".join(f"{c}\t{t}\n" for t, c in rows)}, "r.tsv"
    yield "sentiment", {"r.jsonl": "".join(json.dumps({"text": t, "label": c}) + "\n" for t, c in rows)}, "r.jsonl"
    yield "sentiment", {f"{c}/{n}.txt": t for n, (t, c) in enumerate(rows[:12])}, "."
    tagged = "\n".join(
        "".join(f"{w} {'B-PER' if w == 'Ann' else 'B-LOC' if w == 'Paris' else 'O'}\n" for w in text.split())
        for text in [*sentences, "Ann was at Paris"] * 2
    )
    yield "entities", {"a.conll": tagged}, "a.conll"
    spans = [json.dumps({"text": f"Ann was at {n}", "label": [[0, 3, "PER"]]}) for n in range(12)]
    yield "entities", {"a.jsonl": "\n".join(spans) + "\n"}, "a.jsonl"
    tags = [json.dumps({"tokens": ["Ann", "was", str(n)], "ner_tags": ["B-PER", "O", "O"]}) for n in range(12)]
    yield "entities", {"a.jsonl": "\n".join(tags) + "\n"}, "a.jsonl"
    pairs = [(f"en {text}", f"one {text}") for text in sentences]
    yield "translation", {"p.tsv": "".join(f"{a}\t{b}\n" for a, b in pairs)}, "p.tsv"
    yield (
        "translation",
        {"p.da": "".join(f"{a}\n" for a, _ in pairs), "p.en": "".join(f"{b}\n" for _, b in pairs)},
        "p",
        *("--source", "da", "--target", "en"),
    )
    lines = "".join(json.dumps({"translation": {"da": a, "en": b}}) + "\n" for a, b in pairs)
    yield "translation", {"p.jsonl": lines}, "p.jsonl"
    po = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    yield "translation", {"p.po": po + "".join(f'msgid "{a}"\nmsgstr "{b}"\n\n' for a, b in pairs)}, "p.po"
    units = "".join(
        f'<tu><tuv xml:lang="da"><seg>{a}</seg></tuv><tuv xml:lang="en"><seg>{b}</seg></tuv></tu>' for a, b in pairs
    )
    tmx = f'<?xml version="1.0"?><tmx version="1.4"><header srclang="da"/><body>{units}</body></tmx>'
    yield "translation", {"p.tmx": tmx}, "p.tmx"
