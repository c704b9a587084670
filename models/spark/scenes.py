"""Generated scenes with exact instance masks: X-ray-like die attach, and shapes of any kind on any texture."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

import shapes
import textures

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass
class Instance:
    """One object: the part of its mask that lies in the image, and where (`top`, `left`) that part sits."""

    top: int
    left: int
    mask: Mask

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Tight `[x, y, w, h]`; the mask must not be empty."""
        rows, columns = np.flatnonzero(self.mask.any(axis=1)), np.flatnonzero(self.mask.any(axis=0))
        height, width = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
        return float(self.left + columns[0]), float(self.top + rows[0]), float(width), float(height)


@dataclass
class Scene:
    """An image `[H, W, 1 or 3]` of 8 bit and its objects."""

    image: NDArray[np.uint8]
    instances: list[Instance] = field(default_factory=list)


@dataclass
class Stamp:
    """A shape put onto a canvas: its depth field over the window `[top:bottom, left:right]`."""

    rows: slice
    columns: slice
    depth: Array

    @property
    def mask(self) -> Mask:
        return self.depth > 0

    def alpha(self, softness: float) -> Array:
        return np.clip(self.depth / np.float32(softness) + np.float32(0.5), 0, 1)


def stamp(depth: shapes.Depth, x: float, y: float, radius: float, height: int, width: int) -> Stamp | None:
    """Evaluate a shape around (`x`, `y`); nothing where it misses the canvas."""
    reach = radius * 1.3 + 3
    top, bottom = max(0, int(y - reach)), min(height, int(y + reach) + 1)
    left, right = max(0, int(x - reach)), min(width, int(x + reach) + 1)
    if bottom - top < 2 or right - left < 2:
        return None
    rows = np.arange(top, bottom, dtype=np.float32)[:, None] + np.float32(0.5 - y)
    columns = np.arange(left, right, dtype=np.float32)[None, :] + np.float32(0.5 - x)
    xx, yy = np.broadcast_arrays(columns, rows)
    return Stamp(slice(top, bottom), slice(left, right), depth(xx, yy).astype(np.float32))


class Owners:
    """Who owns each pixel; a later object takes pixels from an earlier one of the same layer."""

    def __init__(self, height: int, width: int) -> None:
        self.map = np.zeros((height, width), dtype=np.int32)
        self.areas: list[int] = [0]

    def overlap(self, rows: slice, columns: slice, mask: Mask) -> float:
        """The share of `mask` that others own."""
        return float((self.map[rows, columns][mask] > 0).mean())

    def take(self, rows: slice, columns: slice, mask: Mask) -> None:
        self.areas.append(int(mask.sum()))
        self.map[rows, columns][mask] = len(self.areas) - 1

    def instances(self, least_visible: float = 0.6, least_area: int = 9) -> list[Instance]:
        """The objects of which enough can be seen."""
        out = []
        for number, area in enumerate(self.areas[1:], start=1):
            mask = self.map == number
            rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
            if rows.size == 0:
                continue
            part = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            if part.sum() >= max(least_area, least_visible * area):
                out.append(Instance(int(rows[0]), int(columns[0]), part.copy()))
        return out


def log_uniform(rng: Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def finish(rng: Generator, canvas: Array, noise: float) -> NDArray[np.uint8]:
    """Optics and sensor: blur, noise, 8 bit."""
    if rng.random() < 0.6:
        canvas = textures.blur(canvas, rng.uniform(0.4, 1.4))
    height, width = canvas.shape[:2]
    for channel in range(canvas.shape[2]):
        canvas[:, :, channel] += textures.grain(rng, height, width) * np.float32(noise)
    return (np.clip(canvas, 0, 1) * 255 + 0.5).astype(np.uint8)
