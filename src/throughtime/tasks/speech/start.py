"""Fine-tuning: training that goes out from the weights of another run of the speech task."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from throughtime.errors import DataError
from throughtime.tasks.speech.audio.symbols import BLANK, Symbols
from throughtime.tasks.speech.other_run import OtherRun
from throughtime.tasks.speech.settings import SpeechSettings

if TYPE_CHECKING:
    from throughtime.models.transcriber import Transcriber

_SIZES = (
    "rate",
    "bins",
    "by_utterance",
    "channels",
    "stride",
    "cell",
    "hidden_size",
    "layers",
    "streaming",
    "lookahead_steps",
)
_OUTPUTS = ("output.weight", "output.bias")  # a row a symbol


class Start:
    """A run whose weights another one begins with.

    Args:
        folder: its run folder.
    """

    def __init__(self, folder: str) -> None:
        self._run = OtherRun(Path(folder).expanduser(), "speech", "the folder of a finished run of the speech task")

    def check(self, asked: SpeechSettings) -> None:
        """Make sure that a model of these settings can have the weights.

        Raises:
            DataError: it is no such run, or one of other sizes.
        """
        own = self._run.settings()
        for name in _SIZES:
            found, expected = getattr(asked, name), getattr(own, name)
            if found != expected:
                raise DataError(self._run.folder, f"a run with {name} = {expected}", f"the {found} that is asked for")

    def put(self, model: Transcriber, symbols: Symbols) -> None:
        """Give a model the weights; of its symbols, the blank and those that the other run knew begin with theirs.

        Raises:
            ThroughtimeError: the weights are missing, damaged, or another model's.
        """
        given, own = self._run.weights(), model.state_dict()
        known = Symbols.load(self._run.features / "symbols.json")
        rows = {known.decode([row]): row for row in range(1, len(known))}
        pairs = [(row, rows.get(symbols.decode([row]))) for row in range(1, len(symbols))]
        for name in _OUTPUTS:
            if name not in given:
                continue  # `put_weights` says so
            fresh = own[name].clone()
            for row, other in [(BLANK, BLANK), *pairs]:
                if other is not None:
                    fresh[row] = given[name][other]
            given[name] = fresh
        self._run.put_weights(model, given)
