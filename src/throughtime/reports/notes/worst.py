"""The examples that were answered worst, drawn with what the model answered: a section of the report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from throughtime import tasks as registry
from throughtime.errors import ThroughtimeError
from throughtime.storage.folder import RunFolder
from throughtime.storage.notes import Note
from throughtime.tasks.base import Conditions, Draws

if TYPE_CHECKING:
    from throughtime.models.base import Model

_DRAWN = 3


def leave_worst(folder: RunFolder, task: Draws, model: Model, test: Sequence[Any]) -> None:
    """Leave a section: pictures of the worst answers; nothing where examples have no scores of their own.

    Args:
        folder: of the run, with its scores.
        task: draws predictions.
        model: answers once more.
        test: the examples that were scored, in order.

    Raises:
        ThroughtimeError: it cannot be written.
    """
    scores = folder.read_scores()
    if scores is None or len(scores) != len(test):
        return
    asked = registry.require(task, Conditions)
    drawn: dict[str, str] = {}
    missing: list[str] = []
    folder.make_notes()
    for rank, place in enumerate(scores.worst[:_DRAWN], 1):
        file = folder.notes / f"worst-{rank}.png"
        file.unlink(missing_ok=True)
        try:
            (answer,) = task.predict(model, [asked.question(test[place])])  # type: ignore[attr-defined]
            task.draw(answer, file)
        except ThroughtimeError as error:
            missing.append(f"Example {place + 1} could not be drawn: {error}")
        if file.exists():
            drawn[file.name] = f"example {place + 1}, {scores.metric} {scores.each[place]:.4g}"
    folder.write_note("worst", Note("The worst answers, drawn", missing, [], [*drawn.items()]))
