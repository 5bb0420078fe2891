"""Layers under torch.func, torch.compile, torch.export, autocast and in low precision."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, jvp, vmap

from throughtime import kernels
from throughtime.errors import KernelUnavailableError
from throughtime.layers import GRU, LSTM, RNN, Recurrent

MAKERS: dict[str, Any] = {
    "rnn": lambda **k: RNN(3, 4, **k),
    "gru": lambda **k: GRU(3, 4, **k),
    "gru-after": lambda **k: GRU(3, 4, reset_after=True, **k),
    "lstm": lambda **k: LSTM(3, 4, bidirectional=True, **k),
    "lstm-all": lambda **k: LSTM(3, 4, proj_size=2, peepholes=True, layer_norm=True, **k),
}
NOISE = {"zoneout": 0.1, "recurrent_dropout": 0.2, "weight_dropout": 0.2}


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def loss_of(layer: Recurrent, weights: dict[str, Tensor], x: Tensor, lengths: Tensor | None = None) -> Tensor:
    return functional_call(layer, weights, (x.unsqueeze(1),), {"lengths": lengths})[0].pow(2).sum()


@pytest.mark.parametrize("name", MAKERS)
def test_per_sample_gradients(name: str) -> None:
    """Vmap over grad, chosen path "auto", equals one backward pass a row; with lengths too."""
    layer = MAKERS[name](dtype=torch.float64)
    weights = {key: value.detach() for key, value in layer.named_parameters()}
    x, lengths = torch.randn(5, 3, 3, dtype=torch.float64), torch.tensor([[5], [2], [0]])
    plain = vmap(grad(lambda w, x: loss_of(layer, w, x)), (None, 1))(weights, x)
    padded = vmap(grad(lambda w, x, n: loss_of(layer, w, x, n)), (None, 1, 0))(weights, x, lengths)
    for b in range(3):
        for together, count in ((plain, 5), (padded, int(lengths[b]))):
            layer.zero_grad()
            layer(x[:, b : b + 1], lengths=[count])[0].pow(2).sum().backward()
            for key, weight in layer.named_parameters():
                torch.testing.assert_close(together[key][b], weight.grad, rtol=1e-10, atol=1e-12)


def test_per_sample_gradients_with_noise() -> None:
    layer = LSTM(3, 4, **NOISE)
    weights = {key: value.detach() for key, value in layer.named_parameters()}
    x = torch.randn(5, 1, 3).expand(5, 8, 3)
    gradients = vmap(grad(lambda w, x: loss_of(layer, w, x)), (None, 1), randomness="different")(weights, x)
    assert len({tuple(row.flatten().tolist()) for row in gradients["weight_ih_l0"]}) == 8


def test_torch_kernels_say_that_they_cannot_be_transformed() -> None:
    layer = LSTM(3, 4)
    with kernels.use("torch"), pytest.raises(KernelUnavailableError, match=r"torch\.func"):
        vmap(lambda x: layer(x)[0], 1)(torch.zeros(5, 2, 3))


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")  # torch's own, in jvp
def test_forward_mode_derivative() -> None:
    layer = GRU(3, 4, dtype=torch.float64)
    x, direction = torch.randn(2, 5, 2, 3, dtype=torch.float64).unbind(0)
    _, tangent = jvp(lambda x: layer(x)[0].pow(2).sum(), (x,), (direction,))
    x.requires_grad_()
    gradient = torch.autograd.grad(layer(x)[0].pow(2).sum(), x)[0]
    torch.testing.assert_close(tangent, (gradient * direction).sum())


class Tagger(nn.Module):
    """A small model around a layer, as a user writes one."""

    def __init__(self, layer: Recurrent) -> None:
        super().__init__()
        self.embed, self.layer = nn.Embedding(7, 3), layer
        self.head = nn.LazyLinear(2)

    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        output, _ = self.layer(self.embed(tokens), lengths=lengths)
        return self.head(output)  # type: ignore[no-any-return]


BACKENDS = [(name, "eager") for name in MAKERS] + [("gru", "aot_eager")]
MORE = [pytest.param(name, "aot_eager", marks=pytest.mark.slow) for name in MAKERS if name != "gru"]


@pytest.mark.parametrize(("name", "backend"), BACKENDS + MORE)
def test_compile_without_a_graph_break(name: str, backend: str) -> None:
    model = Tagger(MAKERS[name]())
    tokens, lengths = torch.randint(7, (3, 3)), torch.tensor([2, 3, 0])
    for given in (None, lengths) if backend == "eager" else (lengths,):
        eager = model(tokens, given)
        expected = torch.autograd.grad(eager.pow(2).sum(), list(model.parameters()))
        compiled = torch.compile(model, fullgraph=True, backend=backend)(tokens, given)
        ours = torch.autograd.grad(compiled.pow(2).sum(), list(model.parameters()))
        torch.testing.assert_close(compiled, eager)
        torch.testing.assert_close(ours, expected)


def test_compile_in_training_with_noise_and_trace() -> None:
    layer = GRU(3, 4, 2, dropout=0.2, locked_dropout=True, **NOISE)
    compiled = torch.compile(layer, fullgraph=True, backend="eager")
    out, final, trace = compiled(torch.randn(3, 2, 3), torch.zeros(2, 2, 4), lengths=torch.tensor([3, 1]), trace=True)
    assert torch.equal(trace[1, 0]["hidden"], out)
    assert torch.equal(final[1, 0], out[2, 0])
    assert torch.equal(final[1, 1], out[0, 1])


def test_compiled_code_follows_a_change_of_kernels() -> None:
    layer = GRU(3, 4)
    compiled = torch.compile(layer, fullgraph=True, backend="eager")
    compiled(torch.zeros(2, 1, 3))
    with kernels.use("torch"), pytest.raises(Exception, match="reset_after=True"):
        compiled(torch.zeros(2, 1, 3))


@pytest.mark.parametrize("name", MAKERS)
def test_export(name: str) -> None:
    layer = MAKERS[name]().eval()
    x = torch.randn(4, 3, 3)
    program = torch.export.export(layer, (x,), {"lengths": torch.tensor([4, 4, 4])}).module()
    lengths = torch.tensor([1, 4, 0])
    torch.testing.assert_close(program(x, lengths=lengths), layer(x, lengths=lengths))


@pytest.mark.parametrize("path", ["auto", "reference"])
@pytest.mark.parametrize("name", MAKERS)
def test_autocast_stays_close_and_answers_in_the_weights_dtype(name: str, path: str) -> None:
    layer, x = MAKERS[name](), torch.randn(6, 3, 3)
    exact, _ = layer(x, lengths=[6, 2, 0])
    with kernels.use(path), torch.autocast("cpu", torch.bfloat16):
        out, final = layer(x.bfloat16(), lengths=[6, 2, 0])
        layer(x, final)  # carried on
        loss = out.float().pow(2).sum()
    loss.backward()
    assert out.dtype == torch.float32
    # bfloat16 has 8 bits: a few times 2^-8 of products of size 1
    torch.testing.assert_close(out, exact, rtol=0, atol=0.05 if name == "lstm-all" else 0.02)
    assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in layer.parameters())


@pytest.mark.parametrize("path", ["auto", "reference"])
@pytest.mark.parametrize("name", MAKERS)
def test_bfloat16_weights(name: str, path: str) -> None:
    layer, x = MAKERS[name](), torch.randn(6, 3, 3)
    with torch.no_grad():
        for weight in layer.parameters():
            weight.copy_(weight.bfloat16())
    exact, _ = layer(x.bfloat16().float(), lengths=[6, 2, 0])
    with kernels.use(path):
        out, _ = layer.bfloat16()(x.bfloat16(), lengths=[6, 2, 0])
    assert out.dtype == torch.bfloat16
    torch.testing.assert_close(out.float(), exact, rtol=0, atol=0.05)
