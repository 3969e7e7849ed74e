"""Events through the inbox and the real job runner, against one job per event."""

import time

from .figures import Comparison
from .world import PLATFORM, vacuum

EVENTS = 3000
JOBS = 150
TABLES = ("construction_event", "construction_audit", "queue_job", "queue_job_lock")


def against_one_job_each(world, rounds):
    """R4. From the commit that stored the work until the last of it is done, on the same
    server with the same workers and runner. Jobs are fewer, as they take longer each."""
    result = Comparison("R4 events applied ÷ one job per event", "1/s", "≥ 15")
    running = world.server("--max-cron-threads=0")

    def measure(method, arguments, count, left):
        running.psql("DELETE FROM queue_job WHERE state = 'done'")
        vacuum(running.db, *TABLES)
        # the time of the last statement before the commit, by the database's clock
        started = running.execute("construction.bench", method, arguments)
        while True:
            open_, now = running.psql(
                f"SELECT count(*), extract(epoch FROM clock_timestamp()) {left}"
            )[0]
            if not open_:
                return count / (float(now) - started)
            time.sleep(0.02)

    def ours(_number, count=EVENTS):
        return measure(
            "store_pings",
            [PLATFORM, count],
            count,
            "FROM construction_event WHERE state = 'pending'",
        )

    def theirs(_number, count=JOBS):
        return measure(
            "enqueue_noops", [count], count,
            "FROM queue_job WHERE method_name = '_noop' AND state NOT IN ('done', 'failed')",
        )  # fmt: skip

    try:
        ours(0, 200), theirs(0, 20)
        result.alternate(ours, theirs, rounds)
        states = dict(running.psql("SELECT state, count(*) FROM construction_event GROUP BY 1"))
    finally:
        running.stop()
    result.notes.append(
        f"{EVENTS} events and {JOBS} jobs a round, 2 workers, channels of `make run`; "
        f"states of all events: {states}"
    )
    return result
