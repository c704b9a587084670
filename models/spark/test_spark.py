"""Quick checks: `pytest models/spark` (a few seconds, one thread)."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import data  # noqa: E402
import geometry as g  # noqa: E402
import nuclei  # noqa: E402
from export import export  # noqa: E402
from mixed import mixed  # noqa: E402
from reference import MODEL, Session, ellipse_mask, from_runs, iou, runs  # noqa: E402
from restore import restore  # noqa: E402
from scenes import Instance, Scene  # noqa: E402
from xray import die_attach  # noqa: E402

FIXTURE = json.loads((HERE / "fixtures" / "fixture.json").read_text())
SELFTEST = json.loads((HERE / "fixtures" / "selftest.json").read_text())


def picture(name: str) -> np.ndarray:
    return np.asarray(Image.open(HERE / "fixtures" / name).convert("RGB"))


def prompt_of(case: dict) -> g.Prompt:
    return g.Prompt(tuple(case["box"]), [tuple(p) for p in case["positive"]], [tuple(p) for p in case["negative"]])


@pytest.fixture(scope="module")
def session() -> Session:
    return Session()


@pytest.mark.parametrize("make", [die_attach, mixed])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_scenes_are_deterministic_and_their_masks_lie_in_the_image(make, seed):
    first, second = make(np.random.default_rng(seed)), make(np.random.default_rng(seed))
    assert (first.image == second.image).all()
    height, width = first.image.shape[:2]
    for one, other in zip(first.instances, second.instances, strict=True):
        assert (one.mask == other.mask).all() and one.mask.any()
        x, y, w, h = one.box
        assert 0 <= x and 0 <= y and x + w <= width and y + h <= height


def test_samples_are_deterministic(monkeypatch):
    monkeypatch.setattr(nuclei, "folder", lambda: None)
    first, second = data.Stream(7), data.Stream(7)
    for _ in range(6):
        one, other = first.sample(), second.sample()
        assert (one.planes == other.planes).all() and (one.target == other.target).all()
        assert one.planes.shape == (g.CHANNELS, g.SIZE, g.SIZE) and one.planes.dtype == np.float32


def test_padding_is_black_and_never_object():
    """An object that fills the image: the crop is half padding."""
    scene = Scene(np.full((40, 40, 1), 200, dtype=np.uint8), [Instance(0, 0, np.ones((40, 40), dtype=np.bool_))])
    for seed in range(20):
        sample = data.make_sample(np.random.default_rng(seed), scene, scene.instances[0], "mixed")
        padding = sample.planes[3] == 0
        assert padding.sum() > 1000
        assert (sample.target[padding] == 0).all() and (sample.planes[:3, padding] == 0).all()
        assert (sample.target <= sample.planes[3] + 1e-5).all()


def test_nuclei_split_is_by_image_and_stable():
    names = [f"{n:012x}" for n in range(2000)]
    held = [nuclei.is_held_out(n) for n in names]
    assert held == [nuclei.is_held_out(f"folder/{n}.png") for n in names]
    assert 0.15 < np.mean(held) < 0.25
    parts = [nuclei.part_of(n) for n in names]
    assert [part == "held-out" for part in parts] == held
    assert 0.05 < np.mean([part == "development" for part in parts]) < 0.12


@pytest.mark.parametrize("side", [9.0, 40.0, 200.0])
def test_crop_and_way_back_agree(side):
    """A mask that is sampled into the crop comes back as itself, up to the crop's resolution."""
    box = (60.3, 50.7, side, side * 0.8)
    truth = ellipse_mask(box, 300, 320)
    prompt = g.Prompt(box)
    sampled, _ = g.sample(truth[:, :, None], g.crop_of(box))
    back = g.to_mask((sampled[0] - 0.5).astype(np.float32), prompt, 300, 320)
    assert iou(back, truth) > 0.97


def test_runs_and_back():
    mask = np.random.default_rng(0).random((13, 17)) > 0.6
    mask[0, 0] = True
    assert (from_runs(runs(mask), 13, 17) == mask).all()


def test_shipped_file(session):
    assert session.metadata["contract"] == g.CONTRACT
    assert float(session.metadata["context"]) == g.CONTEXT and int(session.metadata["size"]) == g.SIZE
    logits, quality = session.session.run(None, {"input": np.zeros((3, g.CHANNELS, g.SIZE, g.SIZE), np.float32)})
    assert logits.shape == (3, 1, g.SIZE, g.SIZE) and quality.shape == (3, 1)
    assert np.isfinite(logits).all() and ((quality >= 0) & (quality <= 1)).all()


def test_exported_file_comes_back_as_a_network_that_can_be_trained(session, monkeypatch, tmp_path):
    """It computes the same, also with the statistics of a batch like those that it was measured on; and it can be exported again."""
    monkeypatch.setattr(nuclei, "folder", lambda: None)
    stream = data.Stream(3)
    planes = torch.from_numpy(np.stack([stream.sample().planes for _ in range(24)]))
    expected, quality = session.session.run(None, {"input": planes.numpy()})
    spark = restore(MODEL, planes)
    with torch.no_grad():
        logits, judged = spark.eval()(planes)
        batchwise, _ = spark.train()(planes)
    assert np.abs(logits.numpy() - expected).max() < 1e-2
    assert np.abs(torch.sigmoid(judged).numpy() - quality).max() < 1e-3
    assert ((batchwise.numpy() > 0) == (expected > 0)).mean() > 0.99
    assert sum(isinstance(m, torch.nn.BatchNorm2d) for m in spark.modules()) > 20
    export(restore(MODEL, planes).eval(), tmp_path / "again.onnx", "0")
    again, _ = Session(tmp_path / "again.onnx").session.run(None, {"input": planes.numpy()})
    assert ((again > 0) == (expected > 0)).mean() > 0.999


@pytest.mark.parametrize("case", FIXTURE["cases"], ids=lambda c: c["name"])
def test_fixture(case, session):
    image, prompt = picture(case["image"]), prompt_of(case)
    crop, planes = g.crop_of(prompt.box), g.make_input(image, prompt)
    assert (crop.x0, crop.y0, crop.side, crop.taps) == pytest.approx(tuple(case["crop"].values()))
    assert planes.astype(np.float64).sum(axis=(1, 2)) == pytest.approx(case["channelSums"], abs=1e-2)
    for c, i, j, value in case["inputSamples"]:
        assert planes[c, i, j] == pytest.approx(value, abs=1e-5)
    mask, quality = session.segment(image, prompt)
    assert quality == pytest.approx(case["quality"], abs=1e-3)
    assert iou(mask, from_runs(case["runs"], *image.shape[:2])) >= 0.99


def test_selftest(session):
    mask, _ = session.segment(picture(SELFTEST["image"]), g.Prompt(tuple(SELFTEST["box"])))
    truth = from_runs(SELFTEST["runs"], SELFTEST["height"], SELFTEST["width"])
    assert iou(mask, truth) >= SELFTEST["leastIou"]
