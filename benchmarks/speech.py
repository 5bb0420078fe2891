"""Speech to text beside simple methods: spoken digits one by one and in strings, and a telephone system's prompts.

    python benchmarks/speech.py digits            six speakers' digits, one at a time
    python benchmarks/speech.py strings           the same recordings, composed to strings of 3 to 7 digits
    python benchmarks/speech.py prompts           one speaker's 551 prompts, the tenth held out
    python benchmarks/speech.py strings --live    any of them heard forward only, as a stream is
    python benchmarks/speech.py digits --live --lookahead 0

The digits are the Free Spoken Digit Dataset (Jackson et al., CC BY-SA 4.0; its test split is recordings 0 to 4, and 5
to 9 are our validation split). The prompts are Debian's asterisk-core-sounds-en-wav and asterisk-core-sounds-en
(Digium, CC BY-SA 3.0), both of them fetched with `apt-get download` and unpacked with `dpkg -x FILE asterisk`; they are
only 19 minutes, so that the model first learns from what eSpeak NG reads aloud: the training transcripts, and sentences
of Tatoeba (CC BY 2.0). What there is to choose, the weight of the language models among it, is chosen on the
validation split; the test split is looked at once, at the end.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import re
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch

import throughtime
from throughtime.decoding.language import LanguageModel
from throughtime.models.symbol_language import RecurrentLanguageModel, SymbolNGram
from throughtime.tasks.speech.answers import Decoder, log_probabilities
from throughtime.tasks.speech.audio.noise import noise, with_noise
from throughtime.tasks.speech.audio.voices import RATE as VOICE_RATE
from throughtime.tasks.speech.audio.voices import VARIANTS, Request, speak
from throughtime.tasks.speech.scoring import error_rates

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
RATE = 8000
SENTENCES = 2000  # beside the training transcripts that eSpeak NG reads aloud
SPOKEN = (110, 25, 30), (176, 76, 76)  # words a minute, pitch and range, from and below
STRINGS = {"train": 1000, "valid": 150, "test": 300}
GAP = (0.02, 0.3)  # seconds between two digits of a string

STRING_MODEL: dict[str, Any] = {
    "rate": RATE,
    "bins": 40,
    "channels": (16, 32),
    "stride": 2,
    "hidden_size": 96,
    "dropout": 0.2,
    "frequency_width": 8,
    "time_width": 8,
    "batch_size": 24,
    "learning_rate": 3e-3,
    "epochs": 25,
}
# a digit is so short that its own mean and spread say more of the digit than of the room: those of the training split
DIGIT_MODEL = STRING_MODEL | {"normalise": "training", "speeds": (0.9, 1.1), "epochs": 40}
PROMPT_MODEL: dict[str, Any] = {
    "rate": RATE,
    "bins": 64,
    "longest": 90.0,
    "channels": (16, 32),
    "stride": 4,
    "hidden_size": 160,
    "frequency_width": 12,
    "time_width": 15,
    "learning_rate": 3e-3,
}
VOICE_MODEL = PROMPT_MODEL | {"dropout": 0.1, "frequency_masks": 1, "time_masks": 1, "batch_size": 16, "epochs": 10}
TUNED_MODEL = PROMPT_MODEL | {"dropout": 0.2, "speeds": (0.9, 1.1), "batch_size": 12, "warmup_steps": 50, "epochs": 80}
ORDER = 6  # of the n-grams, in characters
WIDTHS, WEIGHTS, BONUSES = (4, 16, 64), (0.3, 0.7, 1.2, 1.8), (0.0, 0.7, 1.4, 2.1)


def say(**facts: Any) -> None:
    print(json.dumps({k: round(v, 4) if isinstance(v, float) else v for k, v in facts.items()}), flush=True)


# -- data -------------------------------------------------------------------------------------------------------------


def manifest(path: Path, rows: Iterable[tuple[Path, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("path", "text"), *((audio.resolve(), text) for audio, text in rows)])
    return path


def recordings(folder: Path) -> dict[str, list[Path]]:
    """The files of each split."""
    found: dict[str, list[Path]] = {"train": [], "valid": [], "test": []}
    for path in sorted(folder.glob("?_*_*.wav")):
        number = int(path.stem.split("_")[2])
        found["test" if number < 5 else "valid" if number < 10 else "train"].append(path)
    if not found["test"]:
        sys.exit(f"{folder} holds no recordings like 7_jackson_32.wav: this benchmark needs them, see --digits")
    return found


def compose(files: Sequence[Path], many: int, folder: Path, seed: int) -> list[tuple[Path, str]]:
    """Strings of digits, each by one speaker, of recordings of one split only."""
    folder.mkdir(exist_ok=True)
    random = np.random.default_rng(seed)
    speakers = sorted({path.stem.split("_")[1] for path in files})
    rows = []
    for number in range(many):
        speaker = speakers[random.integers(len(speakers))]
        own = [path for path in files if path.stem.split("_")[1] == speaker]
        chosen = [own[place] for place in random.integers(len(own), size=random.integers(3, 8))]
        parts: list[np.ndarray] = []
        for path in chosen:
            samples, rate = soundfile.read(path, dtype="float32")
            assert rate == RATE
            # digital silence would tell where a recording ends: a gap is as quiet as a telephone line is
            gap = random.normal(size=int(random.uniform(*GAP) * RATE)) * 10 ** random.uniform(-4, -3)
            parts += [samples, gap.astype(np.float32)]
        target = folder / f"{number:04d}.wav"
        soundfile.write(target, np.concatenate(parts), RATE)
        rows.append((target, " ".join(DIGITS[int(path.stem[0])] for path in chosen)))
    return rows


def digits(folder: Path, scratch: Path) -> dict[str, Path]:
    """Manifests of single digits."""
    return {
        split: manifest(scratch / f"{split}.csv", [(path, DIGITS[int(path.stem[0])]) for path in names])
        for split, names in recordings(folder).items()
    }


def strings(folder: Path, scratch: Path) -> dict[str, Path]:
    """Manifests: train and valid of single digits and of strings, test of each by itself."""
    paths = {}
    for seed, (split, names) in enumerate(recordings(folder).items()):
        single = [(path, DIGITS[int(path.stem[0])]) for path in names]
        composed = compose(names, STRINGS[split], scratch / split, seed)
        if split == "test":
            paths["test"] = manifest(scratch / "test.csv", single)
            paths["strings"] = manifest(scratch / "strings.csv", composed)
        else:
            paths[split] = manifest(scratch / f"{split}.csv", single + composed)
    return paths


def spoken(text: str) -> str:
    """A prompt without remarks, with its digits as the words that they are read as."""
    return re.sub(r"\d", lambda digit: f" {DIGITS[int(digit[0])]} ", re.sub(r"[(\[<].*?[)\]>]", " ", text))


def prompts(folder: Path, scratch: Path) -> dict[str, Path]:
    """Manifests of every prompt that says something; its name's checksum decides its split."""
    listed = next(folder.rglob("core-sounds-en.txt*"), None)
    if listed is None:
        sys.exit(f"{folder} holds no core-sounds-en.txt: this benchmark needs the prompts, see --prompts")
    content = gzip.decompress(listed.read_bytes()) if listed.suffix == ".gz" else listed.read_bytes()
    sounds = next(folder.rglob("activated.wav")).parent
    rows: dict[str, list[tuple[Path, str]]] = {"train": [], "valid": [], "test": []}
    for line in content.decode("utf-8").splitlines():
        name, _, text = line.partition(": ")
        audio = sounds / f"{name}.wav"
        if line.startswith(";") or not spoken(text).strip() or not audio.is_file():
            continue
        place = zlib.crc32(name.encode()) % 10
        rows["test" if place == 0 else "valid" if place == 1 else "train"].append((audio, spoken(text)))
    say(prompts={split: len(some) for split, some in rows.items()})
    return {split: manifest(scratch / f"{split}.csv", some) for split, some in rows.items()}


