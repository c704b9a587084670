"""Write a checkpoint of train.py as ONNX: float16 weights, float32 in and out, opset 17, dynamic batch.

    python export.py --checkpoint spark.pt --out ../spark.onnx
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

import geometry as g
from model import Conv, Exported, Residual, Spark, Up

OPSET = 17
VERSION = "1.3.0"
HALF_FROM = 64  # tensors with fewer elements than this stay float32: they weigh nothing


def load(checkpoint: Path | None) -> Spark:
    """The network of a checkpoint, or a freshly initialised one."""
    spark = Spark()
    if checkpoint is not None:
        spark.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True)["model"])
    return spark.eval()


def fold(spark: Spark) -> Spark:
    """Fold every batch normalisation into the convolution before it."""
    for module in spark.modules():
        if isinstance(module, Conv):
            module[0], module[1] = fuse_conv_bn_eval(module[0], module[1]), nn.Identity()
        elif isinstance(module, Residual):
            module.second, module.norm = fuse_conv_bn_eval(module.second, module.norm), nn.Identity()
        elif isinstance(module, Up):
            module.narrow, module.norm = fuse_conv_bn_eval(module.narrow, module.norm), nn.Identity()
    return spark


def halve(model: onnx.ModelProto) -> None:
    """Store large float32 initialisers as float16, each followed by a Cast that the runtime folds when it loads."""
    casts = []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or values.size < HALF_FROM:
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
        casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    for cast in reversed(casts):
        model.graph.node.insert(0, cast)


def describe(model: onnx.ModelProto, version: str) -> None:
    """Metadata that lets a caller refuse what it does not know."""
    values = {
        "name": "spark",
        "version": version,
        "contract": g.CONTRACT,
        "size": g.SIZE,
        "context": g.CONTEXT,
        "min_side": int(g.MIN_SIDE),
        "max_taps": g.MAX_TAPS,
        "click_radius": int(g.CLICK_RADIUS),
        "clip_margin": g.CLIP_MARGIN,
        "licence": "Apache-2.0",
    }
    helper.set_model_props(model, {key: str(value) for key, value in values.items()})


def export(spark: Spark, out: Path, version: str = VERSION) -> None:
    """Write `spark` to `out`."""
    example = torch.zeros(2, g.CHANNELS, g.SIZE, g.SIZE)
    with torch.no_grad():
        torch.onnx.export(
            Exported(fold(spark)),
            (example,),
            str(out),
            input_names=["input"],
            output_names=["logits", "quality"],
            dynamic_axes={name: {0: "n"} for name in ("input", "logits", "quality")},
            opset_version=OPSET,
            dynamo=False,
        )
    model = onnx.load(out)
    halve(model)
    describe(model, version)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, help="of train.py; without it the weights are random")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent.parent / "spark.onnx")
    parser.add_argument("--version", default=VERSION)
    arguments = parser.parse_args()
    torch.manual_seed(0)
    export(load(arguments.checkpoint), arguments.out, arguments.version)
    print(f"{arguments.out}: {arguments.out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
