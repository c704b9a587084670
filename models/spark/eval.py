"""Measure `spark.onnx` at the images' own resolution, with jittered prompt boxes, beside the box and an ellipse.

    python eval.py [--clicks 3] [--yolo FOLDER]

Domains: held-out nuclei images (where the set is present), generated scenes with seeds that training never uses, and, with
`--yolo`, the polygons of a YOLO segmentation export (a folder that holds `images/` and `labels/`).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

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


def filled(points: NDArray[np.float64], height: int, width: int) -> Mask:
    """The pixels whose centre is in a polygon `[n, 2]` of image coordinates (even-odd rule)."""
    x0, y0 = points.T
    x1, y1 = np.roll(points, -1, axis=0).T
    out = np.zeros((height, width), dtype=np.bool_)
    for row in range(max(0, int(y0.min())), min(height, int(y0.max()) + 1)):
        y = row + 0.5
        crossing = (y0 <= y) != (y1 <= y)
        at = x0[crossing] + (y - y0[crossing]) / (y1 - y0)[crossing] * (x1 - x0)[crossing]
        out[row] = np.searchsorted(np.sort(at), np.arange(width) + 0.5) % 2 == 1
    return out


def yolo(folder: Path) -> dict[str, list[Scene]]:
    """Scenes of a YOLO segmentation export, one domain per class number."""
    out: dict[str, list[Scene]] = {}
    for path in sorted((folder / "images").iterdir()):
        image = Image.open(path).convert("RGB")
        label = folder / "labels" / f"{path.stem}.txt"
        found: dict[str, list[Instance]] = {}
        for line in label.read_text().splitlines() if label.exists() else []:
            number, *values = line.split()
            points = np.array(values, dtype=float).reshape(-1, 2) * image.size
            mask = filled(points, image.height, image.width)
            if mask.sum() >= 16:
                found.setdefault(f"{folder.name} class {number}", []).append(Instance(0, 0, mask))
        for domain, instances in found.items():
            out.setdefault(domain, []).append(Scene(np.asarray(image), instances))
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


def measure(session: Session, scenes: list[Scene], clicks: int, rng: Generator, most: int) -> NDArray[np.float64]:
    """Per object: IoU of Spark, box, ellipse, predicted IoU, the image's number, then IoU after each click."""
    rows = []
    for number, scene in enumerate(scenes):
        image = np.broadcast_to(scene.image, (*scene.image.shape[:2], 3))
        size = image.shape[:2]
        chosen = rng.permutation(len(scene.instances))[:most] if most else range(len(scene.instances))
        for instance in (scene.instances[i] for i in chosen):
            truth, prompt = whole(scene, instance), g.Prompt(jitter(rng, instance.box, JITTER))
            mask, quality = session.segment(image, prompt)
            simple = [iou(box_mask(prompt.box, *size), truth), iou(ellipse_mask(prompt.box, *size), truth)]
            later = corrected(session, image, truth, mask, prompt, clicks)
            rows.append([iou(mask, truth), *simple, quality, number, *later])
    return np.array(rows)


def table(name: str, values: NDArray[np.float64]) -> str:
    """One row of the table. The mean by image gives an image with three objects the weight of one with two hundred."""
    spark, box, ellipse, quality, image = values[:, :5].T
    by_image = np.mean([spark[image == number].mean() for number in np.unique(image)])
    error = np.abs(quality - spark).mean()
    clicks = " ".join(f"{v:.3f}" for v in values[:, 5:].mean(axis=0))
    return (
        f"| {name} | {len(values)} | {spark.mean():.3f} | {np.percentile(spark, 5):.3f} | {by_image:.3f} | {box.mean():.3f} | "
        f"{ellipse.mean():.3f} | {error:.3f} | {clicks} |"
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
    parser.add_argument("--yolo", type=Path, action="append", default=[])
    arguments = parser.parse_args()
    session = Session(arguments.model)
    domains = {"held-out nuclei": nuclei.scenes("held-out", least_area=1)} | generated()
    for folder in arguments.yolo:
        domains |= yolo(folder)
    print("| domain | objects | Spark mean IoU | 5th percentile | mean by image | box | ellipse | quality error | after clicks |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, scenes in domains.items():
        if scenes:
            print(table(name, measure(session, scenes, arguments.clicks, np.random.default_rng(0), arguments.most)), flush=True)
    alone, full = milliseconds(session)
    print(f"CPU time on one thread: network {alone:.1f} ms, whole prompt with crop and mask (NumPy) {full:.1f} ms")


if __name__ == "__main__":
    main()
