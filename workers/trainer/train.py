"""One fine-tuning run: `python train.py RUNSPEC.json`, progress as JSON lines on file descriptor 3.

The specification and the lines are described by contract/*.schema.json. The process knows no database, no secret and no network; everything that it writes
goes below the specification's `out`. SIGTERM stops it at the next batch; the last checkpoint stays.
"""

from __future__ import annotations

import json
import os
import platform
import signal
import sys
from pathlib import Path
from types import ModuleType


def settle(out: Path) -> None:
    """Fixes the environment before Ultralytics is imported: it reads these once."""
    out.mkdir(parents=True, exist_ok=True)
    os.environ.update(
        YOLO_OFFLINE="true",
        YOLO_AUTOINSTALL="false",
        ULTRALYTICS_SAFE_LOAD="true",
        YOLO_CONFIG_DIR=str(out / "settings"),
        WANDB_MODE="disabled",
        MPLBACKEND="agg",
    )
    (out / "settings").mkdir(exist_ok=True)


def main(path: str) -> int:
    spec = json.loads(Path(path).read_text(encoding="utf8"))
    out = Path(spec["out"])
    settle(out)
    # Imported late: the import takes seconds, and the settings above must be in force.
    from parent import end_with_parent
    from progress import Cancelled, Reporter
    from session import Session

    reporter = Reporter(os.fdopen(3, "w", buffering=1, encoding="utf8"))
    signal.signal(signal.SIGTERM, lambda *_: reporter.request_stop())
    end_with_parent()
    try:
        import torch
        import ultralytics

        device = spec["device"] or ("0" if torch.cuda.is_available() else "cpu")
        shown = devices(device, torch)
        reporter.send(
            "hello", ultralytics=ultralytics.__version__, torch=torch.__version__, python=platform.python_version(), device=shown
        )
        Session(spec, device, reporter).run()
        reporter.send("done")
        return 0
    except Cancelled:
        last = out / "run" / "weights" / "last.pt"
        reporter.send("cancelled", checkpoint=str(last) if last.exists() else None)
        return 0
    except Exception as error:  # noqa: BLE001  the person at the screen must learn of every failure
        import traceback

        traceback.print_exc()
        reporter.send("error", message=sentence(error))
        return 1


def devices(device: str, torch: ModuleType) -> str:
    """For people: "CPU, 2 threads", or the names of the GPUs."""
    if device == "cpu":
        threads = torch.get_num_threads()
        return f"CPU, {threads} thread{'' if threads == 1 else 's'}"
    return ", ".join(torch.cuda.get_device_name(int(number)) for number in device.split(","))


def sentence(error: Exception) -> str:
    """The reason in words; the trace is in the log."""
    text = str(error).strip().splitlines()
    first = text[0] if text else type(error).__name__
    if "out of memory" in first.lower():
        return f"The device ran out of memory. Use a smaller batch or image size. ({first[:200]})"
    return f"{type(error).__name__}: {first[:400]}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
