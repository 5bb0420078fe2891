"""The command line as a user meets it: the verbs in a row on a user's own file, and what they say of mistakes."""

from __future__ import annotations

import errno
import io
import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import throughtime
from throughtime.cli.main import main
from throughtime.cli.show import show_report
from throughtime.errors import ArgumentError, ThroughtimeError
from throughtime.storage.report import Report, Table
from throughtime.tasks.base import Metric

GOOD = ["a fine, moving film", "warm and funny", "a great cast shines", "lovely from start to end", "simply wonderful"]
BAD = ["a dull, empty film", "cold and tedious", "a weak cast stumbles", "awful from start to end", "simply dreadful"]


def typed(content: bytes) -> io.TextIOWrapper:
    """Standard input of that content."""
    return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8")


@pytest.fixture(scope="module")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("reviews") / "reviews.csv"
    texts = [(text, "pos") for text in GOOD] + [(text, "neg") for text in BAD]
    rows = [f'"{text}, number {n}",{label}' for n in range(30) for text, label in texts]
    path.write_text("text,label\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def run(reviews: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "run"
    words = ["--steps", "100", "--hidden-size", "16", "--vectors", "none", "--quiet", "--learning-rate", "0.02"]
    words += ["--batch-size", "16", "--schedule", "constant", "--bidirectional", "--dropout", "0.1"]
    assert main(["train", "sentiment", str(reviews), "--out", str(out), *words]) == 0
    return out


def test_train_leaves_a_run_folder(run: Path) -> None:
    files = {path.name for path in run.iterdir()}
    assert {"config.toml", "features", "model.safetensors", "metrics.csv", "report.json"} <= files
    report = json.loads((run / "report.json").read_text(encoding="utf-8"))
    assert report["metrics"]["accuracy"] >= 0.95
    assert report["baselines"]


def test_evaluate_on_a_file_prints_json(run: Path, reviews: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(run), str(reviews), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["metrics"]["accuracy"] >= 0.95


def test_evaluate_shows_model_and_baselines(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(run)]) == 0
    out = capsys.readouterr().out
    for word in ("model", "accuracy", "bag of words", "neg"):
        assert word in out.lower()


def test_evaluate_says_that_the_runs_own_data_has_changed(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], reviews: Path
) -> None:
    assert main(["evaluate", str(run)]) == 0
    assert "changed data" not in capsys.readouterr().err
    before = reviews.read_text(encoding="utf-8")
    reviews.write_text(before.replace(",neg", ",other").replace(",pos", ",neg").replace(",other", ",pos"))
    try:
        assert main(["evaluate", str(run), "--json"]) == 0
    finally:
        reviews.write_text(before, encoding="utf-8")
    said = capsys.readouterr()
    assert "changed data: the run's own data is not what it was in training: found 30 examples in its test" in said.err
    assert "30 of them new, 30 of the old ones gone" in said.err
    assert json.loads(said.out)["metrics"]["accuracy"] < 0.1


