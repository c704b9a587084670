"""Training samples: an object, a jittered prompt box, clicks, a crop, augmentation; all from one seeded generator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

import augment
import geometry as g
import nuclei
from mixed import mixed
from scenes import Instance, Scene
from xray import die_attach

Array = NDArray[np.float32]
Box = tuple[float, float, float, float]
JITTERS = (0.02, 0.08, 0.15)
POOL = 240
USES = 24  # prompts taken per generated scene, on average, before a new one takes its place


@dataclass(frozen=True)
class Diet:
    """What a run is fed with. `crowd`: nuclei images are drawn in proportion to this power of their number of objects."""

    shares: dict[str, float]
    plain: float  # chance that colours stay as they are
    crowd: float
    jitters: tuple[float, float, float]  # chances of JITTERS
    clicked: float  # chance of random clicks


FIRST = Diet({"nuclei": 0.5, "die": 0.28, "mixed": 0.22}, plain=0.0, crowd=0.5, jitters=(0.15, 0.65, 0.2), clicked=0.2)
# Close to what is measured: every object has one vote, boxes are off by ± 8 %, colours are those of the images.
FINISHING = Diet({"nuclei": 0.76, "die": 0.15, "mixed": 0.09}, plain=0.6, crowd=0.85, jitters=(0.1, 0.8, 0.1), clicked=0.1)


@dataclass(frozen=True)
class Sample:
    """`planes` `[7, S, S]` is the network's input, `target` `[S, S]` the object's share of each crop pixel (0 in padding)."""

    planes: Array
    target: Array
    source: str


def jitter(rng: Generator, box: Box, amount: float) -> Box:
    """Move each side by up to ± `amount` of the box's width or height."""
    x, y, w, h = box
    left, right, top, bottom = rng.uniform(-amount, amount, 4)
    return x + left * w, y + top * h, max(1.0, w * (1 + right - left)), max(1.0, h * (1 + bottom - top))


def _stretched(box: Box, ax: float, ay: float) -> Box:
    return box[0] * ax, box[1] * ay, box[2] * ax, box[3] * ay


def _planes(image: NDArray[np.generic], crop: g.Crop, ax: float, ay: float) -> tuple[Array, Array]:
    """`geometry.sample` in float32, on an image that is stretched by `ax`, `ay` first."""
    height, width = image.shape[:2]
    wx, left = g.axis_weights(crop.x0 / ax, crop.scale / ax, crop.taps, width)
    wy, top = g.axis_weights(crop.y0 / ay, crop.scale / ay, crop.taps, height)
    part = image[top : top + wy.shape[1], left : left + wx.shape[1]]
    wx, wy = wx.astype(np.float32), wy.astype(np.float32)
    channels = range(part.shape[2])
    planes = np.stack([wy @ np.ascontiguousarray(part[:, :, c], dtype=np.float32) @ wx.T for c in channels])
    return planes, np.outer(wy.sum(axis=1), wx.sum(axis=1))


