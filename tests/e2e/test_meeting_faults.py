"""What meets: events that wait for each other, our own facts that come back, and people who
save at the same moment. Names carry the number of the fault catalogue."""

import contextlib

import psycopg2
import pytest

from .platform import Platform
from .server import wait_for
from .test_order_faults import event_row


@pytest.fixture(scope="module")
def platform(server):
    made = Platform(server)
    made.masters()
    return made


def sweeper(platform):
    """Id of the scheduled action that wakes what is due."""
    row = platform.server.psql(
        "SELECT res_id FROM ir_model_data WHERE module = 'construction_sync_base'"
        " AND name = 'cron_sweep'"
    )
    return [row[0][0]]


def circle(platform, *events):
    """The messages of events that wait for each other, once all of them say so."""

    def told():
        found = [[m for _c, m, s in platform.issues(event) if s == "open"] for event in events]
        return found if all(len(f) == 1 and "circle" in f[0] for f in found) else None

    platform.wait(*events, states=("parked",))
    return wait_for(told, 60, 0.3, lambda: f"they say {[platform.issues(e) for e in events]}")


@pytest.mark.parametrize("together", [True, False])
def test_fault_52_jobs_that_are_parts_of_each_other(platform, together):
    """In one batch and one after the other: each of them names the circle, and what ends it
    is a version without it."""
    names = [f"R{int(together)}{letter}" for letter in "ABC"]
    events = [
        platform.job(name, parent=parent)
        for name, parent in zip(names, names[1:] + names[:1], strict=True)
    ]
    for batch in [events] if together else [[event] for event in events]:
        platform.send(*batch)
        platform.wait(*batch, states=("parked",))
    for (message,) in circle(platform, *events):
        assert all(f"job/{name}" in message for name in names), message
    attempts = [event_row(platform, event)[1] for event in events]
    platform.server.execute("ir.cron", "method_direct_trigger", [sweeper(platform)])
    platform.wait(*events, states=("parked",))
    assert [event_row(platform, event)[1] for event in events] == attempts, "they turn around"
    ended = platform.job(names[0], sequence=2, parent=None)
    platform.send(ended)
    platform.wait(ended, *events[1:])
    assert platform.states(events[0]) == ["superseded"]


@pytest.mark.parametrize("together", [True, False])
def test_fault_52_codes_that_are_parts_of_each_other(platform, together):
    names = [f"{platform.code}-{int(together)}{letter}" for letter in "XY"]
    events = [
        platform.cost_code(name, parent_code=parent)
        for name, parent in zip(names, names[::-1], strict=True)
    ]
    for batch in [events] if together else [[event] for event in events]:
        platform.send(*batch)
        platform.wait(*batch, states=("parked",))
    circle(platform, *events)


def test_fault_52_a_change_that_would_close_a_circle(platform):
    """The records are there already: what stands stays, and the message says why."""
    first = [platform.job("RJ1"), platform.job("RJ2", parent="RJ1")]
    top, part = f"{platform.code}-r1", f"{platform.code}-r2"
    codes = [platform.cost_code(top), platform.cost_code(part, parent_code=top)]
    platform.send(*first, *codes)
    platform.wait(*first, *codes)
    job = platform.job("RJ1", sequence=2, parent="RJ2")
    code = platform.cost_code(top, 2, parent_code=part)
    platform.send(job, code)
    platform.wait(job, code, states=("parked",))
    assert "own parent" in platform.issues(job)[0][1]
    assert "part of itself" in platform.issues(code)[0][1]


def test_fault_52_vendors_that_are_merged_into_each_other(platform):
    """The later one holds: both lead to one living partner."""
    vendors = [platform.vendor("RV1"), platform.vendor("RV2")]
    platform.send(*vendors)
    platform.wait(*vendors)
    merges = [
        platform.event(
            "vendor.merged", {"master": one, "sources": [other]}, subject=f"vendor/{one}"
        )
        for one, other in (("RV1", "RV2"), ("RV2", "RV1"))
    ]
    platform.send(*merges)
    platform.wait(*merges)
    bound = platform.server.psql(
        "SELECT external_id, res_id, merged_into FROM construction_binding"
        " WHERE platform_id = %s AND object = 'vendor' AND external_id IN ('RV1', 'RV2')"
        " ORDER BY merged_into NULLS FIRST",
        (platform.id,),
    )
    (stays, partner, none), (gone, same, into) = bound
    assert (none, into, same) == (None, stays, partner), bound
    order = platform.commitment("RVC", vendor=gone)
    platform.send(order)
    platform.wait(order)


