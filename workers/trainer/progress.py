"""What the trainer says while it works: one JSON object per line, see contract/event.schema.json."""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Iterator
from typing import Any, TextIO

#: Seconds between two reports of batches: a screen shows no more.
BATCH_INTERVAL = 0.25


class Cancelled(Exception):
    """Raised at the next batch after a stop was asked for."""


def number(value: Any) -> float | None:
    """A finite float, or None: JSON knows no NaN."""
    try:
        result = float(value)
    except (TypeError, ValueError):
        return None
    return result if math.isfinite(result) else None


class Reporter:
    """Writes events; remembers whether a stop was asked for."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._stop = False
        self._interrupting = False
        self._last_batch = 0.0

    def request_stop(self) -> None:
        """Called by the signal handler, hence in the main thread."""
        self._stop = True
        if self._interrupting:
            raise Cancelled

    @contextlib.contextmanager
    def interrupting(self) -> Iterator[None]:
        """Within it a stop is raised at once: the main thread waits for other processes and looks at nothing."""
        self._interrupting = True
        try:
            self.check()
            yield
        finally:
            self._interrupting = False

    def check(self) -> None:
        """Raises Cancelled when a stop was asked for. Called between batches."""
        if self._stop:
            raise Cancelled

    def send(self, kind: str, **fields: Any) -> None:
        try:
            self._stream.write(json.dumps({"type": kind, **fields}, allow_nan=False) + "\n")
            self._stream.flush()
        except (BrokenPipeError, ConnectionResetError):
            # Nobody listens any more: the server is gone, and this run with it.
            self._stop = True

    def batch(self, epoch: int, batch: int, batches: int, images_per_second: float | None) -> None:
        now = time.monotonic()
        if now - self._last_batch < BATCH_INTERVAL and batch < batches:
            return
        self._last_batch = now
        self.send("batch", epoch=epoch, batch=batch, batches=batches, imagesPerSecond=number(images_per_second))
