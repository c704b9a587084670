"""The stages of one run: evaluate the old model, train, evaluate the new one on the same split, export it."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import ddp
import evaluation
import yaml
from features import add_features
from progress import Reporter, number
from ultralytics import YOLO
from ultralytics.nn.tasks import torch_safe_load
from ultralytics.utils import ROOT

#: Ultralytics looks at the 300 best objects of a picture by default: with 500 in it, 200 would count as missed.
MAX_OBJECTS = 1000
#: No plots, no caches beside the data, nothing that asks the network.
QUIET = {"plots": False, "verbose": False, "exist_ok": True, "max_det": MAX_OBJECTS}


class Session:
    """Runs one RunSpec. Raises Cancelled from any stage once a stop was asked for."""

    def __init__(self, spec: dict[str, Any], device: str, reporter: Reporter) -> None:
        self.spec = spec
        self.device = device
        #: Evaluation and export take one device.
        self.first_device = device.split(",")[0]
        self.reporter = reporter
        self.out = Path(spec["out"])
        self.weights = self.out / "run" / "weights"

    def run(self) -> None:
        if self.spec["old"]:
            self.reporter.send("stage", stage="evaluating", message="Measuring the present model")
            self.evaluate("old", self.spec["old"], self.spec["oldClasses"])
        self.reporter.send("stage", stage="training", message="Training")
        self.train()
        self.reporter.send("stage", stage="evaluating", message="Measuring the new model on the same pictures")
        best = self.weights / "best.pt"
        self.evaluate("new", str(best if best.exists() else self.weights / "last.pt"))
        self.reporter.send("stage", stage="exporting", message="Writing ONNX")
        self.export(best if best.exists() else self.weights / "last.pt")

    def train(self) -> None:
        last = self.weights / "last.pt"
        state = checkpoint_state(last) if self.spec["resume"] else "none"
        if state == "finished":
            print("All epochs were trained before the stop; going on with what comes after them.")
            return
        if state == "torn":
            print(f"{last} was being written when the run stopped and cannot be read; beginning again.")
        resume = state == "resumable"
        model = YOLO(str(last)) if resume else self.start_model()
        if self.first_device == self.device:
            EpochWatch(self.reporter, self.spec["epochs"]).attach(model)
            self.fit(model, resume)
            return
        with self.reporter.interrupting(), ddp.RowWatch(self.out / "run" / "results.csv", self.reporter, self.spec["epochs"]):
            self.fit(model, resume)

    def fit(self, model: YOLO, resume: bool) -> None:
        model.train(
            resume=resume,
            data=self.spec["data"],
            epochs=self.spec["epochs"],
            imgsz=self.spec["imgsz"],
            batch=self.spec["batch"],
            lr0=self.spec["lr0"],
            optimizer=self.spec["optimizer"],
            **self.spec["extra"],
            freeze=self.spec["freeze"] or None,
            seed=self.spec["seed"],
            device=self.device,
            workers=self.spec["workers"],
            deterministic=True,
            # Mixed precision checks itself with a downloaded model first; there is no network, and small models gain little.
            amp=False,
            project=str(self.out),
            name="run",
            **QUIET,
        )

    def start_model(self) -> YOLO:
        if self.spec["weights"]:
            return YOLO(self.spec["weights"])
        return YOLO(str(self.described()), task=self.spec["task"])

    def described(self) -> Path:
        """The installed package's model description with our scale, as a file below `out`."""
        architecture = self.spec["architecture"]
        name = Path(architecture["yaml"]).name
        source = next((ROOT / "cfg" / "models").rglob(name), None)
        if source is None:
            raise FileNotFoundError(f"The installed Ultralytics has no model description {name}.")
        description = yaml.safe_load(source.read_text(encoding="utf8"))
        description["scales"] = {"n": architecture["scale"]}
        description["scale"] = "n"
        target = self.out / f"scaled-{name}"
        target.write_text(yaml.safe_dump(description), encoding="utf8")
        return target

    def evaluate(self, which: str, weights: str, counted_as: list[int] | None = None) -> None:
        model = YOLO(weights, task=self.spec["task"])
        model.add_callback("on_val_batch_end", lambda _: self.reporter.check())
        # Each model at the size it was trained for, at which it also predicts: at another one the former model would look worse than it is.
        imgsz = model.overrides.get("imgsz") or self.spec["imgsz"]
        validator, pictures = evaluation.keeping(self.spec["task"], counted_as)
        result = model.val(
            validator=validator, data=self.spec["data"], split="val", imgsz=imgsz, batch=self.spec["batch"], device=self.first_device,
            workers=self.spec["workers"], project=str(self.out), name=f"val-{which}", **QUIET,
        )
        images = len(yaml_images(self.spec["data"]))
        file = evaluation.write(self.out / f"evaluation-{which}.json.gz", self.spec["task"], class_names(self.spec["data"]), pictures)
        self.reporter.send("evaluation", which=which, metrics=summarise(result, images, class_names(self.spec["data"])), file=str(file))

    def export(self, weights: Path) -> None:
        self.reporter.check()
        kept = self.out / "model.pt"
        shutil.copyfile(weights, kept)
        onnx = YOLO(str(kept), task=self.spec["task"]).export(
            format="onnx", imgsz=self.spec["imgsz"], device="cpu", simplify=True, dynamic=False, opset=17, max_det=MAX_OBJECTS
        )
        # Without it everything works; only what to correct next goes by thumbnails instead.
        if not add_features(Path(str(onnx)), YOLO(str(kept), task=self.spec["task"]).model):
            print("The backbone's feature map was not found in the exported file; it has no output named features.")
        self.reporter.send("exported", onnx=str(onnx), pt=str(kept))


