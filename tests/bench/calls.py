"""What the guards of a call cost, against a bare request."""

from .figures import Comparison, say
from .world import database

COUNT = 100
LATENCY = 0.03  # seconds until an answer; platforms take 50 to 500 ms
SCRIPT = """
from tests.bench.call_rounds import CallRounds
rounds = CallRounds(env.registry, {count}, {latency})
rounds.warm_up()
for number in range({rounds}):
    answer(rounds.play(number))
"""


def against_bare_requests(world, rounds):
    """Seconds of both sides for the same calls, one after the other."""
    result = Comparison("guards per call ÷ bare requests", "s", "≤ 1.1")
    name = world.copy()
    try:
        script = SCRIPT.format(count=COUNT, latency=LATENCY, rounds=rounds)
        for number, answer in enumerate(world.answers(name, script), start=1):
            result.ours.append(answer["ours"])
            result.theirs.append(answer["theirs"])
            say(f"{result.title}: round {number} of {rounds}, {result.values()[-1]:.2f}")
    finally:
        database.drop(name)
    result.notes.append(f"{COUNT} calls a round, answered after {LATENCY * 1000:.0f} ms, TLS each")
    return result
