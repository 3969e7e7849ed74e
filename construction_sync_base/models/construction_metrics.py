from odoo import api, models

from ..lib.exposition import Family

PREFIX = "construction_sync_"


class ConstructionMetrics(models.AbstractModel):
    """The gauges as metrics. Platforms are those of the reader's companies; what belongs to
    no platform (lanes, jobs, tables) is of the whole installation."""

    _name = "construction.metrics"
    _description = "Metrics"

    @api.model
    def _families(self):
        """:return: list of `Family`
        :raises psycopg2.errors.QueryCanceled: a reading took too long
        """
        everyone = self.env["construction.platform"].with_context(active_test=False)
        platforms = everyone.search([])  # pylint: disable=no-search-all
        gauges = self.env["construction.gauges"]
        with gauges._bounded():
            of_platforms = gauges._of_platforms(platforms.ids)
            of_installation = gauges._of_installation()
        keys = {platform.id: platform.key for platform in platforms}
        named = {keys.get(id_, ""): found for id_, found in of_platforms.items()}
        return [
            self._active(platforms),
            self._halted(platforms),
            self._secrets(),
            *self._traffic(named),
            *self._events(named),
            *self._engine(of_installation),
            *self._tables(of_installation["tables"]),
        ]

    def _active(self, platforms):
        family = _gauge("platform_active", "1 where a platform's events apply.")
        for platform in platforms:
            family.add(platform.active and platform.state == "active", platform=platform.key)
        return family

    def _halted(self, platforms):
        family = _gauge(
            "platform_halted",
            "1 where nothing passes, as this is not the platform's database or environment.",
        )
        for platform in platforms:
            family.add(bool(platform.halted), platform=platform.key)
        return family

    def _secrets(self):
        """By the key that they are under; nothing of a secret or a key."""
        facts = self.env["construction.secret"]._key_facts()
        family = _gauge("secrets", "Encrypted secrets by what opens them.")
        for state in ("current", "old", "unreadable"):
            family.add(facts[state], key=state)
        return family

    def _traffic(self, named):
        last = _gauge("last_delivery_age_seconds", "Since the newest delivery arrived.")
        deliveries = _gauge("deliveries_last_hour", "Stored request bodies by verdict.")
        repeats = Family(
            f"{PREFIX}repeated_events_total", "counter",
            "Events sent again, with other content, or unreadable.",
        )  # fmt: skip
        for key, found in named.items():
            if not key:
                continue
            last.add(found["last"] and found["last"][1], platform=key)
            for verdict in ("accepted", "conflict", "malformed"):
                number = found["deliveries"].get(verdict, 0)
                deliveries.add(number, platform=key, verdict=verdict)
            for verdict in ("duplicate", "conflict", "malformed"):
                repeats.add(found["repeats"].get(verdict, 0), platform=key, verdict=verdict)
        return [last, deliveries, repeats]

    def _events(self, named):
        unfinished = _gauge("events", "Events that are not finished, by state, now.")
        finished = _gauge("events_finished_last_hour", "Events finished, by state.")
        lag = _gauge(
            "lag_seconds",
            "From received to applied, of the last hour; the newest 10,000 at most.",
        )
        issues = _gauge("issues_open", "Open issues by category and severity.")
        for key, found in named.items():
            for (category, severity), number in found["issues"].items():
                issues.add(number, platform=key, category=category, severity=severity)
            if not key:
                continue
            for state in ("pending", "parked", "dead"):
                unfinished.add(found["states"].get(state, 0), platform=key, state=state)
            for state in ("processed", "superseded", "discarded"):
                finished.add(found["finished"].get(state, 0), platform=key, state=state)
            for quantile, value in zip(("0.5", "0.95"), found["lag"] or (), strict=False):
                lag.add(value, platform=key, quantile=quantile)
        return [unfinished, finished, lag, issues]

    def _engine(self, found):
        oldest = _gauge(
            "oldest_pending_age_seconds",
            "Since the oldest event was received that waits its turn or its next try.",
        )
        overdue = _gauge("oldest_overdue_seconds", "Since the oldest waiting event was due.")
        for lane, (age, due) in found["oldest"].items():
            oldest.add(age or 0, lane=lane)
            overdue.add(due or 0, lane=lane)
        held, expired = found["claims"]
        jobs = _gauge("jobs", "Unfinished jobs of our channels, by state.")
        for channel in self.env["construction.gauges"]._channels():
            for state in ("wait_dependencies", "pending", "enqueued", "started", "failed"):
                jobs.add(found["jobs"].get((channel, state), 0), channel=channel, state=state)
        return [
            oldest,
            overdue,
            jobs,
            self._one("claims_held", "Events that a worker holds.", held),
            self._one("leases_overdue", "Held events whose lease has ended.", expired),
            self._one(
                "drains_per_minute", "Drain jobs done, mean of 10 min.", found["drains_per_minute"]
            ),
            self._one("runner_leads", "1 while a job runner leads.", found["leader"]),
            self._one(
                "audit_rows_unsealed", "Audit rows that no seal covers yet.", found["unsealed"]
            ),
            *self._crons(found["crons"]),
        ]

    def _one(self, name, meaning, value):
        return _gauge(name, meaning, [({}, value)])

    def _crons(self, crons):
        active = _gauge("cron_active", "1 where a scheduled action is on.")
        failures = _gauge("cron_failures", "Failures in a row.")
        age = _gauge("cron_last_run_age_seconds", "Since it ran last.")
        overdue = _gauge("cron_overdue_seconds", "Since it should have run.")
        for name, (on, failed, seconds, late) in crons.items():
            active.add(on, cron=name)
            failures.add(failed, cron=name)
            age.add(seconds, cron=name)
            overdue.add(late, cron=name)
        return [active, failures, age, overdue]

    def _tables(self, tables):
        rows = _gauge("table_rows", "Live rows as PostgreSQL estimates them.")
        size = _gauge("table_bytes", "With indexes and outsourced values.")
        for name, (number, length) in tables.items():
            rows.add(number, table=name)
            size.add(length, table=name)
        return [rows, size]


def _gauge(name, meaning, samples=()):
    return Family(f"{PREFIX}{name}", "gauge", meaning, list(samples))
