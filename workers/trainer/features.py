"""A third output for the exported model: how it sees the picture as a whole.

`features` [1, C], float32: the last feature map of the backbone, averaged over the picture (global average pooling). What to correct next is spread over
unlike pictures with it. `python features.py MODEL.pt MODEL.onnx` adds it to a file that was exported without.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper
from torch import nn

NAME = "features"
#: Largest difference to PyTorch's own numbers, as a share of the largest of them. Float32 in another order of operations stays far below.
TOLERANCE = 1e-3


def add_features(path: Path, model: nn.Module) -> bool:
    """Writes the file anew with the output; metadata and weights stay. False = the feature map was not found, and the file is as it was."""
    graph_model = onnx.load(str(path))
    if any(output.name == NAME for output in graph_model.graph.output):
        return True
    last = len(model.yaml["backbone"]) - 1
    picture = example(graph_model)
    expected = pooled(model, last, picture)
    for tensor in candidates(graph_model.graph, last):
        made = with_output(graph_model, tensor, expected.size)
        if matches(made, picture, expected):
            replace(path, made)
            return True
    return False


def example(model: onnx.ModelProto) -> np.ndarray:
    """A picture of noise of the model's input size; free sides get 320 pixels."""
    sides = [dim.dim_value or free for dim, free in zip(model.graph.input[0].type.tensor_type.shape.dim, (1, 3, 320, 320))]
    return np.random.default_rng(0).random(sides, dtype=np.float32)


def pooled(model: nn.Module, layer: int, picture: np.ndarray) -> np.ndarray:
    """What PyTorch finds: the mean of the layer's map over its positions, [C]."""
    seen: list[torch.Tensor] = []
    hook = model.model[layer].register_forward_hook(lambda _module, _inputs, output: seen.append(output))
    training = model.training
    try:
        model.float().eval()
        with torch.no_grad():
            model(torch.from_numpy(picture).to(next(model.parameters()).device))
    finally:
        hook.remove()
        model.train(training)
    return seen[-1].mean(dim=(2, 3))[0].cpu().numpy()


def candidates(graph: onnx.GraphProto, layer: int) -> list[str]:
    """Tensors that may be the layer's output: those that the exporter named after it, the last one first; then all others, for other exporters."""
    named = [output for node in graph.node if node.name.startswith(f"/model.{layer}/") for output in node.output]
    every = [output for node in graph.node for output in node.output]
    return list(dict.fromkeys([*reversed(named), *every]))


def with_output(model: onnx.ModelProto, tensor: str, channels: int) -> onnx.ModelProto:
    made = onnx.ModelProto()
    made.CopyFrom(model)
    made.graph.node.append(helper.make_node("GlobalAveragePool", [tensor], ["features_map"], name="/features/pool"))
    made.graph.node.append(helper.make_node("Flatten", ["features_map"], [NAME], name="/features/flatten", axis=1))
    made.graph.output.append(helper.make_tensor_value_info(NAME, TensorProto.FLOAT, [1, channels]))
    return made


def matches(model: onnx.ModelProto, picture: np.ndarray, expected: np.ndarray) -> bool:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        (found,) = session.run([NAME], {model.graph.input[0].name: picture})
    except Exception:  # noqa: BLE001  a tensor of another rank or type cannot be pooled: not this one
        return False
    if found.shape != (1, expected.size):
        return False
    return bool(np.abs(found[0] - expected).max() <= TOLERANCE * max(1e-6, float(np.abs(expected).max())))


def replace(path: Path, model: onnx.ModelProto) -> None:
    """Written beside and renamed: a crash leaves the file as it was."""
    part = path.with_suffix(".part.onnx")
    onnx.save(model, str(part))
    part.replace(path)


if __name__ == "__main__":
    from ultralytics import YOLO

    done = add_features(Path(sys.argv[2]), YOLO(sys.argv[1]).model)
    print("The output features was added." if done else "The feature map was not found; the file is as it was.")
    sys.exit(0 if done else 1)
