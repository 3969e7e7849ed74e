"""A real Odoo server for one test run: prefork workers, job runner, its own database."""

import os
import sys
import time
from pathlib import Path

import psycopg2
import requests

from . import scoreboard

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "dev"))  # last: nothing there may hide another module

import database  # noqa: E402
import launch  # noqa: E402
import postgres  # noqa: E402
from paths import LOGS  # noqa: E402

PREFIX = "construction_e2e_"  # `make test` drops what killed runs leave under this name
TEMPLATE = "CS_E2E_TEMPLATE"


class RpcError(AssertionError):
    """Odoo's answer to a call was an error; the text is its message."""


def wait_for(condition, timeout=60, every=0.2, message="the condition did not become true"):
    """Poll until `condition()` is truthy and return its value.

    :raises AssertionError: after `timeout` seconds; `message` may be a function
    """
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            text = message() if callable(message) else message
            raise AssertionError(f"{text} within {timeout} s")
        time.sleep(every)


class Server(launch.Odoo):
    """A copy of the test database and an Odoo that serves it until `stop()`.

    :param template: database to copy; default is what CS_E2E_TEMPLATE names
    :param options: further command line options of Odoo
    :param environment: further environment of Odoo, such as ODOO_QUEUE_JOB_CHANNELS
    """

    _made = 0

    def __init__(self, template=None, *, workers=2, port=None, options=(), environment=None):
        postgres.start()
        Server._made += 1
        self.db = f"{PREFIX}{os.getpid()}_{Server._made}"
        template = template or os.environ.get(TEMPLATE) or database.ensure_test()
        database.drop(self.db)
        database.copy(template, self.db)
        super().__init__(
            self.db,
            LOGS / f"{self.db}.log",
            port=port,
            workers=workers,
            options=options,
            environment=environment,
        )
        self.log_path.unlink(missing_ok=True)
        self.acknowledged = set()  # (platform id, event id) that the server took
        self._session = None
        self._connection = None

    def start(self, timeout=120):
        """Start (again, after `stop(keep=True)` or `kill()`) and wait until it answers."""
        super().start()
        self.wait(timeout)
        return self

    def stop(self, timeout=10, keep=False):
        """Stop gracefully and keep the database, or end at once and drop it."""
        if keep:
            super().stop(timeout)
            return
        self.kill()
        scoreboard.count(self)
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        database.drop(self.db)

    def psql(self, query, params=None):
        """Run one statement, committed at once; rows as tuples, [] for one without rows."""
        if self._connection is None or self._connection.closed:
            self._connection = psycopg2.connect(dbname=self.db)
            self._connection.autocommit = True
        with self._connection.cursor() as cursor:
            cursor.execute(query, params)
            return cursor.fetchall() if cursor.description else []

    def execute(self, model, method, args=(), kwargs=None):
        """Call a model's method over JSON-RPC as admin, as the web client does.

        :raises RpcError: Odoo answered with an error
        """
        return self._rpc(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": list(args), "kwargs": kwargs or {}},
        )

    def _rpc(self, path, params):
        if self._session is None:
            self._session = requests.Session()
            account = {"db": self.db, "login": "admin", "password": "admin"}
            self._rpc("/web/session/authenticate", account)
        call = {"jsonrpc": "2.0", "method": "call", "params": params}
        answer = self._session.post(self.url + path, json=call, timeout=120).json()
        if "error" in answer:
            data = answer["error"].get("data", {})
            raise RpcError(f"{path}: {data.get('message')}\n{data.get('debug', '')}")
        return answer.get("result")

    def errors(self, *allowed):
        """ERROR and CRITICAL lines of the log that contain none of the `allowed` texts."""
        return [line for line in super().errors() if not any(text in line for text in allowed)]
