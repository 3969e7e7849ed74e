"""`make run` and `make stop`."""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import time

import database
import launch
import postgres
import process
from paths import BUILD, LOGS, PYTHON, ROOT, say, stop

LOCKS = BUILD / "locks"
PLAYED = "construction_sync_base.sample_month_played"
ACCOUNT = {"login": "admin", "password": "admin"}


def _lock(port):
    """Lock file of the server on `port`, held as long as `make run` lives, or None.

    The system frees it however that process ends, so no stale pid can be believed.
    """
    LOCKS.mkdir(parents=True, exist_ok=True)
    handle = open(LOCKS / f"run-{port}.lock", "a+", encoding="utf-8")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        return None
    handle.truncate(0)
    json.dump({"pid": os.getpid()}, handle)
    handle.flush()
    return handle


def run():
    """Serve the demo database until Ctrl-C."""
    port = int(os.environ.get("PORT") or 8069)
    server = launch.Odoo(database.RUN, LOGS / "server.log", port=port)
    lock = _lock(port)
    if lock is None:
        state = "already serves" if server.healthy() else "is being started by another command"
        say(f"{server.url} {state} (admin / admin); `make stop` ends it")
        return 0
    if launch.port_taken(port):
        stop(f"Port {port} is used by another program. Try: make run PORT={port + 1}")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        started = time.monotonic()
        postgres.start()
        database.ensure_run()
        say(f"starting Odoo with {server.workers} workers and the job runner: {server.log_path}")
        server.log_path.unlink(missing_ok=True)
        server.start()
        server.wait()
        say(f"Odoo serves on {server.url} after {time.monotonic() - started:.0f} s")
        _play_once(server)
        say("")
        say(f"open {server.url} : login admin, password admin. Ctrl-C stops it.")
        while server.running:
            time.sleep(0.5)
        stop(f"Odoo has ended by itself:\n{server.log_tail()}")
    except launch.ServerFailed as error:
        stop(str(error))
    except KeyboardInterrupt:
        say("stopping Odoo")
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave it running
        server.stop()
        lock.close()
    return 0


def _play_once(server):
    """Play the sample month over HTTP on the first start of this database.

    An interrupted play is repeated as a whole: the platform sends the same events again,
    and Odoo answers those it has as duplicates.
    """
    with database.cursor(database.RUN) as cr:
        cr.execute("SELECT 1 FROM ir_config_parameter WHERE key = %s", [PLAYED])
        if cr.fetchone():
            return
    say("playing the sample month of a general contractor")
    command = [
        PYTHON, "-m", "tests.simulator", "play", "--url", server.url, "--db", database.RUN,
        "--login", ACCOUNT["login"], "--password", ACCOUNT["password"],
        "--key", "demo-platform", "--seed", "19",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, env=process.environment(), check=False)
    if done.returncode:
        say("the sample month was not played to its end; the next `make run` repeats it")
        return
    with database.cursor(database.RUN) as cr:
        cr.execute(
            "INSERT INTO ir_config_parameter (key, value, create_uid, write_uid, create_date,"
            " write_date) VALUES (%s, now()::text, 1, 1, now() AT TIME ZONE 'UTC',"
            " now() AT TIME ZONE 'UTC') ON CONFLICT (key) DO NOTHING",
            [PLAYED],
        )


def halt():
    """Stop every server that `make run` started here, then PostgreSQL."""
    for path in sorted(LOCKS.glob("run-*.lock")):
        with open(path, encoding="utf-8") as handle:
            if not _held(handle):
                continue
            pid = json.loads(handle.read())["pid"]
            say(f"stopping the server of {path.stem.removeprefix('run-')} (process {pid})")
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + 60
            while _held(handle):
                if time.monotonic() > deadline:
                    stop(f"process {pid} does not stop")
                time.sleep(0.2)
    postgres.shutdown()
    return 0


def _held(handle):
    """Whether another process holds the lock; if so the pid in the file is its."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(handle, fcntl.LOCK_UN)
    return False
