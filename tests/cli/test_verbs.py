"""The verbs in Python, at the edges that no task has of its own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from throughtime import verbs
from throughtime.errors import ThroughtimeError
from throughtime.tasks.sentiment import Sentiment

SMALL: dict[str, Any] = {"vectors": ("none",), "embedding_size": 8, "hidden_size": 8, "quiet": True}


@pytest.fixture
def reviews(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("THROUGHTIME_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "reviews.csv"
    path.write_text("text,label\n" + "".join(f"good film {n},pos\nbad film {n},neg\n" for n in range(40)))
    return path


@pytest.mark.parametrize("evaluation", [1, 2])
def test_a_run_folder_that_vanishes_while_training_is_one_sentence(
    evaluation: int, reviews: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, validate, seen = tmp_path / "run", Sentiment.validate, 0

    def remove_and_validate(task: Sentiment, model: Any, examples: Any) -> float:
        nonlocal seen
        seen += 1
        if seen == evaluation:
            shutil.rmtree(out)
        return validate(task, model, examples)

    monkeypatch.setattr(Sentiment, "validate", remove_and_validate)
    with pytest.raises(ThroughtimeError, match=r"^cannot write .*run.*: no such file or directory$"):
        verbs.train("sentiment", reviews, out=out, steps=6, evaluate_every=2, **SMALL)
    assert not out.exists()


def test_held_out_examples_are_prepared_only_where_they_are_used(
    reviews: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Training's once, the validation split's for all evaluations, the test split's for the report."""
    loader, prepared = Sentiment.loader, list[tuple[int, bool]]()

    def noted(task: Sentiment, examples: Sequence[Any], *, training: bool) -> Any:
        prepared.append((len(examples), training))
        return loader(task, examples, training=training)

    monkeypatch.setattr(Sentiment, "loader", noted)
    verbs.train("sentiment", reviews, out=tmp_path / "run", steps=4, evaluate_every=2, **SMALL)
    assert prepared == [(64, True), (8, False), (8, False)]


def test_predict_heeds_the_threads_of_the_run_and_leaves_the_callers_alone(
    reviews: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = verbs.train("sentiment", reviews, out=tmp_path / "run", steps=2, threads=2, **SMALL)
    predict, seen = Sentiment.predict, list[int]()

    def noted(task: Sentiment, model: Any, inputs: Any) -> Any:
        for answer in predict(task, model, inputs):
            seen.append(torch.get_num_threads())
            yield answer

    monkeypatch.setattr(Sentiment, "predict", noted)
    torch.set_num_threads(1)
    between = [torch.get_num_threads() for _ in verbs.predict(run, ["good film", "bad film", "a film"])]
    assert (seen, between, torch.get_num_threads()) == ([2, 2, 2], [1, 1, 1], 1)


def test_a_label_that_training_has_not_seen_is_among_the_findings(reviews: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("text,label\nfine film,pos\nso so,middling\n")
    for held_out in ("valid", "test"):
        parts = {"train": reviews, "valid": reviews, "test": reviews, held_out: other}
        run = verbs.train("sentiment", out=tmp_path / held_out, steps=2, **parts, **SMALL)
        found = json.loads((run.folder.path / "data.json").read_text(encoding="utf-8"))
        assert "texts of 'middling', which training had not, count as missed" in json.dumps(found)
