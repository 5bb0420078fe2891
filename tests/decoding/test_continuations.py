from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from throughtime import kernels
from throughtime.decoding.continuations import Logits, continuations_of
from throughtime.kernels import fused
from throughtime.kernels.decoding import PackedLinear, attend, covers

compiled = pytest.mark.skipif(not fused.instruction_sets(), reason="no compiled kernels: no compiler, or no AVX2")


@pytest.fixture(autouse=True)
def quietly() -> Iterator[None]:
    torch.manual_seed(0)
    with torch.no_grad():
        yield


@pytest.fixture(params=fused.instruction_sets())
def instruction_set(request: pytest.FixtureRequest) -> Iterator[None]:
    with kernels.use("auto", request.param):
        yield


@pytest.fixture(params=[1, 2])
def threads(request: pytest.FixtureRequest) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield
    torch.set_num_threads(before)


def whole_numbers(*shape: int) -> Tensor:
    """Whose products and sums float32 holds exactly."""
    return torch.randint(-9, 10, shape).float()


# -- the largest of a linear layer ---------------------------------------------------------------------------------


@compiled
@pytest.mark.usefixtures("instruction_set", "threads")
@pytest.mark.parametrize(("rows", "depth"), [(1, 5), (5, 256), (97, 33), (200, 300), (0, 4)])
@pytest.mark.parametrize(("columns", "many"), [(1, 1), (17, 10), (384, 3), (1001, 20)])
def test_the_largest_are_those_of_a_stable_sort_and_the_sum_is_of_all(
    rows: int, depth: int, columns: int, many: int
) -> None:
    weight, bias, hidden = whole_numbers(columns, depth), whole_numbers(columns), whole_numbers(rows, depth)
    excluded = [] if columns == 1 else [columns - 1, 0, columns // 2]
    values, places, normaliser = PackedLinear(weight, bias).largest(hidden, many, excluded)
    outputs = hidden @ weight.t() + bias
    torch.testing.assert_close(normaliser.double(), outputs.double().logsumexp(dim=-1), rtol=2e-7, atol=2e-6)
    outputs[:, excluded] = -torch.inf
    expected, order = outputs.sort(dim=-1, descending=True, stable=True)
    assert torch.equal(values, expected[:, :many])
    left = min(many, columns - len(excluded))
    assert torch.equal(places[:, :left], order[:, :left])


@compiled
def test_where_fewer_are_left_than_wanted_the_rest_is_minus_infinity() -> None:
    values, _, normaliser = PackedLinear(torch.eye(3), torch.zeros(3)).largest(torch.eye(3), 3, [0, 2])
    assert values[:, 0].tolist() == [0.0, 1.0, 0.0]
    assert (values[:, 1:] == -torch.inf).all()
    torch.testing.assert_close(normaliser, torch.eye(3).logsumexp(dim=-1))


@compiled
def test_a_row_does_not_depend_on_those_beside_it() -> None:
    weight, bias, hidden = torch.randn(500, 70), torch.randn(500), torch.randn(150, 70)
    packed = PackedLinear(weight, bias)
    together = packed.largest(hidden, 4)
    for row in (0, 1, 77, 149):
        for one, all_of_them in zip(packed.largest(hidden[row : row + 1], 4), together, strict=True):
            assert torch.equal(one[0], all_of_them[row])


@compiled
def test_huge_outputs_have_a_finite_sum_and_what_is_not_a_number_shows() -> None:
    packed = PackedLinear(torch.tensor([[1e4], [-1e4]]), torch.tensor([0.0, 1.0]))
    values, places, normaliser = packed.largest(torch.tensor([[1.0], [-1.0], [torch.nan], [torch.inf]]), 1)
    assert values[:2].flatten().tolist() == normaliser[:2].tolist() == [1e4, 1e4 + 1]
    assert places[:2].flatten().tolist() == [0, 1]
    assert normaliser.isnan().tolist() == [False, False, True, True]


@compiled
@pytest.mark.parametrize("depth", [1, 9])
def test_a_transposed_weight_and_hidden_vectors_are_read_as_they_stand(depth: int) -> None:
    weight, hidden = whole_numbers(depth, 40).t(), whole_numbers(depth, 7).t()
    values, places, _ = PackedLinear(weight, torch.zeros(40)).largest(hidden, 40)
    assert torch.equal(torch.empty(7, 40).scatter(1, places, values), hidden @ weight.t())


# -- additive attention --------------------------------------------------------------------------------------------


def attended(
    both: Tensor, size: int, keys: Tensor, values: Tensor, mask: Tensor, sentences: Tensor, score: Tensor
) -> tuple[Tensor, Tensor]:
    """Equation by equation, in float64."""
    both, keys, values, mask, score = (tensor.double() for tensor in (both, keys, values, mask, score))
    beams, vectors, attention = len(both) // len(sentences), [], []
    for row, (own, query) in enumerate(zip(both[:, :size], both[:, size:], strict=True)):
        sentence = int(sentences[row // beams])
        alpha = torch.softmax(torch.tanh(query + keys[sentence]) @ score + mask[sentence, 0], dim=0)
        vectors.append(torch.tanh(own + alpha @ values[sentence]))
        attention.append(alpha)
    return torch.stack(vectors), torch.stack(attention)


@compiled
@pytest.mark.usefixtures("instruction_set", "threads")
@pytest.mark.parametrize(("features", "size"), [(1, 1), (13, 10), (32, 48), (256, 300)])
@pytest.mark.parametrize(("beams", "steps"), [(1, 1), (5, 9), (3, 30)])
def test_attention_is_its_equations(features: int, size: int, beams: int, steps: int) -> None:
    sentences = torch.tensor([0, 2, 3, 7])
    both, score = torch.randn(4 * beams, size + features), torch.randn(features) / features**0.5
    keys, values, mask = torch.randn(8, steps, features), torch.randn(8, steps, size), torch.zeros(8, 1, steps)
    mask[2, 0, 1:] = mask[7, 0, steps // 2 + 1 :] = -torch.inf
    given = both, size, keys, values, mask, sentences, score
    for found, expected in zip(attend(*given), attended(*given), strict=True):
        torch.testing.assert_close(found.double(), expected, rtol=0, atol=3e-6)
    assert (attend(*given)[1].view(4, beams, steps)[mask[sentences].expand(4, beams, steps) < 0] == 0).all()


@compiled
def test_attention_of_huge_queries_and_keys_is_a_number() -> None:
    both, keys = torch.tensor([[0.0, 1e4, -1e4]]), torch.tensor([[[1e4, 1e4], [-1e4, -1e4], [0.0, 30.0]]])
    given = both, 1, keys, torch.tensor([[[1.0], [2.0], [3.0]]]), torch.zeros(1, 1, 3), torch.zeros(1).long()
    vector, alpha = attend(*given, torch.tensor([1.0, 2.0]))
    # float64 sees tanh(1e4 - 1e4) = 0 there; beyond 40 the sum of the two counts as that of 40 and -40: 0 as well
    expected = attended(*given, torch.tensor([1.0, 2.0]))
    torch.testing.assert_close(alpha.double(), expected[1], rtol=0, atol=1e-6)
    torch.testing.assert_close(vector.double(), expected[0], rtol=0, atol=1e-6)


# -- what comes next -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("excluded", [[], [3, 0]])
def test_logits_and_outputs_that_are_not_written_down_say_the_same(excluded: list[int]) -> None:
    weight, bias, hidden = torch.randn(300, 20), torch.randn(300), torch.randn(30, 5, 20)
    log_p = (hidden.double() @ weight.t().double() + bias).log_softmax(dim=-1)
    allowed = log_p.index_fill(-1, torch.tensor(excluded, dtype=torch.int64), -torch.inf)
    for found in (continuations_of(weight, bias)(hidden), Logits(hidden @ weight.t() + bias)):
        values, elements = found.best(4, excluded)
        assert torch.equal(elements, allowed.topk(4).indices)
        torch.testing.assert_close(values.double(), allowed.topk(4).values, rtol=0, atol=1e-5)
        for element in (0, 299):
            torch.testing.assert_close(found.of(element).double(), log_p[..., element], rtol=0, atol=1e-5)


def test_more_than_there_are_is_all_of_them() -> None:
    for rows in (1, 80):
        hidden = torch.randn(rows, 1, 4)
        values, elements = continuations_of(torch.randn(6, 4), torch.zeros(6))(hidden).best(20, [])
        torch.testing.assert_close(values.exp().sum(dim=-1), torch.ones(rows, 1))
        assert elements.sort().values.tolist() == [[[*range(6)]]] * rows


def test_half_precision_adds_up_in_float32() -> None:
    values, _ = Logits(torch.zeros(1, 1, 4096, dtype=torch.bfloat16)).best(1, [])
    assert values.item() == pytest.approx(-8.317766, abs=1e-5)


@compiled
def test_only_float32_without_gradients_is_left_to_the_compiled_kernels() -> None:
    tensor = torch.zeros(2, 2)
    assert covers(tensor, tensor)
    assert not covers(tensor, tensor.double())
    assert not covers(tensor.to("meta"))
    with torch.enable_grad():
        assert not covers(tensor)
    for choice, there in (("fused", True), ("torch", False), ("reference", False)):
        with kernels.use(choice):
            assert covers(tensor) is there
    with torch.autocast("cpu", torch.bfloat16):
        assert not covers(tensor)
