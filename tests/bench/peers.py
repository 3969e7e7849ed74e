"""Applying no-op events against loops and queues that do nothing else. Each side runs in one
process of its own choosing; only committed work counts."""

import subprocess
import time

import psycopg2

from .figures import Comparison, say
from .world import database, process, vacuum

EVENTS = 4000
BATCH = 200
# ours, in Odoo's shell: store, then one timed drain after the other
DRAIN = """
from tests.bench.rounds import drain_noops
answer(None)
for number in range({rounds}):
    answer(drain_noops(env, {events}))
"""


def _ours(world, name, rounds):
    for rate in world.answers(name, DRAIN.format(rounds=rounds, events=EVENTS)):
        if rate is None:
            vacuum(name)
        else:
            yield rate


def against_bare_loop(world, rounds):
    """R5. The least that any inbox on PostgreSQL does, with the same driver: take rows with
    SKIP LOCKED, one savepoint and one UPDATE each, commit per batch."""
    result = Comparison("R5 events applied ÷ bare SKIP LOCKED + savepoint loop", "1/s", "≥ 0.60")
    name = world.copy()
    try:
        for number, rate in enumerate(_ours(world, name, rounds), start=1):
            result.ours.append(rate)
            result.theirs.append(_bare_loop(name))
            say(f"{result.title}: round {number} of {rounds}, {result.values()[-1]:.2f}")
    finally:
        database.drop(name)
    result.notes.append(f"{EVENTS} no-op events and rows a round, batches of {BATCH}")
    return result


def _bare_loop(name):
    connection = psycopg2.connect(dbname=name)
    with connection, connection.cursor() as cr:
        cr.execute("DROP TABLE IF EXISTS bench_row")
        cr.execute(
            "CREATE TABLE bench_row (id serial PRIMARY KEY, state text, payload text);"
            " CREATE INDEX ON bench_row (id) WHERE state = 'pending'"
        )
        cr.execute(
            "INSERT INTO bench_row (state, payload) SELECT 'pending', repeat('x', 600)"
            " FROM generate_series(1, %s)",
            (EVENTS,),
        )
    vacuum(name, "bench_row")
    started = time.perf_counter()
    while True:
        with connection, connection.cursor() as cr:
            cr.execute(
                "SELECT id FROM bench_row WHERE state = 'pending' ORDER BY id LIMIT %s"
                " FOR UPDATE SKIP LOCKED",
                (BATCH,),
            )
            ids = [row[0] for row in cr.fetchall()]
            for row_id in ids:
                cr.execute("SAVEPOINT one")
                cr.execute("UPDATE bench_row SET state = 'done' WHERE id = %s", (row_id,))
                cr.execute("RELEASE SAVEPOINT one")
        if not ids:
            break
    seconds = time.perf_counter() - started
    connection.close()
    return EVENTS / seconds


def against_procrastinate(world, rounds):
    """R6. Another task queue of Python on PostgreSQL, with its ten concurrent tasks."""
    result = Comparison("R6 events applied ÷ procrastinate no-op tasks", "1/s", "≥ 3")
    name = world.copy()
    try:
        for number, rate in enumerate(_ours(world, name, rounds), start=1):
            result.ours.append(rate)
            result.theirs.append(_procrastinate(name))
            say(f"{result.title}: round {number} of {rounds}, {result.values()[-1]:.2f}")
    finally:
        database.drop(name)
    result.notes.append(
        f"{EVENTS} no-op events a round; tasks: see tests/bench/procrastinate_noop.py"
    )
    return result


def _procrastinate(name):
    python = process.command()[0]
    done = subprocess.run(
        [str(python), "-m", "tests.bench.procrastinate_noop", name],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return float(done.stdout.split()[-1])