def checkpoint_state(last: Path) -> str:
    """What a run can go on from: "resumable", "finished" (Ultralytics strips the optimizer after the last epoch), "torn" or "none"."""
    if not last.exists():
        return "none"
    try:
        checkpoint, _ = torch_safe_load(str(last))
    except Exception:  # noqa: BLE001  a half-written file fails in many ways: zip, pickle, missing keys
        return "torn"
    return "finished" if checkpoint.get("optimizer") is None else "resumable"


def yaml_images(data: str) -> list[str]:
    """The pictures of the validation split."""
    description = yaml.safe_load(Path(data).read_text(encoding="utf8"))
    root = Path(description.get("path") or Path(data).parent)
    val = root / str(description["val"])
    if val.is_file():
        return [line for line in val.read_text(encoding="utf8").splitlines() if line.strip()]
    return [str(p) for p in val.iterdir() if p.is_file()]


def class_names(data: str) -> list[str]:
    """Of the dataset version, by position: Ultralytics reads a list or a mapping."""
    names = yaml.safe_load(Path(data).read_text(encoding="utf8"))["names"]
    return [str(name) for name in (names if isinstance(names, list) else [names[i] for i in sorted(names)])]


def summarise(result: Any, images: int, names: list[str]) -> dict[str, Any]:
    """Ultralytics' metrics as TrainerMetrics: masks where the task has them, else boxes. `names` are the dataset's: a former model may have others."""
    main = result.seg if hasattr(result, "seg") else result.box
    seen = {int(c): i for i, c in enumerate(main.ap_class_index)}
    counts = result.nt_per_class if getattr(result, "nt_per_class", None) is not None else []
    per_class = []
    for index, name in enumerate(names):
        at = seen.get(index)
        per_class.append(
            {
                "index": index,
                "name": name,
                "map": None if at is None else number(main.ap[at]),
                "map50": None if at is None else number(main.ap50[at]),
                "instances": int(counts[index]) if index < len(counts) else 0,
            }
        )
    measured = len(seen) > 0
    return {
        "map": number(main.map) if measured else None,
        "map50": number(main.map50) if measured else None,
        "boxMap": number(result.box.map) if measured else None,
        "boxMap50": number(result.box.map50) if measured else None,
        "precision": number(main.mp) if measured else None,
        "recall": number(main.mr) if measured else None,
        "images": images,
        "perClass": per_class,
    }


def class_scores(trainer: Any) -> list[dict[str, Any]]:
    """Per class, of the evaluation after an epoch: masks where the task has them. Empty where this epoch was not evaluated."""
    metrics = getattr(getattr(trainer, "validator", None), "metrics", None)
    main = getattr(metrics, "seg", None) or getattr(metrics, "box", None)
    if main is None:
        return []
    return [{"index": int(c), "map": number(main.ap[i]), "map50": number(main.ap50[i])} for i, c in enumerate(main.ap_class_index)]


class EpochWatch:
    """Turns Ultralytics' callbacks into events."""

    def __init__(self, reporter: Reporter, epochs: int) -> None:
        self.reporter = reporter
        self.epochs = epochs
        self.batch = 0
        self.images = 0
        self.began = 0.0
        self.best = -1.0

    def attach(self, model: YOLO) -> None:
        model.add_callback("on_train_epoch_start", self.epoch_start)
        model.add_callback("on_train_batch_end", self.batch_end)
        model.add_callback("on_fit_epoch_end", self.epoch_end)

    def epoch_start(self, trainer: Any) -> None:
        self.batch, self.images, self.began = 0, 0, time.monotonic()

    def batch_end(self, trainer: Any) -> None:
        self.batch += 1
        self.images += trainer.batch_size
        self.reporter.check()
        rate = self.images / max(1e-6, time.monotonic() - self.began)
        self.reporter.batch(trainer.epoch + 1, self.batch, len(trainer.train_loader), rate)

    def epoch_end(self, trainer: Any) -> None:
        # Called once more after the final evaluation, when no batch has run since.
        if self.batch == 0:
            return
        metrics = trainer.metrics or {}
        kind = "M" if any("(M)" in key for key in metrics) else "B"
        map_, map50 = number(metrics.get(f"metrics/mAP50-95({kind})")), number(metrics.get(f"metrics/mAP50({kind})"))
        best = map_ is not None and map_ > self.best
        self.best = max(self.best, map_ or 0.0)
        seconds = time.monotonic() - self.began
        losses = {str(name): number(value) or 0.0 for name, value in (trainer.tloss or {}).items()}
        self.reporter.send(
            "epoch", epoch=trainer.epoch + 1, epochs=self.epochs, losses=losses, map50=map50, map=map_, seconds=seconds,
            imagesPerSecond=number(self.images / max(1e-6, seconds)), best=best,
            perClass=class_scores(trainer),
        )
        self.batch = 0
