"""RNN, GRU and LSTM: supersets of their namesakes in `torch.nn`."""

from __future__ import annotations

from typing import Any, Unpack

import torch
from torch import Tensor, nn

from throughtime.cells import GRUCell, LSTMCell, RNNCell
from throughtime.layers.recurrent import Options, Recurrent


class RNN(Recurrent):
    """Simple recurrent layers; arguments and state_dict of `torch.nn.RNN`, and more.

    Args:
        input_size: I, the features of the input.
        hidden_size: H, the units of each layer and direction.
        num_layers: L.
        nonlinearity: "tanh", "relu" or "sigmoid".
        bias: whether there are biases.
        batch_first: (B, T, ...) instead of (T, B, ...).
        dropout: between layers, in training.
        bidirectional: run from both ends.
        device: of the weights.
        dtype: of the weights.
        layer_norm: normalise inside the cell; see `Cell`.
        **options: see `Recurrent`; `init="identity"` with "relu" is the IRNN (Le et al., 2015).

    Example:
        >>> output, final = RNN(3, 4, nonlinearity="relu", init="identity")(torch.zeros(5, 2, 3))
        >>> output.shape, final.shape
        (torch.Size([5, 2, 4]), torch.Size([1, 2, 4]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        layer_norm: bool = False,
        **options: Unpack[Options],
    ) -> None:
        cell = RNNCell(input_size, hidden_size, bias, layer_norm, nonlinearity)
        super().__init__(cell, num_layers, batch_first, dropout, bidirectional, device, dtype, **options)
        self.nonlinearity = nonlinearity


class LSTM(Recurrent):
    """Long short-term memory layers; arguments and state_dict of `torch.nn.LSTM`, and more.

    Args:
        input_size: I, the features of the input.
        hidden_size: H, the units of each layer and direction.
        num_layers: L.
        bias: whether there are biases; the forget gate's starts at 1 (but for `init="torch"`).
        batch_first: (B, T, ...) instead of (T, B, ...).
        dropout: between layers, in training.
        bidirectional: run from both ends.
        proj_size: P > 0 projects the hidden state to P features; see `LSTMCell`.
        device: of the weights.
        dtype: of the weights.
        peepholes: let the gates see the cell state; see `LSTMCell`.
        layer_norm: normalise inside the cell; see `Cell` and `LSTMCell`.
        **options: see `Recurrent`.

    Example:
        >>> output, (hidden, cell) = LSTM(3, 4, bidirectional=True)(torch.zeros(5, 2, 3), lengths=[3, 5])
        >>> output.shape, hidden.shape, cell.shape
        (torch.Size([5, 2, 8]), torch.Size([2, 2, 4]), torch.Size([2, 2, 4]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        peepholes: bool = False,
        layer_norm: bool = False,
        **options: Unpack[Options],
    ) -> None:
        cell = LSTMCell(input_size, hidden_size, bias, layer_norm, peepholes, proj_size)
        super().__init__(cell, num_layers, batch_first, dropout, bidirectional, device, dtype, **options)

    # of two states
    get_expected_cell_size = nn.LSTM.get_expected_cell_size
    check_forward_args = nn.LSTM.check_forward_args  # type: ignore[assignment]
    permute_hidden = nn.LSTM.permute_hidden  # type: ignore[assignment]


class GRU(Recurrent):
    """Gated recurrent layers; the textbook's, or with `reset_after=True` those of `torch.nn.GRU`.

    Both variants have weights of the same shapes. So that neither is taken for the other, the textbook's
    state_dict carries a mark, the entry `textbook`; that of `reset_after=True` is exactly `torch.nn.GRU`'s.

    Args:
        input_size: I, the features of the input.
        hidden_size: H, the units of each layer and direction.
        num_layers: L.
        bias: whether there are biases.
        batch_first: (B, T, ...) instead of (T, B, ...).
        dropout: between layers, in training.
        bidirectional: run from both ends.
        device: of the weights.
        dtype: of the weights.
        reset_after: let the reset gate act after the matrix product, as torch.nn does; see `GRUCell`.
        layer_norm: normalise inside the cell; see `Cell`.
        **options: see `Recurrent`.

    Example:
        >>> import torch.nn
        >>> layer = GRU(3, 4, reset_after=True)
        >>> layer.load_state_dict(torch.nn.GRU(3, 4).state_dict())
        <All keys matched successfully>
    """

    MARK = "textbook"

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        reset_after: bool = False,
        layer_norm: bool = False,
        **options: Unpack[Options],
    ) -> None:
        cell = GRUCell(input_size, hidden_size, bias, layer_norm, reset_after)
        super().__init__(cell, num_layers, batch_first, dropout, bidirectional, device, dtype, **options)
        self.reset_after = reset_after
        if not reset_after:
            self.register_buffer(self.MARK, torch.ones((), dtype=torch.uint8, device=device))

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *rest: Any, **more: Any) -> None:
        super()._load_from_state_dict(state_dict, prefix, *rest, **more)
        error_msgs: list[str] = rest[-1]
        marked = prefix + self.MARK in state_dict
        if prefix + "weight_hh_l0" not in state_dict or marked != self.reset_after:
            return
        where = prefix.removesuffix(".") or "this layer"
        if marked:
            error_msgs.append(
                f"{where}: the weights are a textbook GRU's, but the layer was made with "
                "reset_after=True (torch.nn's variant): make it without"
            )
        else:
            error_msgs.append(
                f"{where}: the weights are a torch.nn.GRU's (they lack the mark {self.MARK!r}), "
                "whose equations differ from the textbook's: make the layer with reset_after=True"
            )
