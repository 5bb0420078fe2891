"""The speech task: from recordings to text, through the command line and Python."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import throughtime
from helpers.speech_files import RATE, SMALL, TONES, answers, learn, say, write_corpus
from throughtime.cli.main import main
from throughtime.data.sources import cache_folder
from throughtime.errors import DataError, ThroughtimeError
from throughtime.tasks.speech.audio.voices import SIZES, built_in_speech
from throughtime.tasks.speech.scoring import error_rates, table_of_errors
from throughtime.tasks.speech.settings import SpeechSettings
from throughtime.tasks.speech.task import Speech


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _own_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THROUGHTIME_CACHE", str(cache))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("speech") / "data", 200, seed=0)


@pytest.fixture(scope="module")
def run(corpus: Path, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> throughtime.Run:
    return learn(corpus, tmp_path_factory.mktemp("runs") / "whole", cache)


def test_learns_what_tones_mean(run: throughtime.Run, tmp_path: Path) -> None:
    report = throughtime.evaluate(run, write_corpus(tmp_path / "new", 60, seed=1, suffix=".flac"))
    assert report.metrics["wer"] < 0.1
    assert report.metrics["cer"] < report.metrics["wer"] + 1e-9
    assert report.baselines["nearest of 160 training recordings"]["wer"] > 0.3
    assert len(report.baselines) == 2


def test_predicts_text_with_times_at_any_rate(
    run: throughtime.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sound = say("abc da b", np.random.default_rng(5), rate=44100)
    soundfile.write(tmp_path / "stereo.wav", np.stack([sound, sound], axis=1), 44100)
    assert main(["predict", str(run.folder.path), str(tmp_path / "stereo.wav"), "--json"]) == 0
    (answer,) = answers(capsys)
    assert answer["text"] == "abc da b"
    assert [word["word"] for word in answer["words"]] == ["abc", "da", "b"]
    assert answer["seconds"] == pytest.approx(len(sound) / 44100, abs=0.03)
    # the tones say when each word was: where the sound is not quiet for long
    loud = np.abs(sound) > 0.1
    edges = np.flatnonzero(np.diff(np.concatenate([[0], loud, [0]]).astype(int)))[::1] / 44100
    starts = [edges[0], *(edges[index] for index in range(1, len(edges)) if edges[index] - edges[index - 1] > 0.06)]
    for word, start in zip(answer["words"], starts, strict=True):
        assert word["start"] == pytest.approx(start, abs=0.15)
        assert 0 <= word["start"] < word["end"] <= answer["seconds"] + 0.05
        assert 0.5 < word["confidence"] <= 1
    assert main(["predict", str(run.folder.path), str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith("abc da b\t(")


def test_parts_of_a_recording_are_answered_with_times_in_it(
    run: throughtime.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = (say(text, np.random.default_rng(5)) for text in ("ab", "dc da"))
    soundfile.write(tmp_path / "a.wav", np.concatenate([first, second]), RATE)
    cut = len(first) / RATE
    (tmp_path / "m.csv").write_text(f"path,start,end\na.wav,0,{cut}\na.wav,{cut},\n")
    assert main(["predict", str(run.folder.path), str(tmp_path / "m.csv"), "--json"]) == 0
    one, other = answers(capsys)
    assert (one["text"], other["text"]) == ("ab", "dc da")
    assert other["start"] == pytest.approx(cut)
    assert cut <= other["words"][0]["start"] < other["words"][1]["end"] <= cut + len(second) / RATE + 0.05


def test_subtitles(run: throughtime.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    soundfile.write(tmp_path / "a.wav", say("ab", np.random.default_rng(5)), RATE)
    assert main(["predict", str(run.folder.path), str(tmp_path / "a.wav"), "--form", "srt"]) == 0
    number, times, text = capsys.readouterr().out.strip().split("\n")
    assert (number, text) == ("1", "ab")
    assert times.startswith("00:00:00,")
    assert main(["predict", str(run.folder.path), str(tmp_path / "a.wav"), "--form", "vtt"]) == 0
    assert capsys.readouterr().out.startswith("WEBVTT\n\n00:00:00.")


def test_a_long_recording_is_heard_in_parts(corpus: Path, run: throughtime.Run, tmp_path: Path) -> None:
    random = np.random.default_rng(7)
    texts = ["ab cd", "a", "dc ba", "bb", "acd b"] * 2
    parts = [np.concatenate([say(text, random), 0.003 * random.standard_normal(RATE // 2)]) for text in texts]
    soundfile.write(tmp_path / "long.wav", np.concatenate(parts), RATE)
    task = Speech(SpeechSettings(**SMALL, longest=4), tmp_path)
    task.load_features(run.folder.features)
    (answer,) = task.predict(run.model, [str(tmp_path / "long.wav")])
    assert error_rates([" ".join(texts)], [answer["text"]])["wer"] < 0.15
    starts = [word["start"] for word in answer["words"]]
    assert starts == sorted(starts)
    assert starts[-1] > 8


def test_pictures(run: throughtime.Run, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", say("ab c", np.random.default_rng(5)), RATE)
    pictures = tmp_path / "pictures"
    assert main(["predict", str(run.folder.path), str(tmp_path / "a.wav"), "--pictures", str(pictures)]) == 0
    from PIL import Image

    with Image.open(pictures / "0001.png") as picture:
        colours = np.asarray(picture.convert("RGB")).reshape(-1, 3)
    assert len(np.unique(colours, axis=0)) > 100  # shades of features, and dots


def test_an_interrupted_run_goes_on_to_the_same_result(corpus: Path, cache: Path, tmp_path: Path) -> None:
    varied = {"frequency_masks": 1, "time_masks": 1, "speeds": (0.9, 1.1), "dropout": 0.1, "threads": 1, "layers": 2}
    whole = learn(corpus, tmp_path / "whole", cache, **varied, epochs=2)
    learn(corpus, tmp_path / "part", cache, **varied, epochs=1)
    resumed = throughtime.train("speech", out=tmp_path / "part", resume=True, quiet=True, epochs=1)
    for one, other in zip(whole.model.parameters(), resumed.model.parameters(), strict=True):
        np.testing.assert_array_equal(one.detach().numpy(), other.detach().numpy())


@pytest.mark.parametrize("cell", ["lstm", "rnn"])
def test_pieces_of_words_and_other_cells_train(corpus: Path, cache: Path, tmp_path: Path, cell: str) -> None:
    asked = {"level": "bpe", "vocabulary_size": 270, "cell": cell, "epochs": 1, "normalise": "training", "gain": 3.0}
    run = learn(corpus, tmp_path / "run", cache, **asked)
    assert len(run.task.features.symbols) == 271
    assert 0 < run.folder.read_report().metrics["wer"] <= 1.5


# -- fine-tuning -------------------------------------------------------------------------------------------------


def test_training_goes_out_from_another_run(run: throughtime.Run, cache: Path, tmp_path: Path) -> None:
    """Before any step it hears what the other run hears, of the letters that both know."""
    data = write_corpus(tmp_path / "data", 30, seed=2)
    rows = [line.replace("d", "e") for line in data.read_text().splitlines()]  # d is not known here, e was not there
    data.write_text("path,text\n" + "\n".join(rows[1:]) + "\n")
    tuned = learn(data, tmp_path / "tuned", cache, epochs=0, start=str(run.folder.path))
    symbols = tuned.task.features.symbols
    assert symbols.tokenizer.characters != run.task.features.symbols.tokenizer.characters
    sound = tmp_path / "a.wav"
    soundfile.write(sound, say("abc ba", np.random.default_rng(5)), RATE)
    assert [one["text"] for one in throughtime.predict(tuned, [sound])] == ["abc ba"]
    learned, known = tuned.model.state_dict(), run.model.state_dict()
    for name, weights in known.items():
        if not name.startswith("output"):
            np.testing.assert_array_equal(learned[name].numpy(), weights.numpy())
    old = run.task.features.symbols
    for letter in "abc ":
        row, other = symbols.encode(letter)[0], old.encode(letter)[0]
        np.testing.assert_array_equal(learned["output.weight"][row], known["output.weight"][other])
    new = learned["output.weight"][symbols.encode("e")[0]]
    assert not any(np.array_equal(new, one) for one in known["output.weight"])


def test_what_training_cannot_go_out_from_is_one_sentence(
    run: throughtime.Run, corpus: Path, cache: Path, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="found a run with hidden_size = 24, expected the 25 that is asked for"):
        learn(corpus, tmp_path / "run", cache, start=str(run.folder.path), hidden_size=25)
    with pytest.raises(DataError, match=r"found no run folder .* expected the folder of a finished run of the speech"):
        learn(corpus, tmp_path / "run", cache, start=str(tmp_path))
    copy = tmp_path / "copy"
    shutil.copytree(run.folder.path, copy)
    config = (copy / "config.toml").read_text()
    (copy / "config.toml").write_text(config.replace("stride = ", "strides = "))
    with pytest.raises(DataError, match=r"another version \(found no setting named 'strides'"):
        learn(corpus, tmp_path / "run", cache, start=str(copy))
    (copy / "config.toml").write_text(config)
    (copy / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(ThroughtimeError, match=r"model\.safetensors: found no readable weights"):
        learn(corpus, tmp_path / "run", cache, start=str(copy))
    assert not (tmp_path / "run").exists()


# -- mistakes ----------------------------------------------------------------------------------------------------

MISTAKES = [
    ("nowhere.wav", "found nothing"),
    ("text.wav", "found no sound that can be read"),
    ("empty.wav", "found an empty file"),
    ("folder", "found a folder without sound files"),
    ("pcm:16000", "as a stream, but this run hears both ways"),
    ("stream:nowhere.wav", "as a stream, but this run hears both ways"),
    ("list.csv", "found nothing"),
]


@pytest.mark.parametrize(("name", "sentence"), MISTAKES, ids=[name for name, _ in MISTAKES])
def test_mistakes_of_predict_are_one_sentence(
    run: throughtime.Run, tmp_path: Path, name: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.wav").write_text("no sound\n" * 99)
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    (tmp_path / "list.csv").write_text("path,text\nmissing.wav,a\n")
    argument = name if ":" in name else str(tmp_path / name)
    assert main(["predict", str(run.folder.path), argument]) == 2
    error = " ".join(capsys.readouterr().err.split())
    assert sentence in error
    assert "Traceback" not in error


def test_what_cannot_be_learned_leaves_no_run(corpus: Path, cache: Path, tmp_path: Path) -> None:
    data = write_corpus(tmp_path / "data", 12, seed=0)
    sound = np.concatenate([say("abc", np.random.default_rng(0)), [np.nan]]).astype(np.float32)
    soundfile.write(data.parent / "0003.wav", sound, RATE, subtype="FLOAT")
    with pytest.raises(DataError, match=r"0003\.wav: found a sample that is no number"):
        learn(data, tmp_path / "run", cache)
    soundfile.write(data.parent / "0003.wav", say("a", np.random.default_rng(0)), RATE)
    lines = data.read_text().splitlines()
    lines[4] = f"0003.wav,{'abcd' * 20}"
    data.write_text("\n".join(lines) + "\n")
    with pytest.raises(DataError, match=r"manifest\.csv, line 5: found 80 symbols in .* expected at least 80 steps"):
        learn(data, tmp_path / "run", cache, seed=1)
    with pytest.raises(ThroughtimeError, match="a stream has no end to wait for"):
        learn(corpus, tmp_path / "run", cache, streaming=True, normalise="utterance")
    assert not (tmp_path / "run").exists()


def test_a_sound_of_the_test_split_that_cannot_be_read_is_said_before_hours_of_training(
    corpus: Path, cache: Path, tmp_path: Path
) -> None:
    data = write_corpus(tmp_path / "data", 12, seed=3)
    (data.parent / "0003.wav").write_bytes(b"RIFF and no more")
    parts = {"train": corpus, "valid": corpus, "test": data}
    with pytest.raises(DataError, match=r"0003\.wav: found"):
        throughtime.train("speech", out=tmp_path / "run", quiet=True, steps=1, **parts, **SMALL)
    assert not (tmp_path / "run").exists()


def test_broken_features_are_named(run: throughtime.Run, tmp_path: Path) -> None:
    task = Speech(SpeechSettings(language_model="none"), tmp_path)
    with pytest.raises(DataError, match=r"symbols\.json: found no usable tokenizer"):
        task.load_features(tmp_path)
    for name in ("symbols.json", "templates.npz"):
        (tmp_path / name).write_bytes((run.folder.features / name).read_bytes())
    (tmp_path / "loudness.npz").write_bytes(b"no numbers")
    with pytest.raises(DataError, match="found no features of a speech run"):
        task.load_features(tmp_path)


def test_many_speakers_stay_on_one_side_of_a_split(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    rows = ["path,text,speaker"]
    for index in range(40):
        soundfile.write(tmp_path / f"{index}.wav", say("ab", random), RATE)
        rows.append(f"{index}.wav,ab,{index % 12}")
    (tmp_path / "m.csv").write_text("\n".join(rows) + "\n")
    splits = Speech(SpeechSettings(), tmp_path).read_splits(tmp_path / "m.csv")
    speakers = [{one.speaker for one in part} for part in (splits.train, splits.valid, splits.test)]
    assert not speakers[0] & speakers[1]
    assert not speakers[0] & speakers[2]
    assert set.union(*speakers) == {str(n) for n in range(12)}


def test_error_rates_are_edit_distances() -> None:
    def edits(one: list[str], other: list[str]) -> int:
        row = list(range(len(other) + 1))
        for i, a in enumerate(one, 1):
            row, before = [i], row
            for j, b in enumerate(other, 1):
                row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b)))
        return row[-1]

    random = np.random.default_rng(0)
    said = [" ".join(random.choice(list(TONES), random.integers(1, 6))) for _ in range(40)]
    heard = [" ".join(random.choice(list(TONES), random.integers(0, 6))) for _ in range(40)]
    rates = error_rates(said, heard)
    pairs = list(zip(said, heard, strict=True))
    words = sum(edits(a.split(), b.split()) for a, b in pairs) / sum(len(a.split()) for a in said)
    letters = sum(edits(list(a), list(b)) for a, b in pairs) / sum(map(len, said))
    assert rates["wer"] == pytest.approx(words)
    assert rates["cer"] == pytest.approx(letters)
    table = table_of_errors(["turn left now", "go"], ["turn right", "go on"])
    assert sorted(table.rows) == [("-", "on", 1), ("left", "right", 1), ("now", "-", 1)]
    assert "1 substituted, 1 left out, 1 added" in table.title


@pytest.mark.slow
def test_the_built_in_voices_are_understood(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The short ones of the built-in sentences, which take a small model two minutes."""
    monkeypatch.delenv("THROUGHTIME_CACHE")  # they are rendered once, and kept
    folder = built_in_speech(cache_folder())
    splits = {}
    for split in SIZES:
        head, *rows = (folder / f"{split}.tsv").read_text(encoding="utf-8").splitlines()
        short = [f"{folder}/clips/{row}" for row in rows if len(row.split("\t")[1].split()) <= 5]
        splits[split] = tmp_path / f"{split}.tsv"
        splits[split].write_text("\n".join([head, *short]) + "\n", encoding="utf-8")
    asked: dict[str, Any] = {"rate": RATE, "bins": 40, "frequency_width": 6, "hidden_size": 96, "batch_size": 8}
    asked |= {"learning_rate": 4e-3, "epochs": 22, "threads": 1}
    run = throughtime.train("speech", out=tmp_path / "run", quiet=True, **splits, **asked)
    report = run.folder.read_report()
    assert report.metrics["wer"] < 0.3
    assert report.metrics["wer_without_search"] < 0.5
    assert report.baselines["nearest of 300 training recordings"]["wer"] > 0.5
