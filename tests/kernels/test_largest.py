from __future__ import annotations

import pytest
import torch

from throughtime.decoding.largest import largest


@pytest.mark.parametrize("length", [1, 7, 100, 640, 1000, 1007, 4001])
@pytest.mark.parametrize("many", [1, 3, 10])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_largest_are_topks(length: int, many: int, dtype: torch.dtype) -> None:
    torch.manual_seed(length)
    many = min(many, length)
    values = torch.randperm(30 * length).view(5, 6, length).to(dtype)
    values[1, 2] = -torch.inf
    values[0, 0, : length // 2] = -torch.inf
    found, places = largest(values, many)
    assert torch.equal(found, values.topk(many).values)
    assert torch.equal(values.gather(-1, places), found)
    assert all(len(set(row)) == many for row in places.flatten(0, 1).tolist())


def test_equal_ones_are_each_found_once() -> None:
    values = torch.zeros(3, 2000)
    values[:, ::7] = 1.0
    found, places = largest(values, 10)
    assert (found == 1).all()
    assert (places % 7 == 0).all()
    assert all(len(set(row)) == 10 for row in places.tolist())


def test_what_is_not_a_number_is_never_overlooked() -> None:
    values = torch.arange(3000.0).repeat(2, 1)
    values[1, 17] = torch.nan
    assert largest(values, 5)[0].isnan().any(dim=-1).tolist() == [False, True]
