"""The translation task as a user meets it: trained, judged and asked through the command line, on real small files."""

from __future__ import annotations

import json
import random
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sacrebleu import corpus_bleu, corpus_chrf

import throughtime
from throughtime.cli.main import main
from throughtime.decoding.beam import Hypothesis
from throughtime.errors import DataError
from throughtime.tasks.translation import Translation
from throughtime.tasks.translation.corpora.parallel import Pair
from throughtime.tasks.translation.settings import TranslationSettings
from throughtime.training.tree import load_tree

NOUNS = {"hus": "house", "bil": "car", "ged": "goat", "kat": "cat", "bog": "book", "spand": "bucket", "hat": "hat"}
LOOKS = {"rød": "red", "grøn": "green", "stor": "big", "lille": "small", "ny": "new", "gammel": "old"}
WHOSE = {"Hans": "His", "Min": "My", "Din": "Your", "En": "A"}
SMALL: dict[str, Any] = {
    "embedding_size": 32,
    "hidden_size": 32,
    "dropout": 0.0,
    "vocabulary_size": 450,
    "minutes": None,
}
SMALL |= {"batch_size": 16, "learning_rate": 0.02, "cell": "gru", "label_smoothing": 0.0, "beams": 3, "n_best": 3}


def sentences() -> list[tuple[str, str]]:
    """The adjective stands behind the noun in the source and before it in the target: order has to be learned."""
    rows = [
        (f"{whose} {noun} {look}.", f"{whose_en} {look_en} {noun_en}.")
        for (whose, whose_en), (noun, noun_en), (look, look_en) in product(WHOSE.items(), NOUNS.items(), LOOKS.items())
    ]
    random.Random(0).shuffle(rows)
    return rows


