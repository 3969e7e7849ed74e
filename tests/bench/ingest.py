"""The endpoint: full ingest against a route that does nothing, duplicates against distinct."""

import uuid

from . import documents, load
from .figures import Comparison, percentile
from .world import PLATFORM, vacuum

EVENTS = f"/construction_sync/v1/{PLATFORM}/events"
NOOP = "/construction_sync_bench/noop"
REQUESTS = 150
CLIENTS = 2
TABLES = ("construction_event", "construction_delivery", "queue_job")
# nothing but the requests may use the measured workers
IDLE = ("--max-cron-threads=0",)


def _bodies(count):
    """A commitment of three lines each, about 1 kB: what platforms send most."""
    for _ in range(count):
        data = documents.commitment(uuid.uuid4().hex[:12], job="job-1", vendor="ven-1", lines=3)
        yield load.encode(documents.event("commitment.approved", data))


def against_noop(world, rounds):
    """R1. Both sides get the same signed bytes; only the path differs."""
    result = Comparison("R1 full ingest ÷ no-op controller", "req/s", "≥ 0.70")
    return _against(world, rounds, result, NOOP)


def _against(world, rounds, result, path):
    """Full ingest against another endpoint that gets the same bytes."""
    running = world.server(*IDLE, channels="root:0")
    shares, sizes = [], set()

    def side(path, expected):
        def run(_number):
            bodies = list(_bodies(REQUESTS))
            sizes.update(map(len, bodies))
            requests = [load.request(path, running.port, body, world.secret) for body in bodies]
            vacuum(running.db, *TABLES)
            burst = load.burst(running.port, requests, CLIENTS)
            shares.append(burst.client_cpu)
            others = {answer.status for answer in burst.answers} - {expected}
            if others:  # a figure for what was refused would be worth nothing
                raise RuntimeError(f"{path} answered {others}")
            return burst.rate

        return run

    try:
        side(path, 200)(0), side(EVENTS, 202)(0)
        result.alternate(side(EVENTS, 202), side(path, 200), rounds)
    finally:
        running.stop()
    result.notes.append(
        f"{REQUESTS} requests a round, {CLIENTS} clients, bodies of {min(sizes)} bytes, client at "
        f"most {max(shares):.0%} of a core"
    )
    return result


def against_automation(world, rounds):
    """R2. Odoo's own webhook (`base_automation`), which does one action that does nothing:
    unsigned, not deduplicated, processed in the request."""
    result = Comparison("R2 full ingest ÷ webhook of base_automation", "req/s", "≥ 1.5")
    return _against(world, rounds, result, f"/web/hook/{world.hook}")


def against_naive(world, rounds):
    """R3. The usual pattern: one create() and one with_delay() per request."""
    result = Comparison("R3 full ingest ÷ create() + with_delay()", "req/s", "≥ 2")
    return _against(world, rounds, result, "/construction_sync_bench/naive")


def duplicates_against_distinct(world, rounds, clients=20, workers=4):
    """R8. 20 connections at a time: more would wait in the listen queue of Odoo
    (8 × workers), and that measures the kernel's retransmission."""
    result = Comparison("R8 p99 duplicates ÷ p99 distinct", "ms", "≤ 1.5")
    running = world.server(*IDLE, workers=workers, channels="root:0")
    wrong, rows = [], []

    def measure(bodies, new):
        before = _stored(running)
        requests = [load.request(EVENTS, running.port, body, world.secret) for body in bodies]
        vacuum(running.db, *TABLES)
        burst = load.burst(running.port, requests, clients)
        wrong.extend(answer.status for answer in burst.answers if answer.status not in (200, 202))
        rows.append((_stored(running) - before, new))
        return 1000 * percentile([answer.seconds for answer in burst.answers], 99)

    def distinct(_number):
        return measure(list(_bodies(100)), 100)

    def duplicates(_number):
        return measure(list(_bodies(1)) * 100, 1)

    try:
        distinct(0), duplicates(0)
        result.alternate(duplicates, distinct, rounds)
        log = running.log_path.read_text(errors="replace")
        retried = sum("odoo.service.model" in line for line in log.splitlines())
    finally:
        running.stop()
    result.notes.append(
        f"100 requests over {clients} connections, {workers} workers: {len(wrong)} not 2xx, "
        f"{sum(stored != new for stored, new in rows)} of {len(rows)} bursts stored another number "
        f"of rows than 1 (duplicates) or 100 (distinct), {retried} transactions retried by Odoo"
    )
    return result


def _stored(running):
    return running.psql("SELECT count(*) FROM construction_event")[0][0]
