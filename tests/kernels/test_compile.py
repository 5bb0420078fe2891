"""torch.compile and torch.export over layers: the compiled kernels stand in the graph, whole, and nothing breaks it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.fx import GraphModule

from throughtime.kernels import fused, sweep
from throughtime.layers import GRU, LSTM, RNN, Recurrent

pytestmark = pytest.mark.skipif(not fused.instruction_sets(), reason="no compiled kernels: no compiler, or no AVX2")

LAYERS: dict[str, Callable[[], Recurrent]] = {
    "rnn": lambda: RNN(3, 5, nonlinearity="relu"),
    "gru": lambda: GRU(3, 5, num_layers=2, bidirectional=True),
    "gru-after": lambda: GRU(3, 5, reset_after=True, bias=False),
    "gru-norm": lambda: GRU(3, 5, layer_norm=True),
    "gru-zoneout": lambda: GRU(3, 5, zoneout=0.2).eval(),
    "lstm": lambda: LSTM(3, 5, bidirectional=True),
    "lstm-all": lambda: LSTM(3, 5, proj_size=2, peepholes=True, layer_norm=True),
}
LENGTHS = {"all": None, "some": [6, 2, 0, 5], "none": [0, 0, 0, 0]}


@pytest.fixture(autouse=True)
def _memory_is_nan() -> Iterator[None]:
    """Memory that nobody has written is NaN, so that none of it can get into a result unseen."""
    torch.manual_seed(0)
    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(False)


class Graphs:
    """A backend that runs graphs as they are and keeps the names of what stands in them."""

    def __init__(self) -> None:
        self.seen: list[list[str]] = []

    def __call__(self, graph: GraphModule, _: Any) -> GraphModule:
        self.seen.append([str(node.target) for node in graph.graph.nodes if node.op == "call_function"])
        return graph

    def sweeps(self) -> list[int]:
        return [sum("throughtime.sweep" in name for name in graph) for graph in self.seen]


def learned(run: Any, layer: Recurrent, x: Tensor, lengths: list[int] | None) -> list[Tensor]:
    """Output, final states, and the gradients of input, initial states and weights."""
    x = x.clone().requires_grad_()
    B = x.shape[1]
    states = tuple(
        torch.linspace(-1, 1, layer.num_layers * layer.num_directions * B * size)
        .view(-1, B, size)
        .clone()
        .requires_grad_()
        for size in layer.cell.state_sizes
    )
    call = {} if lengths is None else {"lengths": torch.tensor(lengths)}
    output, final = run(x, states if len(states) > 1 else states[0], **call)
    finals = final if isinstance(final, tuple) else (final,)
    loss = sum((part * torch.linspace(0, 1, part.numel()).view(part.shape)).sum() for part in (output, *finals))
    leaves = [x, *states, *layer.parameters()]
    return [output.detach(), *(state.detach() for state in finals), *torch.autograd.grad(loss, leaves)]


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("name", LAYERS)
def test_the_kernels_stand_in_one_graph(name: str, lengths: str) -> None:
    layer, graphs = LAYERS[name](), Graphs()
    x, given = torch.randn(6, 4, 3), LENGTHS[lengths]
    compiled = torch.compile(layer, fullgraph=True, backend=graphs)
    torch.testing.assert_close(learned(compiled, layer, x, given), learned(layer, layer, x, given))
    assert graphs.sweeps() == [layer.num_layers * layer.num_directions]


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("name", ["gru", "lstm-all"])
def test_the_way_back_is_compiled_too(name: str, lengths: str) -> None:
    layer, x, given = LAYERS[name](), torch.randn(6, 4, 3), LENGTHS[lengths]
    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(learned(compiled, layer, x, given), learned(layer, layer, x, given))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.torch.jit.script.* is deprecated:DeprecationWarning")  # torch's own
@pytest.mark.parametrize("name", LAYERS)
def test_with_the_compiler_that_torch_takes_by_default(name: str) -> None:
    layer, x = LAYERS[name](), torch.randn(6, 4, 3)
    compiled = torch.compile(layer, fullgraph=True)
    for given in LENGTHS.values():
        torch.testing.assert_close(learned(compiled, layer, x, given), learned(layer, layer, x, given))


def test_the_graph_does_not_grow_with_time() -> None:
    """The reference would be unrolled, step by step."""
    sizes = []
    for T in (4, 40):
        graphs = Graphs()
        torch.compile(GRU(3, 5), fullgraph=True, backend=graphs)(torch.randn(T, 2, 3), lengths=torch.tensor([4, 1]))
        sizes += [len(graph) for graph in graphs.seen]
        torch.compiler.reset()
    assert len(sizes) == 2
    assert sizes[0] == sizes[1]


def test_other_lengths_need_no_other_graph() -> None:
    layer, graphs = LSTM(3, 5), Graphs()
    compiled, x = torch.compile(layer, fullgraph=True, backend=graphs), torch.randn(6, 4, 3)
    for given in ([1, 2, 3, 4], [6, 6, 6, 6], [0, 0, 1, 0], [0, 0, 0, 0]):
        torch.testing.assert_close(learned(compiled, layer, x, given), learned(layer, layer, x, given))
    assert graphs.sweeps() == [1]


def test_nothing_breaks_the_graph_of_a_model() -> None:
    class Tagger(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed, self.layer, self.head = nn.Embedding(7, 3), GRU(3, 5, bidirectional=True), nn.Linear(10, 2)

        def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
            return self.head(self.layer(self.embed(tokens), lengths=lengths)[0])  # type: ignore[no-any-return]

    said = torch._dynamo.explain(Tagger())(torch.randint(7, (5, 2)), torch.tensor([5, 3]))
    assert (said.graph_count, said.graph_break_count) == (1, 0), said.break_reasons


@pytest.mark.parametrize("name", ["rnn", "gru-after", "lstm-all"])
def test_a_step_of_a_stream_in_one_graph(name: str) -> None:
    """The short way of single steps looks at addresses, which a graph has not."""
    layer, graphs = LAYERS[name](), Graphs()
    compiled, x = torch.compile(layer, fullgraph=True, backend=graphs), torch.randn(1, 4, 3)
    with torch.no_grad():
        _, state = layer(x)
        torch.testing.assert_close(compiled(x, state), layer(x, state))
    assert graphs.sweeps() == [1]


def test_a_transform_inside_a_graph_takes_the_reference() -> None:
    layer, x = GRU(3, 5), torch.randn(4, 6, 3)
    weights = {name: weight.detach() for name, weight in layer.named_parameters()}

    def loss(weights: dict[str, Tensor], row: Tensor) -> Tensor:
        output: Tensor = torch.func.functional_call(layer, weights, (row[:, None],))[0]
        return output.square().sum()

    each: Any = torch.func.vmap(torch.func.grad(loss), (None, 0))
    torch.testing.assert_close(torch.compile(each, backend="aot_eager")(weights, x), each(weights, x))


@pytest.mark.parametrize("lengths", ["all", "some"])
@pytest.mark.parametrize("name", LAYERS)
def test_an_exported_program_gives_the_same_numbers_at_any_size(name: str, lengths: str) -> None:
    layer = LAYERS[name]().eval()
    free: Any = {0: torch.export.Dim.AUTO, 1: torch.export.Dim.AUTO}
    call: dict[str, Any] = {} if lengths == "all" else {"lengths": torch.tensor([5, 3, 0])}
    shapes = {"input": free} | {key: {0: torch.export.Dim.AUTO} for key in call}
    with torch.no_grad():
        program = torch.export.export(layer, (torch.randn(5, 3, 3),), call, dynamic_shapes=shapes)
        file = io.BytesIO()
        torch.export.save(program, file)
        file.seek(0)
        again = torch.export.load(file)
        assert sum("throughtime.sweep" in str(node.target) for node in again.graph.nodes) == (
            layer.num_layers * layer.num_directions
        )
        x = torch.randn(9, 4, 3)
        other: dict[str, Any] = {key: torch.tensor([9, 0, 2, 7]) for key in call}
        torch.testing.assert_close(again.module()(x, **other), layer(x, **other))


def test_an_exported_program_is_not_bound_to_this_processor() -> None:
    """It takes the best instruction set of the machine that it runs on."""
    with torch.no_grad():
        program = torch.export.export(GRU(3, 5), (torch.randn(5, 3, 3),))
    assert not set(fused.instruction_sets()) & {
        value for node in program.graph.nodes for value in node.args if isinstance(value, str)
    }


@pytest.mark.parametrize("name", LAYERS)
def test_the_operators_are_what_torch_expects(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their schema, fake results, autograd and tracing, on the arguments that a layer calls them with."""
    layer, calls = LAYERS[name](), []
    run = sweep._forward

    def heard(*arguments: Any) -> Any:
        calls.append(arguments)
        return run(*arguments)

    monkeypatch.setattr(sweep, "_forward", heard)
    layer(torch.randn(5, 3, 3, requires_grad=True), lengths=[5, 3, 0])
    assert len(calls) == layer.num_layers * layer.num_directions
    for arguments in calls:
        leaves = tuple(
            value.detach().requires_grad_(value.requires_grad) if isinstance(value, Tensor) else value
            for value in arguments
        )
        checks: Any = ("test_schema", "test_autograd_registration", "test_faketensor", "test_aot_dispatch_dynamic")
        # the last compares all that a sweep keeps, in which layer normalisation leaves gaps that nobody writes or reads
        torch.library.opcheck(sweep.forward, leaves, test_utils=checks[:3] if layer.cell.layer_norm else checks)
