"""A model before any training: `python untrained.py OUT.pt --seed 1 --classes 3 --scale 0.5 0.125 1024`.

Training from it is training from scratch, in a size that a CPU can afford. What an export imports is imported here too: without compiled bytecode beside the
packages the first runs would compile it anew each time, and their times would be those of the compiler.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import onnx  # noqa: F401
import onnxruntime  # noqa: F401
import onnxslim  # noqa: F401
import torch
import torch._dynamo  # noqa: F401
import torch.onnx  # noqa: F401
import yaml
from ultralytics import YOLO
from ultralytics.utils import ROOT

parser = argparse.ArgumentParser()
parser.add_argument("out", type=Path)
parser.add_argument("--seed", type=int, required=True)
parser.add_argument("--classes", type=int, required=True)
parser.add_argument("--scale", type=float, nargs=3, required=True)
given = parser.parse_args()

depth, width, largest = given.scale
description = yaml.safe_load(next((ROOT / "cfg" / "models").rglob("yolo11.yaml")).read_text(encoding="utf8"))
description.update(scales={"n": [depth, width, int(largest)]}, scale="n", nc=given.classes)
scaled = given.out.with_suffix(".yaml")
scaled.write_text(yaml.safe_dump(description), encoding="utf8")
torch.manual_seed(given.seed)
YOLO(str(scaled), task="detect").save(str(given.out))
