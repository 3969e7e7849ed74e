"""What grows with the number of events ever received: time per event, and memory."""

from .figures import Comparison, say
from .peers import EVENTS
from .world import database, vacuum

SMALL, LARGE = 10_000, 1_000_000
DRAINED = 100_000
FILL = """
from tests.bench.rounds import drain_noops, fill
fill(env, {rows})
answer(None)
for number in range({rounds}):
    answer(drain_noops(env, {events}))
"""
MEMORY = """
import resource
from tests.bench.rounds import drain_noops
for number in range({steps}):
    drain_noops(env, {step})
    answer(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def with_many_rows(world, rounds):
    """Time per applied event with a million rows in the inbox ÷ with ten thousand. One
    side after the other: two processes that take turns would keep both tables in memory."""
    result = Comparison("time per event, 1,000,000 rows ÷ 10,000 rows", "µs", "≤ 1.2")
    names = [world.copy() for _side in "ab"]
    try:
        for name, rows, figures in (
            (names[0], LARGE, result.ours), (names[1], SMALL, result.theirs),
        ):  # fmt: skip
            script = FILL.format(rows=rows, rounds=rounds, events=EVENTS)
            for rate in world.answers(name, script):
                if rate is None:
                    vacuum(name)
                else:
                    figures.append(1_000_000 / rate)
            each = ", ".join(f"{figure:.0f}" for figure in figures)
            say(f"{result.title}: {rows:,} rows, µs by round: {each}")
    finally:
        for name in names:
            database.drop(name)
    result.notes.append(f"{EVENTS} no-op events a round, each with its audit row")
    return result


def memory(world, _rounds):
    """Peak memory of one process after 100,000 drained events ÷ after the first 20,000."""
    result = Comparison("peak memory, 100,000 events drained ÷ 20,000", "MB", "≤ 1.10")
    name = world.copy()
    step = 10_000
    try:
        script = MEMORY.format(steps=DRAINED // step, step=step)
        peaks = [kilobytes / 1024 for kilobytes in world.answers(name, script)]
    finally:
        database.drop(name)
    result.ours.append(peaks[-1])
    result.theirs.append(peaks[1])
    result.notes.append(f"MB after each {step:,}: {', '.join(f'{peak:.0f}' for peak in peaks)}")
    return result
