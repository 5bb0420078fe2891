"""What is true of every application, by the registry and by what each claims to be able to do.

A new application is in this table by being registered; it brings tiny data of its own (helpers/tiny.py).
"""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

import throughtime
from helpers import tiny
from helpers.pages import Page
from helpers.processes import train_killed
from helpers.runs import assert_alike, assert_same_bytes, metrics
from helpers.tiny import Tiny
from throughtime import tasks, verbs
from throughtime.cli.main import main
from throughtime.errors import DataError, ThroughtimeError
from throughtime.insight.watching import FILE, Watcher, watched
from throughtime.storage.folder import RunFolder
from throughtime.tasks.base import (
    Capability,
    Conditions,
    Draws,
    Expresses,
    Generates,
    Measures,
    Paints,
    Streams,
    Symbols,
)

LIMITS = ["--steps", "24", "--evaluate-every", "6", "--threads", "1", "--quiet"]
LIMITS += ["--learning-rate", "0.02", "--schedule", "constant", "--warmup-steps", "0"]


@dataclass(frozen=True)
class Trained:
    """An application (named with its variant), its tiny data, and a run of it."""

    named: str
    tiny: Tiny
    run: Path

    @property
    def task(self) -> str:
        return self.named.partition(" ")[0]

    def words(self, out: Path) -> list[str]:
        """The command that made the run, into another folder."""
        return ["train", self.task, str(self.tiny.data), "--out", str(out), *tiny.words(self.tiny.settings), *LIMITS]


