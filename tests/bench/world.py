"""Where the benchmarks run: a database made for this run, with one platform, a few jobs,
their codes, vendors and budgets. It is dropped at the end, killed runs' leftovers at the
start of the next."""

import json
import os
import subprocess

import psycopg2

from tests.e2e import server as e2e  # also makes dev/ importable

import database  # isort: skip
import postgres  # isort: skip
import process  # isort: skip
from paths import LOGS, ROOT  # isort: skip

from .figures import say

PREFIX = "construction_bench_"
ADDON = "construction_sync_bench"
ADDONS = f"--addons-path={ROOT},{ROOT / 'tests/bench/addons'}"
PLATFORM = "bench"
MARK = "BENCH "


class World:
    """Context manager around the database of one run."""

    def __enter__(self):
        postgres.start()
        database.sweep(PREFIX)
        self.template = f"{PREFIX}{os.getpid()}_0"
        self._copies = 0
        say("making the benchmark's database")
        database.copy(os.environ.get(e2e.TEMPLATE) or database.ensure_test(), self.template)
        try:
            process.odoo_once("bench.install", self.template, "-i", ADDON, ADDONS)
            script = "from tests.bench import rounds\nanswer(rounds.set_up(env))"
            made = self.shell(self.template, script)[-1]
            self.secret, self.hook = made["secret"], made["hook"]
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_error):
        database.drop(self.template)

    def facts(self):
        """What a reader has to know to compare the figures with others."""
        with database.cursor(self.template) as cr:
            cr.execute(
                "SELECT name, setting FROM pg_settings"
                " WHERE name IN ('fsync', 'synchronous_commit', 'server_version')"
            )
            settings = ", ".join(f"{name} {value}" for name, value in sorted(cr.fetchall()))
        versions = subprocess.run(
            [str(process.command()[0]), "-c", "import platform; from importlib.metadata import "
             "version as v; print('Python', platform.python_version(), 'Werkzeug', v('werkzeug'), "
             "'queue_job', v('odoo-addon-queue-job'))"],
            capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip
        load = os.getloadavg()[0]
        return [f"{settings}; {versions}; {os.cpu_count()} cores, load {load:.1f} at the start"]

    def copy(self):
        """A database of its own for one in-process measurement; the caller drops it."""
        self._copies += 1
        name = f"{self.template[:-2]}_{self._copies}"
        database.copy(self.template, name)
        return name

    def server(self, *options, workers=2, channels=None):
        """A started server on a copy of the database; the caller stops it.

        :param channels: of the job runner; default are those of `make run`
        """
        running = e2e.Server(
            self.template,
            workers=workers,
            options=[ADDONS, *options],
            environment={"ODOO_QUEUE_JOB_CHANNELS": channels} if channels else None,
        )
        running.start()
        # a copied database takes nothing in until somebody confirms it
        platforms = running.execute("construction.platform", "search", [[]])
        running.execute("construction.platform", "action_confirm_database", [platforms])
        return running

    def shell(self, name, script):
        """Run Python in Odoo's shell; what the script passes to `answer()` comes back."""
        return list(self.answers(name, script))

    def answers(self, name, script):
        """The same, each answer as soon as it is there."""
        LOGS.mkdir(parents=True, exist_ok=True)
        log = LOGS / "bench.shell.log"
        prelude = (
            f"import json, sys\nsys.path.append({str(ROOT)!r})\n"
            f"def answer(value):\n    print({MARK!r} + json.dumps(value), flush=True)\n"
        )
        with subprocess.Popen(
            process.command(
                "-d", name, "--logfile", log, "--log-level=warn", "--no-http", ADDONS,
                subcommand="shell",
            ),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            cwd=ROOT, env=process.environment(),
        ) as child:  # fmt: skip
            child.stdin.write(f"{prelude}{script}\nenv.cr.commit()\n")
            child.stdin.close()
            rest = []
            for line in child.stdout:
                if line.startswith(MARK):
                    yield json.loads(line.removeprefix(MARK))
                else:
                    rest.append(line)
        if child.returncode:
            raise RuntimeError(f"Odoo's shell ended with {child.returncode}\n{''.join(rest)}")


def vacuum(name, *tables):
    """Every round starts with fresh statistics and without the dead rows of the last."""
    connection = psycopg2.connect(dbname=name)
    connection.autocommit = True
    with connection.cursor() as cr:
        cr.execute(f"VACUUM ANALYZE {', '.join(tables)}" if tables else "VACUUM ANALYZE")
    connection.close()
