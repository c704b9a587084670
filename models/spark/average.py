"""Average the weights of runs that came from each other, which often is better than any of them, and write a checkpoint.

    python average.py ../spark.onnx finish.pt again.pt --seed 5 --out spark.pt

Wortsman et al.: "Model soups", ICML 2022. The statistics of the batch normalisations are measured anew.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor, nn

from data import FINISHING, Stream
from export import load
from model import Spark
from objective import Batch
from restore import BATCH, restore
from train import TYPICAL


def average(networks: list[Spark], planes: Tensor) -> Spark:
    """One network with the mean of all weights; `planes` `[N, 7, S, S]` are typical inputs."""
    states = [network.state_dict() for network in networks]
    mixed = {name: torch.stack([s[name] for s in states]).mean(0) if first.dtype.is_floating_point else first for name, first in states[0].items()}
    spark = Spark()
    spark.load_state_dict(mixed)
    for module in spark.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None  # the plain mean over all batches
    with torch.no_grad():
        for batch in planes.split(BATCH):
            spark.train()(batch)
    return spark.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", type=Path, nargs="+", help="checkpoints or exported files")
    parser.add_argument("--seed", type=int, default=0, help="of the run that started from the exported file")
    parser.add_argument("--out", type=Path, default=Path("spark.pt"))
    arguments = parser.parse_args()
    stream = Stream(arguments.seed, FINISHING)
    planes = Batch.of([stream.sample() for _ in range(TYPICAL)]).planes
    networks = [restore(path, planes) if path.suffix == ".onnx" else load(path) for path in arguments.networks]
    torch.save({"model": average(networks, planes).state_dict(), "notes": {"average": [path.name for path in arguments.networks]}}, arguments.out)


if __name__ == "__main__":
    main()
