"""The way back from `spark.onnx` to a network that can be trained, since the repository ships no checkpoint.

`export.py` folds each batch normalisation into the convolution before it. Here it is taken out again: the statistics of each
convolution's output are measured on some samples, and scale and shift are set so that the network computes what the file does.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from export import fold
from model import Conv, Residual, Spark, Up

BATCH = 32


def folded(path: Path) -> Spark:
    """The network of an exported file as it is: normalisations folded, weights rounded to float16."""
    spark = fold(Spark().eval())
    tensors = {t.name.removesuffix(".half").removeprefix("spark."): numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer}
    spark.load_state_dict({name: torch.from_numpy(tensors[name].astype(np.float32)) for name in spark.state_dict()})
    return spark


def pairs(spark: Spark) -> Iterator[tuple[nn.Conv2d, nn.Module]]:
    """Every convolution with the normalisation behind it, in a fixed order."""
    for module in spark.modules():
        if isinstance(module, Conv):
            yield module[0], module[1]
        elif isinstance(module, Residual):
            yield module.second, module.norm
        elif isinstance(module, Up):
            yield module.narrow, module.norm


def statistics(spark: Spark, planes: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Mean and variance per channel of each convolution's output, bias included, over inputs `[N, 7, S, S]`."""
    sums: list[list[Tensor]] = []
    hooks = []
    for conv, _ in pairs(spark):
        found: list[Tensor] = []
        sums.append(found)
        hooks.append(conv.register_forward_hook(lambda _m, _i, y, found=found: found.append(torch.stack([y.mean((0, 2, 3)), (y * y).mean((0, 2, 3))]))))
    with torch.no_grad():
        for batch in planes.split(BATCH):
            spark(batch)
    for hook in hooks:
        hook.remove()
    moments = [torch.stack(found).mean(0) for found in sums]
    return [(first, (second - first * first).clamp(min=0)) for first, second in moments]


def restore(path: Path, planes: Tensor) -> Spark:
    """A trainable network that computes what the file does; `planes` `[N, 7, S, S]` are typical inputs."""
    source, spark = folded(path), Spark()
    measured = statistics(source, planes)
    for (old, _), (new, norm), (mean, variance) in zip(pairs(source), pairs(spark), measured, strict=True):
        new.weight.data.copy_(old.weight)
        norm.running_mean.copy_(mean - old.bias.detach())
        norm.running_var.copy_(variance)
        norm.weight.data.copy_((variance + norm.eps).sqrt())
        norm.bias.data.copy_(mean)
    for part in ("mask", "judge"):
        getattr(spark, part).load_state_dict(getattr(source, part).state_dict())
    return spark
