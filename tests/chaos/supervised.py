"""Odoo under a supervisor, as every installation runs it."""

import threading
import time

import psycopg2

from tests.e2e.server import Server


class Supervised(Server):
    """A server that is started again when it ends by itself, like systemd's Restart=always.

    Odoo's master ends when a worker dies while PostgreSQL does not answer: it asks the
    database before it forks the next one.
    """

    def __init__(self, *args, **settings):
        super().__init__(*args, **settings)
        self.restarts = 0
        self._wanted = False
        self._watch = None

    def start(self, timeout=120):
        self._wanted = True
        super().start(timeout)
        if self._watch is None:
            self._watch = threading.Thread(target=self._supervise, daemon=True)
            self._watch.start()
        return self

    def kill(self):
        self._wanted = False
        super().kill()

    def _supervise(self):
        while True:
            time.sleep(1)
            if self._wanted and self.process is not None and not self.running:
                self.restarts += 1
                super(Server, self).start()

    def psql(self, query, params=None):
        """The same, over a new connection when PostgreSQL ended the last one."""
        try:
            return super().psql(query, params)
        except psycopg2.Error as error:
            connection = self._connection
            if connection is None or (error.pgcode and not connection.closed):
                raise
            connection.close()  # not always noticed: an error without a code is no answer
        return super().psql(query, params)