def test_predict_takes_arguments_files_and_standard_input(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = tmp_path / "lines.txt"
    lines.write_text("simply wonderful\nsimply dreadful\n", encoding="utf-8")
    assert main(["predict", str(run), "a dull, empty film", str(lines), "--json"]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [answer["label"] for answer in answers] == ["neg", "pos", "neg"]
    monkeypatch.setattr(sys, "stdin", typed(b"warm and funny\n"))
    assert main(["predict", str(run), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["label"] == "pos"


def test_standard_input_may_come_from_windows(
    run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", typed(b"\xef\xbb\xbfwarm and funny\r\n\r\nsimply dreadful"))
    assert main(["predict", str(run), "-", "--json"]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [answer["text"] for answer in answers] == ["warm and funny", "", "simply dreadful"]


def test_standard_input_in_another_encoding_is_one_sentence(
    run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", typed("warm\nd\u00e5rlig\n".encode("latin-1")))
    assert main(["predict", str(run)]) == 2
    said = capsys.readouterr()
    assert said.out.count("\n") == 1  # the line before is answered
    assert "standard input, line 2: found byte 0xe5, which is not utf-8" in said.err


def test_no_standard_input_at_all(
    run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", None)  # as Python has it where a service closes it
    assert main(["predict", str(run)]) == 2
    assert "found no INPUT" in capsys.readouterr().err


def test_an_empty_argument_is_an_empty_text(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", str(run), "", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["text"] == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("words", [["tasks"], ["predict", "RUN", "good"], ["evaluate", "RUN", "--json"]])
def test_output_to_a_full_disk_is_one_sentence(words: list[str], run: Path) -> None:
    command = [sys.executable, "-m", "throughtime", *(str(run) if word == "RUN" else word for word in words)]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.stderr.splitlines() == ["throughtime: No space left on device"]
    assert done.returncode == 2


def test_a_character_that_the_output_cannot_hold_is_one_sentence(
    run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="cp1252"))
    assert main(["predict", str(run), "good \N{PARTY POPPER}"]) == 2
    assert "found the character '\\U0001f389', which cannot be written as" in capsys.readouterr().err


def test_a_report_in_a_file_is_whole(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    signature = "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0|" * 3
    labels = [f"[b]class number {n}[/c]" for n in range(15)]
    tables = [Table("made by", ["", ""], [["chrf", signature]]), Table("all", ["", *labels], [[labels[0], *range(15)]])]
    report = Report({"accuracy": 0.5}, {f"always {labels[0]}": {"accuracy": 0.25}}, tables)
    show_report(report, Metric("accuracy", "share", "max"), "[/mine].csv")
    shown = capsys.readouterr().out
    assert signature in shown
    assert all(label in shown for label in labels)
    assert "\u2026" not in shown
    assert shown.startswith("[/mine].csv; accuracy: share\n")
    monkeypatch.setenv("COLUMNS", "40")  # a narrow terminal breaks lines, and still shows all
    show_report(report, Metric("accuracy", "share", "max"), "mine.csv")
    narrow = capsys.readouterr().out
    assert max(map(len, narrow.splitlines())) <= 40
    assert "\u2026" not in narrow


def test_an_evaluation_says_what_it_was_judged_on(run: Path, reviews: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(run), str(reviews)]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"{reviews}; accuracy")
    assert "held-out" not in shown  # for all we know they were learned from


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--minutes", "0"], "throughtime: setting minutes: found 0.0, expected: greater than 0\n"),
        (["--steps", "-1"], "throughtime: setting steps: found -1, expected: greater than or equal to 0\n"),
    ],
)
def test_a_setting_that_cannot_be_is_one_sentence(
    words: list[str], sentence: str, reviews: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "sentiment", str(reviews), "--out", str(tmp_path / "run"), *words]) == 2
    assert capsys.readouterr().err == sentence
    assert not (tmp_path / "run").exists()


def test_what_to_try_next_can_be_copied(reviews: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "m\u00f8lle \u00e5"
    words = ["--hidden-size", "4", "--vectors", "none", "--steps", "1", "--quiet"]
    assert main(["train", "sentiment", str(reviews), "--out", str(out), *words]) == 0
    (line,) = (line for line in capsys.readouterr().out.splitlines() if "throughtime evaluate" in line)
    assert shlex.split(line) == ["throughtime", "evaluate", str(out), "FILE"]


def test_two_trainings_do_not_share_a_folder(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shared = shutil.copytree(run, tmp_path / "run")
    before = (shared / "config.toml").read_bytes()
    words = ["train", "sentiment", "--out", str(shared), "--resume", "--steps", "20", "--quiet"]
    code = "import sys\nfrom throughtime.storage.folder import RunFolder\nfrom pathlib import Path\n"
    code += f"with RunFolder(Path({str(shared)!r})).locked():\n    print('here', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"here\n"
        assert main(words) == 2
        assert "another training is at work in this folder" in capsys.readouterr().err
        assert (shared / "config.toml").read_bytes() == before
        other.kill()
    assert main(words) == 0  # one that was killed is in nobody's way


def test_a_finished_run_without_its_checkpoint_is_not_begun_anew(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    thinned = shutil.copytree(run, tmp_path / "run")
    shutil.rmtree(thinned / "checkpoint")
    before = (thinned / "model.safetensors").read_bytes()
    assert main(["train", "sentiment", "--out", str(thinned), "--resume", "--steps", "120", "--quiet"]) == 2
    assert "state.safetensors: found nothing" in capsys.readouterr().err
    assert (thinned / "model.safetensors").read_bytes() == before


def test_features_that_cannot_be_written_leave_nothing(
    reviews: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "vectors.npy")

    monkeypatch.setattr(np, "save", full)
    words = ["--vectors", "none", "--steps", "1", "--quiet"]
    assert main(["train", "sentiment", str(reviews), "--out", str(tmp_path / "run"), *words]) == 2
    assert capsys.readouterr().err == "throughtime: vectors.npy: No space left on device\n"
    assert not (tmp_path / "run").exists()


def test_predict_draws_no_pictures_for_a_task_that_has_none(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "pictures"
    assert main(["predict", str(run), "a dull, empty film", "--pictures", str(folder)]) == 2
    assert "the task sentiment draws no pictures" in capsys.readouterr().err
    assert not folder.exists()


def test_the_same_verbs_in_python(run: Path, reviews: Path) -> None:
    opened = throughtime.Run(run)
    assert throughtime.evaluate(opened, reviews).metrics["accuracy"] >= 0.95
    (answer,) = throughtime.predict(opened, ["cold and tedious"])
    assert answer["label"] == "neg"
    with pytest.raises(ArgumentError, match=r"expected several: \['cold and tedious'\]"):
        throughtime.predict(opened, "cold and tedious")
    with pytest.raises(ThroughtimeError, match="nowhere"):  # at once, not when the first answer is asked for
        throughtime.predict("nowhere", ["cold and tedious"])
    with pytest.raises(ThroughtimeError, match="does not generate"):
        throughtime.generate(opened, "x.txt")


def test_a_run_goes_on_from_the_command_line(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (run / "metrics.csv").read_text(encoding="utf-8").splitlines()
    assert main(["train", "sentiment", "--out", str(run), "--resume", "--steps", "10", "--quiet"]) == 0
    after = (run / "metrics.csv").read_text(encoding="utf-8").splitlines()
    assert after[: len(before)] == before
    assert int(after[-1].split(",")[0]) == 110
    assert main(["train", "sentiment", "--out", str(run), "--resume", "--hidden-size", "99"]) == 2
    assert "hidden_size" in capsys.readouterr().err


MISTAKES = [
    (["fly"], "no verb 'fly'"),
    (["train"], "no TASK"),
    (["train", "cooking"], "no task named 'cooking'"),
    (["train", "sentiment", "nowhere.csv", "--out", "x"], "nowhere.csv"),
    (["train", "sentiment", "--train", "a.csv", "--out", "x"], "expected --train and one of the others"),
    (["train", "sentiment", "a.csv", "--train", "a.csv", "--out", "x"], "one or the other"),
    (["train", "sentiment", "--out", "x", "--resume"], "x"),
    (["evaluate", "nowhere"], "nowhere"),
    (["predict", "nowhere", "words"], "nowhere"),
    (["generate", "nowhere", "--out", "x.mid"], "nowhere"),
    (["generate", "--out", "x.mid"], "Missing"),
]


@pytest.mark.parametrize(("words", "sentence"), MISTAKES, ids=[" ".join(words) for words, _ in MISTAKES])
def test_a_mistake_is_one_sentence_and_status_2(
    words: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        status = main(words)
    except SystemExit as end:  # tyro's own way of refusing flags
        status = end.code
    error = capsys.readouterr().err
    assert status == 2
    assert sentence in error
    assert "Traceback" not in error
    assert list(tmp_path.iterdir()) == []


def test_a_run_folder_is_never_overwritten(run: Path, reviews: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (run / "model.safetensors").read_bytes()
    assert main(["train", "sentiment", str(reviews), "--out", str(run), "--steps", "1"]) == 2
    assert str(run) in capsys.readouterr().err.replace("\n", "")
    assert (run / "model.safetensors").read_bytes() == before


@pytest.mark.parametrize("words", [["--help"], ["train", "--help"], ["tasks"], ["train", "music", "--help"]])
def test_help_does_not_wait_for_torch(words: list[str]) -> None:
    code = (
        "import sys; from throughtime.cli.main import main\n"
        f"try: main({words!r})\n"
        "except SystemExit: pass\n"
        "print([m for m in ('torch', 'lightning_fabric', 'music21', 'sklearn', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]", done.stdout


def test_a_training_that_cannot_begin_leaves_nothing(
    reviews: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    words = ["train", "sentiment", str(reviews), "--out", str(out), "--vectors", "none", "--steps", "12", "--quiet"]
    words += ["--batch-size", "16", "--schedule", "constant"]  # all steps come before the first evaluation
    assert main([*words, "--precision", "16-mixed", "--device", "cpu"]) == 2
    assert "16-mixed" in capsys.readouterr().err
    assert not out.exists()
    # in float32 the reference's saturated cells have no gradient left that could overflow
    assert main([*words, "--precision", "bf16-mixed", "--learning-rate", "1e30"]) == 2
    assert "learning rate" in capsys.readouterr().err
    assert not out.exists()


def test_a_run_goes_on_with_its_own_data(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other.csv"
    other.write_text("text,label\na,x\nb,y\nc,x\n", encoding="utf-8")
    assert main(["train", "sentiment", str(other), "--out", str(run), "--resume", "--steps", "120"]) == 2
    assert "data it began with" in capsys.readouterr().err


def test_a_label_that_training_never_saw_counts_as_missed_and_is_said(
    reviews: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    strange, out = tmp_path / "strange.csv", tmp_path / "run"
    strange.write_text("text,label\na film,meh\nanother film,pos\n", encoding="utf-8")
    splits = ["--train", str(reviews), "--valid", str(reviews), "--test", str(strange)]
    assert main(["train", "sentiment", *splits, "--out", str(out), "--vectors", "none", "--steps", "2"]) == 0
    captured = capsys.readouterr()
    said = " ".join((captured.out + captured.err).split())
    assert "texts of 'meh', which training had not, count as missed" in said
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert report["metrics"]["accuracy"] <= 0.5
