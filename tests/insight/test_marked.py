"""Traits of one's own: marks in a text stand where its symbols do, and units that tell them are found."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from throughtime.data.batch import Batch
from throughtime.errors import ArgumentError, DataError, ThroughtimeError
from throughtime.insight.marked import Mark, Marked, labels_of, read_marked, with_marks
from throughtime.insight.units import Units, detectors, units
from throughtime.layers import GRU
from throughtime.models.generator import Generator
from throughtime.models.outputs.softmax import Softmax
from throughtime.models.parts.embedding import Embedding
from throughtime.tasks.base.symbols import SymbolSequence


def read(symbols: Sequence[str]) -> SymbolSequence:
    numbers = torch.arange(len(symbols))[None] % 7
    batch = Batch({"inputs": numbers, "targets": numbers}, 1, len(symbols))
    return SymbolSequence(tuple(symbols), "words", "recurrent", batch, "nothing", each=True)


def traits(marked: Marked, *parts: Sequence[str], labels: Sequence[str] = ()) -> list[dict[str, list[Any]]]:
    names = frozenset(labels) or labels_of([marked])
    found = with_marks([read(part) for part in parts], marked, names)
    return [{name: values.tolist() for name, values in one.traits.items()} for one in found]


def test_a_symbol_has_what_a_mark_that_touches_it_says() -> None:
    marked = Marked("The cat, then the cats.", (Mark(4, 7, "animal"), Mark(14, 22, "animal")), 1)
    (words,) = traits(marked, ["↵", "The", "cat", ",", "then", "the", "cats", "."])
    assert words == {"animal": [0, 0, 1, 0, 0, 1, 1, 0]}
    (letters,) = traits(marked, ["↵", *"The␣cat,␣then␣the␣cats."])
    assert letters["animal"] == [0] + [4 <= at < 7 or 14 <= at < 22 for at in range(23)]


def test_parts_that_a_model_reads_by_themselves_follow_one_another() -> None:
    marked = Marked("A dog. A dog.", (Mark(9, 12, "second"),), 1)
    assert traits(marked, ["a", "dog", "."], ["a", "dog", "."]) == [{"second": [0, 0, 0]}, {"second": [0, 1, 0]}]


def test_where_something_is_known_not_to_be_the_rest_is_not_asked_about() -> None:
    marked = Marked("a b c", (Mark(0, 1, "many"), Mark(2, 3, "not many")), 1)
    (found,) = traits(marked, ["a", "b", "c"])
    assert found["many"][:2] == [1.0, 0.0]
    assert math.isnan(found["many"][2])
    # in another text of the same file that has no "not many"
    (other,) = traits(Marked("a b", (Mark(0, 1, "many"),), 2), ["a", "b"], labels=["many", "not many"])
    assert other["many"][0] == 1.0
    assert math.isnan(other["many"][1])


@pytest.mark.parametrize("symbols", [["a", "<unk>", "c"], ["a", "c"], ["a", "b", "c", "d"]])
def test_a_symbol_that_does_not_stand_there_is_named(symbols: list[str]) -> None:
    with pytest.raises(ThroughtimeError, match="line 3: found the symbol"):
        traits(Marked("a b c", (Mark(0, 1, "x"),), 3), symbols)


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([{"text": "ab", "spans": [[0, 3, "x"]]}], r"line 1: found the span \[0, 3, 'x'\]"),
        ([{"text": "ab", "spans": [[0, 1, "x"]]}, {"text": "ab", "spans": [[1, 1, "x"]]}], r"line 2: found the span"),
        ([{"text": "ab", "spans": [[0, 1, "not "]]}], "found the span"),
        ([{"text": "ab", "spans": [["0", 1, "x"]]}], "found the span"),
        ([{"text": "ab"}], "line 1: found a row that is not a text with its spans"),
        ([["ab", []]], "found a row that is not a text"),
        ([{"text": "ab", "spans": []}], "found no span"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_its_line(tmp_path: Path, rows: list[Any], found: str) -> None:
    path = tmp_path / "marked.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(DataError, match=found) as caught:
        read_marked(path)
    assert str(path) in str(caught.value)


def test_steps_of_which_a_trait_is_not_known_are_left_out() -> None:
    """Where it is known a unit tells it; where it is not, the same unit would be wrong."""
    random = np.random.default_rng(0)
    states = random.normal(size=(2000, 3)).astype(np.float32)
    has = (random.random(2000) < 0.5).astype(np.float64)
    states[:, 1] = np.where(random.random(2000) < 0.3, -has, has)
    known = np.where(states[:, 1] == has, has, math.nan)
    layer = Units("layer", (("x",) * 2000,), states, np.stack([np.zeros(2000, int), np.arange(2000)], axis=1))
    (blurred,), (found,) = detectors([layer], {"many": has}), detectors([layer], {"many": known})
    assert (found.unit, found.score) == (1, 1.0)
    assert blurred.score < 0.9
    assert known[found.example] == 1.0
    assert found.share == pytest.approx(np.nanmean(known))


def test_a_gate_can_be_looked_at_in_place_of_the_states() -> None:
    torch.manual_seed(0)
    model = Generator(Embedding(7, 5), GRU(5, 6, num_layers=2, batch_first=True), Softmax(6, 7)).eval()
    reading = read("abcdefgh")
    found, _ = units(model, [reading], gate="update")
    _, _, trace = model.recurrent(model.encoder(reading.batch["inputs"]), trace=True)
    assert [one.name for one in found] == ["layer 1 forward, update gate", "layer 2 forward, update gate"]
    for number, one in enumerate(found):
        np.testing.assert_allclose(one.states, trace[number, 0]["update"][0].detach().numpy(), rtol=1e-6)
    with pytest.raises(ArgumentError, match="found the gate 'forget', expected one of the GRU: reset, update"):
        units(model, [reading], gate="forget")
