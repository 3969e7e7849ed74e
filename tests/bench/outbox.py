"""What the outbox costs, against the same requests without it."""

from .figures import Comparison, say
from .world import database

COUNT = 100
LATENCY = 0.03  # seconds until an answer
SCRIPT = """
from tests.bench.outbox_rounds import OutboxRounds
rounds = OutboxRounds(env.registry, {count}, {latency})
rounds.warm_up()
for number in range({rounds}):
    answer(rounds.play(number))
"""


def against_bare_requests(world, rounds):
    """Messages a second of both sides, one subscriber, one after the other."""
    result = Comparison("outbox ÷ bare requests", "1/s", "≥ 0.7")
    name = world.copy()
    try:
        script = SCRIPT.format(count=COUNT, latency=LATENCY, rounds=rounds)
        for number, answer in enumerate(world.answers(name, script), start=1):
            result.ours.append(COUNT / answer["ours"])
            result.theirs.append(COUNT / answer["theirs"])
            say(f"{result.title}: round {number} of {rounds}, {result.values()[-1]:.2f}")
    finally:
        database.drop(name)
    result.notes.append(f"{COUNT} messages a round, taken after {LATENCY * 1000:.0f} ms, TLS each")
    return result
