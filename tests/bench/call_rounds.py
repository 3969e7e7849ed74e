"""Calls to a server that answers as a platform far away does: by the client with everything it
asks before, and by bare requests. Runs inside Odoo's shell."""

import os
import tempfile
import time
from pathlib import Path

import requests

from tests.pure.construction_sync_base.tls_server import TlsServer

from .rounds import PLATFORM, Rounds


class CallRounds(Rounds):
    """Both sides open a connection for each call, prove themselves and read the same JSON."""

    def __init__(self, registry, count, latency):
        super().__init__(registry, "call", count)
        self.folder = tempfile.TemporaryDirectory()  # gone with the process
        self.server = TlsServer(Path(self.folder.name), "localhost")
        self.server.plays((200, {"id": 1}, {}))
        at_once = self.server.play
        self.server.play = lambda line: (time.sleep(latency), at_once(line))
        self.there = f"https://localhost:{self.server.port}"
        os.environ["CONSTRUCTION_SYNC_TRUSTED_NETWORKS"] = "127.0.0.0/8 ::1/128"
        os.environ["CONSTRUCTION_SYNC_CA_FILE"] = str(self.server.ca)
        with self._env() as env:
            platform = env["construction.platform"].search([("key", "=", PLATFORM)])
            limit = {"calls_per_minute": 600_000, "calls_burst": 1_000_000}
            platform.write({"call_url": self.there, "call_auth": "bearer"} | limit)
            platform._confirm_database()  # the bench runs on copies, which call nobody
            platform._set_call_secret("secret-1")

    def ours(self, _prefix):
        with self._env() as env:
            platform = env["construction.platform"].search([("key", "=", PLATFORM)])
            started = time.perf_counter()
            for _number in range(self.count):
                _answer, reading = env["construction.client"]._call(platform, "GET", "/things")
                self._check(reading.value)
            return time.perf_counter() - started

    def theirs(self, _prefix):
        headers = {"Authorization": "Bearer secret-1"}
        started = time.perf_counter()
        for _number in range(self.count):
            answer = requests.get(
                f"{self.there}/things", headers=headers, verify=str(self.server.ca), timeout=20
            )
            self._check(answer.json())
        return time.perf_counter() - started

    def _check(self, value):
        if value != {"id": 1}:
            raise ValueError(f"answered {value}")
