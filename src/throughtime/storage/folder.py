"""The run folder: all that later verbs need, and nothing else."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from throughtime.errors import ThroughtimeError
from throughtime.settings import Settings
from throughtime.storage import config
from throughtime.storage.account import as_account
from throughtime.storage.atomic import clear_errors, write_atomically
from throughtime.storage.energy import Footprint
from throughtime.storage.features import check_features, checksums_of
from throughtime.storage.notes import Note
from throughtime.storage.place import OwnFolder
from throughtime.storage.report import Report, Table
from throughtime.storage.scores import Scores
from throughtime.storage.written import read_arrays, read_json, readable

if TYPE_CHECKING:
    from torch import nn

    ModelT = TypeVar("ModelT", bound=nn.Module)


class RunFolder(OwnFolder):
    """A folder that holds one training run; every file in it is written atomically, none is pickled.

    | path                         | what                                                               |
    |------------------------------|--------------------------------------------------------------------|
    | config.toml                  | task, settings, data, versions                                     |
    | data.json, examples.npz      | what was read and found, and a checksum of each example            |
    | features/                    | what the task learned from the training split (vocabulary, ...)    |
    | model.safetensors            | the best model by the validation metric                            |
    | checkpoint/state.safetensors | all that is needed to go on                                        |
    | begun                        | until config.toml is written: that all in the folder is ours       |
    | samples/                     | what a generator made after each evaluation                        |
    | metrics.csv, events/         | the course of the training, for people and for TensorBoard         |
    | gradients.csv                | how far gradients reached back while it learned, where asked for   |
    | calibration.json             | a classifier's temperature and thresholds, where it has such       |
    | report.json                  | the test split's metrics, baselines beside them                    |
    | scores.json                  | what each example of the test split adds to the metric             |
    | notes/                       | what later looks into the run have found (gradients, gates, ...)   |
    | report.html                  | all of it for people                                               |
    | energy.json                  | what has been used, and how that is known                          |

    Args:
        path: the folder; use `create` or `open`.
    """

    @classmethod
    def create(cls, path: Path) -> RunFolder:
        """Make a new run folder.

        Raises:
            ThroughtimeError: something is there already, or the folder cannot be made.
        """
        folder = cls(path)
        folder.make()
        return folder

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """Open a folder that `create` made and `write_config` completed.

        Raises:
            ThroughtimeError: it is no run folder.
        """
        folder = cls(path)
        folder.check_kinds()
        if not path.is_dir():
            found = "a file" if path.exists() else "nothing"
            raise ThroughtimeError(f"{path}: found {found}, expected a run folder as `throughtime train` makes it")
        if not folder.config.is_file() and folder._begun.exists():
            raise ThroughtimeError(
                f"{path}: found a run that ended before its first step, expected one to go on with or to ask: "
                "train anew into this folder, without --resume"
            )
        if not folder.config.is_file():
            raise ThroughtimeError(f"{path}: found no config.toml, so this is no run folder (or one left unfinished)")
        return folder

    @property
    def weights(self) -> Path:
        """The best model's weights."""
        return self.path / "model.safetensors"

    @property
    def config(self) -> Path:
        """All that was asked, and the versions that did it."""
        return self.path / "config.toml"

    def write_config(self, task: str, data: Mapping[str, str], settings: Settings) -> None:
        """Write down all that was asked, and the versions that did it; from then on it is a run.

        Args:
            task: its name.
            data: paths by role (data, train, valid, test); empty for built-in data.
            settings: the task's settings.
        """
        config.write(self.config, task, data, settings, checksums_of(self.features))
        with clear_errors(self._begun, "remove"):
            self._begun.unlink(missing_ok=True)

    def read_config(self) -> dict[str, Any]:
        """What `write_config` wrote: `task`, `settings`, `data`, `features`, `versions`.

        Raises:
            ThroughtimeError: it is missing, broken, or of a later version, or a file of the features gone or changed.
        """
        found = config.read(self.config)
        check_features(self.features, found["features"])
        return found

    def save_model(self, model: nn.Module) -> None:
        """Write the weights; tied ones once.

        Raises:
            ThroughtimeError: they cannot be written; those that stood there before remain.
        """
        from throughtime.storage.weights import save_weights

        save_weights(model, self.weights)

    def load_model(self, model: nn.Module) -> None:
        """Read the weights into a model of the shape that the configuration asks for.

        Raises:
            ThroughtimeError: the file is missing, broken, or of another model.
        """
        from throughtime.storage.weights import load_weights

        load_weights(model, self.weights)

    def build_model(self, make: Callable[[], ModelT]) -> ModelT:
        """A model of the shape that the configuration asks for, once that is known to be the shape of what is stored.

        Args:
            make: makes it.

        Raises:
            ThroughtimeError: the weights are broken, or another model's.
        """
        from throughtime.storage.weights import build_like

        return build_like(make, self.weights)

    def write_data(self, read: Mapping[str, Any], checksums: Mapping[str, np.ndarray]) -> None:
        """Write down what was read.

        Args:
            read: splits and findings, as JSON has them.
            checksums: (N,) uint64 of the examples of each split.
        """
        content = io.BytesIO()
        arrays: dict[str, Any] = dict(checksums)
        np.savez(content, **arrays)
        write_atomically(self._checksums, content.getvalue())
        write_atomically(self._data, json.dumps(read, ensure_ascii=False, indent=2) + "\n")

    def read_data(self) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
        """What `write_data` wrote; None in a run from before that was kept.

        Raises:
            DataError: it is broken.
        """
        read = read_json(self._data, "account of what was read", as_account)
        if read is None:
            return None
        with readable(self._checksums, "checksums of examples"):
            return read, {name: read_arrays(self._checksums)[name] for name in ("train", "valid", "test")}

    @property
    def _data(self) -> Path:
        return self.path / "data.json"

    @property
    def _checksums(self) -> Path:
        return self.path / "examples.npz"

    def write_calibration(self, temperature: float, thresholds: Mapping[str, float]) -> None:
        """Write down by what a classifier's logits are divided, and from which probability on classes are answered."""
        found: dict[str, Any] = {"temperature": temperature}
        if thresholds:
            found["thresholds"] = dict(thresholds)
        write_atomically(self._calibration, json.dumps(found, ensure_ascii=False) + "\n")

    def read_calibration(self) -> tuple[float, dict[str, float]]:
        """What `write_calibration` wrote; 1 and no thresholds where nothing was.

        Raises:
            DataError: it is broken, or no temperature, or no threshold.
        """
        found = read_json(self._calibration, "temperature", _calibrated)
        return (1.0, {}) if found is None else found

    @property
    def calibrated(self) -> bool:
        """Whether a temperature has been written down."""
        return self._calibration.exists()

    def forget_calibration(self) -> None:
        """Other weights are being learned: what was found of those before does not hold."""
        with clear_errors(self._calibration, "remove"):
            self._calibration.unlink(missing_ok=True)

    @property
    def _calibration(self) -> Path:
        return self.path / "calibration.json"

    @property
    def finished(self) -> bool:
        """Whether it has been trained to a limit and judged."""
        return self._report.exists()

    @property
    def _report(self) -> Path:
        return self.path / "report.json"

    def write_report(self, report: Report) -> None:
        """Write what an evaluation found, each example's scores beside it."""
        if report.scores is not None:
            write_atomically(self._scores, json.dumps(report.scores.to_json(), ensure_ascii=False) + "\n")
        write_atomically(self._report, json.dumps(report.to_json(), indent=2, default=float) + "\n")

    def read_report(self) -> Report:
        """What `write_report` wrote.

        Raises:
            ThroughtimeError: it is missing or broken.
        """
        with clear_errors(self._report, "read"):
            content = self._report.read_bytes()
        try:
            report = json.loads(content)
            return Report(report["metrics"], report["baselines"], [Table(**table) for table in report["tables"]])
        except (ValueError, KeyError, TypeError) as error:
            raise ThroughtimeError(f"{self._report}: found no readable report ({error})") from error

    @property
    def _scores(self) -> Path:
        return self.path / "scores.json"

    def read_scores(self) -> Scores | None:
        """The examples' scores that `write_report` wrote; None where there are none.

        Raises:
            DataError: they are broken.
        """
        return read_json(self._scores, "scores of examples", Scores.from_json)

    @property
    def _energy(self) -> Path:
        return self.path / "energy.json"

    def write_energy(self, footprint: Footprint) -> None:
        """Write what has been used so far."""
        write_atomically(self._energy, json.dumps(footprint.to_json(), indent=2) + "\n")

    def read_energy(self) -> Footprint | None:
        """What `write_energy` wrote; None in a run from before that was counted.

        Raises:
            DataError: it is broken.
        """
        return read_json(self._energy, "account of energy", Footprint.from_json)

    @property
    def notes(self) -> Path:
        """Where later looks into the run leave what its report is to say of them, with their pictures."""
        return self.path / "notes"

    @property
    def page(self) -> Path:
        """The report for people."""
        return self.path / "report.html"

    def make_notes(self) -> None:
        """Make the folder of notes, for their pictures."""
        with clear_errors(self.notes, "make the folder"):
            self.notes.mkdir(exist_ok=True)

    def write_note(self, name: str, note: Note) -> None:
        """Keep what a look into the run has found, in place of what the last such look has; pictures that it names lie
        in `notes` already.
        """
        self.make_notes()
        write_atomically(self.notes / f"{name}.json", json.dumps(note.to_json(), ensure_ascii=False, default=float))

    def forget_notes(self) -> list[str]:
        """Other weights are being learned: what was found of those before does not hold. Names of what is gone."""
        gone = sorted(self.notes.glob("*.json"))
        for path in gone:
            with clear_errors(path, "remove"):
                path.unlink()
        return [path.stem for path in gone]

    def read_notes(self) -> dict[str, Note]:
        """What `write_note` wrote, by name.

        Raises:
            DataError: one is broken.
        """
        found = {path.stem: read_json(path, "note", Note.from_json) for path in sorted(self.notes.glob("*.json"))}
        return {name: note for name, note in found.items() if note is not None}


def _calibrated(found: Any) -> tuple[float, dict[str, float]]:
    temperature = float(found["temperature"])
    thresholds = {str(name): float(one) for name, one in dict(found.get("thresholds", {})).items()}
    if not 0 < temperature < math.inf or not all(0 <= one <= 1 for one in thresholds.values()):
        raise ValueError(f"{found} are none")
    return temperature, thresholds
