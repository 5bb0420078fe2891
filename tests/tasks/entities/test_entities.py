from __future__ import annotations

import io
import json
import random
import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from seqeval.metrics import classification_report, f1_score, precision_score, recall_score

import throughtime
from throughtime.cli.main import main
from throughtime.data.findings import Findings
from throughtime.data.sources import cache_folder
from throughtime.data.words.vectors import GLOVE
from throughtime.errors import DataError, ThroughtimeError
from throughtime.tasks.entities.baselines.gazetteer import Gazetteer
from throughtime.tasks.entities.corpora.names import FAKER, read_names, split_of
from throughtime.tasks.entities.corpora.news import SIZES, compose
from throughtime.tasks.entities.corpora.reading import read_sentences
from throughtime.tasks.entities.corpora.schemes import Scheme, tags_of
from throughtime.tasks.entities.corpora.sentence import Sentence, Span

SMALL: dict[str, Any] = {"vectors": (), "embedding_size": 12, "hidden_size": 12, "character_size": 8, "dropout": 0.1}
SMALL |= {"minutes": None, "schedule": "constant", "learning_rate": 0.02, "batch_size": 16, "word_dropout": 5.0}
THINGS = ["bears", "lamps", "cakes", "dolls", "boots"]


def name(draw: random.Random) -> str:
    return "".join(draw.choice("abdefgiklmnorstu") for _ in range(draw.randrange(3, 7))).capitalize()


def sentences(count: int, seed: int) -> list[tuple[list[str], list[Span]]]:
    """A capitalised word never seen is a person, a town or nothing: what comes before and after it tells."""
    draw = random.Random(seed)
    rows: list[tuple[list[str], list[Span]]] = []
    for _ in range(count):
        one, other = name(draw), name(draw)
        rows += [
            (["He", "said", ",", one, other, "was", "great", "."], [Span(3, 5, "PER")]),
            (["He", "said", ",", one, draw.choice(THINGS), "are", "on", "sale", "!"], []),
            ([one, "lives", "in", other, "."], [Span(0, 1, "PER"), Span(4 - 1, 4, "LOC")]),
        ]
    return rows


