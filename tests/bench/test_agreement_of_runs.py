"""`throughtime bench agreement`: pairs are read, a run is asked about them, and sentences are written to learn from."""

from __future__ import annotations

import json
import math
import zipfile
from pathlib import Path
from typing import Any

import pytest

from throughtime import verbs
from throughtime.bench.memory.corpus import write_corpus
from throughtime.bench.memory.grammar import VERBS
from throughtime.bench.memory.pairs import Pair, pairs_of_grammar, read_pairs
from throughtime.cli.main import main
from throughtime.errors import DataError, ThroughtimeError
from throughtime.insight.marked import read_marked
from throughtime.insight.preference import Preference, preferences, surprise

STORED = Path(__file__).parents[1] / "tasks" / "stored_runs"


def rows(*some: dict[str, Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in some)


GOOD = {"sentence_good": "The cat is full.", "sentence_bad": "The cat are full.", "UID": "near"}
TERM = GOOD | {"linguistics_term": "subject_verb_agreement", "UID": "far"}
OTHER = GOOD | {"linguistics_term": "binding"}


def test_pairs_are_read_from_a_file_a_folder_and_an_archive(tmp_path: Path) -> None:
    folder = tmp_path / "sets"
    folder.mkdir()
    (folder / "a.jsonl").write_text(rows(GOOD, GOOD, GOOD))
    (folder / "b.jsonl").write_text(rows(OTHER, TERM))
    (folder / "notes.txt").write_text("no pairs")
    with zipfile.ZipFile(tmp_path / "sets.zip", "w") as archive:
        for name in ("b.jsonl", "a.jsonl"):
            archive.write(folder / name, f"data/{name}")
        archive.writestr("__MACOSX/data/._a.jsonl", b"\0\5\x16\7")
    near, far = (Pair(kind, GOOD["sentence_good"], GOOD["sentence_bad"]) for kind in ("near", "far"))
    assert read_pairs(folder / "a.jsonl", most=9) == [near] * 3
    assert read_pairs(folder, most=2) == read_pairs(tmp_path / "sets.zip", most=2) == [near, near, far]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (rows(GOOD, {"sentence_good": "A."}), "line 2: found a row that is no pair"),
        (rows(GOOD | {"sentence_bad": GOOD["sentence_good"]}), "line 1: found a row that is no pair"),
        (rows(OTHER), "found no pair of sentences on subject-verb agreement"),
        ("", "found an empty file"),
    ],
)
def test_what_is_no_pair_is_named(tmp_path: Path, content: str, found: str) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text(content)
    with pytest.raises(DataError, match=found):
        read_pairs(path, most=9)


def test_the_more_probable_sentence_is_preferred_and_equal_ones_are_guessed() -> None:
    surprises = {"a": 1.0, "b": 2.0, "c": 2.0}
    pairs = [("x", "a", "b"), ("x", "b", "a"), ("x", "b", "c"), ("y", "a", "c")]
    found = list(preferences(pairs, surprises.__getitem__))
    assert found == [Preference("x", 3, right=1, undecided=1), Preference("y", 1, right=1, undecided=0)]
    assert [one.share for one in found] == [0.5, 1.0]


def test_a_runs_surprise_is_what_predict_says_of_the_sentence() -> None:
    run = verbs.Run(STORED / "text" / "run")
    sentence = "to be or not"
    (said,) = verbs.predict(run, [sentence])
    (reading,) = run.task.readings(run.model, sentence)  # type: ignore[attr-defined]
    bits = surprise(run.model, reading) / math.log(2)
    assert bits == pytest.approx(said["bits_per_character"] * said["tokens"], rel=1e-5)


def test_a_run_that_predicts_no_next_word_is_refused() -> None:
    with pytest.raises(ThroughtimeError, match="expected a language model's run"):
        verbs.prefer(STORED / "sentiment" / "run", [("x", "good plot", "bad plot")], quiet=True)


def test_the_command_line_asks_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text(rows(GOOD, TERM))
    words = ["bench", "agreement", str(STORED / "text" / "run"), str(path)]
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    found = {line.split()[0]: line.split()[1:] for line in lines if line.split()[:1] in (["near"], ["far"], ["all"])}
    assert {name: numbers[1:] for name, numbers in found.items()} == {
        "near": ["1", "0"],
        "far": ["1", "0"],
        "all": ["2", "0"],
    }
    assert main([*words, "--json"]) == 0
    assert [one["kind"] for one in json.loads(capsys.readouterr().out)] == ["near", "far"]


def test_the_sentences_that_are_written_are_not_those_that_are_asked_about(tmp_path: Path) -> None:
    out = tmp_path / "corpus"
    assert main(["bench", "agreement", "--corpus", str(out), "--sentences", "500"]) == 0
    written = {path.stem: path.read_text().splitlines() for path in out.iterdir()}
    assert {name: len(lines) for name, lines in written.items()} == {"train": 500, "valid": 2000, "test": 2000}
    asked = {pair.right for pair in pairs_of_grammar(100)}
    assert not asked & {*written["train"], *written["valid"]}
    assert main(["bench", "agreement", "--corpus", str(out)]) == 2


def test_subject_and_verb_are_marked(tmp_path: Path) -> None:
    *_, path = write_corpus(tmp_path / "corpus", 1)
    many = {form for _, form in VERBS}
    texts = read_marked(path)
    for one in texts[:100]:
        found = {mark.label: one.text[mark.start : mark.end] for mark in one.marks}
        assert one.text.startswith(f"The {found['subject']}")
        plural = found["verb"] in many
        (region,) = (found[label] for label in found if label.endswith("plural subject"))
        assert ("plural subject" in found) == plural
        assert region == one.text[4 : one.text.index(f" {found['verb']} ") + 1]
        assert sum(mark.label == "subject or verb" for mark in one.marks) == 2