@pytest.fixture(scope="module", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("THROUGHTIME_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module", params=(*tasks.names, *tiny.VARIANTS))
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp(request.param.replace(" ", "-"))
    made = Trained(request.param, tiny.write(request.param, folder / "tiny"), folder / "run")
    assert main(made.words(made.run)) == 0
    return made


def able(capability: type[Capability], trained: Trained) -> None:
    if not issubclass(tasks.find(trained.task), capability):
        pytest.skip(f"{trained.task} {capability.lacking}")


def predicted(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert main(["predict", *words, "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_naming_them_loads_nothing_heavy() -> None:
    heavy = "{'torch', 'sklearn', 'scipy', 'pyarrow', 'av', 'matplotlib', 'music21', 'soundfile'} & set(sys.modules)"
    code = f"import sys; from throughtime import tasks; [*map(tasks.find, tasks.names)]; found = {heavy}"
    code += "; sys.exit(str(found or '') or 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


# -- learning ----------------------------------------------------------------------------------------------------------


def test_it_learns(trained: Trained) -> None:
    assert [row["step"] for row in metrics(trained.run / "metrics.csv")] == ["6", "12", "18", "24"]
    run = verbs.Run(trained.run)
    torch.manual_seed(0)
    examples = run.paths.read(run.task).train
    losses = [model.mean_loss(run.task.loader(examples, training=False)) for model in (run.task.model(), run.model)]
    assert losses[1] < losses[0]
    report = json.loads((trained.run / "report.json").read_text(encoding="utf-8"))
    assert report["baselines"]
    for scores in (report["metrics"], *report["baselines"].values()):
        assert scores.keys() & report["metrics"].keys()
        assert all(math.isfinite(value) for value in scores.values())


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["64", "bf16-mixed"])
def test_it_learns_in_every_precision(trained: Trained, precision: str, tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert main([*trained.words(out), "--steps", "2", "--evaluate-every", "1", "--precision", precision]) == 0
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert all(math.isfinite(value) for value in report["metrics"].values())


def test_killed_at_random_moments_it_goes_on_to_the_same_bytes(trained: Trained, tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert train_killed(trained.words(out), out, 2, 0.05, trained.task) >= 1
    assert_same_bytes(out, trained.run)


def test_it_evaluates_as_it_did_when_it_was_trained(trained: Trained, capsys: pytest.CaptureFixture[str]) -> None:
    stored = json.loads((trained.run / "report.json").read_text(encoding="utf-8"))
    capsys.readouterr()
    assert main(["evaluate", str(trained.run), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == stored


def test_the_scores_of_its_examples_add_up_to_its_metric(trained: Trained) -> None:
    folder = RunFolder(trained.run)
    report, scores = folder.read_report(), folder.read_scores()
    if scores is None:
        pytest.skip(f"no score of {trained.named} is made of single examples")
    for method, counts in scores.counts.items():
        expected = (report.metrics if method == "model" else report.baselines[method])[scores.metric]
        assert tasks.find(trained.task).pooled(counts.sum(axis=0)) == pytest.approx(expected, rel=1e-5), method
    assert sorted(scores.shown) == sorted({*scores.worst, *scores.most_surprising})


def test_its_training_ends_with_a_page(trained: Trained) -> None:
    page = Page(trained.run / "report.html")
    assert {
        "What was read",
        "How it learned",
        "How good it is",
        "Energy",
        "How to make it again",
    } <= page.sections.keys()
    drawn = page.tree.xpath("//section[@id='samples']//img")
    assert bool(drawn) == any((trained.run / "samples").glob("*.png"))
    scores = RunFolder(trained.run).read_scores()
    assert ("95 % interval" in page.sections["How good it is"]) == (scores is not None and len(scores) > 1)
    assert ("Examples that are worth a look" in page.sections) == (scores is not None)


def test_judged_by_all_that_was_split_it_says_so(trained: Trained, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["evaluate", str(trained.run), str(trained.tiny.data)]) == 0
    assert "learned from: an example that this run learned from" in capsys.readouterr().err


def test_judged_by_what_it_learned_from_it_says_so(
    trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = str(trained.tiny.data), str(tmp_path / "run")
    places = ["--train", data, "--valid", data, "--test", data, *tiny.words(trained.tiny.settings)]
    assert main(["check", trained.task, *places]) == 1
    assert "of the test split that is among those of training" in capsys.readouterr().out
    assert main(["train", trained.task, *places, "--out", out, "--steps", "1", "--threads", "1", "--quiet"]) == 0
    capsys.readouterr()
    assert main(["evaluate", out, data]) == 0
    assert "learned from: an example that this run learned from" in capsys.readouterr().err


def test_another_reset_gate_is_refused_where_there_is_none(trained: Trained, tmp_path: Path) -> None:
    if "reset_after" not in tasks.find(trained.task).Settings.model_fields:
        pytest.skip(f"{trained.task} lets no reset gate be chosen")
    asked = {**trained.tiny.settings, "cell": "lstm", "reset_after": True, "steps": 1, "quiet": True}
    with pytest.raises(ThroughtimeError, match="found reset_after with the cell lstm, expected it with gru alone"):
        throughtime.train(trained.task, trained.tiny.data, out=tmp_path / "run", **asked)
    assert not (tmp_path / "run").exists()


# -- answering ---------------------------------------------------------------------------------------------------------


def test_every_input_is_answered_once_and_in_order(trained: Trained, capsys: pytest.CaptureFixture[str]) -> None:
    run, inputs = str(trained.run), trained.tiny.inputs
    alone = [answer for given in inputs for answer in predicted(capsys, run, given)]
    assert len({json.dumps(answer) for answer in alone}) == len(inputs)
    orders = {
        "arguments": (predicted(capsys, run, *inputs), alone),
        "backwards": (predicted(capsys, run, *reversed(inputs)), alone[::-1]),
        "one twice": (predicted(capsys, run, inputs[0], *inputs), [alone[0], *alone]),
        "a file or folder of them": (predicted(capsys, run, trained.tiny.together), alone),
        "in Python, together": (list(throughtime.predict(run, [*inputs, *inputs])), [*alone, *alone]),
    }
    for order, (found, expected) in orders.items():
        # what is rounded to four decimals may be one of the fourth apart
        assert_alike(found, expected, 1.01e-4, order)


def test_answers_are_lines_for_people(trained: Trained, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["predict", str(trained.run), trained.tiny.inputs[0]]) == 0
    said = capsys.readouterr()
    assert said.out.strip()
    run = verbs.Run(trained.run)
    list(verbs.predict(run, list(run.task.read_inputs(trained.tiny.inputs[0]))))
    left_out = [str(finding) for finding in run.task.findings if finding.level != "taken"]
    assert said.err.splitlines() == left_out  # nothing else is said


def test_a_run_folder_is_all_that_is_needed(trained: Trained, tmp_path: Path) -> None:
    moved = shutil.copytree(trained.run, tmp_path / "elsewhere")
    shutil.rmtree(moved / "checkpoint")
    one, other = (list(throughtime.predict(run, trained.tiny.inputs)) for run in (trained.run, moved))
    assert one == other


@pytest.mark.parametrize("share", [None, 0.0, 0.5, 0.97])
def test_features_that_are_gone_or_cut_short_are_one_sentence(
    trained: Trained, share: float | None, tmp_path: Path
) -> None:
    files = [path for path in RunFolder(trained.run).features.iterdir() if path.suffix in (".json", ".npz", ".npy")]
    assert files
    for file in files:
        run = shutil.copytree(trained.run, tmp_path / file.name)
        (run / "features" / file.name).unlink()
        if share is not None:
            whole = file.read_bytes()
            (run / "features" / file.name).write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(DataError, match=r"/features.*: found (no |a file that was changed).*, expected"):
            verbs.Run(run)


# -- data: understood, changed, refused --------------------------------------------------------------------------------


def checked(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    status = main(["check", *words, "--json"])
    return status, json.loads(capsys.readouterr().out)


def test_check_tells_one_set_of_examples_from_another(
    trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tiny.write(trained.named, tmp_path / "tiny")
    words = [trained.task, str(other.data), *tiny.words(other.settings)]
    status, seen = checked(words, capsys)
    assert status == int(any(finding["level"] == "suspicious" for finding in seen["findings"]))
    assert all(split["examples"] > 0 for split in seen["splits"].values())
    assert seen["shown"]
    stored = json.loads((trained.run / "data.json").read_text(encoding="utf-8"))
    assert seen["splits"] == stored["splits"]
    other.edit.make()
    _, changed = checked(words, capsys)
    assert {split["checksum"] for split in changed["splits"].values()} != {
        split["checksum"] for split in seen["splits"].values()
    }


def test_a_run_goes_on_with_the_examples_it_began_with_or_not_at_all(
    trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tiny.write(trained.named, tmp_path / "tiny")
    run = shutil.copytree(trained.run, tmp_path / "run")
    config = run / "config.toml"
    config.write_text(config.read_text(encoding="utf-8").replace(str(trained.tiny.data), str(other.data)))
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    other.edit.make()
    capsys.readouterr()
    assert main(["train", trained.task, "--out", str(run), "--resume", "--steps", "30", "--quiet"]) == 2
    assert "the data has changed since this run began" in " ".join(capsys.readouterr().err.split())
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def put_nothing(path: Path) -> None:
    """A path at which there is nothing."""


BAD: dict[str, Callable[[Path], Any]] = {
    "nothing": put_nothing,
    "an empty file": Path.touch,
    "a picture": lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\xff" * 9),
    "a folder with nothing in it": Path.mkdir,
}


@pytest.mark.parametrize("bad", BAD)
def test_what_cannot_be_read_is_one_sentence(
    trained: Trained, bad: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / trained.tiny.edit.path.name, tmp_path / "run"
    BAD[bad](path)
    settings = tiny.words(trained.tiny.settings)
    for words in (
        ["train", trained.task, str(path), "--out", str(out), "--steps", "1", *settings],
        ["check", trained.task, str(path), *settings],
        ["evaluate", str(trained.run), str(path)],
    ):
        capsys.readouterr()
        assert main(words) == 2, words
        error = capsys.readouterr().err
        assert error.count("\n") == 1, error
        assert path.name in error
        assert "found" in error
        assert not out.exists()


# -- what only some can do ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("capability", "words"),
    [
        (Generates, ["generate", "RUN", "--out", "OUT"]),
        (Draws, ["predict", "RUN", "INPUT", "--pictures", "OUT"]),
        (Expresses, ["predict", "RUN", "INPUT", "--form", "any"]),
        (Conditions, ["stress", "RUN", "--out", "OUT"]),
        (Measures, ["evaluate", "RUN", "--inception", "OUT"]),
        (Symbols, ["inspect", "gates", "RUN", "INPUT", "--out", "OUT.png"]),
    ],
)
def test_what_it_cannot_do_it_says_and_who_can(
    trained: Trained,
    capability: type[Capability],
    words: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if issubclass(tasks.find(trained.task), capability):
        pytest.skip("it can")
    capsys.readouterr()
    places = {"RUN": str(trained.run), "OUT": str(tmp_path / "out"), "INPUT": trained.tiny.inputs[0]}
    assert main([places.get(word, word) for word in words]) == 2
    error = " ".join(capsys.readouterr().err.split())
    assert f"the task {trained.task} {capability.lacking}" in error
    assert error.endswith(f"expected one that does: {', '.join(tasks.able(capability)) or 'there is none'}")
    assert not (tmp_path / "out").exists()


def test_what_its_layers_read_has_names_and_a_history(trained: Trained) -> None:
    able(Symbols, trained)
    run = verbs.Run(trained.run)
    read = []
    for given in trained.tiny.inputs:
        for found in throughtime.inspect_gates(run, given):
            read.append(found.symbols)
            assert found.layers
            for layer in found.layers:
                arrays = [*layer.gates.values(), *layer.states.values()]
                assert {len(values) for values in arrays} == {len(found.symbols)}
                assert all(math.isfinite(value) for values in arrays for value in values.flat)
    assert len(set(read)) > 1
    together = throughtime.inspect_gates(run, trained.tiny.together)
    assert [found.symbols for found in together] == read


def test_what_counts_for_its_answers_adds_up(trained: Trained) -> None:
    able(Symbols, trained)
    for found in throughtime.inspect_saliency(trained.run, trained.tiny.inputs[0]):
        assert len(found.scores) == len(found.symbols)
        assert abs(found.error) < 0.01 * abs(found.scores).max()


def test_gradients_go_back_through_its_layers_on_data_of_its_own(trained: Trained) -> None:
    able(Symbols, trained)
    found = throughtime.inspect_gradients(trained.run, most=2)
    assert 1 <= len(found) <= 2
    for flows in found:
        assert [flow.verdict for flow in flows if flow.verdict == "none"] == []
        assert all(math.isfinite(norm) for flow in flows for norm in flow.carried)


def test_it_generates_the_same_from_the_same_seed(trained: Trained, tmp_path: Path) -> None:
    able(Generates, trained)
    ending = verbs.Run(trained.run).task.ending
    made = []
    for index, seed in enumerate(("1", "1", "2")):
        folder = tmp_path / str(index)
        folder.mkdir()
        words = ["generate", str(trained.run), "--out", str(folder / f"new{ending}"), "--seed", seed]
        assert main([*words, *tiny.words(trained.tiny.generation)]) == 0
        made.append({path.name: path.read_bytes() for path in folder.iterdir()})
        assert all(made[-1].values())
    assert made[0] == made[1]
    assert made[0][f"new{ending}"] != made[2][f"new{ending}"]


def test_it_draws_a_picture_of_each_answer(trained: Trained, tmp_path: Path) -> None:
    able(Draws, trained)
    pictures = tmp_path / "pictures"
    assert main(["predict", str(trained.run), *trained.tiny.inputs, "--pictures", str(pictures)]) == 0
    drawn = sorted(pictures.iterdir())
    assert [path.name for path in drawn] == [f"{number:04}.png" for number in range(1, len(trained.tiny.inputs) + 1)]
    for path in drawn:
        with Image.open(path) as picture:
            assert picture.format == "PNG"
            assert len(set(picture.convert("L").tobytes())) > 2


def test_it_says_its_answers_in_every_form(trained: Trained, capsys: pytest.CaptureFixture[str]) -> None:
    able(Expresses, trained)
    run = verbs.Run(trained.run)
    said = {}
    for form in run.task.forms:
        capsys.readouterr()
        assert main(["predict", str(trained.run), *trained.tiny.inputs, "--form", form]) == 0
        said[form] = capsys.readouterr().out
        answers = throughtime.predict(run, trained.tiny.inputs)
        expected = [text for answer in answers if (text := run.task.express(answer, form))]
        assert said[form] == "".join(f"{text}\n" for text in expected)
    assert len(set(said.values())) == len(run.task.forms)
    assert main(["predict", str(trained.run), trained.tiny.inputs[0], "--form", "poem"]) == 2
    assert "found the form 'poem', expected one of: " + ", ".join(run.task.forms) in capsys.readouterr().err


def test_in_colours_it_says_what_it_says_without(trained: Trained) -> None:
    able(Paints, trained)
    run = verbs.Run(trained.run)
    for given, answer in zip(trained.tiny.inputs, throughtime.predict(run, trained.tiny.inputs), strict=True):
        painted = run.task.paint(answer).plain
        assert all(word.strip(".,") in painted for word in given.split())


def test_it_answers_while_its_input_comes_in(
    trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    able(Streams, trained)
    stream = trained.tiny.stream
    assert stream is not None
    out = tmp_path / "run"
    assert main([*trained.words(out), *tiny.words(stream.settings)]) == 0
    answers = predicted(capsys, str(out), stream.argument)
    assert answers[-1]["final"]
    between = predicted(capsys, str(out), trained.tiny.inputs[0], stream.argument, trained.tiny.inputs[1])
    assert_alike(between[1:-1], answers, 1e-4)
    with pytest.raises(ThroughtimeError, match="as a stream"):  # a run that has to see the whole
        list(throughtime.predict(trained.run, [stream.argument]))


def test_its_gradients_can_be_watched_and_that_leaves_no_trace(trained: Trained, tmp_path: Path) -> None:
    able(Symbols, trained)
    run = verbs.Run(trained.run)
    examples = run.paths.read(run.task).valid
    before = {name: weight.clone() for name, weight in run.model.state_dict().items()}
    Watcher(run.task, examples, tmp_path)(run.model, 0)
    found = (tmp_path / FILE).read_bytes()
    assert any(one.left[0, -1] < one.left[0, 0] for one in watched(tmp_path))
    torch.rand(3)  # what was drawn meanwhile must not count
    Watcher(run.task, examples, tmp_path)(run.model, 0)
    assert (tmp_path / FILE).read_bytes() == found
    assert all(torch.equal(weight, before[name]) for name, weight in run.model.state_dict().items())
    assert all(weight.grad is None for weight in run.model.parameters())


def test_under_each_of_its_conditions_it_is_judged_twice_alike(
    trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    able(Conditions, trained)
    run, out = verbs.Run(trained.run), tmp_path / "out"
    test = run.paths.read(run.task).test
    before = [run.task.describe(example) for example in test]
    options = ["--severities", "5", "--limit", "3", "--seed", "4"]
    capsys.readouterr()
    assert main(["stress", str(trained.run), *options, "--out", str(out), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == json.loads((out / "stress.json").read_text(encoding="utf-8"))
    names = [condition.name for condition in run.task.conditions(tmp_path)]
    assert [curve["condition"] for curve in found["curves"]] == names
    assert any(curve["changed"] for curve in found["curves"])
    assert all(math.isfinite(curve["values"][0]) for curve in found["curves"])
    again = throughtime.stress(run, conditions=names[-1:], severities=(5,), limit=3, seed=4, quiet=True).to_json()
    assert again["curves"] == found["curves"][-1:]
    few = run.task.sample(test, 3)
    assert found["undisturbed"] == again["undisturbed"]
    assert found["undisturbed"]["value"] == run.task.evaluate(run.model, few).metrics[run.task.metric.name]
    assert found["undisturbed"]["method"] is not None
    assert [run.task.describe(example) for example in test] == before
    with Image.open(out / "stress.png") as picture:
        assert len(set(picture.convert("L").tobytes())) > 2
    kept = sorted(path.name for path in out.iterdir() if path.name.startswith("worst"))
    assert len(kept) in (0, 2 * len(found["worst"]))
    assert not {name for name in kept if "-before" not in name and "-after" not in name}
