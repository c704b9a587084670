"""The CC0 nuclei set (2018 Data Science Bowl with fixes), when it is present, split by image into three parts."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from scenes import Instance, Scene

REPOSITORY = Path(__file__).resolve().parents[2]
HELD_OUT_SHARE = 0.2
DEVELOPMENT_SHARE = 0.1  # of the others: choices (threshold, which run) are made on these, never on the held-out ones
Part = Literal["training", "development", "held-out"]


def folder() -> Path | None:
    """`$EMEND_DATASETS/nuclei` (default: `../shared/datasets` beside the repository), or nothing."""
    base = Path(os.environ.get("EMEND_DATASETS", REPOSITORY.parent / "shared" / "datasets"))
    return base / "nuclei" if (base / "nuclei" / "instances").is_dir() else None


def is_held_out(name: str) -> bool:
    """Whether an image belongs to the held-out fifth: a hash of its name decides, so that no list can go stale."""
    return part_of(name) == "held-out"


def part_of(name: str) -> Part:
    """The part that an image belongs to."""
    first, second = hashlib.sha256(Path(name).stem.encode()).digest()[:2]
    if first < 256 * HELD_OUT_SHARE:
        return "held-out"
    return "development" if second < 256 * DEVELOPMENT_SHARE else "training"


def _instances(labels: np.ndarray, least_area: int) -> list[Instance]:
    """The objects of a label map, each cut out to its bounding box."""
    rows, columns = np.nonzero(labels)
    values = labels[rows, columns]
    order = np.argsort(values, kind="stable")
    starts = np.flatnonzero(np.diff(values[order], prepend=-1))
    out = []
    for group in np.split(order, starts[1:]):
        if group.size < least_area:
            continue
        r, c = rows[group], columns[group]
        mask = np.zeros((r.max() - r.min() + 1, c.max() - c.min() + 1), dtype=np.bool_)
        mask[r - r.min(), c - c.min()] = True
        out.append(Instance(int(r.min()), int(c.min()), mask))
    return out


def _image(path: Path) -> np.ndarray:
    """`[H, W, 3]`, or `[H, W, 1]` where the three channels are the same (cheaper to sample)."""
    image = np.asarray(Image.open(path).convert("RGB"))
    grey = (image[:, :, :1] == image[:, :, 1:]).all()
    return np.ascontiguousarray(image[:, :, :1]) if grey else image


def scenes(part: Part, least_area: int = 16) -> list[Scene]:
    """All images of one part, in the order of their names; empty where the set is absent."""
    base = folder()
    if base is None:
        return []
    out = []
    for path in sorted((base / "images").glob("*.png")):
        if part_of(path.name) != part:
            continue
        labels = np.asarray(Image.open(base / "instances" / path.name)).astype(np.int32)
        found = _instances(labels, least_area)
        if found:
            out.append(Scene(_image(path), found))
    return out
