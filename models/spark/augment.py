"""Augmentation of one crop: `[3, S, S]` colours (padding 0) with their validity map, float32."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

import textures

Array = NDArray[np.float32]


def _recolour(rng: Generator, colours: Array) -> Array:
    """Permute channels, take the colour away, or mix the channels a little."""
    kind = rng.random()
    if kind < 0.3:
        return colours[rng.permutation(3)]
    if kind < 0.55:
        share = rng.dirichlet(np.ones(3)).astype(np.float32)
        return np.broadcast_to(np.tensordot(share, colours, 1), colours.shape).copy()
    if kind < 0.75:
        matrix = np.eye(3, dtype=np.float32) + rng.normal(0, 0.15, (3, 3)).astype(np.float32)
        return np.tensordot(matrix, colours, 1)
    return colours


def _degrade(rng: Generator, colours: Array, grey: bool) -> Array:
    """Blur and sensor noise; grey images get the same noise in every channel."""
    size = colours.shape[1]
    if rng.random() < 0.2:
        sigma = rng.uniform(0.5, 2.5)
        if grey:
            colours = np.broadcast_to(textures.blur(colours[0], sigma), colours.shape)
        else:
            colours = np.stack([textures.blur(plane, sigma) for plane in colours])
    if rng.random() < 0.3:
        noise = textures.grain(rng, size, size) * np.float32(rng.uniform(0.005, 0.08))
        colours = colours + noise
        if not grey and rng.random() < 0.5:
            colours = colours + rng.standard_normal(colours.shape, dtype=np.float32) * np.float32(rng.uniform(0, 0.04))
    return colours


def _expose(rng: Generator, colours: Array, validity: Array) -> Array:
    """Contrast and brightness within the range that 8 bit can show: a dim object must not turn all black."""
    mean = float((colours * validity).sum() / (3 * max(1.0, float(validity.sum()))))
    colours = (colours - np.float32(mean)) * np.float32(np.exp(rng.normal(-0.1, 0.35)))
    spread = 2 * float(colours[:, validity > 0.5].std())
    bias = np.clip(mean + rng.normal(0, 0.15), min(spread, 0.5), max(1 - spread, 0.5))
    return colours + np.float32(bias)


def photometric(rng: Generator, colours: Array, validity: Array, invert: float) -> Array:
    """Change colour, brightness, contrast, gamma and noise; `invert` is the chance of a negative."""
    colours = _recolour(rng, colours)
    grey = bool((colours[0] == colours[1]).all() and (colours[0] == colours[2]).all())
    if rng.random() < invert:
        colours = 1 - colours
    colours = _degrade(rng, colours, grey)
    if rng.random() < 0.7:
        colours = _expose(rng, colours, validity)
    colours = np.clip(colours, 0, 1)
    if rng.random() < 0.3:
        colours = colours ** np.float32(np.exp(rng.normal(0, 0.35)))
    if rng.random() < 0.15:
        slope = textures.light(rng, colours.shape[1], colours.shape[2]) * np.float32(rng.uniform(0.02, 0.12))
        colours = np.clip(colours + slope, 0, 1)
    return (colours * validity).astype(np.float32)


def turn(rng: Generator, planes: Array) -> Array:
    """One of the eight flips and quarter turns, the same for all planes."""
    planes = np.rot90(planes, int(rng.integers(4)), axes=(1, 2))
    return planes[:, :, ::-1] if rng.random() < 0.5 else planes
