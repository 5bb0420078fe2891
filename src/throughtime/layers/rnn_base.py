"""What programs written for `torch.nn` look for in a recurrent layer: its base class, and what that tells of itself."""

from __future__ import annotations

import warnings
from typing import Any

from torch import Tensor, nn

from throughtime.cells import Cell, GRUCell, LSTMCell, RNNCell
from throughtime.errors import ArgumentError


class RNNBase(nn.RNNBase):
    """`torch.nn.RNNBase` by name and by what can be asked of it; weights and equations are those of a cell.

    Initialisers, summaries and wrappers that look for `torch.nn.RNNBase` find our layers. None of them is a
    `torch.nn.LSTM` or `torch.nn.GRU`: who finds one of these computes its equations, and a textbook GRU has others.

    Attributes:
        mode: as torch has it, "LSTM", "GRU", "RNN_TANH", "RNN_RELU"; what torch cannot compute is "throughtime.GRU" ...
        proj_size: features that the hidden state is projected to; 0: it is not.

    Example:
        >>> import throughtime
        >>> throughtime.GRU(3, 4, reset_after=True).mode, throughtime.GRU(3, 4).mode
        ('GRU', 'throughtime.GRU')
    """

    cells: tuple[Cell, ...]

    # nn.Module's own: those of torch's layers keep a list of weights in step, as cuDNN wants it
    __getstate__ = object.__getstate__
    __setstate__ = nn.Module.__setstate__
    _apply = nn.Module._apply
    _replicate_for_data_parallel = nn.Module._replicate_for_data_parallel

    def __init__(self) -> None:
        nn.Module.__init__(self)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "qconfig":  # torch.ao is about to quantise a model, and will pass by what is not of torch.nn
            warnings.warn(self._not_quantised(), stacklevel=2)
        if name == "ft_compute_sample_grad":  # Opacus is about to call it as if it had one output and no states
            raise ArgumentError(self._not_private())
        nn.Module.__setattr__(self, name, value)

    def _not_private(self) -> str:
        own, known = type(self).__name__, not self.mode.startswith("throughtime.")
        way = f"opacus.layers.DP{own}, which loads its state_dict" if known else "torch.func.vmap(torch.func.grad(...))"
        return f"Opacus cannot see through the states of throughtime.{own}: per-sample gradients are had by {way}"

    def __prepare_scriptable__(self) -> nn.Module:
        """Return torch.nn's layer with the same weights, for torch.jit.script.

        Raises:
            ArgumentError: torch.nn has no such layer.
        """
        options = ("zoneout", "recurrent_dropout", "weight_dropout", "locked_dropout")
        disturbed = any(any(value) if isinstance(value := getattr(self, name), tuple) else value for name in options)
        if self.mode.startswith("throughtime.") or disturbed:
            raise ArgumentError(
                f"torch.jit.script cannot compile throughtime.{type(self).__name__} with equations that torch.nn has "
                "not: torch.jit.trace(layer, example) can, and what it returns may stand in a scripted model"
            )
        sizes = (self.input_size, self.hidden_size, self.num_layers)
        options_of_torch = {
            "bias": self.bias,
            "batch_first": self.batch_first,
            "dropout": self.dropout,
            "bidirectional": self.bidirectional,
        }
        made: nn.Module
        match self.mode:
            case "LSTM":
                made = nn.LSTM(*sizes, **options_of_torch, proj_size=self.proj_size, device="meta")
            case "GRU":
                made = nn.GRU(*sizes, **options_of_torch, device="meta")
            case mode:
                kind = mode.removeprefix("RNN_").lower()
                made = nn.RNN(*sizes, nonlinearity=kind, **options_of_torch, device="meta")
        for name, weight in self.named_parameters():
            setattr(made, name, weight)
        return made.train(self.training)

    def _not_quantised(self) -> str:
        own, known = type(self).__name__, not self.mode.startswith("throughtime.")
        way = f": load the state_dict into a torch.nn.{own}, and quantise that" if known and own != "Recurrent" else ""
        return f"throughtime.{own} is left as it is: torch.ao quantises recurrent layers of torch.nn alone{way}"

    @property
    def mode(self) -> str:  # type: ignore[override]
        """Whose equations these are, as torch names them."""
        match self.cells[0]:
            case LSTMCell(layer_norm=False, peepholes=False):
                return "LSTM"
            case GRUCell(layer_norm=False, reset_after=True):
                return "GRU"
            case RNNCell(layer_norm=False, nonlinearity="tanh" | "relu" as nonlinearity):
                return f"RNN_{nonlinearity.upper()}"
            case other:
                return f"throughtime.{type(other).__name__.removesuffix('Cell')}"

    @property
    def proj_size(self) -> int:  # type: ignore[override]
        """P, or 0."""
        cell = self.cells[0]
        return cell.state_sizes[0] if cell.state_sizes[0] != cell.hidden_size else 0

    @property
    def _all_weights(self) -> list[list[str]]:  # type: ignore[override]
        directions = ("", "_reverse") if self.bidirectional else ("",)
        return [
            [f"{name}_l{layer}{suffix}" for name in cell.shapes()]
            for layer, cell in enumerate(self.cells)
            for suffix in directions
        ]

    @property
    def _flat_weights_names(self) -> list[str]:  # type: ignore[override]
        return [name for names in self._all_weights for name in names]

    @property
    def _flat_weights(self) -> list[Tensor | None]:  # type: ignore[override]
        return [getattr(self, name) for name in self._flat_weights_names]

    @property
    def all_weights(self) -> list[list[Any]]:
        """The weights of each layer and direction, in order."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    def flatten_parameters(self) -> None:
        """Do nothing; programs written for `torch.nn` call it."""
