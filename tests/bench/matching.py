"""Bills created and matched with their orders, against the same bills created alone."""

from .figures import Comparison, say
from .world import database, vacuum

COUNT = 100  # of ten lines each: a thousand in the ten rounds; a bill takes Odoo half a second
SCRIPT = """
from tests.bench.bill_rounds import BillRounds
rounds = BillRounds(env.registry, {count})
rounds.warm_up()
answer(None)
for number in range(1, {rounds} + 1):
    answer(rounds.play(number))
"""


def against_plain_orm(world, rounds):
    """Seconds of both sides for the same bills of ten lines, ten bills in a transaction."""
    result = Comparison("bills created and matched ÷ ORM create", "s", "≤ 1.6")
    name = world.copy()
    try:
        script = SCRIPT.format(count=COUNT, rounds=rounds)
        for number, answer in enumerate(world.answers(name, script)):
            if number == 0:
                vacuum(name)
                continue
            result.ours.append(answer["ours"])
            result.theirs.append(answer["theirs"])
            say(f"{result.title}: round {number} of {rounds}, {result.values()[-1]:.2f}")
    finally:
        database.drop(name)
    result.notes.append(f"{COUNT} bills of 10 lines a round, in process")
    return result
