"""The audit on a database of its own: hardened by the script that ships with the addon,
verified by the command that a customer has."""

import base64
import contextlib
import json
import os
import subprocess

import psycopg2
import pytest

from .platform import Platform
from .server import Server, wait_for

import process  # isort: skip
from paths import ROOT  # isort: skip

SCRIPTS = ROOT / "construction_sync_base/sql"
OWNER = f"construction_e2e_owner_{os.getpid()}"
COUNT = "SELECT count(*) FROM construction_audit_unsealed"
TABLES = ("", "_detail", "_leaf", "_seal", "_checkpoint")


def psql(server, script, **variables):
    """Run a shipped script as superuser; returns what it said."""
    options = [f"--set={name}={value}" for name, value in variables.items()]
    return subprocess.run(
        ["psql", "--no-psqlrc", "-q", "-U", "postgres", "-d", server.db, *options,
         "-f", SCRIPTS / script],
        env=process.environment(), check=True, stdout=subprocess.PIPE, text=True,
    ).stdout  # fmt: skip


@contextlib.contextmanager
def superuser(server, replica=True):
    """A cursor that no ordinary trigger stops."""
    connection = psycopg2.connect(dbname=server.db, user="postgres")
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            if replica:
                cursor.execute("SET session_replication_role = replica")
            yield cursor
    finally:
        connection.close()


def verify(server, *options):
    """:return: exit code and output of the command line verifier"""
    python, launcher, *_config = process.command()
    done = subprocess.run(
        [python, launcher, f"--addons-path={ROOT}", "construction_audit", "-c",
         ROOT / ".odoo-test.cfg", "-d", server.db, *options],
        cwd=ROOT, env=process.environment(), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return done.returncode, done.stdout


def health(server):
    """What the screen says: whether it is hardened, and what is missing."""
    wizard = server.execute("construction.audit.verify", "create", [[{}]])
    (row,) = server.execute(
        "construction.audit.verify", "read", [wizard], {"fields": ["hardened", "holes"]}
    )
    return row["hardened"], row["holes"] or ""


@pytest.fixture
def server():
    running = Server(workers=2)
    try:
        running.start()
        running.platform = Platform(running)
        yield running
    finally:
        with superuser(running, replica=False) as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (OWNER,))
            if cursor.fetchone():
                cursor.execute(f"REASSIGN OWNED BY {OWNER} TO odoo; DROP OWNED BY {OWNER}")
                cursor.execute(f"DROP ROLE {OWNER}")
        running.stop()


def apply_some(server, count=5):
    platform = server.platform
    for number in range(count):
        event = platform.event("platform.pinged", {}, subject=f"ping/{next(platform.numbers)}")
        assert platform.post(event).status_code == 202, number
    done = "SELECT count(*) FROM construction_event WHERE state = 'pending'"
    wait_for(lambda: not server.psql(done)[0][0])
    wait_for(lambda: not server.psql(COUNT)[0][0], 90, message="not sealed")


def test_the_application_can_only_add(server):
    apply_some(server)
    assert "hardened" in psql(server, "harden_audit.sql", app="odoo", owner=OWNER)
    # the application works on: rows, seals, checkpoints, erasure
    apply_some(server)
    for attempt in (
        *(f"UPDATE construction_audit{table} SET {column} = NULL" for table, column in (
            ("", "action"), ("_leaf", "hash"), ("_seal", "hash"), ("_checkpoint", "signature"))),
        *(f"DELETE FROM construction_audit{table}" for table in TABLES),
        *(f"TRUNCATE construction_audit{table} CASCADE" for table in TABLES),
        *(f"DROP TABLE construction_audit{table} CASCADE" for table in TABLES),
        *(f"ALTER TABLE construction_audit{table} DISABLE TRIGGER ALL" for table in TABLES),
        "INSERT INTO construction_audit (model, action, actor_id, at)"
        " VALUES ('x', 'dated back', 1, '2020-01-01')",
        "DROP SCHEMA public CASCADE",
        "DROP TRIGGER construction_audit_row ON construction_audit",
        "CREATE OR REPLACE FUNCTION construction_audit_refuse() RETURNS trigger"
        " LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "SET session_replication_role = replica",
        f"SET ROLE {OWNER}",
    ):  # fmt: skip
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            server.psql(attempt)
    # not even a superuser in replica mode passes the guards by accident
    with superuser(server) as cursor, pytest.raises(psycopg2.Error, match="append-only"):
        cursor.execute("UPDATE construction_audit SET action = 'forged'")
    # the health check tells
    assert health(server) == (True, "")
    assert verify(server)[0] == 0
    # an update of the addon that leaves these tables alone passes as it is
    server.stop(keep=True)
    process.odoo_once("audit.update", server.db, "-u", "construction_sync_base")
    server.start()
    apply_some(server, 2)
    assert verify(server)[0] == 0
    assert "relaxed" in psql(server, "relax_audit.sql", app="odoo")
    hardened, holes = health(server)
    assert not hardened and "owner: construction_audit\n" in holes


def exported(server, folder):
    """A checkpoint of now, in a file outside of the database."""
    wizard = server.execute("construction.audit.verify", "create", [[{}]])
    server.execute("construction.audit.verify", "action_checkpoint", [wizard])
    statement = server.psql(
        "SELECT statement, signature, public_key FROM construction_audit_checkpoint"
        " ORDER BY seal_number DESC LIMIT 1"
    )[0]
    names = ("statement", "signature", "public_key")
    checkpoint = folder / "checkpoint.json"
    checkpoint.write_text(json.dumps(dict(zip(names, statement, strict=True))))
    return checkpoint


