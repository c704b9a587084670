"""Random outlines as depth fields: a function of pixel offsets from the centre that is > 0 inside, in about pixels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Array = NDArray[np.float32]
Depth = Callable[[Array, Array], Array]


def _turned(depth: Depth, angle: float) -> Depth:
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return lambda x, y: depth(x * cos + y * sin, y * cos - x * sin)


def _moved(depth: Depth, dx: float, dy: float) -> Depth:
    return lambda x, y: depth(x - np.float32(dx), y - np.float32(dy))


def ellipse(rng: Generator, radius: float) -> Depth:
    short = radius * rng.uniform(0.45, 1.0)
    a, b = np.float32(radius), np.float32(short)
    return _turned(lambda x, y: (1 - np.sqrt((x / a) ** 2 + (y / b) ** 2)) * b, rng.uniform(0, np.pi))


def rectangle(rng: Generator, radius: float, tilt: float = np.pi) -> Depth:
    """A rectangle whose longer half side is about 0.8 × radius, tilted by up to `tilt`, sometimes with round corners."""
    a = np.float32(radius * 0.8)
    b = np.float32(a * rng.uniform(0.5, 1.0))
    corner = np.float32(b * rng.choice([0.0, rng.uniform(0, 0.4)]))

    def depth(x: Array, y: Array) -> Array:
        dx, dy = np.abs(x) - (a - corner), np.abs(y) - (b - corner)
        outside = np.hypot(np.maximum(dx, 0), np.maximum(dy, 0))
        return corner - outside - np.minimum(np.maximum(dx, dy), 0)

    swapped = depth if rng.random() < 0.5 else (lambda x, y: depth(y, x))
    return _turned(swapped, rng.uniform(-tilt, tilt))


def polygon(rng: Generator, radius: float) -> Depth:
    """A convex polygon of 3 to 8 sides."""
    sides = int(rng.integers(3, 9))
    angles = (np.arange(sides) + rng.uniform(-0.25, 0.25, sides)) * 2 * np.pi / sides + rng.uniform(0, np.pi)
    reach = radius * rng.uniform(0.45, 0.85, sides)
    lines = [(np.float32(np.cos(t)), np.float32(np.sin(t)), np.float32(d)) for t, d in zip(angles, reach, strict=True)]

    def depth(x: Array, y: Array) -> Array:
        out = np.hypot(x, y) * -1 + np.float32(radius)
        for cos, sin, distance in lines:
            out = np.minimum(out, distance - x * cos - y * sin)
        return out

    return depth


def blob(rng: Generator, radius: float) -> Depth:
    """A star-shaped outline with low harmonics."""
    harmonics = np.arange(1, int(rng.integers(3, 7)) + 1)
    amplitude = rng.normal(0, 1, harmonics.size) * rng.uniform(0.03, 0.22) / np.sqrt(harmonics)
    phase = rng.uniform(0, 2 * np.pi, harmonics.size)
    base = np.float32(radius / (1 + np.abs(amplitude).sum()))
    stretch = np.float32(rng.uniform(0.6, 1.0))

    def depth(x: Array, y: Array) -> Array:
        y = y / stretch
        theta = np.arctan2(y, x)
        edge = np.ones_like(theta)
        for k, a, p in zip(harmonics, amplitude, phase, strict=True):
            edge += np.float32(a) * np.cos(np.float32(k) * theta + np.float32(p))
        return (edge * base - np.hypot(x, y)) * stretch

    return _turned(depth, rng.uniform(0, np.pi))


def rod(rng: Generator, radius: float) -> Depth:
    """A bent capsule, like a bacterium or a wire's end."""
    width = np.float32(radius * rng.uniform(0.15, 0.4))
    half = np.float32(radius - width)
    bend = np.float32(rng.uniform(-0.35, 0.35) / radius)

    def depth(x: Array, y: Array) -> Array:
        y = y - bend * x * x
        return width - np.hypot(np.maximum(np.abs(x) - half, 0), y)

    return _turned(depth, rng.uniform(0, np.pi))


def crescent(rng: Generator, radius: float) -> Depth:
    """An ellipse with a bite taken out."""
    body = ellipse(rng, radius)
    angle, away = rng.uniform(0, 2 * np.pi), radius * rng.uniform(0.7, 1.1)
    bite = _moved(ellipse(rng, radius * rng.uniform(0.4, 0.8)), away * np.cos(angle), away * np.sin(angle))
    return lambda x, y: np.minimum(body(x, y), -bite(x, y))


def union(rng: Generator, radius: float) -> Depth:
    """Two overlapping parts that are one object."""
    make = [ellipse, rectangle, blob][int(rng.integers(3))]
    first, second = make(rng, radius * 0.65), make(rng, radius * rng.uniform(0.4, 0.6))
    angle, away = rng.uniform(0, 2 * np.pi), radius * rng.uniform(0.25, 0.4)
    dx, dy = away * np.cos(angle), away * np.sin(angle)
    first, second = _moved(first, dx, dy), _moved(second, -dx, -dy)
    return lambda x, y: np.maximum(first(x, y), second(x, y))


ANY = (ellipse, ellipse, rectangle, polygon, blob, blob, rod, crescent, union)
ROUND = (ellipse, ellipse, blob)
