"""What became of everything that was acknowledged, over all servers of a run, and which
faults were recovered from. `make chaos` loads it as a pytest plugin to print the score; of
several processes the first adds up what the others counted."""

import os
import re

import pytest

FAULT = re.compile(r"::test_fault_((?:\d+_and_)*\d+)")
SCORE = "construction_sync_score"

lost = []  # acknowledged, and not in the database
twice = []  # applied more often than once and once more for each replay that a person asked for
acknowledged = 0
_outcomes = {}


def count(server):
    """Look at a server's database before it goes. Every application of an event leaves its
    row in the audit, in the transaction that made the documents."""
    global acknowledged
    where = os.environ.get("PYTEST_CURRENT_TEST", server.db)
    stored = set(server.psql("SELECT platform_id, event_id FROM construction_event"))
    acknowledged += len(server.acknowledged)
    lost.extend(f"{event} ({where})" for event in sorted(server.acknowledged - stored))
    again = server.psql("""
        SELECT a.event_id FROM construction_audit a WHERE a.action = 'event_processed'
         GROUP BY a.event_id
        HAVING count(*) > 1 + (SELECT count(*) FROM construction_audit r
                                WHERE r.action = 'event_replayed' AND r.res_id = a.event_id
                                  AND r.model = 'construction.event')
    """)
    twice.extend(f"{row[0]} ({where})" for row in again)


def numbers(nodeid):
    """The faults a test stands for: `…::test_fault_17_and_18_a_copy` → [17, 18]."""
    found = FAULT.search(nodeid)
    return [int(number) for number in found.group(1).split("_and_")] if found else []


def pytest_runtest_logreport(report):
    if report.when == "call" or not report.passed:
        for number in numbers(report.nodeid):
            _outcomes[number] = _outcomes.get(number, True) and report.passed


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_testnodedown(node, error):
    global acknowledged
    score = getattr(node, "workeroutput", {}).get(SCORE)
    if score:
        lost.extend(score["lost"])
        twice.extend(score["twice"])
        acknowledged += score["acknowledged"]


def pytest_terminal_summary(terminalreporter):
    failed = sorted(number for number, good in _outcomes.items() if not good)
    terminalreporter.write_line(f"faults: {', '.join(map(str, sorted(_outcomes)))}")
    for title, found in (("not recovered", failed), ("lost", lost), ("applied twice", twice)):
        if found:
            terminalreporter.write_line(f"{title}: {', '.join(map(str, found))}")
    terminalreporter.write_line(
        f"recovered {len(_outcomes) - len(failed)}/{len(_outcomes)}, lost {len(lost)}, "
        f"applied twice {len(twice)} (of {acknowledged} acknowledged events)"
    )


def pytest_sessionfinish(session):
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[SCORE] = {"lost": lost, "twice": twice, "acknowledged": acknowledged}
    elif lost or twice:
        session.exitstatus = 1
