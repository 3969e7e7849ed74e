"""What became of everything that was acknowledged, over all servers of a run, and which
faults were recovered from. `make chaos` loads it as a pytest plugin to print the score."""

import re

FAULT = re.compile(r"::test_fault_((?:\d+_and_)*\d+)")

lost = []  # acknowledged, and not in the database
twice = []  # applied more than once
acknowledged = 0
_outcomes = {}


def count(server):
    """Look at a server's database before it goes. Every application of an event leaves its
    row in the audit, in the transaction that made the documents."""
    global acknowledged
    stored = set(server.psql("SELECT platform_id, event_id FROM construction_event"))
    acknowledged += len(server.acknowledged)
    lost.extend(sorted(server.acknowledged - stored))
    twice.extend(
        server.psql(
            "SELECT event_id FROM construction_audit WHERE action = 'event_processed'"
            " GROUP BY event_id HAVING count(*) > 1"
        )
    )


def numbers(nodeid):
    """The faults a test stands for: `…::test_fault_17_and_18_a_copy` → [17, 18]."""
    found = FAULT.search(nodeid)
    return [int(number) for number in found.group(1).split("_and_")] if found else []


def pytest_runtest_logreport(report):
    if report.when == "call" or not report.passed:
        for number in numbers(report.nodeid):
            _outcomes[number] = _outcomes.get(number, True) and report.passed


def pytest_terminal_summary(terminalreporter):
    failed = sorted(number for number, good in _outcomes.items() if not good)
    terminalreporter.write_line(f"faults: {', '.join(map(str, sorted(_outcomes)))}")
    if failed:
        terminalreporter.write_line(f"not recovered: {', '.join(map(str, failed))}")
    terminalreporter.write_line(
        f"recovered {len(_outcomes) - len(failed)}/{len(_outcomes)}, lost {len(lost)}, "
        f"applied twice {len(twice)} (of {acknowledged} acknowledged events)"
    )


def pytest_sessionfinish(session):
    if lost or twice:
        session.exitstatus = 1
