"""Measure `spark.onnx` at the images' own resolution, with jittered prompt boxes, beside the box and an ellipse.

    python eval.py [--part development] [--clicks 3] [--grabcut]

Domains: held-out nuclei images (where the set is present), and generated scenes with seeds that training never uses. The demo
project's pictures are made by the server's generator: `npm run bench:quality` measures on them.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

import geometry as g
import nuclei
from data import jitter
from mixed import mixed
from reference import MODEL, Mask, Session, box_mask, ellipse_mask, iou
from scenes import Instance, Scene
from xray import die_attach

JITTER = 0.08
FIRST_SEED = 1_000_000  # training draws from one generator with a small seed
GENERATED = 40


def generated() -> dict[str, list[Scene]]:
    """Scenes of both generators."""
    seeds = range(FIRST_SEED, FIRST_SEED + GENERATED)
    return {
        "generated die attach": [die_attach(np.random.default_rng(s)) for s in seeds],
        "generated mixed": [mixed(np.random.default_rng(s)) for s in seeds],
    }


def grabcut(image: NDArray[np.uint8], box: tuple[float, float, float, float]) -> Mask:
    """GrabCut's mask `[H, W]`, the way bench/quality asks it; needs bench/quality/requirements.txt."""
    sys.path.append(str(nuclei.REPOSITORY / "bench" / "quality"))
    from grabcut import segment

    crop, mask = segment(np.ascontiguousarray(image), box, [])
    out = np.zeros(image.shape[:2], dtype=np.bool_)
    out[crop.top : crop.bottom, crop.left : crop.right] = mask
    return out


def whole(scene: Scene, instance: Instance) -> Mask:
    """An object's mask in the whole image."""
    out = np.zeros(scene.image.shape[:2], dtype=np.bool_)
    rows, columns = instance.mask.shape
    out[instance.top : instance.top + rows, instance.left : instance.left + columns] = instance.mask
    return out


def deepest(mask: Mask) -> tuple[float, float]:
    """The centre `(x, y)` of one of the pixels that are farthest from the edge of a mask that is not empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    last = np.pad(mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], 1)
    while True:
        shrunk = last.copy()
        for axis in (0, 1):
            shrunk &= np.roll(last, 1, axis) & np.roll(last, -1, axis)
        if not shrunk.any():
            row, column = np.argwhere(last)[0]
            return columns[0] + column - 0.5, rows[0] + row - 0.5
        last = shrunk


def corrected(session: Session, image: NDArray[np.uint8], truth: Mask, mask: Mask, prompt: g.Prompt, clicks: int) -> Iterator[float]:
    """IoU after each of some clicks, each put into the middle of the larger kind of error."""
    for _ in range(clicks):
        missed, extra = truth & ~mask, mask & ~truth
        if missed.any() or extra.any():
            positive = missed.sum() >= extra.sum()
            (prompt.positive if positive else prompt.negative).append(deepest(missed if positive else extra))
            mask, _ = session.segment(image, prompt)
        yield iou(mask, truth)


def measure(session: Session, scenes: list[Scene], rng: Generator, clicks: int, most: int, rival: bool) -> NDArray[np.float64]:
    """Per object: IoU of Spark, box, ellipse, GrabCut (not a number unless `rival`), predicted IoU, the image's number, then IoU after each click."""
    rows = []
    for number, scene in enumerate(scenes):
        image = np.broadcast_to(scene.image, (*scene.image.shape[:2], 3))
        size = image.shape[:2]
        chosen = rng.permutation(len(scene.instances))[:most] if most else range(len(scene.instances))
        for instance in (scene.instances[i] for i in chosen):
            truth, prompt = whole(scene, instance), g.Prompt(jitter(rng, instance.box, JITTER))
            mask, quality = session.segment(image, prompt)
            simple = [iou(box_mask(prompt.box, *size), truth), iou(ellipse_mask(prompt.box, *size), truth)]
            simple.append(iou(grabcut(image, prompt.box), truth) if rival else np.nan)
            later = corrected(session, image, truth, mask, prompt, clicks)
            rows.append([iou(mask, truth), *simple, quality, number, *later])
    return np.array(rows)


def table(name: str, values: NDArray[np.float64]) -> str:
    """One row of the table. The mean by image gives an image with three objects the weight of one with two hundred."""
    spark, box, ellipse, cut, quality, image = values[:, :6].T
    by_image = np.mean([spark[image == number].mean() for number in np.unique(image)])
    error = np.abs(quality - spark).mean()
    clicks = " ".join(f"{v:.3f}" for v in values[:, 6:].mean(axis=0))
    return (
        f"| {name} | {len(values)} | {spark.mean():.3f} | {np.percentile(spark, 5):.3f} | {by_image:.3f} | {box.mean():.3f} | "
        f"{ellipse.mean():.3f} | {cut.mean():.3f} | {error:.3f} | {clicks} |"
    )


def milliseconds(session: Session) -> tuple[float, float]:
    """Median CPU time of the network alone and of a whole prompt, on one thread: a box of 60 px in a 512 px image."""
    image = np.random.default_rng(0).integers(0, 255, (512, 512, 3), dtype=np.uint8)
    prompt = g.Prompt((200.0, 220.0, 60.0, 48.0))
    planes = g.make_input(image, prompt)[None]
    alone, full = [], []
    for _ in range(60):
        start = time.process_time()
        session.session.run(None, {"input": planes})
        middle = time.process_time()
        session.segment(image, prompt)
        alone.append(middle - start)
        full.append(time.process_time() - middle)
    return float(np.median(alone) * 1e3), float(np.median(full) * 1e3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--clicks", type=int, default=0)
    parser.add_argument("--most", type=int, default=0, help="objects per image (0: all)")
    parser.add_argument("--grabcut", action="store_true")
    parser.add_argument("--part", choices=get_args(nuclei.Part), default="held-out")
    arguments = parser.parse_args()
    session = Session(arguments.model)
    domains = {f"{arguments.part} nuclei": nuclei.scenes(arguments.part, least_area=1)} | generated()
    print("| domain | objects | Spark mean IoU | 5th percentile | mean by image | box | ellipse | GrabCut | quality error | after clicks |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name, scenes in domains.items():
        if scenes:
            rows = measure(session, scenes, np.random.default_rng(0), arguments.clicks, arguments.most, arguments.grabcut)
            print(table(name, rows), flush=True)
    alone, full = milliseconds(session)
    print(f"CPU time on one thread: network {alone:.1f} ms, whole prompt with crop and mask (NumPy) {full:.1f} ms")


if __name__ == "__main__":
    main()
