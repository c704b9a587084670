"""What a model finds on the validation split, picture by picture, as Ultralytics' own validator matched it: EvaluationFile of core/training/evaluation.ts."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ultralytics.models.yolo.detect import DetectionValidator
from ultralytics.models.yolo.segment import SegmentationValidator
from ultralytics.utils import ops

FORMAT = "emend-evaluation-1"


class Keeping:
    """Beside a validator: keeps what `_process_batch` decided, with boxes in the original picture's pixels. `pictures` is a list of EvaluatedImage."""

    #: Filled while the validator runs; set anew by `keeping`.
    pictures: list[dict[str, Any]]
    #: The dataset's class for each of the model's, by position; −1 = none. None where they are the same.
    counted_as: list[int] | None = None

    def get_dataloader(self, dataset_path: str, batch_size: int) -> Any:
        # Ultralytics leaves out labels of classes that the model does not have: both models are held against the same labels.
        names, self.names = self.names, {}
        try:
            return super().get_dataloader(dataset_path, batch_size)
        finally:
            self.names = names

    def init_metrics(self, model: torch.nn.Module) -> None:
        super().init_metrics(model)
        classes = self.data["names"]
        if len(classes) > len(self.metrics.names):
            self.metrics.names = {**classes, **self.metrics.names}

    def _prepare_pred(self, pred: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return recount(super()._prepare_pred(pred), self.counted_as)

    def _process_batch(self, preds: dict[str, torch.Tensor], batch: dict[str, Any]) -> dict[str, np.ndarray]:
        decided = super()._process_batch(preds, batch)
        self.pictures.append(picture(preds, batch, decided))
        return decided


def recount(pred: dict[str, torch.Tensor], counted_as: list[int] | None) -> dict[str, torch.Tensor]:
    """Finds of one picture with the dataset's classes instead of the model's; those that count as none are left out."""
    if counted_as is None or pred["cls"].shape[0] == 0:
        return pred
    table = torch.tensor(counted_as, dtype=pred["cls"].dtype, device=pred["cls"].device)
    classes = table[pred["cls"].long()]
    kept = classes >= 0
    return {**{key: value[kept] for key, value in pred.items()}, "cls": classes[kept]}


def keeping(task: str, counted_as: list[int] | None = None) -> tuple[type, list[dict[str, Any]]]:
    """A validator class for the task, and the list that it fills. A class of its own each time: Ultralytics makes the object."""
    base = SegmentationValidator if task == "segment" else DetectionValidator
    pictures: list[dict[str, Any]] = []
    return type(f"Keeping{base.__name__}", (Keeping, base), {"pictures": pictures, "counted_as": counted_as}), pictures


def picture(preds: dict[str, torch.Tensor], batch: dict[str, Any], decided: dict[str, np.ndarray]) -> dict[str, Any]:
    """One EvaluatedImage. Pictures are named by their image's id (server/features/dataset/yolo.ts)."""
    boxes = decided["tp"]
    main = decided.get("tp_m", boxes)
    scores, classes = preds["conf"].cpu().tolist(), preds["cls"].cpu().tolist()
    found = [
        {"class": int(c), "score": round(min(1.0, max(0.0, s)), 7), "box": b, "hits": bits(main[i]), "boxHits": bits(boxes[i])}
        for i, (c, s, b) in enumerate(zip(classes, scores, original(preds["bboxes"], batch), strict=True))
    ]
    found.sort(key=lambda one: -one["score"])
    truths = [{"class": int(c), "box": b} for c, b in zip(batch["cls"].cpu().tolist(), original(batch["bboxes"], batch), strict=True)]
    return {"image": Path(batch["im_file"]).stem, "truths": truths, "found": found}


def original(boxes: torch.Tensor, batch: dict[str, Any]) -> list[list[float]]:
    """From the network's input to the picture's own pixels, [x, y, w, h]."""
    if boxes.shape[0] == 0:
        return []
    scaled = ops.scale_boxes(batch["imgsz"], boxes.clone().float(), batch["ori_shape"], ratio_pad=batch["ratio_pad"])
    return [[round(v, 2) for v in (x1, y1, max(0.0, x2 - x1), max(0.0, y2 - y1))] for x1, y1, x2, y2 in scaled.cpu().tolist()]


def bits(row: np.ndarray) -> int:
    """Bit i: true positive at the i-th IoU threshold."""
    return int(sum(1 << i for i, hit in enumerate(row) if hit))


def write(path: Path, task: str, classes: list[str], pictures: list[dict[str, Any]]) -> Path:
    """Gzipped, and in the order of the pictures' names: the same evaluation gives the same bytes."""
    content = {"format": FORMAT, "task": task, "classes": classes, "images": sorted(pictures, key=lambda p: p["image"])}
    text = json.dumps(content, allow_nan=False, separators=(",", ":")).encode("utf8")
    path.write_bytes(gzip.compress(text, compresslevel=6, mtime=0))
    return path
