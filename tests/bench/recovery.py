"""How long an event waits after the worker that was applying it is killed."""

import os
import signal
import tempfile
import time
from pathlib import Path

from tests.e2e.server import wait_for

from .figures import Comparison, say
from .world import PLATFORM


def after_sigkill(world, rounds):
    """R11. A job for next week is queued: stock queue_job would sleep until then before it
    looks for killed jobs."""
    result = Comparison("R11 SIGKILL → event applied", "s", "≤ 15", alone=True)
    running = world.server()
    try:
        running.execute("construction.bench", "enqueue_for_next_week", [])
        for number in range(1, rounds + 1):
            result.ours.append(_round(running))
            say(f"{result.title}: round {number} of {rounds}, {result.ours[-1]:.1f} s")
        attempts = running.psql(
            "SELECT DISTINCT attempts, crashes, state FROM construction_event"
            " WHERE type = 'construction.bench.held.v1'"
        )
    finally:
        running.stop()
    result.notes.append(f"(attempts, crashes, state) of the events: {sorted(attempts)}")
    return result


def _round(running):
    with tempfile.TemporaryDirectory() as folder:
        held = Path(folder) / "pid"
        event = running.execute("construction.bench", "store_held", [PLATFORM, str(held)])
        pid = int(wait_for(lambda: held.exists() and held.read_text(), 60))
        if pid not in running.worker_pids():
            raise RuntimeError(f"process {pid} applies the event and is no worker of this server")
        time.sleep(1)  # well inside the handler
        os.kill(pid, signal.SIGKILL)
        killed = time.monotonic()
        query = "SELECT state = 'processed' FROM construction_event WHERE id = %s"
        wait_for(lambda: running.psql(query, [event])[0][0], 180, every=0.05)
        return time.monotonic() - killed