def write(path: Path, rows: list[tuple[list[str], list[Span]]], scheme: Scheme = "IOB2") -> Path:
    blocks = []
    for words, spans in rows:
        tags = tags_of(spans, len(words), scheme)
        blocks.append("".join(f"{word} {tag}\n" for word, tag in zip(words, tags, strict=True)))
    path.write_text("\n".join(blocks), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> throughtime.Run:
    folder = tmp_path_factory.mktemp("entities")
    data = write(folder / "data.conll", sentences(120, seed=0))
    return throughtime.train("entities", data, out=folder / "run", quiet=True, epochs=6, **SMALL)


def test_finds_names_never_seen_by_what_stands_around_them(run: throughtime.Run, tmp_path: Path) -> None:
    report = throughtime.evaluate(run, write(tmp_path / "new.conll", sentences(60, seed=1), "IOBES"))
    assert report.metrics["f1"] > 0.95
    assert report.metrics["recall_of_new_names"] > 0.95
    # lists of what training had know nothing of new names
    assert max(scores["f1"] for scores in report.baselines.values()) < 0.1
    person, bears = throughtime.predict(
        run, ["He said, Qadelon Zimuro was great.", "He said, Qadelon bears are on sale!"]
    )
    assert [(e["text"], e["label"]) for e in person["entities"]] == [("Qadelon Zimuro", "PER")]
    assert bears["entities"] == []


def test_scores_are_those_of_seqeval(run: throughtime.Run, tmp_path: Path) -> None:
    draw = random.Random(3)
    rows = [(words, spans if draw.random() < 0.7 else [Span(0, 2, "LOC")]) for words, spans in sentences(40, seed=2)]
    report = throughtime.evaluate(run, write(tmp_path / "noisy.conll", rows))
    actual = [tags_of(spans, len(words), "IOB2") for words, spans in rows]
    answered = [answer["tags"] for answer in throughtime.predict(run, [words for words, _ in rows])]
    assert report.metrics["f1"] == pytest.approx(f1_score(actual, answered))
    assert report.metrics["precision"] == pytest.approx(precision_score(actual, answered))
    assert report.metrics["recall"] == pytest.approx(recall_score(actual, answered))
    each = classification_report(actual, answered, output_dict=True, zero_division=0)
    for label, precision, recall, f1, count, _ in report.tables[0].rows:
        theirs = each[label]
        assert (precision, recall, f1) == pytest.approx((theirs["precision"], theirs["recall"], theirs["f1-score"]))
        assert count == theirs["support"]
    assert 0.3 < report.metrics["f1"] < 0.9, "otherwise there is nothing to agree on"


def test_predictions_point_into_the_raw_text(run: throughtime.Run) -> None:
    text = "  Ralim lives  in\tSoken."
    (answer,) = throughtime.predict(run, [text])
    assert [text[e["start"] : e["end"]] for e in answer["entities"]] == ["Ralim", "Soken"]
    assert [e["text"] for e in answer["entities"]] == ["Ralim", "Soken"]
    assert [e["label"] for e in answer["entities"]] == ["PER", "LOC"]
    assert all(0.5 < e["probability"] <= 1 for e in answer["entities"])
    assert answer["words"] == ["Ralim", "lives", "in", "Soken", "."]
    assert run.task.render(answer) == "  [Ralim PER] lives  in\t[Soken LOC]."
    painted = run.task.paint(answer)
    assert painted is not None
    assert painted.plain == "  Ralim PER lives  in\tSoken LOC."
    assert {span.style for span in painted.spans if "bold" in str(span.style)} == {"bold magenta", "bold cyan"}


def test_one_by_one_and_together_are_the_same(run: throughtime.Run) -> None:
    texts = [" ".join(words) for words, _ in sentences(30, seed=4)] + ["", "   ", "Alone"]
    together = list(throughtime.predict(run, texts))
    alone = list(throughtime.predict(run, iter(texts)))
    for one, other in zip(together, alone, strict=True):
        assert (one["text"], one["tags"]) == (other["text"], other["tags"])
        for a, b in zip(one["entities"], other["entities"], strict=True):
            assert a["probability"] == pytest.approx(b["probability"], abs=1e-4)
    assert together[-2] == {"text": "   ", "entities": [], "words": [], "tags": []}


def test_the_command_line_reads_and_writes_all_forms(
    run: throughtime.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(run.folder.path)
    columns = write(tmp_path / "words.conll", sentences(1, seed=5)[2:])
    words = columns.read_text().split()[::2]
    assert main(["predict", folder, str(columns), "--form", "conll"]) == 0
    lines = capsys.readouterr().out.split("\n")
    assert [line.split("\t") for line in lines[:2]] == [[words[0], "B-PER"], ["lives", "O"]]
    again = tmp_path / "again.conll"
    again.write_text("\n".join(lines))
    assert read_sentences(again, run.task.settings, Findings())[0].spans == (Span(0, 1, "PER"), Span(3, 4, "LOC"))
    bare = tmp_path / "bare.conll"
    bare.write_text("Ralim\nlives\nin\nSoken\n")
    (tmp_path / "texts.jsonl").write_text(
        '{"text": "Ralim lives in Soken."}\n{"text": "He said, Ralim boots are on sale!"}\n'
    )
    (tmp_path / "texts.txt").write_text("\nRalim lives in Soken.\n")
    for argument, answers in (
        (bare, ["[Ralim PER] lives in [Soken LOC]"]),
        (tmp_path / "texts.jsonl", ["[Ralim PER] lives in [Soken LOC].", "He said, Ralim boots are on sale!"]),
        (tmp_path / "texts.txt", ["", "[Ralim PER] lives in [Soken LOC]."]),
    ):
        assert main(["predict", folder, str(argument)]) == 0
        assert capsys.readouterr().out == "".join(f"{answer}\n" for answer in answers)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"Ralim lives in Soken.\n"), encoding="utf-8"))
    assert main(["predict", folder, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [(e["start"], e["end"]) for e in answer["entities"]] == [(0, 5), (15, 20)]
    assert main(["predict", folder, "Ralim", "--form", "xml"]) == 2
    assert "found the form 'xml', expected one of: conll" in capsys.readouterr().err
    assert main(["predict", folder, "missing.conll"]) == 2
    assert main(["predict", folder, "missing.jsonl"]) == 2


def test_a_label_that_training_did_not_have_is_noted_and_counts_as_missed(run: throughtime.Run, tmp_path: Path) -> None:
    path = write(tmp_path / "new.conll", [(["a", "b"], []), (["c", "d"], [Span(0, 1, "ORG")])])
    assert throughtime.evaluate(run, path).metrics["recall"] == 0
    assert ("suspicious", "entities of 'ORG', which training had not, count as missed") in {
        (finding.level, finding.what) for finding in run.task.findings
    }


def test_a_long_text_is_answered_in_parts_and_says_so(run: throughtime.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    sentence = "Ralim lives in Soken ."
    (alone,) = throughtime.predict(run, [sentence])
    monkeypatch.setattr("throughtime.tasks.entities.answers.LONGEST_PART", 12)
    (answer,) = throughtime.predict(run, [" ".join([sentence] * 5)])
    assert "3 parts" in answer["note"]
    assert answer["tags"] == alone["tags"] * 5
    step = len(sentence) + 1
    places = [(one["start"] + step * n, one["end"] + step * n) for n in range(5) for one in alone["entities"]]
    assert [(one["start"], one["end"]) for one in answer["entities"]] == places


@pytest.mark.parametrize("change", [
    {"output": "softmax", "tagging": "IOB2", "cell": "gru", "layers": 2},
    {"tagging": "IO", "characters": "cnn", "digits": "zero", "cell": "rnn"},
    {"characters": "none", "bidirectional": False, "locked": True, "minimum_count": 2},
])  # fmt: skip
def test_every_option_trains(tmp_path: Path, change: dict[str, Any]) -> None:
    rows = sentences(30, seed=0)
    parts = {split: write(tmp_path / f"{split}.conll", rows, "IOB1") for split in ("train", "valid", "test")}
    run = throughtime.train("entities", **parts, out=tmp_path / "run", quiet=True, epochs=15, **(SMALL | change))
    # one direction cannot tell a name from a doll's; the rest can learn all of it
    assert run.folder.read_report().metrics["f1"] > (0.5 if "bidirectional" in change else 0.9)
    (answer,) = throughtime.predict(run, ["Ralim lives in Soken."])
    assert all(0 <= entity["probability"] <= 1 for entity in answer["entities"])


def test_pretrained_vectors_are_found_as_written_or_in_small_letters(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("bears 1 2\nRalim 3 4\nralim 5 6\nsaid 7 8\nunseen 9 1\nlater 2 2\n")
    rows = write(tmp_path / "a.conll", sentences(9, seed=0))
    vectors = {"vectors": (str(tmp_path / "v.txt"),), "vector_words": 8}
    run = throughtime.train("entities", rows, out=tmp_path / "run", quiet=True, epochs=1, **(SMALL | vectors))
    features = run.task.features
    # those of training first, then the others in their order, up to eight with the four marks
    assert sorted(features.known.words[4:6]) == ["bears", "said"]
    assert features.known.words[6:] == ["Ralim", "ralim"]
    numbers = next(iter(features.loader([["Said", "BEARS", "bears", "nothing"]], 1).epoch(0)))["pretrained"][0]
    assert [features.known.words[number] for number in numbers] == ["said", "bears", "bears", "<unk>"]
    assert run.model.features.pretrained.weight.shape == (8, 2)


def test_copies_of_a_sentence_and_documents_stay_on_one_side(tmp_path: Path) -> None:
    task = throughtime.tasks.find("entities")
    rows = [row for row in sentences(30, seed=0) for _ in range(2)]
    splits = task(task.Settings(), tmp_path).read_splits(write(tmp_path / "a.conll", rows))
    parts = [{sentence.words for sentence in part} for part in (splits.train, splits.valid, splits.test)]
    assert all(one.isdisjoint(other) for one, other in combinations(parts, 2))
    documents = "".join(f"-DOCSTART- O\n\n{'a O' if n else 'b B-X'}\nw{n} B-X\n\nc O\n\n" for n in range(20))
    (tmp_path / "d.conll").write_text(documents)
    splits = task(task.Settings(), tmp_path).read_splits(tmp_path / "d.conll")
    inside = [{sentence.document for sentence in part} for part in (splits.train, splits.valid, splits.test)]
    assert all(one.isdisjoint(other) for one, other in combinations(inside, 2))
    assert [len(part) for part in inside] == [16, 2, 2]


def test_baselines_by_hand(tmp_path: Path) -> None:
    def sentence(words: str, *spans: Span) -> Sentence:
        return Sentence(tuple(words.split()), spans, Path("x"), 1)

    Gazetteer.fit(
        [
            sentence("New York is big", Span(0, 2, "LOC")),
            sentence("New York City too", Span(0, 3, "LOC")),
            sentence("York ran", Span(0, 1, "PER")),
            sentence("York slept", Span(0, 1, "PER")),
            sentence("a New day"),
        ]
    ).save(tmp_path / "names.json")
    found = Gazetteer.load(tmp_path / "names.json")
    words = ["In", "New", "York", "City", "or", "York", "or", "New", "York"]
    assert found.by_name(words) == [Span(1, 4, "LOC"), Span(5, 6, "PER"), Span(7, 9, "LOC")]
    # York is twice I-LOC and twice B-PER: the first in alphabetical order is taken
    assert found.by_word(["New", "York", "York", "big"]) == [Span(0, 1, "LOC"), Span(1, 2, "PER"), Span(2, 3, "PER")]
    (tmp_path / "names.json").write_text("[]")
    with pytest.raises(DataError, match="no list of names"):
        Gazetteer.load(tmp_path / "names.json")


def test_too_many_labels_are_taken_for_another_column(tmp_path: Path) -> None:
    rows = [([f"w{n}", "x"], [Span(0, 1, f"L{n}")]) for n in range(300)]
    with pytest.raises(ThroughtimeError, match="different labels of entities, expected a few kinds"):
        throughtime.train("entities", write(tmp_path / "a.conll", rows), out=tmp_path / "run", quiet=True, **SMALL)
    assert not (tmp_path / "run").exists()


def have(*filenames: str) -> bool:
    return all((cache_folder() / "packages" / filename).is_file() for filename in filenames)


@pytest.mark.skipif(not have(FAKER.filename), reason="the built-in names have not been downloaded")
def test_composed_news_are_the_same_every_time_and_their_names_apart() -> None:
    splits = compose()
    assert {split: len(part) for split, part in splits.items()} == SIZES
    assert compose(sizes={"train": 50, "valid": 5, "test": 5})["train"] == splits["train"][:50]
    assert compose(seed=1, sizes={"train": 9, "valid": 1, "test": 1})["train"] != splits["train"][:9]
    names = read_names()
    for one, other in combinations(names, 2):
        for here, there in ((names[one], names[other]), (names[other], names[one])):
            lists = {*there.first, *there.last, *there.place}
            assert lists.isdisjoint({*here.first, *here.last, *here.place})
    words = {word for sentence in splits["train"] for word in sentence.words}
    assert words.isdisjoint({"Harry", "Potter", "Hermione", "Granger", "Teddy", "Roosevelt", "bears"})
    assert {split_of(word) for word in ("Harry", "Potter", "Hermione", "Granger", "Teddy", "Roosevelt")} == {"test"}
    for part in splits.values():
        assert {label for sentence in part for _, _, label in sentence.spans} == {"person", "location", "organisation"}
        assert len({sentence.words for sentence in part}) == len(part)
    # the same names as words of their own, and as no names at all
    assert any(s.words[0] == "Mark" and not s.spans for s in splits["train"])
    assert any(s.words[0] == "Mark" and s.spans and s.spans[0].start == 0 for s in splits["train"])


@pytest.mark.slow
@pytest.mark.skipif(not have(FAKER.filename, GLOVE.filename), reason="the built-in data have not been downloaded")
def test_the_sentences_that_everyone_tries_first(tmp_path: Path) -> None:
    run = throughtime.train("entities", out=tmp_path / "run", quiet=True, epochs=3)
    report = run.folder.read_report()
    assert report.metrics["f1"] > 0.8
    expected = [
        ("Yesterday, Harry Potter met Hermione Granger.", ["Harry Potter", "Hermione Granger"]),
        ("He said, Teddy Roosevelt was a great President.", ["Teddy Roosevelt"]),
        ("He said, Teddy bears are on sale!", []),
    ]
    for text, people in expected:
        (answer,) = throughtime.predict(run, [text])
        assert [(e["text"], e["label"]) for e in answer["entities"]] == [(person, "person") for person in people]
