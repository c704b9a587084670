"""Prompts to masks with the exported file, the way every caller does it, and the simple masks it is compared with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

import geometry as g

MODEL = Path(__file__).resolve().parent.parent / "spark.onnx"
Mask = NDArray[np.bool_]


class Session:
    """The exported network on one thread."""

    def __init__(self, path: Path = MODEL) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.metadata = self.session.get_modelmeta().custom_metadata_map

    def segment(self, image: NDArray[np.uint8], prompt: g.Prompt) -> tuple[Mask, float]:
        """The mask `[H, W]` of an RGB image `[H, W, 3]`, and its predicted IoU."""
        logits, quality = self.session.run(None, {"input": g.make_input(image, prompt)[None]})
        return g.to_mask(logits[0, 0], prompt, *image.shape[:2]), float(quality[0, 0])


def box_mask(box: tuple[float, float, float, float], height: int, width: int) -> Mask:
    """All pixels whose centre is in the box."""
    x, y, w, h = box
    columns, rows = np.arange(width) + 0.5, np.arange(height) + 0.5
    return ((rows >= y) & (rows < y + h))[:, None] & ((columns >= x) & (columns < x + w))[None, :]


def ellipse_mask(box: tuple[float, float, float, float], height: int, width: int) -> Mask:
    """The ellipse that the box encloses."""
    x, y, w, h = box
    columns = (np.arange(width) + 0.5 - x - w / 2) / (w / 2)
    rows = (np.arange(height) + 0.5 - y - h / 2) / (h / 2)
    return rows[:, None] ** 2 + columns[None, :] ** 2 <= 1


def iou(a: Mask, b: Mask) -> float:
    """Intersection over union; 1 for two empty masks."""
    either = np.count_nonzero(a | b)
    return np.count_nonzero(a & b) / either if either else 1.0


def runs(mask: Mask) -> list[int]:
    """Row-major run lengths, the first run is background."""
    flat = np.concatenate([[False], mask.ravel()])
    changes = np.flatnonzero(flat[1:] != flat[:-1])
    return [int(n) for n in np.diff(np.concatenate([[0], changes, [mask.size]]))]


def from_runs(lengths: list[int], height: int, width: int) -> Mask:
    """The mask of `runs`."""
    values = np.arange(len(lengths)) % 2 == 1
    return np.repeat(values, lengths).reshape(height, width)
