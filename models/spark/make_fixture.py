"""Write `fixtures/`: what another implementation of the contract must reproduce, and the self-test of every model.

    python make_fixture.py

`fixture.json`: inputs and outputs of the shipped file, as CONTRACT.md describes them. `selftest.json`: an image, a box and
the object's exact mask; a segmentation model that is worth using reaches IoU ≥ 0.7.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import geometry as g
from mixed import mixed
from reference import Session, iou, runs
from scenes import Scene
from xray import die_attach

FOLDER = Path(__file__).parent / "fixtures"
COLOUR_SEED, GREY_SEED = 2019, 2017
SAMPLED = 40


def prompts(colour: Scene) -> list[tuple[str, str, g.Prompt]]:
    """Cases: (name, image, prompt)."""
    x, y, w, h = max(colour.instances, key=lambda i: int(i.mask.sum())).box
    middle = (x + w / 2, y + h / 2)
    return [
        ("inside", "colour.png", g.Prompt((x + 0.7, y - 1.3, w + 0.45, h + 1.1))),
        ("clicks", "colour.png", g.Prompt((x, y, w, h), [middle], [(x + 1.5, y + 1.25), (x + w - 2, y + h - 1)])),
        ("small", "colour.png", g.Prompt((20.25, 30.5, 7.0, 5.5))),
        ("over the corner", "colour.png", g.Prompt((-6.5, -4.0, 31.0, 40.0))),
        ("at the far border", "colour.png", g.Prompt((96.0, 110.5, 27.0, 43.5))),
        ("wide, two taps", "grey.png", g.Prompt((8.0, 10.0, 125.0, 60.0))),
        ("void", "grey.png", g.Prompt((41.5, 3.0, 53.0, 43.25))),
        ("chip, three taps", "grey.png", g.Prompt((10.5, 6.0, 193.0, 150.0))),
        ("whole image, four taps", "grey.png", g.Prompt((0.0, 0.0, 318.0, 221.0))),
    ]


def case(name: str, file: str, image: NDArray[np.uint8], prompt: g.Prompt, session: Session) -> dict[str, object]:
    """One entry of fixture.json."""
    crop, planes = g.crop_of(prompt.box), g.make_input(image, prompt)
    logits, quality = session.session.run(None, {"input": planes[None]})
    mask = g.to_mask(logits[0, 0], prompt, *image.shape[:2])
    places = np.random.default_rng(0).integers(0, [g.CHANNELS, g.SIZE, g.SIZE], (SAMPLED, 3))
    return {
        "name": name,
        "image": file,
        "box": list(prompt.box),
        "positive": [list(p) for p in prompt.positive],
        "negative": [list(p) for p in prompt.negative],
        "crop": {"x0": crop.x0, "y0": crop.y0, "side": crop.side, "taps": crop.taps},
        "channelSums": [round(float(s), 4) for s in planes.astype(np.float64).sum(axis=(1, 2))],
        "inputSamples": [[int(c), int(i), int(j), round(float(planes[c, i, j]), 7)] for c, i, j in places],
        "logitSamples": [[int(i), int(j), round(float(logits[0, 0, i, j]), 4)] for _, i, j in places],
        "quality": round(float(quality[0, 0]), 5),
        "area": int(mask.sum()),
        "runs": runs(mask),
    }


def save(scene: Scene, name: str) -> NDArray[np.uint8]:
    """Write a scene's image as PNG; what a reader of that PNG sees as RGB."""
    image = scene.image[:, :, 0] if scene.image.shape[2] == 1 else scene.image
    Image.fromarray(image).save(FOLDER / name, optimize=True)
    return np.asarray(Image.open(FOLDER / name).convert("RGB"))


def selftest(grey: Scene, image: NDArray[np.uint8], session: Session) -> dict[str, object]:
    """The grey scene's chip with its exact mask."""
    chip = max(grey.instances, key=lambda i: int(i.mask.sum()))
    truth = np.zeros(image.shape[:2], dtype=np.bool_)
    truth[chip.top : chip.top + chip.mask.shape[0], chip.left : chip.left + chip.mask.shape[1]] = chip.mask
    mask, quality = session.segment(image, g.Prompt(chip.box))
    print(f"self-test: IoU {iou(mask, truth):.3f}, quality {quality:.3f}")
    height, width = truth.shape
    return {"image": "grey.png", "width": width, "height": height, "box": list(chip.box), "leastIou": 0.7, "runs": runs(truth)}


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    session = Session()
    colour, grey = mixed(np.random.default_rng(COLOUR_SEED)), die_attach(np.random.default_rng(GREY_SEED))
    images = {"colour.png": save(colour, "colour.png"), "grey.png": save(grey, "grey.png")}
    cases = [case(name, file, images[file], prompt, session) for name, file, prompt in prompts(colour)]
    fixture = {"contract": g.CONTRACT, "version": session.metadata["version"], "cases": cases}
    (FOLDER / "fixture.json").write_text(json.dumps(fixture) + "\n")
    (FOLDER / "selftest.json").write_text(json.dumps(selftest(grey, images["grey.png"], session)) + "\n")
    for entry in cases:
        print(f"{entry['name']}: {entry['area']} px, quality {entry['quality']}, taps {entry['crop']['taps']}")


if __name__ == "__main__":
    main()
