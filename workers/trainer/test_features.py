"""The extra output of exported models. Run in the trainer's environment: python -m unittest discover -s workers/trainer -t workers/trainer"""

from __future__ import annotations

import os
import tempfile
import unittest
from pathlib import Path

os.environ.setdefault("YOLO_OFFLINE", "true")
os.environ.setdefault("YOLO_AUTOINSTALL", "false")

import numpy as np
import onnx
import onnxruntime
import yaml
from features import add_features, pooled
from ultralytics import YOLO
from ultralytics.utils import ROOT

SIDE = 64
MODELS = [("v8/yolov8.yaml", "detect", {}), ("11/yolo11-seg.yaml", "segment", {}), ("26/yolo26.yaml", "detect", {"nms": False})]


class FeaturesTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = Path(folder.name)

    def exported(self, source: str, task: str, options: dict) -> tuple[YOLO, Path]:
        """A model of random weights, of the package's own architecture made tiny, and its ONNX file as the trainer writes it."""
        description = yaml.safe_load((ROOT / "cfg" / "models" / source).read_text(encoding="utf8"))
        description.update(nc=2, scales={"n": [0.33, 0.0625, 256]}, scale="n")
        path = self.dir / Path(source).name
        path.write_text(yaml.safe_dump(description))
        model = YOLO(str(path), task=task)
        weights = self.dir / f"{Path(source).stem}.pt"
        model.save(str(weights))
        onnx_path = YOLO(str(weights), task=task).export(format="onnx", imgsz=SIDE, device="cpu", simplify=True, dynamic=False, opset=17, **options)
        return YOLO(str(weights), task=task), Path(str(onnx_path))

    def test_the_pooled_feature_map_is_added_and_nothing_else_changes(self) -> None:
        picture = np.random.default_rng(3).random((1, 3, SIDE, SIDE), dtype=np.float32)
        photo = (np.random.default_rng(4).random((80, 100, 3)) * 255).astype(np.uint8)
        for source, task, options in MODELS:
            with self.subTest(source):
                model, path = self.exported(source, task, options)
                before = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
                old = before.run(None, {"images": picture})
                old_boxes = YOLO(str(path), task=task).predict(photo, imgsz=SIDE, conf=0.001, verbose=False)[0].boxes.data
                metadata = before.get_modelmeta().custom_metadata_map

                self.assertTrue(add_features(path, model.model))
                self.assertTrue(add_features(path, model.model), "a second time changes nothing")

                session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
                *outputs, features = session.run(None, {"images": picture})
                self.assertEqual([o.name for o in session.get_outputs()][-1], "features")
                self.assertEqual(len(outputs), len(old))
                for one, other in zip(outputs, old):
                    np.testing.assert_array_equal(one, other)
                self.assertEqual(session.get_modelmeta().custom_metadata_map, metadata)
                expected = pooled(model.model, len(model.model.yaml["backbone"]) - 1, picture)
                np.testing.assert_allclose(features[0], expected, atol=1e-3 * np.abs(expected).max())
                # Other tools read the file as before: Ultralytics itself.
                again = YOLO(str(path), task=task).predict(photo, imgsz=SIDE, conf=0.001, verbose=False)[0].boxes.data
                np.testing.assert_array_equal(again, old_boxes)

    def test_a_file_without_that_layer_is_left_as_it_was(self) -> None:
        model, _ = self.exported(*MODELS[0])
        other = self.dir / "other.onnx"
        value = onnx.helper.make_tensor_value_info
        node = onnx.helper.make_node("Relu", ["images"], ["out"], name="/relu")
        graph = onnx.helper.make_graph([node], "g", [value("images", 1, [1, 3, SIDE, SIDE])], [value("out", 1, [1, 3, SIDE, SIDE])])
        onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9), str(other))
        bytes_before = other.read_bytes()
        self.assertFalse(add_features(other, model.model))
        self.assertEqual(other.read_bytes(), bytes_before)


if __name__ == "__main__":
    unittest.main()
