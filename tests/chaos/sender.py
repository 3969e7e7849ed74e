"""A platform that keeps sending while something breaks, the way real ones do: what is not
answered 2xx it sends again, with the same id."""

import threading
import time

import requests

from tests.e2e.platform import BATCHED


class Sender:
    """Context manager: sends events in the background until it is closed.

    :param platform: `tests.e2e.platform.Platform`
    :param events: iterable of events, sent in batches of `size`
    """

    def __init__(self, platform, events, size=5, pause=0.05):
        self.platform = platform
        self.batches = [events[n : n + size] for n in range(0, len(events), size)]
        self.pause = pause
        self.answers = []  # (status or name of the failure, seconds)
        self.taken = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_error):
        self._stop.set()
        self._thread.join(120)

    def finish(self, timeout=180):
        """Wait until everything was taken."""
        self._thread.join(timeout)
        assert not self._thread.is_alive(), f"{len(self.taken)} taken, last {self.answers[-5:]}"

    def statuses(self):
        return {status for status, _seconds in self.answers}

    def _work(self):
        for batch in self.batches:
            while not self._stop.is_set() and not self._send(batch):
                time.sleep(0.5)
            if self._stop.wait(self.pause):
                return

    def _send(self, batch):
        started = time.monotonic()
        try:
            answer = self.platform.post(batch, BATCHED)
        except requests.RequestException as error:
            self.answers.append((type(error).__name__, time.monotonic() - started))
            return False
        self.answers.append((answer.status_code, time.monotonic() - started))
        if answer.status_code in (200, 202):
            self.taken += batch
            return True
        return False
