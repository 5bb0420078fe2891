"""Attention: the weights of the very pass that answers, by word, and how far they are spread."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import throughtime
from helpers import tiny
from throughtime import tasks, verbs
from throughtime.cli.main import main
from throughtime.errors import ThroughtimeError
from throughtime.tasks.base import Alignment, Attends

STORED = Path(__file__).parents[1] / "tasks" / "stored_runs"
TRANSLATION, SPEECH, VIDEO = (str(STORED / name / "run") for name in ("translation", "speech", "video"))
SENTENCE = "En stor bog og et rød hus 12."


def test_of_a_translation_they_are_what_predict_says_in_whole_words() -> None:
    (found,) = throughtime.inspect_attention(TRANSLATION, SENTENCE)
    (answer,) = throughtime.predict(TRANSLATION, [SENTENCE])
    assert found.answer == answer["translation"]
    assert found.symbols == ("En", "stor", "bog", "og", "et", "rød", "hus", "12", ".", "(end)")
    assert list(found.said) == answer["attention"]["target"]
    np.testing.assert_allclose(found.weights, answer["attention"]["weights"], atol=5.1e-5)
    np.testing.assert_allclose(found.weights.sum(axis=1), 1, atol=1e-6)


def test_spread_counts_symbols_and_coverage_finds_what_was_passed_over() -> None:
    weights = np.array([[1.0, 0.0, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25], [0.5, 0.5, 0.0, 0.0]])
    found = Alignment(tuple("abcd"), "letters", tuple("xyz"), "xyz", weights)
    np.testing.assert_allclose(found.spread, [1, 4, 2], rtol=1e-12)
    np.testing.assert_allclose(found.coverage, [1.75, 0.75, 0.25, 0.25])


def untrained(name: str, folder: Path) -> tuple[Any, Any, str]:
    """A task that pools by attention, with features of its tiny data and a fresh model, and an input of it."""
    small = tiny.write(name, folder)
    kind = tasks.find(name)
    task: Any = kind(kind.Settings(**small.settings, pooling="attention"), folder / "cache")
    task.fit(task.read_splits(small.data).train)
    torch.manual_seed(0)
    return task, task.model().eval(), small.inputs[0]


def test_a_classifier_that_pools_by_attention_shows_the_weights_that_it_pooled_by(tmp_path: Path) -> None:
    task, model, _ = untrained("sentiment", tmp_path)
    text = "The plot was good. The end was not."
    (found,) = task.alignments(model, text)
    (answer,) = task.predict(model, [text])
    assert found.said == (answer["label"],) == (found.answer,)
    assert [[word, weight] for word, weight in zip(found.symbols, found.weights[0], strict=True)] == answer["attention"]
    assert found.weights.sum() == pytest.approx(1, abs=1e-6)


def test_a_clip_is_weighed_frame_by_frame(tmp_path: Path) -> None:
    task, model, path = untrained("video", tmp_path)
    (given,) = task.read_inputs(path)
    (found,), (reading,) = task.alignments(model, given), task.readings(model, given)
    with torch.no_grad():
        logits, weights = model(reading.batch["inputs"], reading.batch["lengths"])
    assert found.symbols == reading.symbols
    assert found.answer == task.labels.names[int(logits.argmax())]
    np.testing.assert_allclose(found.weights, weights.double().numpy(), rtol=1e-12)


def test_a_run_that_cannot_says_which_could() -> None:
    with pytest.raises(ThroughtimeError, match="the task speech has no attention, expected one that does: sentiment,"):
        throughtime.inspect_attention(SPEECH, "x")
    with pytest.raises(ThroughtimeError, match="found a run with --pooling max, expected one with --pooling attention"):
        throughtime.inspect_attention(VIDEO, "x")
    with pytest.raises(ThroughtimeError, match="found nothing to read"):
        throughtime.inspect_attention(TRANSLATION, " ")
    assert tasks.able(Attends) == ["sentiment", "translation", "video"]


def test_a_long_text_is_shown_in_the_parts_that_it_is_translated_in() -> None:
    run = verbs.Run(TRANSLATION)
    text = " ".join(["En ny bil 7."] * 40)
    found = throughtime.inspect_attention(run, text, most=100)
    first = throughtime.inspect_attention(run, text, most=2)
    (left_out,) = run.task.findings
    assert "what comes after the first 2 inputs" in str(left_out)
    (answer,) = throughtime.predict(run, [text])
    assert [one.answer for one in first] == [one.answer for one in found[:2]]
    assert [one.answer for one in found] == [part["translation"] for part in answer["parts"]]


@pytest.mark.usefixtures("narrow")
def test_the_matrix_is_printed_whole_and_drawn(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    picture = tmp_path / "attention.png"
    assert main(["inspect", "attention", TRANSLATION, "En ny bil 7.", "--out", str(picture)]) == 0
    *shown, written = capsys.readouterr().out.splitlines()
    (found,) = throughtime.inspect_attention(TRANSLATION, "En ny bil 7.")
    assert written == f"wrote {picture}"
    assert max(map(len, shown)) <= 80
    rows = [line.split() for line in shown]
    assert [*found.symbols, "spread"] in rows
    for said, weights, spread in zip(found.said, found.weights, found.spread, strict=True):
        assert [said, *(f"{100 * weight:.0f}" for weight in weights), f"{spread:.1f}"] in rows
    assert ["(all", "together)", *(f"{100 * in_all:.0f}" for in_all in found.coverage)] in rows
    with Image.open(picture) as drawn:
        assert drawn.format == "PNG"
        assert len(set(drawn.convert("L").tobytes())) > 16
    assert main(["inspect", "attention", TRANSLATION, "En ny bil 7.", "--json"]) == 0
    as_json = json.loads(capsys.readouterr().out)
    np.testing.assert_array_equal(as_json["weights"], found.weights)
    assert as_json["symbols"] == list(found.symbols)
    assert math.isclose(sum(as_json["coverage"]), len(found.said), rel_tol=1e-6)


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
