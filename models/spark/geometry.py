"""The crop around a prompt box and the way back: the reference implementation of CONTRACT.md.

Arrays are float64 unless said otherwise. Image coordinates are continuous (a pixel's centre is at +0.5), boxes are
`[x, y, w, h]` in image pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

CONTRACT = "spark-1"
SIZE = 128
CONTEXT = 1.5
MIN_SIDE = 16.0
MAX_TAPS = 4
CLICK_RADIUS = 8.0
CLIP_MARGIN = 0.1
CHANNELS = 7

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Crop:
    """A square window of an image that the network sees as SIZE × SIZE pixels."""

    x0: float
    y0: float
    side: float

    @property
    def scale(self) -> float:
        """Image pixels per crop pixel."""
        return self.side / SIZE

    @property
    def taps(self) -> int:
        """Sub-samples per axis and crop pixel."""
        return min(MAX_TAPS, max(1, int(np.ceil(self.scale))))


@dataclass(frozen=True)
class Prompt:
    """A box and clicks `(x, y)`, in image pixels."""

    box: tuple[float, float, float, float]
    positive: list[tuple[float, float]] = field(default_factory=list)
    negative: list[tuple[float, float]] = field(default_factory=list)


def crop_of(box: tuple[float, float, float, float]) -> Crop:
    """The crop that belongs to a box."""
    x, y, w, h = box
    side = max(MIN_SIDE, CONTEXT * max(w, h))
    return Crop(x + w / 2 - side / 2, y + h / 2 - side / 2, side)


def axis_weights(start: float, scale: float, taps: int, length: int) -> tuple[Array, int]:
    """Sampling weights of one axis: `[SIZE, n]` over the image's columns `first … first+n−1`, and `first`."""
    offsets = np.arange(SIZE)[:, None] + (np.arange(taps)[None, :] + 0.5) / taps
    where = start + offsets * scale
    valid = (where >= 0) & (where < length)
    place = np.clip(where - 0.5, 0, length - 1)
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, length - 1)
    fraction = place - low
    first, last = int(low.min()), int(high.max())
    weights = np.zeros((SIZE, last - first + 1))
    rows = np.broadcast_to(np.arange(SIZE)[:, None], low.shape)
    np.add.at(weights, (rows, low - first), valid * (1 - fraction) / taps)
    np.add.at(weights, (rows, high - first), valid * fraction / taps)
    return weights, first


def coverage(low: float, high: float) -> Array:
    """Share of each crop pixel of one axis that lies in `[low, high]` (crop pixels): `[SIZE]`."""
    cells = np.arange(SIZE, dtype=np.float64)
    return np.clip(np.minimum(cells + 1, high) - np.maximum(cells, low), 0, 1)


def click_map(clicks: list[tuple[float, float]], crop: Crop) -> Array:
    """Cones of radius CLICK_RADIUS around clicks (image pixels): `[SIZE, SIZE]`, 0..1."""
    out = np.zeros((SIZE, SIZE))
    centres = np.arange(SIZE) + 0.5
    for x, y in clicks:
        dx = centres - (x - crop.x0) / crop.scale
        dy = centres - (y - crop.y0) / crop.scale
        distance = np.sqrt(dx[None, :] ** 2 + dy[:, None] ** 2)
        out = np.maximum(out, 1 - distance / CLICK_RADIUS)
    return out


def sample(image: NDArray[np.generic], crop: Crop) -> tuple[Array, Array]:
    """Resample `[H, W, C]` into `[C, SIZE, SIZE]` (padding is 0) and the validity map `[SIZE, SIZE]`."""
    height, width = image.shape[:2]
    wx, left = axis_weights(crop.x0, crop.scale, crop.taps, width)
    wy, top = axis_weights(crop.y0, crop.scale, crop.taps, height)
    part = image[top : top + wy.shape[1], left : left + wx.shape[1]].astype(np.float64)
    planes = np.stack([wy @ part[:, :, channel] @ wx.T for channel in range(part.shape[2])])
    return planes, np.outer(wy.sum(axis=1), wx.sum(axis=1))


def prompt_planes(prompt: Prompt, crop: Crop) -> Array:
    """Box, positive and negative click channels: `[3, SIZE, SIZE]`."""
    x, y, w, h = prompt.box
    bx = coverage((x - crop.x0) / crop.scale, (x + w - crop.x0) / crop.scale)
    by = coverage((y - crop.y0) / crop.scale, (y + h - crop.y0) / crop.scale)
    return np.stack([np.outer(by, bx), click_map(prompt.positive, crop), click_map(prompt.negative, crop)])


def make_input(image: NDArray[np.uint8], prompt: Prompt) -> NDArray[np.float32]:
    """The network's input `[7, SIZE, SIZE]` for an RGB image `[H, W, 3]` of 8 bit and a prompt."""
    crop = crop_of(prompt.box)
    colours, validity = sample(image, crop)
    planes = np.concatenate([colours / 255, validity[None], prompt_planes(prompt, crop)])
    return planes.astype(np.float32)


def _kept(centres: Array, start: float, length: float, low: float, side: float) -> NDArray[np.bool_]:
    """Which pixel centres of one axis lie in both the grown box and the crop."""
    margin = CLIP_MARGIN * length
    grown = (centres >= start - margin) & (centres <= start + length + margin)
    return grown & (centres >= low) & (centres < low + side)


def _interpolation(centres: Array, low: float, scale: float) -> tuple[NDArray[np.int64], NDArray[np.int64], Array]:
    place = np.clip((centres - low) / scale - 0.5, 0, SIZE - 1)
    first = np.floor(place).astype(np.int64)
    return first, np.minimum(first + 1, SIZE - 1), place - first


def to_mask(logits: NDArray[np.float32], prompt: Prompt, height: int, width: int) -> NDArray[np.bool_]:
    """The mask `[height, width]` of the whole image from logits `[SIZE, SIZE]`."""
    x, y, w, h = prompt.box
    crop = crop_of(prompt.box)
    mask = np.zeros((height, width), dtype=np.bool_)
    columns = np.flatnonzero(_kept(np.arange(width) + 0.5, x, w, crop.x0, crop.side))
    rows = np.flatnonzero(_kept(np.arange(height) + 0.5, y, h, crop.y0, crop.side))
    if columns.size == 0 or rows.size == 0:
        return mask
    c0, c1, fx = _interpolation(columns + 0.5, crop.x0, crop.scale)
    r0, r1, fy = _interpolation(rows + 0.5, crop.y0, crop.scale)
    values = logits.astype(np.float64)
    top = values[r0][:, c0] * (1 - fx) + values[r0][:, c1] * fx
    bottom = values[r1][:, c0] * (1 - fx) + values[r1][:, c1] * fx
    mask[np.ix_(rows, columns)] = top * (1 - fy[:, None]) + bottom * fy[:, None] > 0
    return mask
