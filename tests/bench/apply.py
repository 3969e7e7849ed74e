"""Events of the flow against the same documents by plain ORM, in one process."""

from .figures import Comparison, say
from .world import database, vacuum

# ten rounds of the last two are the initial load of 10,000 jobs and 50,000 budget lines
COUNTS = {"cost_code": 200, "vendor": 200, "commitment": 50, "job": 1000, "budget": 50}
TITLES = {
    "cost_code": "R12 cost_code.upserted ÷ ORM create",
    "vendor": "R12 vendor.upserted ÷ ORM create",
    "job": "R12 job.upserted ÷ ORM create",
    "budget": "R12 budget.approved ÷ ORM create",
    "commitment": "R12 commitment.approved ÷ ORM create + confirm",
}
# one process for the whole run: both sides share warm caches, and neither pays the start
SCRIPT = """
from tests.bench.rounds import Rounds
rounds = Rounds(env.registry, {kind!r}, {count})
rounds.warm_up()
answer(None)
for number in range(1, {rounds} + 1):
    answer(rounds.play(number))
"""


def against_plain_orm(world, kind, rounds):
    """R12. A drain of stored events against one multi-create of the values that the
    handler itself computes, as the same user, each committed in a transaction of its own."""
    count = COUNTS[kind]
    result = Comparison(TITLES[kind], "1/s", "≥ 0.75")
    name = world.copy()
    try:
        script = SCRIPT.format(kind=kind, count=count, rounds=rounds)
        for number, answer in enumerate(world.answers(name, script)):
            if number == 0:
                vacuum(name)
                continue
            result.ours.append(count / answer["ours"])
            result.theirs.append(count / answer["theirs"])
            say(f"{result.title}: round {number} of {rounds}, {result.values()[-1]:.2f}")
    finally:
        database.drop(name)
    lines = {"commitment": " of 10 lines", "budget": " of 100 lines"}.get(kind, "")
    result.notes.append(f"{count} documents{lines} a round, in process, as the service user")
    return result
