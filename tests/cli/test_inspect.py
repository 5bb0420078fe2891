"""`throughtime inspect`: what is shown, written and refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import throughtime
from throughtime.cli.main import main

STORED = Path(__file__).parents[1] / "tasks" / "stored_runs"
TEXT = str(STORED / "text" / "run")
TAGGER = str(STORED / "entities" / "run")


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    assert main(["inspect", *words, "--no-report"]) == 0  # a stored run stays what it is
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    assert main(["inspect", *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    return captured.err


def is_picture(path: Path) -> bool:
    with Image.open(path) as picture:
        return picture.format == "PNG" and len(set(picture.convert("L").tobytes())) > 16


def test_gates_are_shown_by_gate_and_by_symbol(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    picture = tmp_path / "gates.png"
    shown = said(capsys, "gates", TEXT, "a cat", "--out", str(picture))
    (found,) = throughtime.inspect_gates(TEXT, "a cat")
    forget = found.layers[0].gates["forget"]
    rows = [line.split() for line in shown.splitlines()]
    assert ["layer", "1", "forward", "forget", f"{(forget < 0.1).mean():.4g}", f"{(forget > 0.9).mean():.4g}"] in [
        row[:6] for row in rows
    ]
    by_symbol = {row[0]: row for row in rows if len(row) == 4 and row[0] in found.symbols}
    assert by_symbol["c"][2] == f"{forget.mean(axis=1)[3]:.4g}"
    assert "of all values of gates are below 0.1" in shown
    assert f"wrote {picture}" in shown
    assert is_picture(picture)


def test_a_few_units_are_shown_over_the_symbols_of_each_input(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    picture, lines = tmp_path / "units.png", tmp_path / "lines.txt"
    lines.write_text("a cat\nthe cats\n")
    shown = said(capsys, "gates", TEXT, str(lines), "--unit", "3", "0", "--gate", "forget", "--out", str(picture))
    rows = [row for row in map(str.split, shown.splitlines()) if len(row) == 3]
    expected = []
    for line in ("a cat", "the cats"):
        (found,) = throughtime.inspect_gates(TEXT, line)
        values = found.layers[-1].gates["forget"]
        expected += [
            [symbol, f"{three:.2f}", f"{zero:.2f}"]
            for symbol, three, zero in zip(found.symbols, values[:, 3], values[:, 0], strict=True)
        ]
    assert [row for row in rows if row in expected] == expected
    assert is_picture(picture)
    states = said(capsys, "gates", TEXT, "a cat", "--unit", "1")
    (found,) = throughtime.inspect_gates(TEXT, "a cat")
    assert f"{found.layers[-1].states['cell'][-1, 1]:.2f}" in states
    assert "--unit is 99, expected one from 0 to" in refused(capsys, "gates", TEXT, "a", "--unit", "99")
    assert "found the gate 'update', expected one of: input" in refused(capsys, "gates", TEXT, "a", "--gate", "update")
    assert "--layer is 9, expected one from 1 to" in refused(capsys, "gates", TEXT, "a", "--layer", "9")


def test_as_json_all_values_are_there_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "gates", TAGGER, "Ann lives.", "--json").splitlines()
    (shown,) = map(json.loads, lines)
    (found,) = throughtime.inspect_gates(TAGGER, "Ann lives.")
    assert shown["symbols"] == ["Ann", "lives", "."]
    assert [layer["direction"] for layer in shown["layers"]] == ["forward", "backward"]
    for one, other in zip(shown["layers"], found.layers, strict=True):
        for name, values in (other.gates | other.states).items():
            np.testing.assert_array_equal(np.float32((one["gates"] | one["states"])[name]), values)
        assert one["order"] == other.order.tolist()


def test_of_a_file_as_many_inputs_are_looked_at_as_are_asked_for(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    lines = tmp_path / "lines.txt"
    lines.write_text("a cat\n\na hat\nthe mat\n")
    assert len(said(capsys, "gates", TEXT, str(lines), "--json").splitlines()) == 3
    assert main(["inspect", "gates", TEXT, str(lines), "--most", "2", "--no-report"]) == 0
    captured = capsys.readouterr()
    assert "gates over 2 inputs" in captured.out
    assert "what comes after the first 2 inputs" in captured.err


def test_gradients_of_a_run_stand_beside_those_of_cells(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    picture = tmp_path / "gradients.png"
    cells = ["--cells", "rnn,irnn", "--lags", "30", "--hidden-size", "20"]
    shown = said(capsys, "gradients", TAGGER, "Ann lives in Oslo.", *cells, "--out", str(picture))
    verdicts = {line.split()[0]: line.split()[2] for line in shown.splitlines() if line.split()[1:2] == ["RNN"]}
    assert verdicts == {"rnn": "vanishing", "irnn": "healthy"}
    assert " ".join(shown.split()).count("backward") == 1
    assert is_picture(picture)


def test_gradients_as_json_are_those_of_python(capsys: pytest.CaptureFixture[str]) -> None:
    shown: dict[str, Any] = json.loads(said(capsys, "gradients", TEXT, "the cat sat", "--json"))
    ((flow,),) = throughtime.inspect_gradients(TEXT, "the cat sat")
    assert list(shown) == ["layer 1 forward"]
    found = shown["layer 1 forward"]
    assert found["verdict"] == flow.verdict
    np.testing.assert_allclose(found["norms"]["cell"], flow.norms["cell"])
    assert len(flow.norms["cell"]) == len("\nthe cat sat")


def test_a_gradient_that_vanishes_comes_with_advice(capsys: pytest.CaptureFixture[str]) -> None:
    shown = said(capsys, "gradients", TEXT, "the cat sat on the mat and lay on the bed and sat on the hat")
    assert ("Vanishing: " in shown) == ("vanishing" in shown)
    assert "vanishing" in shown


def test_saliency_names_what_counts(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    run, picture = str(STORED / "sentiment" / "run"), tmp_path / "counts.png"
    shown = said(capsys, "saliency", run, "the plot was good", "--out", str(picture))
    (found,) = throughtime.inspect_saliency(run, "the plot was good")
    rows = {line.split()[0]: line.split()[1] for line in shown.splitlines() if len(line.split()) == 3}
    assert rows["plot"] == f"{found.scores[1]:.4g}"
    assert f"log p {found.value:.4g}" in shown
    assert is_picture(picture)
    (as_json,) = map(json.loads, said(capsys, "saliency", run, "the plot was good", "--json").splitlines())
    np.testing.assert_allclose(as_json["scores"], found.scores)


def test_units_are_found_in_a_file_and_shown_in_their_context(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    prose, picture = tmp_path / "prose.txt", tmp_path / "units.png"
    prose.write_text("The cat lay on the mat.\n" * 50)
    words = ["units", TEXT, str(prose), "--unit", "2", "--like", "The cat la", "--out", str(picture)]
    shown = said(capsys, *words)
    (found,), telling = throughtime.inspect_units(TEXT, prose)
    assert {one.trait for one in telling} == {"far into the input", "far into the line"}
    for one in telling:
        assert f"{one.score:.4g}" in shown
    strongest = found.strongest(2)[0]
    assert f"[{strongest.symbol}]" in shown
    assert shown.count("The␣cat␣l[a]y") > 1
    assert is_picture(picture)
    as_json = json.loads(said(capsys, *words, "--json"))
    assert [one["unit"] for one in as_json["detectors"]] == [one.unit for one in telling]
    nearest = as_json["moments"]["layer 1 forward, states like that after 'The cat la' (1 - cosine)"][0]
    assert "".join(nearest["before"]).endswith("The␣cat␣l")
    assert nearest["symbol"] == "a"


def test_what_cannot_be_inspected_is_one_sentence(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "'': found nothing to read, expected an input that is not empty" in refused(capsys, "gates", TEXT, "")
    assert "found the cell 'elman'" in refused(capsys, "gradients", "--cells", "elman")
    assert "found the step 9, expected one from 0 to 2" in refused(capsys, "saliency", TEXT, "ab", "--step", "9")
    assert "no folder" in refused(capsys, "gates", TEXT, "ab", "--out", str(tmp_path / "none" / "x.png"))
    assert list(tmp_path.iterdir()) == []
    prose = tmp_path / "prose.txt"
    prose.write_text("The cat sat.\n")
    assert "--unit is 4, expected one from 0 to 3" in refused(capsys, "units", TEXT, str(prose), "--unit", "4")
    assert "--layer is 2, expected one from 1 to 1" in refused(capsys, "units", TEXT, str(prose), "--layer", "2")
    assert "'': found nothing to read" in refused(capsys, "units", TEXT, str(prose), "--like", "")
    assert "missing.txt: found" in refused(capsys, "units", TEXT, str(tmp_path / "missing.txt"))


def test_help_says_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["inspect", "--help"])
    shown = capsys.readouterr().out
    for what in ("attention", "embeddings", "gates", "gradients", "saliency", "units"):
        assert f"\n  {what} " in shown
