"""Row 17 of the fault catalogue: the database is restored from a backup; events that arrived
after the backup are gone from it, and the platform sends them again.

    .build/venv/bin/python dev/manage.py exec .build/venv/bin/python -m tests.drill

Ends with 1 where an event is lost or applied twice.
"""

import argparse
import base64
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.e2e.platform import BATCHED, Platform
from tests.e2e.server import Server, wait_for

import database  # isort: skip

BATCH = 500
ANALYZE = "SET client_min_messages = error; ANALYZE"  # not of the tables of the whole server


class Clock:
    """Steps with their seconds, printed as they end."""

    def __init__(self):
        self.started = time.monotonic()

    def __call__(self, what):
        now = time.monotonic()
        print(f"{what:<62} {now - self.started:>8.1f} s", flush=True)
        self.started = time.monotonic()


def check(condition, text):
    if not condition:
        sys.exit(f"FAILED: {text}")


def send(platform, events):
    """Send in batches; the sums of accepted and duplicate events."""
    accepted = duplicates = 0
    for start in range(0, len(events), BATCH):
        answer = platform.send(*events[start : start + BATCH])
        accepted, duplicates = accepted + answer["accepted"], duplicates + answer["duplicates"]
    return accepted, duplicates


def codes(platform, first, number):
    return [platform.cost_code(f"{n:06d}") for n in range(first, first + number)]


def count(server, condition="TRUE"):
    return server.psql(f"SELECT count(*) FROM construction_event WHERE {condition}")[0][0]


def settled(server, number):
    unfinished = "state NOT IN ('processed', 'superseded')"
    wait_for(
        lambda: count(server) == number and not count(server, unfinished),
        1800,
        1,
        lambda: f"{count(server)} stored, {count(server, unfinished)} not applied",
    )


def run(*command):
    subprocess.run([str(part) for part in command], check=True)


def backup(server, folder):
    """What docs/runbooks.md says: the database first, then the files."""
    clock = Clock()
    run("pg_dump", "--format=custom", f"--file={folder / 'odoo.dump'}", server.db)
    size = (folder / "odoo.dump").stat().st_size / 1e6
    clock(f"backup: pg_dump of the running database, {size:.0f} MB")
    run("cp", "-a", database.filestore(server.db), folder / "filestore")
    clock("backup: filestore")


def restore(server, folder):
    clock = Clock()
    run("createdb", server.db)
    run("pg_restore", "--jobs=2", "--no-owner", f"--dbname={server.db}", folder / "odoo.dump")
    database.note(server.db)
    clock("restore: createdb, pg_restore with 2 jobs")
    run("cp", "-a", folder / "filestore", database.filestore(server.db))
    run("psql", "--quiet", f"--dbname={server.db}", "--command", ANALYZE)
    clock("restore: filestore, ANALYZE")


def confirm(server):
    """The step of a person: Platform Health ▸ Original or copy? ▸ The original."""
    (dialog,) = server.execute(
        "construction.database.confirm", "create", [[{"answer": "original"}]]
    )
    server.execute("construction.database.confirm", "action_confirm_database", [[dialog]])


def drill(server, folder, number):
    clock = Clock()
    platform = Platform(server, key="drill")
    before = codes(platform, 0, number)
    send(platform, before)
    settled(server, number)
    clock(f"{number} events sent and applied")
    kept = base64.b64encode(b"kept" * 1000).decode()
    (file,) = server.execute("ir.attachment", "create", [[{"name": "drill.txt", "datas": kept}]])

    waiting = codes(platform, number, BATCH)
    send(platform, waiting)  # some of them are applied, some wait while the dump is made
    backup(server, folder)
    after = codes(platform, number + BATCH, BATCH)
    send(platform, after)
    settled(server, number + 2 * BATCH)

    server.kill()
    server._connection.close()
    database.drop(server.db)
    clock = Clock()
    restore(server, folder)
    server.start()
    server._session = None
    clock("all of it: from the lost database to a server that answers")
    held = count(server)
    check(number + BATCH <= held < number + 2 * BATCH, f"{held} events in the backup")

    answer = platform.post(after[:1], BATCHED)
    check(answer.status_code == 503, f"a restored database took an event: {answer.status_code}")
    confirm(server)
    again = [*before[-4 * BATCH :], *waiting, *after]
    accepted, duplicates = send(platform, again)
    settled(server, number + 2 * BATCH)
    clock(f"original confirmed; {len(again)} events sent again and applied")
    wanted = number + 2 * BATCH
    check(accepted == wanted - held, f"{accepted} new, {duplicates} known, {held} in the backup")
    check(accepted + duplicates == len(again), "a verdict is missing")
    ((made, different),) = server.psql(
        "SELECT count(*), count(DISTINCT code) FROM construction_cost_code"
        " WHERE code ~ '^[0-9]{6}$'"
    )
    check(made == different == wanted, f"{made} codes made, {different} different, of {wanted}")
    (found,) = server.execute("ir.attachment", "read", [[file], ["datas"]])
    check(found["datas"] == kept, "the attachment's file is lost")
    print(f"{wanted} events: lost 0, applied twice 0; {duplicates} duplicates recognised")


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.drill", description=__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    number = parser.parse_args().events
    server = Server(workers=3)
    try:
        server.start()
        with TemporaryDirectory() as folder:
            drill(server, Path(folder), number)
    finally:
        server.stop()


if __name__ == "__main__":
    main()
