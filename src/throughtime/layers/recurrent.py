"""A stack of recurrent layers around any cell."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypedDict

import torch
from torch import Tensor, nn
from torch.compiler import is_compiling
from torch.nn import functional as F
from torch.nn.utils.rnn import PackedSequence

from throughtime import kernels
from throughtime.cells import Cell, State, switch
from throughtime.errors import ArgumentError, ArgumentShapeError, ArgumentTypeError
from throughtime.kernels import Lengths, Request
from throughtime.kernels.memory import recorded
from throughtime.kernels.request import autocasting
from throughtime.layers.form import Form, arrange
from throughtime.layers.noise import drawn_noise, dropped, per_state, probability
from throughtime.layers.rnn_base import RNNBase
from throughtime.layers.streaming import full_name, one_step, stages
from throughtime.layers.trace import Trace


class Options(TypedDict, total=False):
    """What all layers take beyond `torch.nn`'s arguments; explained at `Recurrent`."""

    init: str
    zoneout: float | Sequence[float]
    recurrent_dropout: float
    weight_dropout: float
    locked_dropout: bool
    checkpoint_time: bool


class Recurrent(RNNBase):
    """One or more recurrent layers of any cell, in one or both directions.

    `RNN`, `GRU` and `LSTM` are this class with their cell. Weights are called as in `torch.nn`:
    `weight_ih_l0`, `weight_hh_l1_reverse`, ...

    Args:
        cell: the first layer's cell; the others are equal to it but for the size of their input.
        num_layers: L, how many layers, each reading the output of the one below.
        batch_first: inputs, outputs and traces are (B, T, ...) instead of (T, B, ...); states never are.
        dropout: probability of dropping an output of each layer but the last, in training.
        bidirectional: run each layer from both ends and concatenate the outputs: D = 2 directions.
        device: of the weights.
        dtype: of the weights.
        init: "uniform" (in ±1/√H; the LSTM's forget gate starts with bias 1), "torch" (bit for bit as `torch.nn` starts
            with the same seed, forget gate too), "orthogonal", for RNN also "identity"; see `Cell`.
        zoneout: probability of a unit keeping its old value at a step, in training; at evaluation each state
            is that mixture of old and new (Krueger et al., 2017). One number, or one for each state
            (LSTM: hidden, cell).
        recurrent_dropout: probability of dropping a unit of the hidden state where it enters the recurrent
            product, the same units at every step of a sequence (Gal and Ghahramani, 2016), in training.
        weight_dropout: probability of dropping an entry of `weight_hh`, for the whole call (DropConnect;
            Merity et al., 2018), in training.
        locked_dropout: `dropout` drops the same units at every step of a sequence (Gal and Ghahramani, 2016).
        checkpoint_time: keep gates and cell states of about 2 √T steps at a time for the backward, and compute those
            of the others anew: less memory for a third more time, the same gradients (Chen et al., 2016).

    Raises:
        ArgumentError: a value outside its range.

    Example:
        >>> from throughtime.cells import GRUCell
        >>> layer = Recurrent(GRUCell(input_size=3, hidden_size=4), num_layers=2, zoneout=0.1)
        >>> output, final = layer(torch.zeros(5, 2, 3), lengths=[5, 3])
        >>> output.shape, final.shape
        (torch.Size([5, 2, 4]), torch.Size([2, 2, 4]))
    """

    def __init__(
        self,
        cell: Cell,
        num_layers: int = 1,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        init: str = "uniform",
        zoneout: float | Sequence[float] = 0.0,
        recurrent_dropout: float = 0.0,
        weight_dropout: float = 0.0,
        locked_dropout: bool = False,
        checkpoint_time: bool = False,
    ) -> None:
        super().__init__()
        if type(num_layers) is not int:
            raise ArgumentTypeError(f"num_layers is {num_layers!r}, expected a whole number of at least 1")
        if num_layers < 1:
            raise ArgumentError(f"num_layers is {num_layers}, expected at least 1")
        self.input_size, self.hidden_size, self.bias = cell.input_size, cell.hidden_size, cell.bias
        self.num_layers = num_layers
        self.batch_first = switch("batch_first", batch_first)
        self.bidirectional = switch("bidirectional", bidirectional)
        self.dropout = probability("dropout", dropout)
        self.locked_dropout = switch("locked_dropout", locked_dropout)
        self.recurrent_dropout = probability("recurrent_dropout", recurrent_dropout)
        self.weight_dropout = probability("weight_dropout", weight_dropout)
        self.zoneout = per_state(zoneout, cell)
        self.init, self.checkpoint_time = init, switch("checkpoint_time", checkpoint_time)
        width = cell.state_sizes[0] * self.num_directions
        self.cells = (cell,) + (replace(cell, input_size=width),) * (num_layers - 1)
        for layer, one in enumerate(self.cells):
            for direction in range(self.num_directions):
                for name, shape in one.shapes().items():
                    weight = nn.Parameter(torch.empty(shape, device=device, dtype=dtype))
                    self.register_parameter(full_name(name, layer, direction), weight)
        noisy = any(self.zoneout) or self.recurrent_dropout or self.weight_dropout
        self.stages = () if noisy or bidirectional else stages(self.cells)
        self.reset_parameters()

    @property
    def num_directions(self) -> int:
        """D: 1, or 2 if bidirectional."""
        return 2 if self.bidirectional else 1

    @property
    def cell(self) -> Cell:
        """The first layer's cell."""
        return self.cells[0]

    def reset_parameters(self) -> None:
        """Draw new starting values for all weights, as `init` says."""
        for layer, cell in enumerate(self.cells):
            for direction in range(self.num_directions):
                cell.initialise(self._weights(layer, direction), self.init)

    def forward(
        self,
        input: Tensor | PackedSequence,
        hx: Tensor | tuple[Tensor, ...] | None = None,
        *,
        lengths: Tensor | Sequence[int] | None = None,
        trace: bool | Sequence[str] = False,
    ) -> tuple[Any, ...]:
        """Run the layers over a batch of sequences.

        Args:
            input: (T, B, I); (B, T, I) with `batch_first`; (T, I) for one sequence; or a PackedSequence.
            hx: initial state (L*D, B, H), or a tuple of them for a cell with several states (LSTM: hidden
                and cell); without B for one sequence; zero if None.
            lengths: (B,) integers from 0 to T: how many steps of each row are real, in any order, on any
                device. Results are those of running each row alone.
            trace: True for every gate and state at every step, or the names of those wanted.

        Returns:
            The last layer's outputs in the input's form, (T, B, D*H), zero after a row's end; the final
            state, shaped as `hx`: after each row's last step (backward: after its first), the initial one for
            a row of length 0; with `trace`, also a `Trace`.

        Raises:
            ArgumentError: an argument of the wrong shape, type or value.
            KernelUnavailableError: the kernel that was asked for cannot run this call.
        """
        dropping = self.training and self.dropout
        if self.stages and lengths is None and trace is False and not dropping and not is_compiling():
            answer = one_step(self.stages, self._parameters, self.batch_first, input, hx)
            if answer is not None:
                return answer
        given: Any = input
        if not isinstance(given, Tensor | PackedSequence):
            kept: tuple[Any, ...] = self._symbolic(given, hx, lengths, trace)
            return kept
        if not recorded():
            return self._run(input, hx, lengths, trace)
        with warnings.catch_warnings():
            # what is decided here by the example's sizes is whether there is an error
            warnings.simplefilter("ignore", torch.jit.TracerWarning)  # type: ignore[attr-defined]
            return self._run(input, hx, lengths, trace)

    def _run(
        self,
        input: Tensor | PackedSequence,
        hx: Tensor | tuple[Tensor, ...] | None,
        lengths: Tensor | Sequence[int] | None,
        trace: bool | Sequence[str],
    ) -> tuple[Any, ...]:
        x, rows, form = arrange(input, lengths, self.batch_first)
        x, initial = self._check(x, hx, form)
        names = self._traced(trace)
        D, finals, traced = self.num_directions, [], {}
        for layer in range(self.num_layers):
            if layer:
                x = dropped(x, self.dropout, self.training, locked=self.locked_dropout)
            here = tuple(state[layer * D : (layer + 1) * D] for state in initial)
            result = kernels.run(self._request(layer, x, rows, here, names))
            x = result.output
            finals.append(result.final)
            traced.update({(layer, direction): steps for direction, steps in enumerate(result.steps)})
        final = tuple(form.state(torch.cat(states)) for states in zip(*finals, strict=True))
        answer = (form.sequence(x), final if len(final) > 1 else final[0])
        return (*answer, Trace(traced, rows, form)) if names else answer

    def _symbolic(self, input: Any, hx: Any, lengths: Any, trace: Any) -> Any:
        """The call itself, as torch.fx.symbolic_trace keeps one of torch.nn's layers; any other input is none."""
        from torch.fx import Proxy  # rarely needed

        if not isinstance(input, Proxy):
            raise ArgumentTypeError(f"input is {type(input).__name__}, expected a tensor or a PackedSequence")
        named = {"lengths": lengths, "trace": trace}
        asked = {name: value for name, value in named.items() if value is not None and value is not False}
        given = (input,) if hx is None else (input, hx)
        tracer: Any = input.tracer
        return tracer.create_proxy("call_module", tracer.path_of_module(self), given, asked)

    def _weights(self, layer: int, direction: int) -> dict[str, Tensor]:
        # getattr, so that torch.nn.utils.parametrize and torch.func.functional_call work.
        return {name: getattr(self, full_name(name, layer, direction)) for name in self.cells[layer].shapes()}

    def _request(self, layer: int, x: Tensor, rows: Lengths | None, initial: State, names: tuple[str, ...]) -> Request:
        weights, noise = [], []
        for direction in range(self.num_directions):
            named = self._weights(layer, direction)
            for name, shape in self.cells[layer].shapes().items():  # functional_call may have put anything in its place
                if named[name].shape != shape:
                    full, found = full_name(name, layer, direction), tuple(named[name].shape)
                    raise ArgumentError(f"{full} has shape {found}, expected {shape}")
            if self.training and self.weight_dropout:
                named["weight_hh"] = F.dropout(named["weight_hh"], self.weight_dropout)
            weights.append(named)
            noise.append(drawn_noise(x, initial, self.zoneout, self.recurrent_dropout, self.training))
        segment = kernels.segment_length(len(x)) if self.checkpoint_time else None
        return Request(self.cells[layer], x, rows, initial, tuple(weights), tuple(noise), names, segment)

    def _check(self, x: Tensor, hx: Tensor | tuple[Tensor, ...] | None, form: Form) -> tuple[Tensor, State]:
        """Return input and initial states, checked, in the weights' dtype."""
        if x.shape[-1] != self.input_size:
            raise ArgumentShapeError(f"input has {x.shape[-1]} features, expected input_size: {self.input_size}")
        dtype = getattr(self, full_name("weight_ih", 0, 0)).dtype
        if autocasting(x):
            x = x.to(dtype)
        if x.dtype != dtype:
            raise ArgumentError(f"input has dtype {x.dtype}, expected that of the weights: {dtype}")
        cell, depth = self.cell, self.num_layers * self.num_directions
        if hx is None:
            return x, tuple(x.new_zeros(depth, x.shape[1], size) for size in cell.state_sizes)
        states = (hx,) if isinstance(hx, Tensor) else tuple(hx)
        if len(states) != len(cell.state_names):
            raise ArgumentError(
                f"hx has {len(states)} tensors, expected {len(cell.state_names)}: {', '.join(cell.state_names)}"
            )
        for name, state, size in zip(cell.state_names, states, cell.state_sizes, strict=True):
            if not isinstance(state, Tensor):
                raise ArgumentTypeError(f"hx ({name}) is {type(state).__name__}, expected a tensor")
            shape = (depth, x.shape[1], size) if form.batched else (depth, size)
            if tuple(state.shape) != shape:
                raise ArgumentShapeError(f"hx ({name}) has shape {tuple(state.shape)}, expected {shape}")
        states = tuple(state if form.batched else state.unsqueeze(1) for state in states)
        if autocasting(x):
            states = tuple(state.to(dtype) for state in states)
        for name, state in zip(cell.state_names, states, strict=True):
            if state.dtype != dtype:
                raise ArgumentError(f"hx ({name}) has dtype {state.dtype}, expected {dtype}")
        return x, states

    def _traced(self, trace: bool | Sequence[str]) -> tuple[str, ...]:
        known = self.cell.gates + self.cell.state_names
        names = (known if trace else ()) if isinstance(trace, bool) else tuple(trace)
        for name in names:
            if name not in known:
                raise ArgumentError(f"trace names {name!r}, expected some of {', '.join(known)}")
        return names

    def extra_repr(self) -> str:
        """List the sizes, and every option that is not at its default."""
        shown = [str(self.input_size), str(self.hidden_size)]
        defaults = type(self.cell)(self.input_size, self.hidden_size)
        for name, default in vars(defaults).items():
            if (value := getattr(self.cell, name)) != default:
                shown.append(f"{name}={value!r}")
        options: dict[str, Any] = {
            "num_layers": 1,
            "batch_first": False,
            "dropout": 0.0,
            "bidirectional": False,
            "init": "uniform",
            "zoneout": (0.0,) * len(self.zoneout),
            "recurrent_dropout": 0.0,
            "weight_dropout": 0.0,
            "locked_dropout": False,
            "checkpoint_time": False,
        }
        for name, default in options.items():
            if (value := getattr(self, name)) != default:
                shown.append(f"{name}={value!r}")
        return ", ".join(shown)
