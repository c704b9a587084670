"""X-ray-like die attach: tilted chips with solder texture, and voids of many sizes in them."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

import shapes
import textures
from scenes import Array, Mask, Owners, Scene, Stamp, finish, log_uniform, stamp


def _profile(rng: Generator, part: Stamp) -> Array:
    """How bright a void is over its area: flat, domed or with a rim, always with a soft edge."""
    out = part.alpha(rng.uniform(0.7, 3.5))
    kind = rng.random()
    if kind < 0.35:
        deepest = max(float(part.depth.max()), 1.0)
        out = out * (np.float32(0.5) + np.float32(0.5) * np.sqrt(np.clip(part.depth, 0, None) / np.float32(deepest)))
    elif kind < 0.5:
        rim = np.exp(-((part.depth / np.float32(rng.uniform(1, 3))) ** 2))
        out = out * (np.float32(0.7) + np.float32(0.5) * rim)
    return out


def _place(rng: Generator, inside: Mask, owners: Owners, radius: float) -> tuple[float, float]:
    """Where the next void goes: anywhere in the chip, at its edge, or beside another void."""
    height, width = inside.shape
    held = np.flatnonzero(owners.map)
    if held.size and rng.random() < 0.3:
        y, x = divmod(int(rng.choice(held)), width)
        angle = rng.uniform(0, 2 * np.pi)
        return x + radius * 1.5 * np.cos(angle), y + radius * 1.5 * np.sin(angle)
    y, x = divmod(int(rng.choice(np.flatnonzero(inside))), width)
    return float(x), float(y)


def _voids(rng: Generator, canvas: Array, chip: Mask, owners: Owners, size: float) -> None:
    """Paint voids into a chip; they end at its edge."""
    height, width = chip.shape
    contrast, spread = log_uniform(rng, 0.035, 0.35), rng.uniform(0, 0.4)
    largest = max(4.0, size * rng.uniform(0.08, 0.4))
    for _ in range(int(rng.integers(0, 26))):
        radius = log_uniform(rng, 2.0, largest)
        make = shapes.ROUND[int(rng.integers(len(shapes.ROUND)))]
        x, y = _place(rng, chip, owners, radius)
        part = stamp(make(rng, radius), x, y, radius, height, width)
        if part is None:
            continue
        within = chip[part.rows, part.columns]
        mask = part.mask & within
        if mask.sum() < 9 or owners.overlap(part.rows, part.columns, mask) > 0.12:
            continue
        owners.take(part.rows, part.columns, mask)
        strength = np.float32(contrast * np.exp(rng.normal(0, spread)))
        glow = _profile(rng, part) * within * strength
        canvas[part.rows, part.columns] = np.maximum(
            canvas[part.rows, part.columns], glow * np.float32(0.35) + np.zeros_like(glow)
        ) + glow * np.float32(0.65)


def _chip(rng: Generator, height: int, width: int) -> tuple[Stamp, float] | None:
    size = min(height, width) * rng.uniform(0.22, 0.75)
    x, y = rng.uniform(0.05, 0.95) * width, rng.uniform(0.05, 0.95) * height
    tilt = rng.choice([0.05, 0.3, np.pi])
    part = stamp(shapes.rectangle(rng, size, tilt), x, y, size, height, width)
    return (part, size) if part is not None and part.mask.sum() > 200 else None


def _board(rng: Generator, height: int, width: int) -> Array:
    base = np.full((height, width), rng.uniform(0.5, 0.9), dtype=np.float32)
    base += textures.light(rng, height, width) * np.float32(rng.uniform(0, 0.12))
    base += textures.surface(rng, height, width) * np.float32(rng.uniform(0, 0.04))
    if rng.random() < 0.3:
        base += textures.stripes(rng, height, width) * np.float32(rng.uniform(0.01, 0.08))
    return base


def _wires(rng: Generator, canvas: Array) -> None:
    """Bond wires and balls: dark, thin, over everything, nobody's object."""
    height, width = canvas.shape
    for _ in range(int(rng.integers(0, 5))):
        radius = rng.uniform(0.1, 0.5) * min(height, width)
        part = stamp(shapes.rod(rng, radius), rng.uniform(0, width), rng.uniform(0, height), radius, height, width)
        if part is not None:
            thin = np.clip(1 - np.abs(part.depth - part.depth.max()) / np.float32(rng.uniform(1, 2.5)), 0, 1)
            canvas[part.rows, part.columns] -= thin * np.float32(rng.uniform(0.05, 0.25))


def die_attach(rng: Generator) -> Scene:
    """One scene of 1 to 4 chips."""
    height, width = (int(v) for v in rng.integers(140, 330, 2))
    canvas = _board(rng, height, width)
    chips, voids = Owners(height, width), Owners(height, width)
    for _ in range(int(rng.integers(1, 5))):
        found = _chip(rng, height, width)
        if found is None or chips.overlap(found[0].rows, found[0].columns, found[0].mask) > 0.0:
            continue
        part, size = found
        chips.take(part.rows, part.columns, part.mask)
        drop = np.float32(log_uniform(rng, 0.06, 0.5))
        if rng.random() < 0.4:  # a fillet of solder around the die, which is not the die
            canvas[part.rows, part.columns] -= part.alpha(rng.uniform(4, 20)) * drop * np.float32(rng.uniform(0.1, 0.4))
        rough = textures.surface(rng, height, width)[part.rows, part.columns] * np.float32(rng.uniform(0, 0.1))
        canvas[part.rows, part.columns] -= part.alpha(rng.uniform(0.7, 2.5)) * (drop + rough)
        chip = np.zeros((height, width), dtype=np.bool_)
        chip[part.rows, part.columns] = part.mask
        glow = np.zeros_like(canvas)
        _voids(rng, glow, chip, voids, size)
        canvas += glow
    _wires(rng, canvas)
    image = finish(rng, canvas[:, :, None], log_uniform(rng, 0.004, 0.06))
    return Scene(image, chips.instances() + voids.instances())