def clip_region(box: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Crop pixels that a caller keeps: the box channel `[S, S]` grown by the clip margin."""
    out = np.zeros(box.shape, dtype=np.bool_)
    rows, columns = np.flatnonzero(box.max(axis=1) > 0), np.flatnonzero(box.max(axis=0) > 0)
    if rows.size and columns.size:
        dy, dx = round(g.CLIP_MARGIN * rows.size), round(g.CLIP_MARGIN * columns.size)
        out[max(0, rows[0] - dy) : rows[-1] + dy + 1, max(0, columns[0] - dx) : columns[-1] + dx + 1] = True
    return out


def cone(row: float, column: float) -> Array:
    """The click channel of one click at a crop pixel's centre."""
    crop = g.Crop(0.0, 0.0, float(g.SIZE))
    return g.click_map([(column + 0.5, row + 0.5)], crop).astype(np.float32)


def _random_clicks(rng: Generator, planes: Array, target: Array) -> None:
    """One to three clicks on the object or, in the clipped box, beside it."""
    inside = np.argwhere(target > 0.5)
    outside = np.argwhere((target < 0.5) & clip_region(planes[4]) & (planes[3] > 0.5))
    for _ in range(int(rng.integers(1, 4))):
        places, channel = (inside, 5) if rng.random() < 0.5 else (outside, 6)
        if places.size:
            row, column = places[int(rng.integers(len(places)))]
            planes[channel] = np.maximum(planes[channel], cone(row, column))


def make_sample(rng: Generator, scene: Scene, instance: Instance, source: str, diet: Diet = FIRST) -> Sample:
    """One training sample of an object."""
    ax, ay = np.exp(rng.normal(0, 0.1, 2)) if rng.random() < 0.5 else (1.0, 1.0)
    amount = rng.choice(JITTERS, p=diet.jitters)
    box = _stretched(jitter(rng, instance.box, amount), ax, ay)
    crop = g.crop_of(box)
    colours, validity = _planes(scene.image, crop, ax, ay)
    colours = np.broadcast_to(colours / np.float32(255), (3, g.SIZE, g.SIZE))
    whole = np.zeros((*scene.image.shape[:2], 1), dtype=np.bool_)
    rows, columns = instance.mask.shape
    whole[instance.top : instance.top + rows, instance.left : instance.left + columns, 0] = instance.mask
    target = _planes(whole, crop, ax, ay)[0]
    if rng.random() >= diet.plain:
        colours = augment.photometric(rng, colours, validity, invert=0.25 if source == "die" else 0.4)
    prompts = g.prompt_planes(g.Prompt(box), crop).astype(np.float32)
    planes = np.concatenate([colours, validity[None], prompts, target])
    planes = np.ascontiguousarray(augment.turn(rng, planes))
    if rng.random() < diet.clicked:
        _random_clicks(rng, planes[:-1], planes[-1])
    return Sample(planes[:-1], planes[-1], source)


class Pool:
    """Generated scenes, each used about USES times before a new one replaces it."""

    def __init__(self, make: Callable[[Generator], Scene]) -> None:
        self.make = make
        self.scenes: list[Scene] = []

    def scene(self, rng: Generator) -> Scene:
        """A scene with at least one object."""
        if len(self.scenes) < POOL and (not self.scenes or rng.random() < 0.2):
            self.scenes.append(self._new(rng))
        elif rng.random() < 1 / USES:
            self.scenes[int(rng.integers(len(self.scenes)))] = self._new(rng)
        return self.scenes[int(rng.integers(len(self.scenes)))]

    def _new(self, rng: Generator) -> Scene:
        while True:
            scene = self.make(rng)
            if scene.instances:
                return scene


class Stream:
    """An endless, deterministic stream of samples; without the nuclei set their share goes to the generated scenes."""

    def __init__(self, seed: int, diet: Diet = FIRST, parts: tuple[nuclei.Part, ...] = ("training",)) -> None:
        self.diet = diet
        self.rng = np.random.default_rng(seed)
        self.real = [scene for part in parts for scene in nuclei.scenes(part)]
        # Between one vote an image (power 0) and one an object (1).
        crowd = np.array([len(scene.instances) for scene in self.real], dtype=float) ** diet.crowd
        self.crowd = crowd / crowd.sum()
        self.pools = {"die": Pool(die_attach), "mixed": Pool(mixed)}
        self.names = [name for name in diet.shares if name != "nuclei" or self.real]
        share = np.array([diet.shares[name] for name in self.names])
        self.share = share / share.sum()

    def sample(self) -> Sample:
        rng = self.rng
        source = self.names[int(rng.choice(len(self.names), p=self.share))]
        scene = self.real[int(rng.choice(len(self.real), p=self.crowd))] if source == "nuclei" else self.pools[source].scene(rng)
        instances = scene.instances
        if source == "die" and rng.random() < 0.25:  # chips are few beside their voids
            instances = sorted(instances, key=lambda i: -i.mask.size)[:2]
        return make_sample(rng, scene, instances[int(rng.integers(len(instances)))], source, self.diet)
