"""What the tests of this addon share: a platform, events, payloads and a drain that runs
in the test's own transaction."""

import contextlib
import hashlib
import itertools
import json
from unittest.mock import patch

from odoo.fields import Command

from ..lib import envelope
from .payloads import Payloads

SOURCE = "//platform.example"
START = 1_700_000_000  # seconds; events without a time get one second more each
_CHARTS = {}  # of the one database that a run of the tests has
ROUNDS = 30  # of claims until a drain that never ends counts as a failure


@contextlib.contextmanager
def _without_translations(charts):
    """The tests speak English, and dozens of them need a second company: what Odoo computes of
    all the world's charts is computed once, and nothing of a chart is translated."""
    if not _CHARTS:
        _CHARTS.update(charts._get_chart_template_mapping())
    with patch.multiple(
        type(charts),
        _load_translations=lambda *_args, **_more: None,
        _get_chart_template_mapping=lambda *_args, **_more: dict(_CHARTS),
    ):
        yield charts


@contextlib.contextmanager
def _nothing_but_a_user(env):
    """Odoo gives a new user stages of personal tasks and a seat in its channels; that is half
    of the time it takes."""
    with (
        patch.object(type(env["res.users"]), "_onboard_users_into_project", lambda *_args: None),
        patch.object(
            type(env["discuss.channel"]), "_subscribe_users_automatically", lambda _: None
        ),
    ):
        yield env["res.users"].with_context(no_reset_password=True)


