"""Progress of a training on several GPUs.

Ultralytics then trains in processes of its own (DistributedDataParallel), which know nothing of our callbacks. What they write for people, `results.csv`, is
read here instead, and told as the same events.
"""

from __future__ import annotations

import csv
import threading
from pathlib import Path

from progress import Reporter, number

#: Seconds between two looks at the file: an epoch takes longer.
INTERVAL = 1.0


class RowWatch(threading.Thread):
    """Tells every epoch of `results.csv` once. `with RowWatch(…):` around the training; what was written last is told at the end."""

    def __init__(self, path: Path, reporter: Reporter, epochs: int) -> None:
        super().__init__(daemon=True)
        self.path = path
        self.reporter = reporter
        self.epochs = epochs
        # A resumed run's earlier rows were told before.
        self.told = len(self.rows())
        self.seconds = 0.0
        self.best = -1.0
        self.ended = threading.Event()

    def __enter__(self) -> RowWatch:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.join()
        self.look()

    def run(self) -> None:
        while not self.ended.wait(INTERVAL):
            self.look()

    def rows(self) -> list[dict[str, str]]:
        """All rows that are there with all their columns: the last one may be half-written."""
        if not self.path.exists():
            return []
        with self.path.open(newline="", encoding="utf8") as file:
            return [{str(k).strip(): v for k, v in row.items()} for row in csv.DictReader(file) if None not in row.values() and None not in row]

    def look(self) -> None:
        rows = self.rows()
        for row in rows[self.told :]:
            self.tell(row)
        self.told = max(self.told, len(rows))

    def tell(self, row: dict[str, str]) -> None:
        kind = "M" if "metrics/mAP50-95(M)" in row else "B"
        map_ = number(row.get(f"metrics/mAP50-95({kind})"))
        seconds = number(row.get("time")) or 0.0
        losses = {name.removeprefix("train/"): number(value) or 0.0 for name, value in row.items() if name.startswith("train/")}
        self.reporter.send(
            "epoch", epoch=int(float(row["epoch"])), epochs=self.epochs, losses=losses, map50=number(row.get(f"metrics/mAP50({kind})")), map=map_, perClass=[],
            seconds=max(0.0, seconds - self.seconds), imagesPerSecond=None, best=map_ is not None and map_ > self.best,
        )
        self.seconds = seconds
        self.best = max(self.best, map_ or 0.0)
