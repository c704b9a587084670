"""The trainer ends when the server that started it is gone, however that ended: nobody is left who would hear or stop it."""

from __future__ import annotations

import os
import signal
import threading
import time

#: Seconds between two looks.
INTERVAL = 1.0
#: Seconds to stop at the next batch, with the checkpoint whole; as long as the server itself would wait.
GRACE = 10.0


def end_with_parent() -> None:
    """Watches in a thread of its own, since between two events the main thread may be busy for minutes."""
    parent = os.getppid()
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(INTERVAL)
    # The same way as the server's own stop: the handler runs in the main thread.
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    if hasattr(os, "getpgrp") and os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)  # with whatever it has started
    os._exit(1)
