"""Scenes of any shapes on any texture, grey or coloured: cells, parts, stains, stickers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

import shapes
import textures
from scenes import Array, Owners, Scene, Stamp, finish, log_uniform, stamp


@dataclass
class Look:
    """What the objects of one family have in common."""

    kinds: tuple[int, ...]
    colour: Array
    softness: float
    rim: float
    dome: float
    rough: float
    spread: float
    additive: bool


def _look(rng: Generator, channels: int, background: Array) -> Look:
    direction = rng.normal(0, 1, channels).astype(np.float32)
    if rng.random() < 0.5:
        direction = np.full(channels, rng.choice([-1.0, 1.0]), dtype=np.float32)
    contrast = np.float32(log_uniform(rng, 0.05, 0.6))
    away = direction / np.abs(direction).max() * contrast
    flipped = np.where((background + away > 1) | (background + away < 0), -away, away)
    count = int(rng.integers(1, 4))
    return Look(
        kinds=tuple(int(k) for k in rng.integers(0, len(shapes.ANY), count)),
        colour=(background + flipped).astype(np.float32),
        softness=log_uniform(rng, 0.6, 5),
        rim=float(rng.choice([0.0, rng.normal(0, 0.25)])),
        dome=float(rng.choice([0.0, rng.uniform(0, 0.7)])),
        rough=float(rng.choice([0.0, log_uniform(rng, 0.01, 0.2)])),
        spread=float(rng.uniform(0, 0.12)),
        additive=bool(rng.random() < 0.2),
    )


def _paint(rng: Generator, canvas: Array, part: Stamp, look: Look, clip: Array | None = None) -> None:
    """Blend one object of a family over the canvas."""
    area = canvas[part.rows, part.columns]
    alpha = part.alpha(look.softness)
    deepest = max(float(part.depth.max()), 1.0)
    if look.dome:
        alpha = alpha * (1 - np.float32(look.dome) * (1 - np.sqrt(np.clip(part.depth / deepest, 0, 1))))
    if clip is not None:
        alpha = alpha * clip
    fill = look.colour + rng.normal(0, look.spread, look.colour.size).astype(np.float32)
    fill = np.broadcast_to(fill, area.shape).copy()
    if look.rim:
        fill += np.exp(-((part.depth / np.float32(1.5 + 0.08 * deepest)) ** 2))[:, :, None] * np.float32(look.rim)
    if look.rough:
        rows, columns = part.depth.shape
        fill += (textures.surface(rng, rows, columns) * np.float32(look.rough))[:, :, None]
    over = area + (fill - 0.4) * alpha[:, :, None] if look.additive else area + (fill - area) * alpha[:, :, None]
    canvas[part.rows, part.columns] = over


def _inner(rng: Generator, canvas: Array, outer: Stamp, look: Look, owners: Owners, radius: float) -> None:
    """Objects within an object (holes, kernels): prompts of their own, and still part of the outer one."""
    height, width = canvas.shape[:2]
    rows, columns = np.nonzero(outer.mask)
    for _ in range(int(rng.integers(1, 4))):
        small = max(2.5, radius * rng.uniform(0.12, 0.5))
        at = int(rng.integers(rows.size))
        x, y = outer.columns.start + float(columns[at]), outer.rows.start + float(rows[at])
        part = stamp(shapes.ROUND[int(rng.integers(3))](rng, small), x, y, small, height, width)
        if part is None:
            continue
        whole = np.zeros((height, width), dtype=np.bool_)
        whole[outer.rows, outer.columns] = outer.mask
        within = whole[part.rows, part.columns]
        mask = part.mask & within
        if mask.sum() < 9 or owners.overlap(part.rows, part.columns, mask) > 0.05:
            continue
        owners.take(part.rows, part.columns, mask)
        _paint(rng, canvas, part, look, within.astype(np.float32))


def _background(rng: Generator, height: int, width: int, channels: int) -> tuple[Array, Array]:
    colour = rng.uniform(0.05, 0.95, channels).astype(np.float32)
    if rng.random() < 0.5:
        colour = colour * np.float32(0.25) + np.float32(rng.choice([0.05, 0.4, 0.7]))
    canvas = np.broadcast_to(colour, (height, width, channels)).copy()
    amount = np.float32(rng.choice([0.0, log_uniform(rng, 0.01, 0.2)]))
    canvas += (textures.surface(rng, height, width) * amount)[:, :, None]
    canvas += (textures.light(rng, height, width) * np.float32(rng.uniform(0, 0.1)))[:, :, None]
    return canvas, colour


def mixed(rng: Generator) -> Scene:
    """One scene: a family or two of objects, alone, touching, covering one another, cut by the border."""
    height, width = (int(v) for v in rng.integers(96, 288, 2))
    channels = 3 if rng.random() < 0.6 else 1
    canvas, colour = _background(rng, height, width, channels)
    owners, inner = Owners(height, width), Owners(height, width)
    families = [_look(rng, channels, colour) for _ in range(int(rng.integers(1, 3)))]
    core = _look(rng, channels, families[0].colour)
    typical, nested = log_uniform(rng, 5, 70), rng.random() < 0.3
    crowd = rng.uniform(0.0, 0.3)
    for _ in range(int(np.clip(height * width * 0.5 / typical**2, 2, 36))):
        look = families[int(rng.integers(len(families)))]
        radius = typical * np.exp(rng.normal(0, 0.3))
        kind = shapes.ANY[look.kinds[int(rng.integers(len(look.kinds)))]]
        x, y = rng.uniform(-0.02, 1.02) * width, rng.uniform(-0.02, 1.02) * height
        part = stamp(kind(rng, radius), x, y, radius, height, width)
        if part is None or part.mask.sum() < 9 or owners.overlap(part.rows, part.columns, part.mask) > crowd:
            continue
        owners.take(part.rows, part.columns, part.mask)
        inner.map[part.rows, part.columns][part.mask] = 0
        _paint(rng, canvas, part, look)
        if nested:
            _inner(rng, canvas, part, core, inner, radius)
    image = finish(rng, canvas, log_uniform(rng, 0.003, 0.08))
    return Scene(image, owners.instances() + inner.instances())
