"""Prints, as one JSON array, the arguments of training that the installed Ultralytics takes and that a person may set.

The package's own lists decide what exists and of which kind it is, so that a newer package brings its newer arguments. Left out is what the run
specification sets itself (data, weights, device, folders, epochs …), what names files or hosts, and what belongs to other modes or tasks.
"""

from __future__ import annotations

import json
import sys

from ultralytics import cfg
from ultralytics.utils import DEFAULT_CFG_DICT

#: Set by the run specification, or by session.py for good reasons.
OURS = {"epochs", "batch", "lr0", "seed", "workers", "save", "exist_ok", "verbose", "plots", "val", "deterministic", "save_period", "split", "single_cls", "fraction", "time"}
#: Of prediction, export and display; of tasks other than detect and segment; of distillation.
OTHERS = {
    "conf", "iou", "max_det", "nms", "dnn", "augment", "agnostic_nms", "retina_masks", "vid_stride", "stream_buffer", "visualize", "show", "show_labels", "show_conf",
    "show_boxes", "save_txt", "save_conf", "save_crop", "save_frames", "save_json", "line_width", "optimize", "dynamic", "simplify", "opset", "workspace", "profile",
    "pose", "kobj", "rle", "angle", "dlog", "dgrad", "dlam", "dis", "cls_remap", "channels_last",
}
#: Words that an argument takes, where Ultralytics only says so in its documentation.
CHOICES = {
    "optimizer": ["AdamW", "SGD", "Adam", "Adamax", "NAdam", "RAdam", "RMSProp", "auto"],
    "auto_augment": ["randaugment", "autoaugment", "augmix"],
    "copy_paste_mode": ["flip", "mixup"],
}


def kinds() -> dict[str, str]:
    """Name → kind, from the package's own lists."""
    found = {name: "integer" for name in cfg.CFG_INT_KEYS}
    found.update({name: "fraction" for name in cfg.CFG_FRACTION_KEYS})
    found.update({name: "number" for name in cfg.CFG_FLOAT_KEYS})
    found.update({name: "boolean" for name in cfg.CFG_BOOL_KEYS})
    found.update({name: "choice" for name in CHOICES if name in DEFAULT_CFG_DICT})
    return {name: kind for name, kind in found.items() if name in DEFAULT_CFG_DICT and name not in OURS | OTHERS}


def describe() -> list[dict]:
    minimum = getattr(cfg, "CFG_INT_MIN", {})
    rows = []
    for name, kind in sorted(kinds().items()):
        row = {"name": name, "kind": kind, "default": DEFAULT_CFG_DICT[name]}
        if kind == "choice":
            row["choices"] = CHOICES[name]
        if kind == "integer" and name in minimum:
            row["minimum"] = minimum[name]
        rows.append(row)
    return rows


if __name__ == "__main__":
    json.dump(describe(), sys.stdout)
