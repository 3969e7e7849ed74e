"""Delivery of webhooks on the platform's clock: one queue per hook, a pause after a failure,
waits from a second to an hour, and after twelve hours without success all of it is discarded."""

import threading

import requests

from .clock import fine_stamp

TIMEOUT = 5.0  # seconds the other side has to answer
FIRST_WAIT, LONGEST_WAIT = 1.0, 3600.0
GIVEN_UP = 12 * 3600.0


class Deliverer:
    """Posts what the queues hold and is due.

    A thread does it in the background; `settle` does it at once, for tests. Moments that the
    clock jumped over are made up for in their order, at the time they had.

    :param verify: authorities for https destinations, as `requests` takes them
    """

    def __init__(self, hooks, clock, timeout=TIMEOUT, verify=True):
        self.hooks, self.clock, self.timeout = hooks, clock, timeout
        #: the next so many deliveries come twice: duplicates happen
        self.twice = 0
        #: the newest first: order is not promised
        self.newest_first = False
        self._session = requests.Session()
        self._session.trust_env, self._session.verify = False, verify
        self._busy, self._news, self._stop = threading.Lock(), threading.Event(), False
        self._thread = None

    def start(self):
        self.hooks.wake = self._news.set
        self.clock.listeners.append(self._news.set)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self):
        self._stop = True
        self._news.set()
        if self._thread:
            self._thread.join()
        self._session.close()

    def settle(self):
        """Deliver everything that is due now."""
        with self._busy:
            while not self._stop:
                step = self._next()
                if step is None:
                    return
                self._work(*step)

    def _run(self):
        while not self._stop:
            self.settle()
            self._news.wait(0.2)  # a running clock makes things due by itself
            self._news.clear()

    def _next(self):
        """(hook, moment) of what is to be done first, None where nothing is due."""
        now = self.clock.now()
        with self.hooks.world.store.lock:
            steps = [(_due(hook), hook.id, hook) for hook in self.hooks.all.values() if hook.queue]
            due = min(steps, default=None, key=lambda step: step[:2])
        return (due[2], due[0]) if due and due[0] <= now else None

    def _work(self, hook, moment):
        if hook.failing_since is not None and moment >= hook.failing_since + GIVEN_UP:
            self._discard(hook, moment)
            return
        event = hook.queue[-1 if self.newest_first else 0]
        row = self._post(hook, event, moment)
        if self.twice and row["outcome"] == "ok":
            self.twice -= 1
            self._post(hook, event, moment)
        if row["outcome"] == "ok":
            hook.queue.remove(event)
            hook.failing_since, hook.attempts, hook.due = None, 0, 0.0
            return
        if hook.failing_since is None:
            hook.failing_since = moment
        hook.due = moment + min(FIRST_WAIT * 2**hook.attempts, LONGEST_WAIT)
        hook.attempts += 1

    def _post(self, hook, event, moment):
        """One attempt, as the list of deliveries shows it. An attempt that failed is `retried`
        once the next one was made, until then `failed`; which is which is unverified."""
        for earlier in event.deliveries:
            if earlier["outcome"] == "failed":
                earlier["outcome"] = "retried"
        row = _row(hook, event, "failed", moment)
        try:
            answer = self._session.post(
                hook.url,
                json=event.payload,
                headers=hook.headers,
                timeout=(self.timeout, self.timeout),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            row["response_error"] = type(error).__name__
        else:
            row["response_status"], row["response_body"] = answer.status_code, answer.text[:500]
            row["response_headers"] = dict(answer.headers)
            row["outcome"] = "ok" if answer.ok and answer.status_code < 300 else "failed"
        row["completed_at"] = fine_stamp(moment)
        return row

    def _discard(self, hook, moment):
        """The whole queue goes, also what was never tried. The next event starts afresh."""
        while hook.queue and hook.queue[0].at <= moment:
            event = hook.queue.popleft()
            for row in event.deliveries:
                row["outcome"] = "discarded"
            if not event.deliveries:
                _row(hook, event, "discarded", None)
        hook.failing_since, hook.attempts, hook.due = None, 0, 0.0


def _due(hook):
    """When something is to be done for this hook."""
    attempt = max(hook.due, hook.queue[0].at)
    if hook.failing_since is None:
        return attempt
    return min(attempt, hook.failing_since + GIVEN_UP)


def _row(hook, event, outcome, moment):
    row = {
        "id": len(hook.deliveries) + 1,
        "event": event.payload,
        "event_id": event.number,
        "outcome": outcome,
        "response_body": None,
        "response_error": None,
        "started_at": None if moment is None else fine_stamp(moment),
        "completed_at": None,
        "response_status": None,
        "response_headers": {},
    }
    event.deliveries.append(row)
    hook.deliveries.append(row)
    return row
