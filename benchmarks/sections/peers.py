"""The same layer in ONNX Runtime, the other library that people run recurrent networks on a CPU with."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor

from throughtime.bench.clock import Way
from throughtime.layers import GRU, LSTM, Recurrent

# blocks of ours in the order of ONNX's: its GRU is (z, r, h), its LSTM (i, o, f, c)
ORDER = {"RNN": (0,), "GRU": (1, 0, 2), "LSTM": (0, 3, 1, 2)}


def onnx_runtime(layer: Recurrent, x: Tensor, threads: int) -> Way:
    """One ONNX node with our layer's weights; inputs and outputs stay where they are (IOBinding), nothing is copied.

    Raises:
        SystemExit: it does not compute what our layer does.
    """
    T, B, _ = x.shape
    session = onnxruntime.InferenceSession(_model(layer, T, B).SerializeToString(), _options(threads))
    binding = session.io_binding()
    binding.bind_ortvalue_input("x", onnxruntime.OrtValue.ortvalue_from_numpy(x.numpy()))
    outputs = {}
    for output in session.get_outputs():
        outputs[output.name] = onnxruntime.OrtValue.ortvalue_from_numpy(np.empty(output.shape, dtype=np.float32))
        binding.bind_ortvalue_output(output.name, outputs[output.name])

    def run() -> None:
        session.run_with_iobinding(binding)

    run()
    with torch.inference_mode():
        expected, _ = layer(x)
    error = float(np.abs(outputs["y"].numpy()[:, 0] - expected.numpy()).max())
    if not error < 1e-4:
        raise SystemExit(f"ONNX Runtime differs from our {layer.cell.name} by {error}")
    return run


def _options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return options


def _model(layer: Recurrent, T: int, B: int) -> onnx.ModelProto:
    kind, H = layer.cell.name, layer.hidden_size
    w, r, *biases = (_blocks(layer, weight) for weight in layer.all_weights[0])
    constants = {"w": w, "r": r, "b": np.concatenate(biases)}
    attributes = {"hidden_size": H}
    if isinstance(layer, GRU):
        attributes["linear_before_reset"] = int(layer.reset_after)
    states = ["h", "c"] if isinstance(layer, LSTM) else ["h"]
    node = helper.make_node(kind, ["x", "w", "r", "b"], ["y", *states], **attributes)
    graph = helper.make_graph(
        [node],
        kind,
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (T, B, layer.input_size))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (T, 1, B, H))]
        + [helper.make_tensor_value_info(state, TensorProto.FLOAT, (1, B, H)) for state in states],
        [numpy_helper.from_array(np.ascontiguousarray(value[None]), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def _blocks(layer: Recurrent, weight: Tensor) -> np.ndarray:
    blocks = list(weight.detach().chunk(layer.cell.blocks))
    if isinstance(layer, GRU) and not layer.reset_after:
        blocks[1] = -blocks[1]  # ONNX's z is the share of the old state, our u that of the new: z = 1 - u
    return torch.cat([blocks[place] for place in ORDER[layer.cell.name]]).numpy()
