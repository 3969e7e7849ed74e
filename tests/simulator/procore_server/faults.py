"""What goes wrong on the way, as often and as long as a test wants it."""

import re
import threading
from dataclasses import dataclass, field

from .wire import TEXT, Reply, dumps

HTML = "text/html; charset=utf-8"
PAGE = b"<!doctype html><title>Maintenance</title><h1>We will be right back</h1>"

#: instead of the answer
BEFORE = ("unavailable", "html", "limited", "redirect", "huge", "expired", "refused")
#: to the answer that was made
AFTER = ("truncated", "wrong_type", "commit_timeout", "drift")
KINDS = (*BEFORE, *AFTER, "slow")


@dataclass
class Fault:
    """
    :param kind: `unavailable` (503), `html` (200 with a page), `limited` (429), `redirect` (301
        to `location`), `huge` (an answer of `bytes`), `expired` (the caller's token ends now),
        `refused` (422), `truncated` (JSON that ends in the middle), `wrong_type` (JSON called
        text), `commit_timeout` (done, then no answer), `drift` (other fields, see `change`),
        `slow` (the answer waits `seconds`)
    :param method: empty: any
    :param path: regular expression that is searched in the path
    :param times: how many requests; 0: without end
    :param skip: requests that pass before
    :param lasts: seconds of the platform's clock; 0: without end
    :param seconds: real seconds that `slow` and `commit_timeout` wait
    :param retry_after: of `unavailable` and `limited`; empty: the header is missing
    :param change: of `drift`: {"without": [names], "with": {…}, "null": [names], "ids": "text"}
    """

    kind: str
    method: str = ""
    path: str = ""
    times: int = 1
    skip: int = 0
    lasts: float = 0.0
    seconds: float = 0.0
    retry_after: str = ""
    location: str = "http://169.254.169.254/latest/meta-data/"
    bytes: int = 64 * 1024 * 1024
    change: dict = field(default_factory=dict)
    ends: float = 0.0

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind!r} is no fault; there are {', '.join(KINDS)}")
        re.compile(self.path)

    def meets(self, call):
        return (not self.method or self.method == call.method) and bool(
            re.search(self.path, call.path)
        )


class Faults:
    """The faults that are switched on."""

    def __init__(self, clock):
        self._clock, self._lock = clock, threading.Lock()
        self._on = []

    def add(self, fault: Fault):
        if fault.lasts:
            fault.times, fault.ends = 0, self._clock.now() + fault.lasts
        with self._lock:
            self._on.append(fault)

    def clear(self):
        with self._lock:
            self._on.clear()

    def on(self):
        """Those that are switched on now."""
        with self._lock:
            now = self._clock.now()
            return [one for one in self._on if not one.ends or now < one.ends]

    def take(self, call):
        """The fault of this request, None for most. It is used up by that."""
        with self._lock:
            now = self._clock.now()
            self._on = [one for one in self._on if not one.ends or now < one.ends]
            fault = next((one for one in self._on if one.meets(call)), None)
            if fault is None:
                return None
            if fault.skip:
                fault.skip -= 1
                return None
            if fault.times:
                fault.times -= 1
                if not fault.times:
                    self._on.remove(fault)
            return fault


def instead(fault):
    """The answer in place of the platform's."""
    told = {"Retry-After": fault.retry_after} if fault.retry_after else {}
    if fault.kind == "unavailable":
        return Reply(503, None, told, PAGE, HTML)
    if fault.kind == "html":
        return Reply(200, None, {}, PAGE, HTML)
    if fault.kind == "limited":
        return Reply(429, None, told, b"Too many requests", TEXT)
    if fault.kind == "redirect":
        return Reply(301, None, {"Location": fault.location}, b"")
    if fault.kind == "refused":
        return Reply(422, {"errors": {"base": ["It cannot be processed"]}})
    return Reply(200, None, {}, b'"' + b"x" * (fault.bytes - 2) + b'"')


def spoiled(fault, reply):
    """The platform's answer after the fault."""
    if fault.kind == "truncated":
        body = reply.bytes()
        return Reply(reply.status, None, reply.headers, body[: len(body) // 2 or 1], reply.kind)
    if fault.kind == "wrong_type":
        return Reply(reply.status, None, reply.headers, reply.bytes(), TEXT)
    if fault.kind == "drift":
        body = dumps(_drifted(reply.value, fault.change))
        return Reply(reply.status, None, reply.headers, body, reply.kind)
    return reply


def _drifted(value, change):
    if isinstance(value, list):
        return [_drifted(one, change) for one in value]
    if not isinstance(value, dict):
        return value
    if "data" in value and "id" not in value:
        return value | {"data": _drifted(value["data"], change)}
    made = {name: one for name, one in value.items() if name not in change.get("without", ())}
    made |= {name: None for name in change.get("null", ()) if name in made}
    if change.get("ids") == "text":
        made |= {name: str(one) for name, one in made.items() if name == "id"}
    return made | change.get("with", {})
