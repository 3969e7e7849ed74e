"""A PostgreSQL of its own: tests that stop or starve it must not hurt the others'."""

import os
import shutil
import subprocess

import psycopg2

from tests.e2e import server as e2e  # also makes dev/ importable

import database  # isort: skip
import postgres  # isort: skip
from paths import BUILD  # isort: skip
from process import POSTGRES_BIN  # isort: skip

FOLDER = BUILD / "chaos-pg"
TEMPLATE = "construction_chaos"
VARIABLES = ("PGHOST", "PGPORT", "PGUSER", e2e.TEMPLATE)


class Cluster:
    """Context manager: while it is open, every server of the tests lives in this cluster.

    :param max_connections: of PostgreSQL; small enough to run out of them
    """

    def __init__(self, max_connections=100):
        self.max_connections = max_connections

    def __enter__(self):
        postgres.start()
        source = os.environ.get(e2e.TEMPLATE) or database.ensure_test()
        self._owner = postgres._owner()
        self._saved = {name: os.environ.get(name) for name in VARIABLES}
        self._create()
        dump = subprocess.Popen(
            [POSTGRES_BIN / "pg_dump", "-Fc", "-Z0", source], stdout=subprocess.PIPE
        )
        os.environ.update(
            {"PGHOST": str(FOLDER), "PGPORT": "5432", "PGUSER": "odoo", e2e.TEMPLATE: TEMPLATE}
        )
        self._run("createdb", TEMPLATE)
        restored = subprocess.run(
            [POSTGRES_BIN / "pg_restore", "--no-owner", "-d", TEMPLATE],
            stdin=dump.stdout, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if dump.wait() or restored.returncode:
            raise RuntimeError(f"the template was not copied: {restored.stderr[-2000:]}")
        database.copy_filestore(source, TEMPLATE)
        return self

    def __exit__(self, *_error):
        self.stop("immediate")
        for name, value in self._saved.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        shutil.rmtree(FOLDER, ignore_errors=True)

    def _create(self):
        self.stop("immediate")
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir(parents=True, mode=0o700)
        if self._owner:
            os.chown(FOLDER, self._owner["user"], self._owner["group"])
        self._run(
            "initdb", "-D", FOLDER, "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8",
            "--auth=trust", owner=True,
        )  # fmt: skip
        with open(FOLDER / "postgresql.conf", "a", encoding="utf-8") as handle:
            handle.write(f"max_connections = {self.max_connections}\nshared_buffers = 128MB\n")
        self.start()
        connection = psycopg2.connect(host=str(FOLDER), user="postgres", dbname="postgres")
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("CREATE ROLE odoo LOGIN CREATEDB")
        connection.close()

    def start(self):
        self._run(
            "pg_ctl", "-s", "-w", "-D", FOLDER, "-l", FOLDER / "log", "-o",
            f"-k {FOLDER} -h ''", "start", owner=True,
        )  # fmt: skip

    def stop(self, mode="fast"):
        if (FOLDER / "postmaster.pid").exists():
            self._run("pg_ctl", "-s", "-w", "-D", FOLDER, "-m", mode, "stop", owner=True)

    def restart(self):
        """As after a crash of the machine: no checkpoint, every connection ends."""
        self.stop("immediate")
        self.start()

    def _run(self, program, *arguments, owner=False):
        subprocess.run(
            [POSTGRES_BIN / program, *arguments],
            check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, cwd="/", **(self._owner if owner else {}),
        )  # fmt: skip
