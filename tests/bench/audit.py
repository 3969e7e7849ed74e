"""What it costs to seal the audit trail, and how fast it is verified."""

from .figures import Comparison, say
from .peers import EVENTS
from .world import database, vacuum

ENTRIES = 5000  # sealed rows and hashed journal entries that are verified
SEALED = """
from tests.bench.rounds import drain_noops, sealing_off
drain_noops(env, {events})
answer(None)
for number in range({rounds}):
    ours = drain_noops(env, {events})
    with sealing_off(env):
        answer([ours, drain_noops(env, {events})])
"""
VERIFIED = """
from tests.bench.rounds import drain_noops, hashed_entries, verified
drain_noops(env, {entries})
hashed_entries(env, {entries})
answer(None)
for number in range({rounds}):
    answer(verified(env))
"""


def _alternating(world, result, script):
    name = world.copy()
    try:
        for pair in world.answers(name, script):
            if pair is None:
                vacuum(name)
                continue
            result.ours.append(pair[0])
            result.theirs.append(pair[1])
            say(f"{result.title}: round {len(result.ours)}, {result.values()[-1]:.2f}")
    finally:
        database.drop(name)
    return result


def with_seals(world, rounds):
    """R9. A drain that ends with sealing ÷ the same drain without."""
    result = Comparison("R9 events applied, sealed ÷ not sealed", "1/s", "≥ 0.90")
    result.notes.append(f"{EVENTS} no-op events a round, each with its audit row")
    return _alternating(world, result, SEALED.format(rounds=rounds, events=EVENTS))


def against_odoo(world, rounds):
    """R10. Rows verified per second ÷ journal entries that Odoo's own check of its hash chain
    reads per second, of as many entries as rows."""
    result = Comparison("R10 audit rows verified ÷ Odoo's hash check", "1/s", "≥ 50")
    result.notes.append(f"{ENTRIES:,} rows of events and as many journal entries of two lines")
    return _alternating(world, result, VERIFIED.format(rounds=rounds, entries=ENTRIES))