def write(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    rows = sentences()
    write(folder / "corpus.da", "".join(f"{source}\n" for source, _ in rows))
    write(folder / "corpus.en", "".join(f"{target}\n" for _, target in rows))
    return folder / "corpus"


@pytest.fixture(scope="module")
def run(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "run"
    words = [part for name, value in SMALL.items() for part in (f"--{name.replace('_', '-')}", str(value)) if value]
    sides = ["--source", "da", "--target", "en"]
    assert (
        main(["train", "translation", str(corpus), *sides, *words, "--epochs", "16", "--out", str(out), "--quiet"]) == 0
    )
    return out


def test_learns_words_and_their_order_far_beyond_the_simple_methods(run: Path) -> None:
    report = json.loads((run / "report.json").read_text(encoding="utf-8"))
    assert report["metrics"]["bleu"] > 90
    assert report["metrics"]["chrf"] > 90
    assert set(report["baselines"]) == {
        "the most similar sentence of training",
        "word by word (IBM Model 1)",
        "the source as it is",
    }
    assert all(scores["bleu"] < 60 for scores in report["baselines"].values())
    measured = dict(report["tables"][0]["rows"])
    assert "sacrebleu nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:" in measured["bleu"]
    assert "version:" in measured["chrf"]


def test_scores_are_sacrebleus_of_what_predict_says(run: Path, tmp_path: Path) -> None:
    rows = [*sentences()[:30], ("En ukendt sætning", "An unknown sentence")]
    path = write(tmp_path / "rows.tsv", "source\ttarget\n" + "".join(f"{a}\t{b}\n" for a, b in rows))
    opened = throughtime.Run(run)
    opened.task.sides = type(opened.task.sides)()
    report = throughtime.evaluate(opened, path)
    answers = [answer["translation"] for answer in throughtime.predict(opened, [source for source, _ in rows])]
    references = [[target for _, target in rows]]
    assert report.metrics["bleu"] == pytest.approx(corpus_bleu(answers, references).score)
    assert report.metrics["chrf"] == pytest.approx(corpus_chrf(answers, references).score)
    copied = corpus_bleu([source for source, _ in rows], references).score
    assert report.baselines["the source as it is"]["bleu"] == pytest.approx(copied)


def test_evaluate_on_other_files_of_the_same_sides(run: Path, corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(run), str(corpus), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["metrics"]["bleu"] > 90


def test_predict_gives_n_best_with_attention_over_words(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", str(run), "Hans ged rød.", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["translation"] == "His red goat."
    assert len(answer["others"]) == 2
    scores = [answer["score"], *(other["score"] for other in answer["others"])]
    assert scores == sorted(scores, reverse=True)
    attention = answer["attention"]
    assert attention["source"] == ["Hans", "ged", "rød", ".", "(end)"]
    assert attention["target"] == ["His", "red", "goat", "."]
    weights = np.array(attention["weights"])
    assert weights.shape == (4, 5)
    assert weights.sum(axis=1) == pytest.approx(1.0, abs=1e-3)


def test_predict_takes_files_and_blank_lines_as_they_come(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = write(tmp_path / "lines.txt", "Min hat ny.\n\nDin bog gammel.\n")
    assert main(["predict", str(run), str(lines), "En kat lille."]) == 0
    assert capsys.readouterr().out.split("\n") == ["My new hat.", "", "Your old book.", "A small cat.", ""]


def test_many_at_once_are_each_as_alone(run: Path) -> None:
    opened = throughtime.Run(run)
    texts = [source for source, _ in sentences()[:90]]
    together = list(throughtime.predict(opened, texts))
    for text, answer in list(zip(texts, together, strict=True))[::9]:
        (alone,) = throughtime.predict(opened, iter([text]))
        assert alone["translation"] == answer["translation"]
        assert alone["score"] == pytest.approx(answer["score"], abs=1e-3)


def test_predict_draws_attention_of_any_sentence(run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    assert main(["predict", str(run), "Hans ged $rød$.", "", "Æøå 日本 🐐", "--pictures", str(folder)]) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["0001.png", "0003.png"]  # nothing is to be seen of blank
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in folder.iterdir())
    nothing = {"source": ["Hans", "(end)"], "target": [], "weights": []}
    throughtime.Run(run).task.draw({"attention": nothing}, folder / "0004.png")
    assert main(["predict", str(run), "Hans ged.", "--pictures", str(folder)]) == 2
    assert len(list(folder.iterdir())) == 2


def test_a_run_folder_is_all_that_is_needed_and_goes_on(run: Path) -> None:
    (before,) = throughtime.predict(throughtime.Run(run), ["Min bil stor."])
    (again,) = throughtime.predict(run, ["Min bil stor."])
    assert before == again
    assert main(["train", "translation", "--out", str(run), "--resume", "--epochs", "1", "--quiet"]) == 0


@pytest.mark.parametrize(
    "options",
    [
        {"level": "words", "minimum_count": 1, "attention": "multiplicative", "cell": "lstm"},
        {"input_feeding": False, "cell": "rnn", "tied": True},
        {"scheduled_sampling": 0.1, "sampling_steps": 100, "reset_after": True},
    ],
    ids=["words", "no-feeding", "sampling"],
)
def test_every_way_of_building_it_learns(corpus: Path, tmp_path: Path, options: dict[str, Any]) -> None:
    settings = SMALL | {"epochs": 14, "beams": 1} | options
    trained = throughtime.train(
        "translation", corpus, out=tmp_path / "run", source="da", target="en", quiet=True, **settings
    )
    assert trained.folder.read_report().metrics["bleu"] > 60


@pytest.mark.parametrize("precision", ["bf16-mixed", "64"])
def test_every_precision_trains_and_translates(corpus: Path, tmp_path: Path, precision: str) -> None:
    settings = SMALL | {"steps": 3, "precision": precision, "cell": "lstm"}
    trained = throughtime.train(
        "translation", corpus, out=tmp_path / "run", source="da", target="en", quiet=True, **settings
    )
    (answer,) = throughtime.predict(trained, ["Hans ged rød."])
    assert np.isfinite(answer["score"])


def test_a_run_that_was_cut_goes_on_to_the_same_weights(corpus: Path, tmp_path: Path) -> None:
    settings = SMALL | {"scheduled_sampling": 0.5, "sampling_steps": 20, "schedule": "constant", "dropout": 0.2}
    settings |= {"source": "da", "target": "en", "quiet": True}
    throughtime.train("translation", corpus, out=tmp_path / "whole", epochs=2, **settings)
    throughtime.train("translation", corpus, out=tmp_path / "cut", steps=13, **settings)
    throughtime.train("translation", out=tmp_path / "cut", resume=True, steps=5, quiet=True)
    whole, cut = (load_tree(throughtime.Run(tmp_path / name).folder.checkpoint)["model"] for name in ("whole", "cut"))
    assert whole.keys() == cut.keys()
    assert int(whole["seen"]) == 18
    assert all(bool((whole[name] == cut[name]).all()) for name in whole)


def test_the_other_direction_is_asked_for_by_exchanging_the_sides(corpus: Path, tmp_path: Path) -> None:
    task = Translation(TranslationSettings(source="en", target="da"), tmp_path)
    assert (task.read(corpus)[0].target, task.read(corpus)[0].source) == sentences()[0]


def test_splits_named_in_a_folder_are_taken(tmp_path: Path) -> None:
    for name, first in (("train", 0), ("dev", 100), ("test", 150)):
        write(tmp_path / f"{name}.tsv", "".join(f"{a}\t{b}\n" for a, b in sentences()[first : first + 40]))
    splits = Translation(TranslationSettings(), tmp_path).read_splits(tmp_path)
    assert [pair.source for pair in splits.valid] == [source for source, _ in sentences()[100:140]]
    assert [len(part) for part in (splits.train, splits.valid, splits.test)] == [40, 40, 18]


def fitted(tmp_path: Path, pairs: list[tuple[str, str]], **options: Any) -> Translation:
    task = Translation(TranslationSettings(**(SMALL | options)), tmp_path)
    task.fit([Pair(*pair, tmp_path, line) for line, pair in enumerate(pairs)])
    return task


def test_an_unknown_word_is_looked_up_where_attention_looked_or_copied(tmp_path: Path) -> None:
    pairs = [("en ged", "a goat"), ("en kat", "a cat"), ("en hest", "a horse")] * 2 + [("en sjælden elg", "a rare elk")]
    task = fitted(tmp_path, pairs, level="words", minimum_count=2)
    unknown, a = task.target.unknown, int(task.target.encode("a")[0])

    def say(text: str, looked_at: int) -> str:
        notes = np.full((3, len(text.split()) + 1), 0.1, dtype=np.float32)
        notes[1, looked_at] = 0.5
        return task.answers.say(Hypothesis(np.array([a, unknown]), -1.0, -1.0, notes), text)

    assert task.dictionary.word("elg") in {"elk", "rare"}
    assert say("en elg", 1) == f"a {task.dictionary.word('elg')}"
    assert say("en Xylofon", 1) == "a Xylofon"
    assert say("en Xylofon", 0) == f"a {task.dictionary.word('en')}"


def test_batches_hold_pairs_of_like_lengths_on_both_sides(tmp_path: Path) -> None:
    draw = random.Random(0)
    pairs = [(" ".join("a" * draw.randrange(1, 12)), " ".join("b" * draw.randrange(1, 12))) for _ in range(3000)]
    task = fitted(tmp_path, pairs, batch_size=20)
    loader = task.loader([Pair(*pair, tmp_path, 0) for pair in pairs], training=True)
    seen, real, padded = 0, np.zeros(2), np.zeros(2)
    for batch in loader.epoch(0):
        seen += batch.sequences
        assert batch.tokens == int(batch["lengths"].sum())
        for side, (name, lengths) in enumerate((("inputs", "input_lengths"), ("targets", "lengths"))):
            real[side] += int(batch[lengths].sum())
            padded[side] += batch[name].numel()
            assert int(batch[lengths].max()) == batch[name].shape[1]
    assert seen == 3000
    assert (real / padded > [0.75, 0.97]).all()


def test_sentences_beyond_the_longest_are_not_learned_from_but_judged(tmp_path: Path) -> None:
    pairs = [("a", "b"), ("a a a a a a a a a", "b"), ("c", "b b b b b b b b b b")]
    task = fitted(tmp_path, pairs, level="words", minimum_count=1, max_length=5)
    examples = [Pair(*pair, tmp_path, 0) for pair in pairs]
    assert sum(batch.sequences for batch in task.loader(examples, training=True).epoch(0)) == 1
    assert sum(batch.sequences for batch in task.loader(examples, training=False).epoch(0)) == 3


def test_damaged_features_are_named(run: Path, tmp_path: Path) -> None:
    task = Translation(TranslationSettings(**SMALL), tmp_path)
    names = ("source.json", "target.json", "dictionary.json", "memory.json")
    for damaged in names:
        for name in names:
            write(tmp_path / name, (run / "features" / name).read_bytes())
        write(tmp_path / damaged, "[1, 2, 3")
        with pytest.raises(DataError, match=damaged):
            task.load_features(tmp_path)
