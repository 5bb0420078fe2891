"""The verb `bench`: its clock, what it measures, and what its doctor says of kernels that are missing or unused."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from throughtime import kernels
from throughtime.bench import doctor, machine, subjects
from throughtime.bench.clock import Spread, in_turns
from throughtime.bench.subjects import SUBJECTS
from throughtime.cells import GRUCell, LSTMCell
from throughtime.cli.main import main
from throughtime.kernels import fused
from throughtime.layers import GRU, LSTM, Recurrent

compiled = pytest.mark.skipif(not fused.instruction_sets(), reason="no compiled kernels: no compiler, or no AVX2")


def test_every_way_has_its_turn_in_every_round_and_the_order_turns_round() -> None:
    done: list[str] = []
    timings = in_turns({name: lambda name=name: done.append(name) for name in "abc"}, rounds=3, block=0)
    assert "".join(done) == "aabbcc" + "abc" + "cba" + "abc"
    assert {name: len(rounds) for name, rounds in timings.rounds.items()} == {"a": 3, "b": 3, "c": 3}


def test_a_ratio_is_taken_within_each_round() -> None:
    timings = in_turns({"a": lambda: None}, rounds=1)
    timings = type(timings)({"ours": [1.0, 10.0, 2.0], "theirs": [2.0, 20.0, 4.0]})
    assert timings.ratio("theirs", "ours") == Spread(2.0, 2.0, 2.0)
    assert timings.seconds("ours") == 2.0


def test_the_middle_half() -> None:
    assert Spread.of([9.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]) == Spread(4.5, 3.0, 6.0)
    assert Spread.of([3.0]) == Spread(3.0, 3.0, 3.0)


def test_no_further_round_begins_after_the_limit_but_for_the_first_three() -> None:
    assert len(in_turns({"a": lambda: None}, rounds=9, block=0, limit=0).rounds["a"]) == 3


@pytest.mark.parametrize("name", SUBJECTS)
def test_both_sides_of_a_subject_do_the_same_work(name: str) -> None:
    """The same weights, outputs and gradients; of the two GRUs, the same shapes."""
    subject = SUBJECTS[name]
    ours, theirs = subject.ours(5, 7), subject.torch(5, 7)
    assert [w.shape for w in ours.parameters()] == [w.shape for w in theirs.parameters()]
    assert sum(w.numel() for key, w in ours.named_parameters() if key.startswith("weight")) == subject.gates * 7 * 12
    if not subject.equal:
        return
    ours.load_state_dict(theirs.state_dict())
    x, gradients = torch.randn(4, 3, 5), []
    for module in (ours, theirs):
        torch.manual_seed(1)  # of the gradient that comes in
        subjects.training(module, x)()
        gradients.append([weight.grad for weight in module.parameters()])
    torch.testing.assert_close(*gradients, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("make", [GRU, LSTM])
def test_a_stream_goes_on_from_its_last_state(make: Any) -> None:
    layer, x = make(3, 4), torch.randn(1, 1, 3)
    states: list[Tensor] = []
    layer.register_forward_hook(lambda *call: states.append(call[-1][0]))
    step = subjects.streaming(layer, x)
    with torch.inference_mode():
        for _ in range(3):
            step()
    together = torch.cat(states)
    expected, _ = layer(x.expand(3, 1, 3))
    torch.testing.assert_close(together, expected)


@compiled
@pytest.mark.parametrize(
    ("layer", "call", "option"),
    [
        (GRU(3, 4), {}, "plain"),
        (GRU(3, 4), {"lengths": [4, 2]}, "lengths"),
        (GRU(3, 4, zoneout=0.1), {}, "zoneout"),
        (GRU(3, 4, recurrent_dropout=0.1), {}, "recurrent_dropout"),
        (GRU(3, 4, layer_norm=True), {}, "layer_norm"),
        (GRU(3, 4), {"trace": True}, "trace"),
        (GRU(3, 4, dtype=torch.float64), {}, "float64"),
        (LSTM(3, 4, peepholes=True), {}, "peepholes"),
        (LSTM(3, 4, proj_size=2), {}, "projection"),
    ],
)
def test_the_doctor_says_what_a_layer_really_runs(
    layer: Recurrent, call: dict[str, Any], option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from throughtime.kernels import dispatch

    ran: list[str] = []
    choose = dispatch.choose
    monkeypatch.setattr(dispatch, "choose", lambda request: (ran.append(choose(request).name), choose(request))[1])
    layer(torch.zeros(4, 2, 3, dtype=layer.weight_ih_l0.dtype), **call)
    said = {(one.option, one.cell): one for one in doctor.coverage()}[option, layer.cell.name]
    assert ran[0] == said.kernel
    assert bool(said.reason) == (said.kernel != "fused")


@compiled
def test_doctor_at_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--doctor"]) == 0
    out = capsys.readouterr().out
    for word in ("compiled module", "_fused", fused.selected(), "OpenMP", "threads", "plain", "recurrent_dropout"):
        assert word in out.replace("\n", "")
    assert main(["bench", "--doctor", "--json"]) == 0
    levels = {one["subject"]: one["level"] for one in json.loads(capsys.readouterr().out)["findings"]}
    for subject in ("processor", "compiled module", "instruction set", "a first call"):
        assert levels[subject] == "fine"


def complaints(before: str = "", **variables: str) -> dict[str, dict[str, str]]:
    """What the doctor does not find fine in a process of its own: subject -> finding."""
    code = f"{before}\nfrom throughtime.cli.main import main\nmain(['bench', '--doctor', '--json'])"
    environment = os.environ | variables
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    return {one["subject"]: one for one in json.loads(done.stdout)["findings"] if one["level"] != "fine"}


def test_doctor_on_a_machine_without_the_module_and_without_a_compiler(tmp_path: Path) -> None:
    found = complaints(
        before="import sys; sys.modules['throughtime.kernels._fused'] = None", PATH=str(tmp_path), CXX=""
    )
    assert "no C++ compiler" in found["compiled module"]["found"]
    assert "apt install g++" in found["compiled module"]["advice"]
    assert {"instruction set", "a first call"} <= found.keys()


@compiled
def test_doctor_where_the_reference_is_forced(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THROUGHTIME_KERNELS", "reference")
    with kernels.use("reference"):
        main(["bench", "--doctor", "--json"])
    said = json.loads(capsys.readouterr().out)
    found = {one["subject"]: one["found"] for one in said["findings"] if one["level"] == "problem"}
    assert "no compiled kernel runs" in found["THROUGHTIME_KERNELS"]
    assert {
        (one["kernel"], "asks for it" in one["reason"]) for one in said["coverage"] if one["option"] == "plain"
    } == {("reference", True)}


@compiled
def test_doctor_where_variables_are_wrong() -> None:
    assert "'neon'" in complaints(THROUGHTIME_ISA="neon")["choice"]["found"]


@compiled
def test_the_doctor_says_whether_bfloat16_is_the_processors_own() -> None:
    """Not told of as fine: emulated, not in use, or not there."""
    found = complaints(THROUGHTIME_ISA=fused.EMULATED[0])["bfloat16"]
    assert found["level"] == "problem"
    assert "emulated" in found["found"]
    found = complaints(THROUGHTIME_ISA="avx2")["bfloat16"]
    assert found["level"] == "note"
    assert "run in float32" in found["found"]
    assert ("is there but" in found["found"]) == (not set(fused.bfloat16_sets()) <= set(fused.EMULATED))


@pytest.mark.parametrize(
    ("isa", "gains", "level", "said"),
    [
        ("avx512_bf16", True, "fine", "layers multiply in it"),
        ("avx512_bf16", False, "problem", "slower than float32"),
        ("", False, "note", "slower than float32: under autocast layers run in float32"),
        ("", True, "note", "not in use: under autocast layers run in float32"),
    ],
)
def test_the_doctor_says_what_autocast_does_on_other_processors(isa: str, gains: bool, level: str, said: str) -> None:
    found = doctor._bfloat16(isa, ["avx512_bf16"], gains)
    assert found.level == level
    assert said in found.found


@compiled
def test_doctor_where_threads_fight(tmp_path: Path) -> None:
    """More threads than cores, a second OpenMP runtime; and a variable that names no kernel."""
    runtimes = machine.openmp_runtimes()
    if not runtimes:
        pytest.skip("the system does not say which libraries are loaded")
    second = tmp_path / "libgomp-second.so.1"
    shutil.copy(runtimes[0], second)
    before = f"import ctypes, torch; torch.set_num_threads(64); ctypes.CDLL({str(second)!r})"
    found = complaints(before, THROUGHTIME_KERNELS="quick")
    assert str(second) in found["OpenMP"]["found"]
    assert f"OMP_NUM_THREADS={machine.cores()}" in found["threads"]["advice"]
    assert "'quick'" in found["THROUGHTIME_KERNELS"]["found"]


BROKEN = """
import importlib.util, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "throughtime.kernels._fused":
            return importlib.util.spec_from_file_location(name, {!r})
