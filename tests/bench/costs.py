"""The cost report through the ORM against one statement written by hand."""

from .figures import Comparison, say
from .world import database

ANALYTIC, LINES, JOBS = 200_000, 5_000, 5_000
SCRIPT = """
from tests.bench import cost_rows
cost_rows.{fill}(env, {sizes})
answer(None)
for number in range({rounds} + 1):
    answer(cost_rows.{measure}(env))
"""


def of_a_job(world, rounds):
    """The report of one job by code and type ÷ one statement with the same figures."""
    result = Comparison("cost report of a job ÷ one SQL statement", "s", "≤ 2")
    result.notes.append(
        f"{ANALYTIC:,} analytic lines and {LINES:,} commitment lines of 160 codes and types"
    )
    return _measured(world, result, rounds, "fill_job", "job", f"{ANALYTIC}, {LINES}")


def of_all_jobs(world, rounds):
    """The portfolio, grouped by job ÷ one statement with the same figures."""
    result = Comparison("portfolio by job ÷ one SQL statement", "s", "≤ 3")
    result.notes.append(f"{JOBS:,} jobs with 10 codes and types, 10 order lines, 20 costs each")
    return _measured(world, result, rounds, "fill_portfolio", "portfolio", f"{JOBS}")


def _measured(world, result, rounds, fill, measure, sizes):
    name = world.copy()
    try:
        script = SCRIPT.format(fill=fill, sizes=sizes, rounds=rounds, measure=measure)
        for number, pair in enumerate(world.answers(name, script)):
            if number > 1:  # after the rows, which come with their statistics, and a warm-up
                result.ours.append(pair[0])
                result.theirs.append(pair[1])
                say(f"{result.title}: round {len(result.ours)}, {result.values()[-1]:.2f}")
    finally:
        database.drop(name)
    return result
