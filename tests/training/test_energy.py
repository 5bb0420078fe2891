"""What a run has used: by meters that are made up here, by a named constant, or unknown; added up when it goes on."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

import throughtime
from helpers import tiny
from helpers.power import ENDS, meters
from throughtime.errors import DataError, ThroughtimeError
from throughtime.storage.energy import Energy, Footprint, Part
from throughtime.storage.folder import RunFolder
from throughtime.training import energy
from throughtime.training.energy import Account, Meter
from throughtime.training.meters import Card, Processors


def test_processors_and_their_memory_are_counted_once(tmp_path: Path) -> None:
    found = Processors(meters(tmp_path, 1_000_000, 7_000_000, memory=50))
    assert found.joules() == 0
    meters(tmp_path, 3_000_000, 7_500_000, memory=1_000_050)
    assert found.joules() == pytest.approx(2 + 0.5 + 1)
    assert found.by == "RAPL: 2 processors and their memory, whatever ran on them"


def test_a_meter_that_begins_anew_is_followed(tmp_path: Path) -> None:
    found = Processors(meters(tmp_path, ENDS - 2_000_000))
    for after, joules in ((ENDS - 1_000_000, 1), (4_000_000, 6), (5_000_000, 7), (4_000_000, 6 + ENDS / 1e6)):
        meters(tmp_path, after)
        assert found.joules() == pytest.approx(joules)


@pytest.mark.parametrize("broken", ["energy_uj", "name"])
def test_meters_that_cannot_be_read_count_nothing(broken: str, tmp_path: Path) -> None:
    assert Processors(tmp_path).joules() is None
    meters(tmp_path, 5)
    (tmp_path / "intel-rapl:0" / broken).unlink()
    assert Processors(tmp_path).joules() is None


def test_a_meter_that_fails_is_given_up(tmp_path: Path) -> None:
    meter = Meter(meters(tmp_path, 5))
    assert meter.read().how == "measured"
    (tmp_path / "intel-rapl:0" / "energy_uj").write_text("")
    for _ in range(2):
        assert meter.read().how == "estimated"
        meters(tmp_path, 9)


def test_hidden_meters_are_an_estimate_from_a_constant_that_is_named(tmp_path: Path) -> None:
    meter, begun = Meter(tmp_path), time.process_time()
    while time.process_time() - begun < 0.1:
        sum(range(10_000))
    (part,) = meter.read().parts
    assert (part.what, part.how) == ("processors", "estimated")
    assert "12 W a core" in part.by
    assert "Lannelongue et al. 2021" in part.by
    assert part.joules == pytest.approx(12 * (time.process_time() - begun), rel=0.3)


NVML = """
#include <string.h>
static unsigned long long used = 5000000;
int nvmlInit_v2(void) { return 0; }
int nvmlDeviceGetHandleByUUID(const char *uuid, void **handle) { *handle = &used; return strcmp(uuid, "GPU-ab-c"); }
int nvmlDeviceGetTotalEnergyConsumption(void *handle, unsigned long long *out) {
    if (handle != &used) return 2;
    *out = used; used += 1500; return 0;
}
"""


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
def test_a_graphics_card_by_its_own_meter(tmp_path: Path) -> None:
    """A stand-in for NVIDIA's library, called as theirs is."""
    library = tmp_path / "libnvml.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-o", str(library), "-"], input=NVML, text=True, check=True)
    card = Card("ab-c", str(library))
    assert [card.joules(), card.joules()] == [1.5, 3.0]
    assert Card("another", str(library)).joules() is None
    assert Card("ab-c", str(tmp_path / "none.so")).joules() is None


def footprint(joules: float | None, how: Any = "measured") -> Footprint:
    training = Energy(60.0, (Part("processors", how, "RAPL", joules),))
    return Footprint(training, training.times(0.1), 50, 400.0, "told")


def test_sums() -> None:
    used = footprint(3.6e6)
    stored = used.to_json()
    assert stored["training"]["kwh"] == pytest.approx(1)
    assert stored["training"]["grams_co2e"] == pytest.approx(400)
    assert stored["thousand_predictions"]["kwh"] == pytest.approx(0.1 * 1000 / 50)
    assert Footprint.from_json(json.loads(json.dumps(stored))) == used
    unknown = footprint(None, "unknown").to_json()["training"]
    assert (unknown["kwh"], unknown["grams_co2e"], unknown["how"]) == (None, None, "unknown")


def test_a_run_that_goes_on_adds_up(tmp_path: Path) -> None:
    folder, powercap = RunFolder.create(tmp_path / "run"), meters(tmp_path / "powercap", 0)
    for part in (1, 2):
        with Account(folder, Meter(powercap)) as account:
            meters(powercap, 4_000_000 * part - 1_000_000)
            with account.answering(10):
                meters(powercap, 4_000_000 * part)
    used = folder.read_energy()
    assert used is not None
    assert [part.joules for part in used.training.parts] == pytest.approx([8])
    assert [part.joules for part in used.validation.parts] == pytest.approx([2])
    assert used.answered == 20


def test_what_was_learned_before_energy_was_counted_is_unknown(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "run")
    folder.checkpoint.write_bytes(b"of then")
    with Account(folder, Meter(meters(tmp_path / "powercap", 0))):
        pass
    used = folder.read_energy()
    assert used is not None
    assert [part.how for part in used.training.parts] == ["unknown", "measured"]
    assert used.training.how == "unknown"


@pytest.mark.parametrize("asked", ["much", "-1", "inf", "nan"])
def test_an_intensity_that_cannot_be_is_refused_before_anything_is_read(
    asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THROUGHTIME_GRAMS_PER_KWH", asked)
    with pytest.raises(ThroughtimeError, match=f"THROUGHTIME_GRAMS_PER_KWH: found '{asked}', expected the grams"):
        throughtime.train("text", tmp_path / "none.txt", out=tmp_path / "run", steps=1)


def test_a_run_with_hidden_meters_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THROUGHTIME_GRAMS_PER_KWH", "50")
    monkeypatch.setenv("THROUGHTIME_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(energy.Meter.__init__, "__defaults__", (tmp_path,))
    made = tiny.write("sentiment", tmp_path / "tiny")
    out = tmp_path / "run"
    throughtime.train("sentiment", made.data, out=out, steps=2, quiet=True, threads=1, **made.settings)
    first = json.loads((out / "energy.json").read_text())
    assert first["training"]["how"] == "estimated"
    assert first["training"]["kwh"] > 0
    assert first["training"]["grams_co2e"] == pytest.approx(50 * first["training"]["kwh"])
    assert first["intensity"] == "as THROUGHTIME_GRAMS_PER_KWH tells"
    throughtime.train("sentiment", out=out, resume=True, steps=2, quiet=True)
    then = json.loads((out / "energy.json").read_text())
    assert then["training"]["kwh"] > first["training"]["kwh"]
    assert then["validation"]["examples_answered"] == 2 * first["validation"]["examples_answered"] > 0
    (out / "energy.json").write_text("{}")
    with pytest.raises(DataError, match=r"energy\.json: found no account of energy .*, expected"):
        throughtime.train("sentiment", out=out, resume=True, steps=2, quiet=True)
