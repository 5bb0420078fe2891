"""Settings of recurrent layers that are alike, and those layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from throughtime.settings import CellName, Probability, TrainingSettings

if TYPE_CHECKING:
    from throughtime.layers import Recurrent


class RecurrentSettings(TrainingSettings):
    """Recurrent layers of one cell and one size; a task gives them other defaults where it learns better with them."""

    cell: CellName = "lstm"
    """Recurrent cell; gru is the textbook's."""
    hidden_size: int = Field(default=128, ge=1)
    """Units of each layer and direction."""
    layers: int = Field(default=1, ge=1, le=100)
    """Recurrent layers on top of each other."""
    dropout: Probability = 0.1
    """Dropout before, between and behind the recurrent layers."""

    def recurrent(self, input_size: int, **options: Any) -> Recurrent:
        """The layers that these settings ask for.

        Args:
            input_size: I, features of a step.
            options: what else every layer takes: batch_first, bidirectional, weight_dropout, ...
        """
        from throughtime.models.parts.recurrent import recurrent

        return recurrent(
            self.cell, input_size, self.hidden_size, num_layers=self.layers, dropout=self.dropout, **options
        )


class ResetSettings(RecurrentSettings):
    """The same, and which GRU."""

    reset_after: bool = False
    """GRU: let the reset gate act after the matrix product, as torch.nn does."""

    def recurrent(self, input_size: int, **options: Any) -> Recurrent:
        """The layers that these settings ask for, as `RecurrentSettings.recurrent` makes them."""
        return super().recurrent(input_size, reset_after=self.reset_after, **options)