def test_fault_77_a_person_is_erased_and_the_chain_still_verifies(server, tmp_path):
    """By the screen: what was told of the person is gone, issues and bodies included, and every
    row of the audit is where it was."""
    platform, name = server.platform, f"Zerline Tupfer {os.getpid()}"
    customer = platform.event(
        "vendor.upserted", {"external_id": "GDPR", "name": name, "email": "z.tupfer@example.com"}, 1
    )
    platform.send(customer)
    platform.wait(customer)
    apply_some(server)
    rows = server.psql("SELECT count(*) FROM construction_audit")[0][0]
    assert verify(server)[0] == 0
    values = {"terms": f"{name}\nz.tupfer@example.com", "reason": "asked for it"}
    (wizard,) = server.execute("construction.person.erase", "create", [[values]])
    server.execute("construction.person.erase", "action_search", [[wizard]])
    server.execute("construction.person.erase", "action_erase", [[wizard]])
    told = server.psql(
        "SELECT count(*) FROM construction_event WHERE payload LIKE %s", (f"%{name}%",)
    )
    bodies = server.psql("SELECT body FROM construction_delivery WHERE body IS NOT NULL")
    assert told == [(0,)]
    for (body,) in bodies:
        assert name.encode() not in base64.b64decode(bytes(body))
    assert platform.post(customer).json()["duplicates"] == 1, "it is still recognised"
    exported(server, tmp_path)  # seals what waits
    for options in ((), ("--recompute",)):
        code, text = verify(server, *options)
        assert (code, "INTACT" in text) == (0, True), text
    assert server.psql("SELECT count(*) FROM construction_audit")[0][0] > rows


def unseal(server):
    """Every row waits for its seal again, and nothing tells that it had one."""
    with superuser(server) as cursor:
        cursor.execute("INSERT INTO construction_audit_unsealed"
                       " SELECT audit_id FROM construction_audit_leaf")  # fmt: skip
        for table in ("_checkpoint", "_leaf", "_seal"):
            cursor.execute(f"DELETE FROM construction_audit{table}")


def test_fault_78_a_chain_that_was_computed_anew(server, tmp_path):
    """Somebody with every right changes a row and has the application itself seal everything
    again: within the database all is well, the checkpoint outside of it tells."""
    apply_some(server, 8)
    server.psql("UPDATE ir_cron SET active = FALSE")
    # in one go both times: a chain with fewer seals than before would be called truncated
    unseal(server)
    checkpoint = exported(server, tmp_path)
    with superuser(server) as cursor:
        cursor.execute("UPDATE construction_audit SET action = 'forged' WHERE id ="
                       " (SELECT min(audit_id) FROM construction_audit_leaf)")  # fmt: skip
    unseal(server)
    exported(server, tmp_path / "..")
    assert verify(server)[0] == 0, "the chain was not computed anew"
    code, text = verify(server, "--checkpoint", checkpoint)
    assert code == 1 and "recomputed" in text, text


def test_fault_78_the_command_names_what_a_superuser_did(server, tmp_path):
    apply_some(server, 8)
    checkpoint = exported(server, tmp_path)
    code, text = verify(server, "--checkpoint", checkpoint)
    assert (code, "INTACT" in text) == (0, True), text

    rows = [row for (row,) in server.psql("SELECT audit_id FROM construction_audit_leaf")]
    row = sorted(rows)[len(rows) // 2]
    with superuser(server) as cursor:
        cursor.execute("UPDATE construction_audit SET action = action || 'x' WHERE id = %s", (row,))
    for options in ((), ("--recompute",), ("--checkpoint", checkpoint)):
        code, text = verify(server, *options)
        assert (code, f"first bad row {row}" in text) == (1, True), text
    with superuser(server) as cursor:
        cursor.execute("UPDATE construction_audit SET action = left(action, -1) WHERE id = %s",
                       (row,))  # fmt: skip
    assert verify(server)[0] == 0

    with superuser(server) as cursor:
        cursor.execute("DELETE FROM construction_audit_checkpoint")
        cursor.execute("SELECT max(number) FROM construction_audit_seal")
        gone = "(SELECT audit_id FROM construction_audit_leaf WHERE number = %s)"
        (last,) = cursor.fetchone()
        cursor.execute(f"DELETE FROM construction_audit WHERE id IN {gone}", (last,))
        cursor.execute("DELETE FROM construction_audit_leaf WHERE number = %s", (last,))
        cursor.execute("DELETE FROM construction_audit_seal WHERE number = %s", (last,))
        cursor.execute("DELETE FROM construction_audit_unsealed")
        cursor.execute("DELETE FROM construction_audit_detail d WHERE NOT EXISTS"
                       " (SELECT FROM construction_audit a WHERE a.id = d.audit_id)")  # fmt: skip
    code, text = verify(server, "--checkpoint", checkpoint)
    assert (code, "truncated" in text) == (1, True), text

    checkpoint.write_text("{}")
    code, text = verify(server, "--checkpoint", checkpoint)
    assert (code, "cannot verify" in text) == (2, True), text
