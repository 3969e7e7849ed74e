"""Copies of a database, Odoo's own neutralisation and the replacement of the encryption
key, with real servers and the real command lines."""

import base64
import os
import subprocess

import pytest

from .platform import Platform
from .server import RpcError, Server

import process  # isort: skip
from paths import ROOT  # isort: skip

OLD, NEW = (base64.urlsafe_b64encode(os.urandom(32)).decode() for _key in range(2))
PLATFORM = "construction.platform"


def odoo(*arguments, **environment):
    """Run one of Odoo's commands; returns what it printed.

    :raises CalledProcessError: it ended with an error
    """
    first, launcher, *_config = process.command()
    done = subprocess.run(
        [first, launcher, f"--addons-path={ROOT}", *arguments],
        cwd=ROOT, env=process.environment(**environment), check=True,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return done.stdout


def ping(platform):
    return platform.event("platform.pinged", {}, subject=f"ping/{next(platform.numbers)}")


def answer(platform, server=None):
    """Status of a signed post, and the end of the problem's type."""
    sends_to, platform.server = platform.server, server or platform.server
    platform.url = f"{platform.server.url}/construction_sync/v1/{platform.key}/events"
    try:
        response = platform.post(ping(platform))
    finally:
        platform.server = sends_to
    kind = response.json()["type"].rpartition(":")[2] if response.status_code >= 400 else ""
    return response.status_code, kind


def stored(server):
    return server.psql(
        "SELECT (SELECT count(*) FROM construction_delivery),"
        " (SELECT count(*) FROM construction_event), (SELECT count(*) FROM construction_issue)"
    )


@pytest.fixture(scope="module")
def original():
    """A server with a platform that works; stopped, its database is what gets copied."""
    server = Server(environment={"CONSTRUCTION_SYNC_SECRET_KEY": OLD})
    try:
        server.start()
        server.platform = Platform(server)
        assert answer(server.platform) == (202, "")
        server.stop(keep=True)
        server._connection.close() if server._connection else None
        yield server
    finally:
        server.stop()


def test_fault_17_and_18_a_copy_takes_nothing_until_it_is_confirmed(original):
    """Copied without neutralising: refused. Confirmed from the shell: works at once.
    Neutralised by Odoo's command while its server runs: no secret, no key, no door."""
    platform = original.platform
    copy = Server(template=original.db, environment={"CONSTRUCTION_SYNC_SECRET_KEY": OLD})
    try:
        copy.start()
        before = stored(copy)
        assert answer(platform, copy) == (503, "wrong-database")
        assert stored(copy) == before
        (form,) = copy.execute(PLATFORM, "read", [[platform.id], ["halted", "can_confirm"]])
        assert "copied" in form["halted"] and form["can_confirm"]

        database = ["-c", str(process.CONFIG), "-d", copy.db]
        said = odoo("construction_sync", "confirm-database", *database)
        assert said.split() == [platform.key, "confirmed"]
        assert answer(platform, copy) == (202, "")

        key = copy.execute(PLATFORM, "create_api_key", [[platform.id], "ours"])
        assert len(key) == 40
        odoo("neutralize", *database)
        assert answer(platform, copy) == (404, "unknown-platform")
        assert copy.psql("SELECT count(*) FROM construction_secret") == [(0,)]
        assert copy.psql(
            "SELECT count(*) FROM res_users_apikeys WHERE scope = 'construction_sync'"
        ) == [(0,)]
        with pytest.raises(RpcError, match="neutralised"):
            copy.execute(PLATFORM, "action_activate", [[platform.id]])

        copy.execute(PLATFORM, "write", [[platform.id], {"environment": "sandbox"}])
        copy.execute(PLATFORM, "action_activate", [[platform.id]])
        assert answer(platform, copy)[0] == 401, "production's secret is worth nothing here"
        secret = platform.secret
        try:
            platform.secret = copy.execute(PLATFORM, "rotate_secret", [[platform.id]])
            assert answer(platform, copy) == (202, "")
        finally:
            platform.secret = secret
        assert not copy.errors()
    finally:
        copy.stop()


def test_the_environment_of_the_server_decides(original):
    try:
        for environment, expected in (
            ("sandbox", (503, "wrong-database")),
            ("production", (202, "")),
        ):
            original.environment["CONSTRUCTION_SYNC_ENVIRONMENT"] = environment
            original.start()
            assert answer(original.platform, original) == expected
            original.stop(keep=True)
    finally:
        del original.environment["CONSTRUCTION_SYNC_ENVIRONMENT"]


def test_the_encryption_key_is_replaced(original):
    """New key in front, rotated from the shell while the server runs, old key gone."""
    (old_id, old), unreadable = keys(original, OLD)
    assert (int(old), unreadable) == (1, ["unreadable", "0"])
    original.environment["CONSTRUCTION_SYNC_SECRET_KEY"] = f"{NEW},{OLD}"
    original.start()
    assert answer(original.platform, original) == (202, "")
    first, second, unreadable = keys(original, f"{NEW},{OLD}", "rotate-keys")
    assert (first[1], second, unreadable) == ("1", [old_id, "0"], ["unreadable", "0"])
    assert answer(original.platform, original) == (202, "")
    original.stop(keep=True)
    original.environment["CONSTRUCTION_SYNC_SECRET_KEY"] = NEW
    original.start()
    assert answer(original.platform, original) == (202, "")
    original.stop(keep=True)

    with pytest.raises(subprocess.CalledProcessError):  # the new key is missing: it says so
        keys(original, OLD)
    with pytest.raises(subprocess.CalledProcessError):
        keys(original, OLD, "rotate-keys")
    assert keys(original, NEW)[0] == [first[0], "1"], "and nothing was changed"
    log = original.log_path.read_text(errors="replace")
    for hidden in (OLD, NEW, original.platform.secret.removeprefix("whsec_")):
        assert hidden[:20] not in log
    assert not original.errors()


def keys(server, text, action="keys"):
    said = odoo(
        "construction_sync", action, "-c", str(process.CONFIG), "-d", server.db,
        CONSTRUCTION_SYNC_SECRET_KEY=text,
    )  # fmt: skip
    return [line.split() for line in said.splitlines()]
