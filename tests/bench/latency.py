"""From the request until the work is committed, one event at a time on an idle server."""

import itertools
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
    """R7. POST → an event that does nothing is applied, against POST → a job of queue_job that
    does nothing is done; and once more for an event that makes a cost code. All are watched
    the same way: a query every millisecond."""
    median = Comparison("R7 p50 POST → applied ÷ POST → no-op job done", "ms", "≤ 1.1")
    tail = Comparison("R7 p99 POST → applied ÷ POST → no-op job done", "ms", "≤ 1.5")
    record = Comparison("R7 p50 the same, a cost code is made", "ms", "–")
    running = world.server("--max-cron-threads=0")
    numbers = itertools.count(1)

    def one(path, body, done):
        request = load.request(path, running.port, body, world.secret)
        started = time.perf_counter()
        answer = load.send(running.port, request)
        if answer.status not in (200, 202):
            raise RuntimeError(f"{path} answered {answer.status}")
        while not running.psql(done)[0][0]:
            time.sleep(0.001)
        return 1000 * (time.perf_counter() - started)

    def event(kind, data):
        return one(EVENTS, load.encode(documents.event(kind, data)), APPLIED)

    def play():
        pings, codes, jobs = [], [], []
        vacuum(running.db, "construction_event", "queue_job")
        for _number in range(SAMPLES):
            unique = f"L{next(numbers):05d}"
            pings.append(event("platform.pinged", {"external_id": unique}))
            jobs.append(one(NAIVE, b"{}", DONE))
            codes.append(event("cost_code.upserted", documents.cost_code(unique)))
        return pings, codes, jobs

    try:
        play()  # warm up
        for number in range(1, rounds + 1):
            pings, codes, jobs = play()
            for result, ours, percent in (
                (median, pings, 50), (tail, pings, 99), (record, codes, 50),
            ):  # fmt: skip
                result.ours.append(percentile(ours, percent))
                result.theirs.append(percentile(jobs, percent))
            say(f"{median.title}: round {number} of {rounds}, {median.values()[-1]:.2f}")
    finally:
        running.stop()
    median.notes.append(f"{SAMPLES} of each a round, in turn, one at a time")
    return [median, tail, record]