sys.meta_path.insert(0, Finder())
"""


def test_a_broken_module_is_told_from_a_missing_one(tmp_path: Path) -> None:
    """A file that is there but no library."""
    (tmp_path / "_fused.so").write_bytes(b"not a library")
    found = complaints(BROKEN.format(str(tmp_path / "_fused.so")))
    assert "cannot be loaded" in found["compiled module"]["found"]


def test_threads_must_be_some(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--threads", "0"]) == 2
    assert "--threads is 0" in capsys.readouterr().err


def test_help_waits_for_nothing() -> None:
    code = (
        "import sys\nfrom throughtime.cli.main import main\ntry: main(['bench', '--help'])\nexcept SystemExit: pass\n"
    )
    code += "print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "--doctor" in done.stdout
    assert done.stdout.splitlines()[-1] == "False"


@pytest.mark.slow
def test_the_table_at_the_command_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["bench", "--json"]) == 0
    measured = json.loads(capsys.readouterr().out)
    assert {row["cell"] for row in measured["rows"]} == set(SUBJECTS)
    assert len(measured["rows"]) == 3 * len(SUBJECTS)
    for row in measured["rows"]:
        assert 0 < row["ratio"]["low"] <= row["ratio"]["median"] <= row["ratio"]["high"]
        cell = {"LSTM": LSTMCell, "GRU": GRUCell}.get(row["cell"])
        if cell is not None:
            T, B, inputs, hidden = row["shape"]
            assert row["kernel"] == subjects.kernel_for(cell(inputs, hidden), T, B)
    assert main(["bench"]) == 0
    out = capsys.readouterr().out
    for word in ("training", "one step", "GRU reset_after", "torch.nn", machine.processor()):
        assert word in out
    assert "\u2026" not in out
    assert len(re.findall(r"\d\.\d\d \(\d+\.\d\d-\d+\.\d\d\)", out)) == 3 * len(SUBJECTS)