class SyncCase(Payloads):
    """Mixin for `TransactionCase` and `HttpCase`.

    A test builds events (`self.event(…)`), stores them as the endpoint would
    (`self.send(…)`), applies them (`self.drain()`) and looks at `self.state(id)` and
    `self.issues(id)`. `self.apply(*events)` sends, drains and returns the records.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context=dict(cls.env.context, tracking_disable=True))
        cls.numbers = itertools.count(1)
        cls.company = cls.env.company
        cls.give_chart(cls.company)
        cls.platform = cls.make_platform("tests-main", cls.company)
        cls.secret = cls.platform.rotate_secret()
        cls.handler = cls.env["construction.handler"]

    def setUp(self):
        cls = type(self)
        if "_given" not in cls.__dict__:
            known = set(vars(self))
            with self.env.cr.savepoint():
                self.given()
            for name in set(vars(self)) - known:
                setattr(cls, name, vars(self).pop(name))
            cls._given = True
        super().setUp()

    def given(self):
        """What every test of the class starts from. Runs once, before the first of them; each
        sees it through its own savepoint. What is patched or kept in Python belongs in `setUp`."""

    # ------------------------------------------------------------- fixtures
    @classmethod
    def give_chart(cls, company):
        """A chart of accounts and an account map, where they are missing; bills are released
        by policy, for tests that are not about the release."""
        accounts = cls.env["account.account"].with_company(company)
        if not accounts.search_count([("company_ids", "in", company.id)], limit=1):
            with _without_translations(cls.env["account.chart.template"]) as charts:
                charts.try_loading("generic_coa", company=company, install_demo=False)
        cls.env["construction.platform"]._propose_company(company)
        cls.release_by_policy("supplier_invoice", company)

    @classmethod
    def release_by_policy(cls, document_type, company=None, automatic=True):
        """A policy of Finance that releases documents without anybody pressing a button."""
        policy = cls.env["construction.release.policy"].create(
            {
                "company_id": (company or cls.company).id,
                "document_type": document_type,
                "automatic": automatic,
            }
        )
        policy.sudo().write(
            {
                "state": "approved",
                "proposed_by_id": cls.env.ref("base.user_root").id,
                "approved_by_id": cls.env.ref("base.user_admin").id,
                "approved_at": "2026-01-01 00:00:00",
            }
        )
        return policy

    @classmethod
    def by_hand(cls, *document_types):
        """From here on somebody of Finance presses Release; of bills, unless told."""
        cls.env["construction.release.policy"].sudo().search(
            [("document_type", "in", document_types or ("supplier_invoice",))]
        ).write({"automatic": False})

    @classmethod
    def make_company(cls, name, currency=None):
        """A further company with its own chart, seen by the test's user."""
        currency = currency or cls.env.company.currency_id
        company = cls.env["res.company"].create({"name": name, "currency_id": currency.id})
        cls.env.user.company_ids |= company
        cls.give_chart(company)
        return company

    @classmethod
    def make_platform(cls, key, companies, **values):
        """An active platform that writes to `companies`; the first one is its default."""
        platform = cls.env["construction.platform"].create(
            {
                "name": f"Platform {key}",
                "key": key,
                "company_id": companies[:1].id,
                "company_ids": [Command.set(companies.ids)],
                **values,
            }
        )
        platform.action_activate()
        return platform

    @classmethod
    def make_user(cls, login, *groups, company=None):
        """A person with groups of this addon, such as "finance"."""
        company = company or cls.company
        groups = [cls.env.ref(f"construction_sync_base.group_{name}") for name in groups]
        groups = groups or [cls.env.ref("base.group_user")]
        with _nothing_but_a_user(cls.env) as users:
            return users.create(
                {
                    "name": login,
                    "login": login,
                    "company_id": company.id,
                    "company_ids": [Command.set(company.ids)],
                    "group_ids": [Command.link(group.id) for group in groups],
                }
            )

    def foreign(self, code="EUR", **rates):
        """An active foreign currency with rates by day; since January 0.5, unless told."""
        currency = self.env.ref(f"base.{code}")
        currency.active = True
        currency.rate_ids.unlink()
        currency.rate_ids.create(
            [
                {
                    "currency_id": currency.id,
                    "company_id": self.company.id,
                    "name": day,
                    "rate": rate,
                }
                for day, rate in (rates or {"2026-01-01": 0.5}).items()
            ]
        )
        return currency

    @classmethod
    def unique(cls, prefix=""):
        return f"{prefix}{next(cls.numbers)}"

    def setup_job(self, job="J1", vendor="V1", codes=("03-300",), budget="100000.00"):
        """A job with vendor, cost codes and budget, all through events.

        :return: the job
        """
        self.process(
            self.event("job.upserted", data=self.job_data(job), sequence=1),
            self.event("vendor.upserted", data=self.vendor_data(vendor), sequence=1),
            *[
                self.event("cost_code.upserted", data=self.cost_code_data(code), sequence=1)
                for code in codes
            ],
        )
        if budget:
            lines = [self.budget_line(budget, cost_code=code) for code in codes]
            data = self.budget_data(f"B-{job}", job, lines)
            self.process(self.event("budget.approved", data=data, sequence=1))
        return self.bound("job", job)

    # --------------------------------------------------------------- events
    def event(self, event_type, subject=None, data=None, sequence=None, time=None, id=None, **more):
        """A CloudEvent as a dict.

        :param event_type: with or without `construction.` and `.v1`
        :param subject: default `<object>/<external id>`, for a budget `budget/<job>`
        :param sequence: text or number; None leaves it out, so that the time decides
        :param time: RFC 3339; default is later than any event made before
        """
        if not event_type.startswith("construction."):
            event_type = f"construction.{event_type}.v1"
        data = {} if data is None else data
        if subject is None:
            name = event_type.split(".")[1]
            subject = f"{name}/{data.get('job' if name == 'budget' else 'external_id')}"
        number = next(self.numbers)
        event = {
            "specversion": "1.0",
            "id": id or f"evt-{number}",
            "source": SOURCE,
            "type": event_type,
            "subject": subject,
            "time": time or _rfc3339(START + number),
            "data": data,
            **more,
        }
        if sequence is not None:
            event["sequence"] = str(sequence)
        return event

    def send(self, *events, platform=None):
        """Store events as the endpoint does; returns the verdicts in order."""
        platform = platform or self.platform
        body = json.dumps(list(events)).encode()
        parsed = envelope.split(body, envelope.BATCH)
        delivery = {
            "source_address": "127.0.0.1",
            "headers": {"Content-Type": envelope.BATCH},
            "body": body,
            "sha256": hashlib.sha256(body).hexdigest(),
        }
        route = self.env["construction.platform"]._route(platform.key)
        self.env.flush_all()
        results, _correlation = self.env["construction.inbox"]._store(route, parsed, delivery)
        self.env.invalidate_all()
        return [verdict for _event_id, verdict in results]

    def drain(self, lanes=("critical", "standard", "bulk")):
        """Apply whatever is due by the clock, until nothing is; returns how many claims of
        events were handled."""
        handled = 0
        for _round in range(ROUNDS):
            self.make_due()
            with self.shared_cursors():
                count = sum(self.env["construction.drain"]._drain(lane) for lane in lanes)
            handled += count
            if not count:
                return handled
        raise AssertionError(f"{handled} events handled and the drain still finds some")

    def make_due(self):
        """The transaction's `now()` stands still in a test while the clock goes on."""
        self.env.flush_all()
        self.env.cr.execute("""
            UPDATE construction_event SET next_try_at = now() AT TIME ZONE 'UTC'
             WHERE state = 'pending'
               AND next_try_at > (now() AT TIME ZONE 'UTC')
               AND next_try_at < (clock_timestamp() AT TIME ZONE 'UTC') + interval '1 second'
        """)
        self.env["construction.event"].invalidate_model()

    def shared_cursors(self):
        """Cursors that the engine opens are this test's transaction."""
        if type(self)._registry_patched:
            return contextlib.nullcontext()
        return self.enter_registry_test_mode()

    def apply(self, *events, platform=None):
        """Send, drain and return the stored events in the order given."""
        self.send(*events, platform=platform)
        self.drain()
        found = [self.stored(event["id"], platform) for event in events]
        return self.env["construction.event"].union(*found)

    def queries_of(self, *events):
        """How many queries applying `events` takes, claim to states; all must be applied."""
        self.send(*events)
        self.make_due()
        self.env.flush_all()
        self.env.invalidate_all()
        with self.shared_cursors():
            before = self.env.cr.sql_log_count
            self.env["construction.drain"]._drain("standard")
            count = self.env.cr.sql_log_count - before
        for event in events:
            issues = self.issues(event["id"]).mapped("message")
            self.assertEqual(self.state(event["id"]), "processed", issues)
        return count

    def process(self, *events, platform=None):
        """Like `apply`, and every one of them has to end as processed."""
        stored = self.apply(*events, platform=platform)
        for event in stored:
            self.assertEqual(
                event.state,
                "processed",
                f"{event.type} {event.subject}: {event.last_error} "
                f"{event.issue_ids.mapped('message')}",
            )
        return stored

    # ----------------------------------------------------------------- look
    def stored(self, event_id, platform=None):
        event = self.env["construction.event"].search(
            [
                ("platform_id", "=", (platform or self.platform).id),
                ("source", "=", SOURCE),
                ("event_id", "=", event_id),
            ]
        )
        event.invalidate_recordset()
        return event

    def state(self, event_id, platform=None):
        return self.stored(event_id, platform).state

    def issues(self, event_id, *states, platform=None):
        """Issues of an event; the open ones unless other states are named."""
        states = states or ("open", "in_progress")
        return self.stored(event_id, platform).issue_ids.filtered(lambda i: i.state in states)

    def assertParked(self, event_id, category, platform=None):
        event = self.stored(event_id, platform)
        self.assertEqual(event.state, "parked", event.last_error)
        issues = self.issues(event_id, platform=platform).filtered("blocking")
        self.assertIn(category, issues.mapped("category"), issues.mapped("message"))
        return issues.filtered(lambda i: i.category == category)

    def bound(self, object_name, external_id, platform=None):
        """The record that stands for a platform's record, or False."""
        binding = self.env["construction.binding"].search(
            [
                ("platform_id", "=", (platform or self.platform).id),
                ("object", "=", object_name),
                ("external_id", "=", external_id),
            ]
        )
        return bool(binding) and binding._record()


def _rfc3339(seconds):
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).isoformat()
