"""Products of factors that have been rounded to bfloat16, in any code of torch's: what our kernels do, exactly."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode


def rounded(x: Tensor) -> Tensor:
    return x.bfloat16().to(x.dtype)


class Product(torch.autograd.Function):
    """a @ b, and its derivatives: both factors of every product are rounded, no result is."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor) -> Tensor:
        ctx.save_for_backward(a, b)
        return rounded(a) @ rounded(b)

    @staticmethod
    def backward(ctx: Any, d: Tensor) -> Any:
        (a, b), d = ctx.saved_tensors, rounded(d)
        return d @ rounded(b).t(), rounded(a).flatten(0, -2).t() @ d.flatten(0, -2)


class RoundedProducts(TorchFunctionMode):
    """Inside, all products that a cell asks torch for are such products; everything else is as it was."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if function is F.linear:
            x, weight, bias = (*args, None)[:3]
            product = Product.apply(x, weight.t())
            return product if bias is None else product + bias
        if function is torch.addmm:
            return args[0] + Product.apply(*args[1:])
        if function is Tensor.matmul:
            return Product.apply(*args)
        return function(*args, **(kwargs or {}))