def read_aloud(source: Path, transcripts: Path, scratch: Path) -> Path:
    """A manifest of what eSpeak NG reads in many voices: the training transcripts, twice, and sentences of daily life.

    Args:
        source: Tatoeba's pairs of sentences, the English one first.
        transcripts: manifest of the training split.
        scratch: a folder for the recordings.
    """
    with transcripts.open(encoding="utf-8", newline="") as file:
        texts = [row["text"] for row in csv.DictReader(file)] * 2
    lines = source.read_text(encoding="utf-8").splitlines()
    plain = sorted({line.partition("\t")[0] for line in lines if re.match(r"[A-Za-z',.?! ]{20,70}\t", line)})
    random = np.random.default_rng(0)
    texts += [plain[place] for place in random.permutation(len(plain))[:SENTENCES]]
    voices = [f"gmw/en-US+{variant}" for variant in VARIANTS["train"].split()]
    requests = [
        Request(text, voices[random.integers(len(voices))], *(int(number) for number in random.integers(*SPOKEN)))
        for text in texts
    ]
    folder = scratch / "voices"
    folder.mkdir(exist_ok=True)
    rows = []
    for number, (asked, samples) in enumerate(zip(requests, speak(requests), strict=True)):
        heard = np.pad(samples, tuple(random.integers(VOICE_RATE // 10, VOICE_RATE // 2, size=2)))
        heard = with_noise(heard, noise("pink", len(heard), VOICE_RATE, random), random.uniform(25, 60))
        target = folder / f"{number:05d}.flac"
        soundfile.write(target, heard / np.abs(heard).max() * random.uniform(0.1, 0.8), VOICE_RATE)
        rows.append((target, asked.text))
    say(voices=len(rows), sentences=len(plain))
    return manifest(scratch / "voices.csv", rows)


# -- learning ---------------------------------------------------------------------------------------------------------


def learn(task: str, data: dict[str, Path], out: Path, **settings: Any) -> throughtime.Run:
    """Train, or go on, or open what is trained."""
    splits = {split: data[split] for split in ("train", "valid", "test")}
    if (out / "report.json").exists():
        return throughtime.Run(out)
    started, used = time.monotonic(), time.process_time()
    if out.exists():  # to the limits that it began with: new ones would be learned besides
        run = throughtime.train(task, **splits, out=out, quiet=True, resume=True)
    else:
        run = throughtime.train(task, **splits, out=out, quiet=True, **{"patience": None, **settings})
    say(run=out.name, minutes=(time.monotonic() - started) / 60, cpu_minutes=(time.process_time() - used) / 60)
    return run


class Judge:
    """A run's log-probabilities of a split, and the word error rate of any way to read them."""

    def __init__(self, run: throughtime.Run, path: Path) -> None:
        self.features = run.task.features
        utterances = run.task.read(path)
        self.said = [self.features.text(utterance) for utterance in utterances]
        started = time.process_time()
        self.steps = log_probabilities(run.model, self.features, self.features.mels(utterances))
        self.seconds = (time.process_time() - started) / len(self.said)

    def rates(self, decoder: Decoder, most: int | None = None) -> dict[str, float]:
        """Error rates, and seconds of the processor that the search of an utterance takes; of some utterances only."""
        every = 1 if most is None else -(-len(self.said) // most)
        said, steps = self.said[::every], self.steps[::every]
        started = time.process_time()
        heard = [" ".join(self.features.symbols.decode(decoder.best(one)).split()) for one in steps]
        seconds = (time.process_time() - started) / len(said)
        return error_rates(said, heard) | {"seconds": seconds}

    def chosen(self, language: LanguageModel) -> Decoder:
        """The decoder with the least word error rate of all weights and bonuses."""
        decoders = [Decoder(16, language, weight, bonus) for weight, bonus in product(WEIGHTS, BONUSES)]
        return min(decoders, key=lambda decoder: self.rates(decoder, most=150)["wer"])


def ngram(run: throughtime.Run, train: Path, order: int) -> SymbolNGram:
    features = run.task.features
    texts = [features.symbols.encode(features.text(utterance)) for utterance in run.task.read(train)]
    return SymbolNGram.fit(texts, len(features.symbols), order)


def voices_run(data: dict[str, Path], sentences: Path, out: Path, **settings: Any) -> throughtime.Run:
    """A run that has learned from voices that are made, and from the training split; the test split is not heard."""
    mixed = data["train"].with_name("mixed.csv")
    if not mixed.exists():
        made = read_aloud(sentences, data["train"], mixed.parent).read_text(encoding="utf-8")
        mixed.write_text(made + data["train"].read_text(encoding="utf-8").partition("\n")[2], encoding="utf-8")
    return learn("speech", {**data, "train": mixed, "test": data["valid"]}, out, **VOICE_MODEL | settings)


def text_run(run: throughtime.Run, data: dict[str, Path], out: Path, **settings: Any) -> RecurrentLanguageModel:
    """A run of the text task that has read the training transcripts, one a line."""
    files = {}
    for split in ("train", "valid", "test"):
        lines = [run.task.features.text(utterance) for utterance in run.task.read(data[split])]
        files[split] = data[split].with_suffix(".txt")
        files[split].write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    model = learn("text", files, out, **settings)
    say(run=out.name, **model.folder.read_report().metrics)
    return RecurrentLanguageModel(model.model, run.task.features.symbols.tokens_of(model.task.tokenizer))


def ways_to_read(
    run: throughtime.Run, valid: Path, models: dict[str, Callable[[], LanguageModel]]
) -> dict[str, Decoder]:
    """Decoders by name, their settings chosen on the validation split."""
    choosing = Judge(run, valid)
    ways = {f"beam {width}" if width > 1 else "greedy": Decoder(width) for width in (1, *WIDTHS)}
    ways |= {name: choosing.chosen(make()) for name, make in models.items()}
    for name, decoder in ways.items():
        chosen = {"weight": decoder.weight, "bonus": decoder.bonus} if decoder.language else {}
        say(valid=run.folder.path.name, way=name, **chosen, wer=choosing.rates(decoder)["wer"])
    return ways


def measure(run: throughtime.Run, test: Path, ways: dict[str, Decoder]) -> None:
    """Word error rates of each way to read the run's outputs."""
    judging = Judge(run, test)
    say(test=test.stem, utterances=len(judging.said), network_seconds=judging.seconds)
    for name, decoder in ways.items():
        say(test=test.stem, way=name, **judging.rates(decoder))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("digits", "strings", "prompts"))
    parser.add_argument("--digits", type=Path, default=Path("../shared/data/speech/fsdd/recordings"))
    parser.add_argument("--prompts", type=Path, default=Path("asterisk"))
    parser.add_argument("--sentences", type=Path, default=Path("../shared/data/translation/tatoeba-dan-eng/dan.txt"))
    parser.add_argument("--live", action="store_true", help="hear forward only")
    parser.add_argument("--lookahead", type=float, default=0.2, help="seconds, of --live")
    parser.add_argument("--epochs", type=int, help="in place of the benchmark's own")
    parser.add_argument("--out", type=Path, help="keep runs here, and go on with those that are there")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        out = asked.out or Path(folder)
        out.mkdir(parents=True, exist_ok=True)
        settings: dict[str, Any] = {
            "minutes": None,
            "streaming": asked.live,
            "lookahead": asked.lookahead,
            "threads": 1,
        }
        way = f"live-{asked.lookahead:g}" if asked.live else "whole"
        name = f"{asked.what}-{way}"
        made, source, model = {
            "digits": (digits, asked.digits, DIGIT_MODEL),
            "strings": (strings, asked.digits, STRING_MODEL),
            "prompts": (prompts, asked.prompts, TUNED_MODEL),
        }[asked.what]
        data = made(source, out)
        if asked.what == "prompts":
            voices = voices_run(data, asked.sentences, out / f"voices-{way}", **settings)
            model |= {"start": str(voices.folder.path)}
        settings |= {} if asked.epochs is None else {"epochs": asked.epochs}
        run = learn("speech", data, out / name, **model | settings)
        report = run.folder.read_report()
        if asked.live:
            say(run=name, latency_ms=25 + 10 * run.model.listen().latency)
        say(run=name, baselines={key: round(value["wer"], 4) for key, value in report.baselines.items()})
        models: dict[str, Callable[[], LanguageModel]] = {"n-gram": lambda: ngram(run, data["train"], ORDER)}
        if asked.what == "prompts":
            language = {"layers": (192,), "dropout": 0.4, "input_dropout": 0.1, "batch_size": 8, "minutes": 3.0}
            models["text run"] = lambda: text_run(run, data, out / "language", **language)
        ways = ways_to_read(run, data["valid"], models)
        for test in ("test", *(["strings"] if "strings" in data else [])):
            measure(run, data[test], ways)


if __name__ == "__main__":
    main()