def facts(platform, table, external_id, name):
    """When a bound record was changed last, and how often its chatter spoke."""
    return platform.server.psql(
        f"SELECT r.id, r.write_date::text, (SELECT count(*) FROM mail_message m"
        f" WHERE m.model = b.res_model AND m.res_id = r.id)"
        f" FROM construction_binding b JOIN {table} r ON r.id = b.res_id"  # literals of this file
        " WHERE b.platform_id = %s AND b.object = %s AND b.external_id = %s",
        (platform.id, name, external_id),
    )


def test_fault_53_our_own_record_comes_back(platform):
    """Typed in Odoo, linked by the platform, then sent to us as the platform's own: it is
    recognised by our id, and what says nothing new changes nothing."""
    server = platform.server
    number = f"{platform.key[-4:]}-ECHO"
    values = {"name": "An echo", "is_job": True, "job_number": number, "job_status": "active"}
    (job,) = server.execute("project.project", "create", [[values]])
    linked = platform.event(
        "record.linked", {"external_id": "ECHO", "object": "job", "origin_id": str(job)},
        subject="job/ECHO",
    )  # fmt: skip
    platform.send(linked)
    platform.wait(linked)
    before = facts(platform, "project_project", "ECHO", "job")
    assert before[0][0] == job
    same = {"name": "An echo", "number": number}
    echoes = [platform.job("ECHO", sequence=n, **same) for n in (1, 2)]
    echoes.append(platform.job("ECHO", sequence=2, **same))  # the same version as a new event
    for echo in echoes:
        platform.send(echo)
        platform.wait(echo, states=("processed", "superseded"))
    assert facts(platform, "project_project", "ECHO", "job") == before
    assert server.psql("SELECT count(*) FROM project_project WHERE job_number = %s", (number,)) == [
        (1,)
    ]
    assert not any(platform.issues(echo) for echo in echoes)


def test_fault_53_an_order_that_comes_back(platform):
    """The order of a commitment is not written again by what says the same."""
    first = platform.commitment("C53", sequence=1)
    platform.send(first)
    platform.wait(first)
    before = facts(platform, "purchase_order", "C53", "commitment")
    for echo in (platform.commitment("C53", sequence=1), platform.commitment("C53", sequence=2)):
        platform.send(echo)
        platform.wait(echo, states=("processed", "superseded"))
        assert facts(platform, "purchase_order", "C53", "commitment") == before
        assert not platform.issues(echo)


def test_fault_55_somebody_saves_the_record_while_the_event_is_applied(platform):
    """A person's transaction holds the row and commits while the event waits for it: the event
    is tried again, and neither of the two writes is lost."""
    server = platform.server
    made = platform.vendor("V55", phone="1")
    platform.send(made)
    platform.wait(made)
    ((partner, *_rest),) = facts(platform, "res_partner", "V55", "vendor")
    with contextlib.closing(psycopg2.connect(dbname=server.db)) as person:
        with person.cursor() as cr:
            cr.execute("UPDATE res_partner SET comment = 'mine' WHERE id = %s", (partner,))
        change = platform.vendor("V55", sequence=2, phone="2")
        platform.send(change)
        wait_for(
            lambda: server.psql(
                "SELECT 1 FROM pg_locks WHERE NOT granted AND database ="
                " (SELECT oid FROM pg_database WHERE datname = current_database())"
                " UNION ALL SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
                " AND wait_event_type = 'Lock' AND query ILIKE '%res_partner%'"
            ),
            message="the event did not meet the person",
        )
        assert platform.states(change) == ["pending"]
        person.commit()
    platform.wait(change)
    assert server.psql("SELECT comment, phone FROM res_partner WHERE id = %s", (partner,)) == [
        ("mine", "2")
    ]
    failures = server.psql(
        "SELECT failures, crashes FROM construction_event WHERE platform_id = %s AND event_id = %s",
        (platform.id, change["id"]),
    )
    assert failures == [(0, 0)] and not platform.issues(change)
