"""From the request until the work is committed, one event at a time on an idle server."""

import time

from . import documents, load
from .figures import Comparison, percentile, say
from .world import PLATFORM, vacuum

EVENTS = f"/construction_sync/v1/{PLATFORM}/events"
NAIVE = "/construction_sync_bench/naive"
SAMPLES = 40  # a round; its p99 is the slowest of them
APPLIED = "SELECT NOT EXISTS (SELECT FROM construction_event WHERE state = 'pending')"
DONE = (
    "SELECT NOT EXISTS (SELECT FROM queue_job WHERE method_name = '_noop'"
    " AND state NOT IN ('done', 'failed'))"
)


def against_plain_job(world, rounds):
    """R7. POST → a cost code is applied, against POST → a no-op job of queue_job is done.
    Both are watched the same way: a query every millisecond."""
    median = Comparison("R7 p50 POST → applied ÷ POST → no-op job done", "ms", "≤ 1.1")
    tail = Comparison("R7 p99 POST → applied ÷ POST → no-op job done", "ms", "≤ 1.5")
    running = world.server("--max-cron-threads=0")
    sent = 0

    def one(path, body, done):
        request = load.request(path, running.port, body, world.secret)
        started = time.perf_counter()
        answer = load.send(running.port, request)
        if answer.status not in (200, 202):
            raise RuntimeError(f"{path} answered {answer.status}")
        while not running.psql(done)[0][0]:
            time.sleep(0.001)
        return 1000 * (time.perf_counter() - started)

    def play():
        nonlocal sent
        ours, theirs = [], []
        vacuum(running.db, "construction_event", "queue_job")
        for _number in range(SAMPLES):
            sent += 1
            data = documents.cost_code(f"L{sent:05d}")
            ours.append(
                one(EVENTS, load.encode(documents.event("cost_code.upserted", data)), APPLIED)
            )
            theirs.append(one(NAIVE, b"{}", DONE))
        return ours, theirs

    try:
        play()  # warm up
        for number in range(1, rounds + 1):
            ours, theirs = play()
            for result, percent in ((median, 50), (tail, 99)):
                result.ours.append(percentile(ours, percent))
                result.theirs.append(percentile(theirs, percent))
            say(f"{median.title}: round {number} of {rounds}, {median.values()[-1]:.2f}")
    finally:
        running.stop()
    median.notes.append(f"{SAMPLES} events and {SAMPLES} jobs a round, in turn, one at a time")
    return [median, tail]
