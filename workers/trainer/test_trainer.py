"""Run in the trainer's environment: python -m unittest discover -s workers/trainer -t workers/trainer"""

from __future__ import annotations

import io
import json
import tempfile
import types
import unittest
from pathlib import Path

import arguments
import ddp
import evaluation
import numpy as np
import torch
from progress import Cancelled, Reporter, number
from session import QUIET, EpochWatch, checkpoint_state, class_scores, summarise, yaml_images
from train import sentence

CONTRACT = Path(__file__).parent / "contract"


def alternatives() -> dict[str, dict]:
    """Kind of event → its schema, from the contract that the server checks every line against."""
    schema = json.loads((CONTRACT / "event.schema.json").read_text(encoding="utf8"))
    return {one["properties"]["type"]["const"]: one for one in schema["anyOf"]}


class Lines(io.StringIO):
    def events(self) -> list[dict]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


class ArgumentsTest(unittest.TestCase):
    def test_the_package_s_own_list_without_what_the_specification_sets_or_what_names_files(self) -> None:
        rows = {row["name"]: row for row in arguments.describe()}
        for name in ("mosaic", "weight_decay", "degrees", "close_mosaic", "cos_lr", "optimizer", "patience"):
            self.assertIn(name, rows)
        for name in ("data", "model", "project", "name", "device", "resume", "cfg", "source", "pretrained", "cache", "epochs", "save", "single_cls", "conf", "distill_model", "compile"):
            self.assertNotIn(name, rows)
        self.assertEqual(rows["mosaic"]["kind"], "fraction")
        self.assertIn(rows["optimizer"]["default"], rows["optimizer"]["choices"])
        json.dumps(list(rows.values()), allow_nan=False)


