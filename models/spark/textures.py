"""Noise, light and surfaces of generated images: float32 arrays `[H, W]`, mean about 0 and amplitude about 1."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Array = NDArray[np.float32]


@lru_cache(maxsize=512)
def _stretch(length: int, cells: int) -> Array:
    """Linear interpolation from `cells` knots to `length` pixels: `[length, cells]`."""
    place = np.linspace(0, cells - 1, length)
    return np.maximum(0, 1 - np.abs(place[:, None] - np.arange(cells)[None, :])).astype(np.float32)


def clouds(rng: Generator, height: int, width: int, cell: float) -> Array:
    """Smooth noise whose spots are about `cell` pixels wide."""
    rows, columns = max(2, round(height / cell)), max(2, round(width / cell))
    knots = rng.standard_normal((rows, columns), dtype=np.float32)
    return _stretch(height, rows) @ knots @ _stretch(width, columns).T


def grain(rng: Generator, height: int, width: int) -> Array:
    """White noise, sometimes a little correlated as a sensor's is."""
    noise = rng.standard_normal((height, width), dtype=np.float32)
    return blur(noise, rng.uniform(0.4, 1.2)) * 2 if rng.random() < 0.4 else noise


def stripes(rng: Generator, height: int, width: int) -> Array:
    """Parallel lines or, half the time, a grid of tracks."""
    period, angle = rng.uniform(6, 40), rng.uniform(0, np.pi)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    sharp = np.float32(rng.uniform(1, 6))
    first = np.tanh(sharp * np.sin((x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi / period))
    if rng.random() < 0.5:
        return first.astype(np.float32)
    second = np.tanh(sharp * np.sin((y * np.cos(angle) - x * np.sin(angle)) * 2 * np.pi / period))
    return np.maximum(first, second).astype(np.float32)


def light(rng: Generator, height: int, width: int) -> Array:
    """A slope or a vignette."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    slope = x * np.float32(rng.normal()) + y * np.float32(rng.normal())
    return slope - np.float32(rng.uniform(0, 1)) * (x * x + y * y)


def surface(rng: Generator, height: int, width: int) -> Array:
    """A random texture of one to three scales."""
    out = np.zeros((height, width), dtype=np.float32)
    for _ in range(int(rng.integers(1, 4))):
        out += clouds(rng, height, width, np.exp(rng.uniform(np.log(2), np.log(60)))) * np.float32(rng.uniform(0.2, 1))
    if rng.random() < 0.2:
        out += stripes(rng, height, width) * np.float32(rng.uniform(0.2, 1))
    return out


def blur(image: Array, sigma: float) -> Array:
    """Gaussian blur of the first two axes; borders are repeated."""
    reach = max(1, int(np.ceil(2.5 * sigma)))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2).astype(np.float32)
    kernel /= kernel.sum()
    for axis in (0, 1):
        pad = [(0, 0)] * image.ndim
        pad[axis] = (reach, reach)
        wide, length = np.pad(image, pad, mode="edge"), image.shape[axis]
        parts = (np.take(wide, range(i, i + length), axis=axis) * k for i, k in enumerate(kernel))
        image = sum(parts, start=np.float32(0))
    return image
