"""`python -m tests.bench [name …]`: measure all of them, or those that are named."""

import argparse
import time

from . import (
    apply,
    audit,
    calls,
    costs,
    drain,
    growth,
    ingest,
    latency,
    matching,
    outbox,
    peers,
    recovery,
)
from .figures import print_table
from .world import World

BENCHES = {
    "ingest": ingest.against_noop,
    "automation": ingest.against_automation,
    "naive": ingest.against_naive,
    "duplicates": ingest.duplicates_against_distinct,
    "drain": drain.against_one_job_each,
    "loop": peers.against_bare_loop,
    "procrastinate": peers.against_procrastinate,
    "latency": latency.against_plain_job,
    "cost_code": lambda world, rounds: apply.against_plain_orm(world, "cost_code", rounds),
    "vendor": lambda world, rounds: apply.against_plain_orm(world, "vendor", rounds),
    "commitment": lambda world, rounds: apply.against_plain_orm(world, "commitment", rounds),
    "job": lambda world, rounds: apply.against_plain_orm(world, "job", rounds),
    "budget": lambda world, rounds: apply.against_plain_orm(world, "budget", rounds),
    "matching": matching.against_plain_orm,
    "recovery": recovery.after_sigkill,
    "sealing": audit.with_seals,
    "verify": audit.against_odoo,
    "cost_report": costs.of_a_job,
    "portfolio": costs.of_all_jobs,
    "calls": calls.against_bare_requests,
    "outbox": outbox.against_bare_requests,
    "growth": growth.with_many_rows,
    "memory": growth.memory,
}
ROUNDS = {
    "ingest": 25,
    "duplicates": 15,
    "cost_code": 15,
    "vendor": 15,
    "matching": 10,
    "recovery": 3,
    "job": 10,
    "budget": 10,
}


def main():
    parser = argparse.ArgumentParser(prog="tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(BENCHES))
    parser.add_argument("--rounds", type=int, help="rounds per ratio (default: 3 to 25)")
    options = parser.parse_args()
    unknown = set(options.names) - set(BENCHES)
    if unknown:
        parser.error(f"{', '.join(sorted(unknown))}: there are {', '.join(BENCHES)}")
    started = time.monotonic()
    results, notes = [], []
    with World() as world:
        notes += world.facts()
        for name in options.names or BENCHES:
            found = BENCHES[name](world, options.rounds or ROUNDS.get(name, 7))
            results += found if isinstance(found, list) else [found]
    print_table(results, notes)
    print(f"\n{time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