class RowWatchTest(unittest.TestCase):
    HEAD = "                  epoch,time,train/box_loss,metrics/mAP50(B),metrics/mAP50-95(B)\n"

    def test_every_epoch_is_told_once_in_the_form_of_the_contract_and_half_rows_wait(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path, lines = Path(folder) / "results.csv", Lines()
            path.write_text(self.HEAD + "1,2.0,1.5,0.1,0.05\n")
            watch = ddp.RowWatch(path, Reporter(lines), 4)
            path.write_text(self.HEAD + "1,2.0,1.5,0.1,0.05\n2,5.0,1.2,0.3,0.2\n3,7.5,1.1")
            watch.look()
            with watch:
                path.write_text(self.HEAD + "1,2.0,1.5,0.1,0.05\n2,5.0,1.2,0.3,0.2\n3,7.5,1.1,0.25,nan\n")
            told = lines.events()
        self.assertEqual([(e["epoch"], e["map"], e["best"]) for e in told], [(2, 0.2, True), (3, None, False)])
        self.assertEqual((told[1]["losses"], told[1]["seconds"]), ({"box_loss": 1.1}, 2.5))
        for event in told:
            self.assertEqual(set(event), set(alternatives()["epoch"]["properties"]) & set(event))
            self.assertLessEqual(set(alternatives()["epoch"]["required"]), set(event))


class ProgressTest(unittest.TestCase):
    def test_numbers_are_finite_or_none(self) -> None:
        self.assertEqual([number(v) for v in (1, "2.5", float("nan"), float("inf"), None, "x")], [1.0, 2.5, None, None, None, None])

    def test_batches_are_throttled_but_the_last_one_is_told(self) -> None:
        lines = Lines()
        reporter = Reporter(lines)
        for batch in range(1, 101):
            reporter.batch(1, batch, 100, 10.0)
        told = [e["batch"] for e in lines.events()]
        self.assertLess(len(told), 10)
        self.assertEqual(told[-1], 100)

    def test_a_stop_is_seen_at_the_next_check(self) -> None:
        reporter = Reporter(Lines())
        reporter.check()
        reporter.request_stop()
        self.assertRaises(Cancelled, reporter.check)

    def test_a_stop_is_raised_at_once_while_other_processes_train(self) -> None:
        reporter = Reporter(Lines())
        with self.assertRaises(Cancelled), reporter.interrupting():
            reporter.request_stop()
        reporter.request_stop()
        with self.assertRaises(Cancelled), reporter.interrupting():
            self.fail("a stop that was asked for before is seen at the door")

    def test_a_server_that_is_gone_stops_the_run(self) -> None:
        class Closed(io.StringIO):
            def write(self, _: str) -> int:
                raise BrokenPipeError

        reporter = Reporter(Closed())
        reporter.send("done")
        self.assertRaises(Cancelled, reporter.check)


class SettingsTest(unittest.TestCase):
    def test_pictures_with_500_objects_are_measured_whole(self) -> None:
        from ultralytics.cfg import get_cfg

        self.assertGreaterEqual(get_cfg(overrides=dict(QUIET)).max_det, 500)


class EpochTest(unittest.TestCase):
    def test_events_have_exactly_the_fields_of_the_contract(self) -> None:
        lines = Lines()
        watch = EpochWatch(Reporter(lines), epochs=2)
        trainer = types.SimpleNamespace(
            epoch=0, batch_size=4, train_loader=[0, 1], tloss={"box_loss": float("nan"), "seg_loss": 2.0},
            validator=types.SimpleNamespace(metrics=types.SimpleNamespace(seg=types.SimpleNamespace(ap=[0.25], ap50=[0.5], ap_class_index=[1]))),
            metrics={"metrics/mAP50(M)": 0.5, "metrics/mAP50-95(M)": 0.25, "metrics/mAP50(B)": 0.9, "metrics/mAP50-95(B)": 0.8},
        )
        watch.epoch_start(trainer)
        watch.batch_end(trainer)
        watch.epoch_end(trainer)
        watch.epoch_end(trainer)  # Ultralytics calls once more after its final evaluation
        kinds = [e["type"] for e in lines.events()]
        self.assertEqual(kinds.count("epoch"), 1)
        for event in lines.events():
            self.assertEqual(set(event), set(alternatives()[event["type"]]["required"]))
        epoch = lines.events()[-1]
        self.assertEqual((epoch["map"], epoch["map50"], epoch["best"]), (0.25, 0.5, True))
        self.assertEqual(epoch["perClass"], [{"index": 1, "map": 0.25, "map50": 0.5}])
        self.assertEqual(epoch["losses"], {"box_loss": 0.0, "seg_loss": 2.0})


class MetricsTest(unittest.TestCase):
    def test_masks_where_there_are_any_and_classes_that_were_not_seen(self) -> None:
        box = types.SimpleNamespace(map=0.4, map50=0.6)
        seg = types.SimpleNamespace(map=0.3, map50=0.5, mp=0.7, mr=0.8, ap=[0.3], ap50=[0.5], ap_class_index=[1])
        result = types.SimpleNamespace(box=box, seg=seg, nt_per_class=[0, 9])
        metrics = summarise(result, 3, ["Chip", "Void"])
        self.assertEqual(metrics["perClass"][0], {"index": 0, "name": "Chip", "map": None, "map50": None, "instances": 0})
        self.assertEqual((metrics["map"], metrics["boxMap"], metrics["perClass"][1]["instances"]), (0.3, 0.4, 9))
        shape = alternatives()["evaluation"]["properties"]["metrics"]
        self.assertEqual(set(metrics), set(shape["required"]))


    def test_classes_of_an_epoch_that_was_not_evaluated(self) -> None:
        self.assertEqual(class_scores(types.SimpleNamespace()), [])
        box = types.SimpleNamespace(ap=[], ap50=[], ap_class_index=[])
        self.assertEqual(class_scores(types.SimpleNamespace(validator=types.SimpleNamespace(metrics=types.SimpleNamespace(box=box)))), [])


class EvaluationTest(unittest.TestCase):
    def test_a_picture_is_told_in_its_own_pixels_with_what_matched_at_which_threshold(self) -> None:
        # A picture of 200 × 100 as the network sees it at 64 × 64: scaled by 0.32, 16 px of padding above and below.
        batch = {
            "cls": torch.tensor([1.0]), "bboxes": torch.tensor([[0.0, 16.0, 32.0, 32.0]]), "imgsz": (64, 64), "ori_shape": (100, 200),
            "ratio_pad": ((0.32, 0.32), (0.0, 16.0)), "im_file": "/somewhere/0190a.jpg",
        }
        preds = {"conf": torch.tensor([0.4, 0.9]), "cls": torch.tensor([1.0, 0.0]), "bboxes": torch.tensor([[0.0, 16.0, 32.0, 32.0], [-5.0, 0.0, 64.0, 64.0]])}
        tp = np.zeros((2, 10), dtype=bool)
        tp[0, :4] = True
        masks = np.zeros((2, 10), dtype=bool)
        masks[0, 0] = True
        self.assertEqual(evaluation.picture(preds, batch, {"tp": tp, "tp_m": masks}), {
            "image": "0190a", "truths": [{"class": 1, "box": [0.0, 0.0, 100.0, 50.0]}],
            "found": [
                {"class": 0, "score": 0.9, "box": [0.0, 0.0, 200.0, 100.0], "hits": 0, "boxHits": 0},
                {"class": 1, "score": 0.4, "box": [0.0, 0.0, 100.0, 50.0], "hits": 1, "boxHits": 15},
            ],
        })
        self.assertEqual(evaluation.picture({**preds}, batch, {"tp": tp})["found"][1]["hits"], 15, "boxes where there are no masks")

    def test_a_former_models_finds_count_as_the_classes_that_theirs_became(self) -> None:
        pred = {"conf": torch.tensor([0.9, 0.8, 0.7]), "cls": torch.tensor([0.0, 1.0, 2.0]), "bboxes": torch.arange(12.0).reshape(3, 4)}
        counted = evaluation.recount(pred, [0, 0, -1])
        self.assertEqual((counted["cls"].tolist(), counted["conf"].tolist()), ([0.0, 0.0], pred["conf"][:2].tolist()))
        self.assertEqual(counted["bboxes"].shape, (2, 4))
        self.assertEqual(pred["cls"].tolist(), [0.0, 1.0, 2.0], "the model's own finds stay as they are")
        self.assertIs(evaluation.recount(pred, None), pred)
        nothing = {**pred, "cls": pred["cls"][:0]}
        self.assertIs(evaluation.recount(nothing, [0]), nothing)

    def test_each_validator_fills_a_list_of_its_own(self) -> None:
        (one, a), (other, b) = evaluation.keeping("detect"), evaluation.keeping("segment")
        self.assertIsNot(a, b)
        self.assertTrue(issubclass(one, evaluation.DetectionValidator) and issubclass(other, evaluation.SegmentationValidator))

    def test_the_same_evaluation_is_the_same_file(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            pictures = [{"image": "b", "truths": [], "found": []}, {"image": "a", "truths": [], "found": []}]
            first = evaluation.write(Path(folder) / "1.gz", "detect", ["Chip"], pictures).read_bytes()
            second = evaluation.write(Path(folder) / "2.gz", "detect", ["Chip"], pictures[::-1]).read_bytes()
        self.assertEqual(first, second)


class FilesTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = Path(folder.name)

    def test_validation_images_from_a_folder_and_from_a_list(self) -> None:
        (self.dir / "val").mkdir()
        for name in ("a.png", "b.png"):
            (self.dir / "val" / name).touch()
        (self.dir / "data.yaml").write_text(f"path: {self.dir}\nval: val\n")
        self.assertEqual(len(yaml_images(str(self.dir / "data.yaml"))), 2)
        (self.dir / "val.txt").write_text("a.png\n\nb.png\nc.png\n")
        (self.dir / "data.yaml").write_text(f"path: {self.dir}\nval: val.txt\n")
        self.assertEqual(len(yaml_images(str(self.dir / "data.yaml"))), 3)

    def test_what_a_checkpoint_is_good_for(self) -> None:
        last = self.dir / "last.pt"
        self.assertEqual(checkpoint_state(last), "none")
        last.write_bytes(b"PK\x03\x04 half of a file")
        self.assertEqual(checkpoint_state(last), "torn")
        torch.save({"epoch": -1, "optimizer": None}, last)
        self.assertEqual(checkpoint_state(last), "finished")
        torch.save({"epoch": 4, "optimizer": {"state": {}}}, last)
        self.assertEqual(checkpoint_state(last), "resumable")

    def test_reasons_are_sentences(self) -> None:
        self.assertIn("smaller batch", sentence(RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")))
        self.assertEqual(sentence(ValueError("first\nsecond")), "ValueError: first")


if __name__ == "__main__":
    unittest.main()
