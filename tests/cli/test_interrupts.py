"""Ctrl-C before there is anything to go on with: one sentence, exit status 130, nothing half-written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from throughtime.cli.main import main

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
SMALL = ["--vectors", "none", "--hidden-size", "4", "--embedding-size", "4"]


@pytest.fixture(autouse=True)
def _as_from_a_terminal() -> Iterator[None]:
    """Ctrl-C is heeded, also where the tests run in the background of a script, which has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_while_reading(tmp_path: Path) -> None:
    data, out = tmp_path / "reviews.csv", tmp_path / "run"
    os.mkfifo(data)
    words = [sys.executable, "-m", "throughtime", "train", "sentiment", str(data), "--out", str(out), *SMALL]
    # the pipe can be opened when it is being read
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process, data.open("w") as pipe:
        pipe.write("text,label\n")
        pipe.flush()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert said == "throughtime: interrupted\n"
    assert process.returncode == 130
    assert not out.exists()


def test_between_reading_and_the_first_step(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from throughtime.tasks.sentiment import Sentiment

    data, out = tmp_path / "reviews.csv", tmp_path / "run"
    data.write_text("text,label\n" + "".join(f"good {n},pos\nbad {n},neg\n" for n in range(40)))

    def interrupted(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(Sentiment, "begin", interrupted)
    assert main(["train", "sentiment", str(data), "--out", str(out), *SMALL, "--quiet"]) == 130
    assert capsys.readouterr().err == "throughtime: interrupted\n"
    assert not out.exists()


def test_a_training_that_is_stopped_says_what_to_type_next(tmp_path: Path) -> None:
    data, out = tmp_path / "reviews.csv", tmp_path / "a run"
    data.write_text("text,label\n" + "".join(f"good {n},pos\nbad {n},neg\n" for n in range(40)))
    limits = ["--epochs", "100000", "--patience", "100000", "--checkpoint-every", "0"]
    words = [sys.executable, "-m", "throughtime", "train", "sentiment", str(data), "--out", str(out), *SMALL, *limits]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        next(line for line in process.stderr if line.startswith("step 3 "))
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    last = said.splitlines()[-1]
    assert "stopped by SIGINT after step" in last
    assert last.endswith(f"to go on from there: throughtime train sentiment --out '{out}' --resume")


def test_within_an_import_it_waits_until_that_is_done(tmp_path: Path) -> None:
    """What is imported may be C++ that cannot bear an exception; and what comes next may wait for ever."""
    (tmp_path / "fragile.py").write_text(
        "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nfor _ in range(1000): pass\nprint('imported')\n"
    )
    code = "from throughtime.cli.interrupts import heed_after_imports\nheed_after_imports()\n"
    code += "try:\n    import fragile, sys\n    sys.stdin.read()\nexcept KeyboardInterrupt:\n    print('heard')\n"
    words = [sys.executable, "-c", code]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        try:
            assert process.wait(timeout=30) == 0
        finally:
            process.kill()
        assert process.stdout is not None
        assert process.stdout.read().split() == ["imported", "heard"]
