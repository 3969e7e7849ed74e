"""Sends a plan over real HTTP and behaves like a platform: signs, retries, counts the answers."""

import json
import random
import threading
import time
import uuid
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import requests

BASE = "/construction_sync/v1"
EVENT_TYPE = "application/cloudevents+json"
BATCH_TYPE = "application/cloudevents-batch+json"
#: answers after which a platform tries again; anything else is final
AGAIN = {408, 429, 502, 503, 504}
TIMEOUT = (5, 60)


def encode(payload) -> bytes:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass
class Tally:
    """What was sent and what the server said about it, by event type."""

    sent: Counter = field(default_factory=Counter)
    statuses: dict[str, Counter] = field(default_factory=lambda: defaultdict(Counter))
    refused: list[str] = field(default_factory=list)
    posts: int = 0
    retries: int = 0
    seconds: float = 0.0

    def status(self, event_type: str, name: str) -> int:
        return self.statuses[event_type][name] if event_type in self.statuses else 0

    def total(self, name: str) -> int:
        return sum(counter[name] for counter in self.statuses.values())


class Player:
    """One platform's sender.

    `rate` limits events per second over all connections (0: no limit); `patience` is how many
    seconds one post is tried again before it counts as refused.
    """

    def __init__(self, url, key, scheme, database=None, rate=0.0, patience=120.0, seed=0):
        self.endpoint = f"{url.rstrip('/')}{BASE}/{key}/events"
        self.scheme = scheme
        self.rate = rate
        self.patience = patience
        self.tally = Tally()
        self._extra = {"X-Odoo-Database": database} if database else {}
        self._rng = random.Random(f"player-{seed}")
        self._lock = threading.Lock()
        self._local = threading.local()
        self._next_slot = 0.0

    def play(self, plan) -> Tally:
        """Sends every burst of the plan, one after the other; returns the tally."""
        began = time.monotonic()
        width = max((len(burst.posts) for burst in plan), default=1)
        with ThreadPoolExecutor(max_workers=min(width, 8)) as pool:
            for burst in plan:
                for outcome in [pool.submit(self.send, post) for post in burst.posts]:
                    outcome.result()
        self.tally.seconds += time.monotonic() - began
        return self.tally

    def send(self, post) -> requests.Response | None:
        """One post with its retries; None when no answer came within `patience`."""
        time.sleep(post.wait)
        self._wait_for_slot(len(post.events))
        body = encode(post.events if post.batch else post.events[0])
        content_type = BATCH_TYPE if post.batch else EVENT_TYPE
        response = self.post_bytes(body, content_type)
        self._count(post, response)
        return response

    def post_bytes(self, body: bytes, content_type: str) -> requests.Response | None:
        """Bytes as they are, signed anew for every attempt under one message id."""
        message_id = f"msg_{uuid.uuid4().hex}"
        deadline, attempt = time.monotonic() + self.patience, 0
        while True:
            headers = {
                "Content-Type": content_type,
                **self._extra,
                **self.scheme.headers(message_id, body, time.time()),
            }
            try:
                response = self._session().post(
                    self.endpoint, data=body, headers=headers, timeout=TIMEOUT
                )
            except (requests.ConnectionError, requests.Timeout):
                response = None
            if response is not None and response.status_code not in AGAIN:
                return response
            pause = self._pause(attempt, response)
            if time.monotonic() + pause > deadline:
                return response
            attempt += 1
            with self._lock:
                self.tally.retries += 1
            time.sleep(pause)

    def _session(self):
        """A session per thread: requests' sessions are not safe to share."""
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
        return self._local.session

    def _pause(self, attempt, response):
        """Seconds before the next attempt: what the server asks for, else doubling with jitter."""
        asked = response.headers.get("Retry-After", "") if response is not None else ""
        if asked.isdigit():
            return min(float(asked), 30.0)
        with self._lock:
            return min(5.0, 0.2 * 2 ** min(attempt, 6)) * self._rng.uniform(0.8, 1.2)

    def _wait_for_slot(self, count):
        if not self.rate:
            return
        with self._lock:
            slot = max(self._next_slot, time.monotonic())
            self._next_slot = slot + count / self.rate
        time.sleep(max(0.0, slot - time.monotonic()))

    def _count(self, post, response):
        with self._lock:
            self.tally.posts += 1
            for event in post.events:
                self.tally.sent[event["type"]] += 1
            if response is None or response.status_code not in (200, 202):
                answer = "no answer" if response is None else f"HTTP {response.status_code}"
                self.tally.refused.append(f"{answer} for {len(post.events)} event(s)")
                for event in post.events:
                    self.tally.statuses[event["type"]]["refused"] += 1
                return
            results = response.json()["results"]
            if len(results) != len(post.events):  # the body as a whole could not be read
                results = [{"status": "malformed"}] * len(post.events)
            for event, result in zip(post.events, results, strict=True):
                self.tally.statuses[event["type"]][result["status"]] += 1
