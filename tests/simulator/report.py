"""Asks the server what became of each event, and prints what arrived where."""

import time
from collections import Counter, defaultdict

import requests

from .player import BASE, TIMEOUT

COLUMNS = ("sent", "accepted", "duplicates", "processed", "parked", "superseded")
#: what the table has no column for is named below it
OTHER_STATUSES = ("conflict", "malformed", "refused")
OTHER_STATES = ("pending", "dead", "discarded", "unknown")


class Watcher:
    """Polls the state of events with a bearer key; what the server doesn't know is `unknown`."""

    def __init__(self, url, key, api_key, database=None):
        self.endpoint = f"{url.rstrip('/')}{BASE}/{key}/events"
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {api_key}"
        if database:
            self._session.headers["X-Odoo-Database"] = database

    def state(self, event) -> dict:
        """The answer for one event; `{"state": "unknown"}` where there is none."""
        while True:
            response = self._session.get(
                self.endpoint,
                params={"source": event["source"], "id": event["id"]},
                timeout=TIMEOUT,
            )
            if response.status_code in (429, 503):
                time.sleep(min(float(response.headers.get("Retry-After", "1")), 10.0))
                continue
            if response.status_code == 404:
                return {"state": "unknown"}
            response.raise_for_status()
            return response.json()

    def wait(self, events, timeout=180.0, interval=1.0, progress=None) -> dict[str, dict]:
        """Answers by event id, once no event is `pending` any more or the time is over."""
        deadline = time.monotonic() + timeout
        answers, waiting = {}, list({event["id"]: event for event in events}.values())
        while True:
            for event in waiting:
                answers[event["id"]] = self.state(event)
            waiting = [event for event in waiting if answers[event["id"]]["state"] == "pending"]
            if progress:
                progress(len(waiting))
            if not waiting or time.monotonic() > deadline:
                return answers
            time.sleep(interval)


def table(events, tally, answers) -> str:
    """The table "type | sent | accepted | …" with a sum, as text."""
    states = defaultdict(Counter)
    for event in {event["id"]: event for event in events}.values():
        states[event["type"]][answers[event["id"]]["state"]] += 1
    rows, sums = [], Counter()
    for name in dict.fromkeys(event["type"] for event in events):
        row = Counter(
            sent=tally.sent[name],
            accepted=tally.status(name, "accepted"),
            duplicates=tally.status(name, "duplicate"),
        )
        row.update({state: states[name][state] for state in COLUMNS[3:]})
        sums.update(row)
        rows.append([name.removeprefix("construction."), *(row[c] for c in COLUMNS)])
    rows.append(["all", *(sums[column] for column in COLUMNS)])
    return _columns([["type", *COLUMNS], *rows])


def remarks(tally, answers) -> list[str]:
    """What the table can't show: other answers and states, issues, documents made."""
    out = []
    other = Counter({name: tally.total(name) for name in OTHER_STATUSES})
    other.update(answer["state"] for answer in answers.values() if answer["state"] in OTHER_STATES)
    if +other:
        out.append("also: " + ", ".join(f"{n} {name}" for name, n in sorted((+other).items())))
    issues = Counter(
        issue["category"] for answer in answers.values() for issue in answer.get("issues") or ()
    )
    if issues:
        out.append("issues: " + ", ".join(f"{n} {name}" for name, n in sorted(issues.items())))
    documents = {
        (document["model"], document["id"])
        for answer in answers.values()
        for document in answer.get("documents") or ()
    }
    by_model = Counter(model for model, _id in documents)
    if by_model:
        out.append("in Odoo: " + ", ".join(f"{n} {m}" for m, n in sorted(by_model.items())))
    return out


def _columns(rows):
    widths = [max(len(str(row[index])) for row in rows) for index in range(len(rows[0]))]
    lines = []
    for row in rows:
        first, *numbers = (str(cell) for cell in row)
        lines.append(
            " | ".join(
                [
                    first.ljust(widths[0]),
                    *(n.rjust(w) for n, w in zip(numbers, widths[1:], strict=True)),
                ]
            )
        )
    rule = "-+-".join("-" * width for width in widths)
    return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1]])
