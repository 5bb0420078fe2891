"""PyTorch's own inputs and error inputs for RNN, GRU and LSTM (in its wheel), run on our layers."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from throughtime.errors import ThroughtimeError
from throughtime.layers import GRU, LSTM, RNN

pytest.importorskip("expecttest")  # torch.testing._internal imports it
modules = pytest.importorskip("torch.testing._internal.common_modules")

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN:UserWarning")
OURS: dict[str, Any] = {
    "RNN": RNN,
    "GRU": lambda *arguments, **options: GRU(*arguments, reset_after=True, **options),
    "LSTM": LSTM,
}
INFOS = {info.module_cls.__name__: info for info in modules.module_db if info.module_cls.__name__ in OURS}


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", OURS)
def test_ours_answer_what_torch_does(name: str, dtype: torch.dtype, training: bool) -> None:
    info, tried = INFOS[name], 0
    for one in info.module_inputs_func(info, "cpu", dtype, requires_grad=True, training=training):
        make, given = one.constructor_input, one.forward_input
        theirs = info.module_cls(*make.args, **make.kwargs).to(dtype).train(training)
        ours = OURS[name](*make.args, **make.kwargs).to(dtype).train(training)
        ours.load_state_dict(theirs.state_dict())
        if training and theirs.dropout:
            continue  # other units are dropped
        answers = [module(*given.args, **given.kwargs) for module in (ours, theirs)]
        tolerance = 1e-5 if dtype == torch.float32 else 1e-11
        torch.testing.assert_close(*answers, rtol=tolerance, atol=tolerance)
        tried += 1
    assert tried > 5


@pytest.mark.parametrize("name", OURS)
def test_ours_refuse_what_torch_refuses_by_its_types(name: str) -> None:
    info, tried = INFOS[name], 0
    for one in info.module_error_inputs_func(info, "cpu", torch.float32, requires_grad=False, training=False):
        make, given = one.module_error_input.constructor_input, one.module_error_input.forward_input

        def call() -> Any:
            return OURS[name](*make.args, **make.kwargs)(*given.args, **given.kwargs)  # noqa: B023

        with pytest.raises(one.error_type) as error:
            call()
        assert isinstance(error.value, ThroughtimeError), (make.args, make.kwargs)
        tried += 1
    assert tried > 5
