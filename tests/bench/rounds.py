"""Both sides of the comparison with the plain ORM. Runs inside Odoo's shell."""

import gc
import hashlib
import json
import time
import uuid
from contextlib import contextmanager
from unittest.mock import patch

from odoo import SUPERUSER_ID, api, fields

from odoo.addons.construction_sync_base import audit_reader
from odoo.addons.construction_sync_base.lib import envelope
from odoo.addons.construction_sync_base.lib.batch import Item
from odoo.addons.construction_sync_base.models.construction_apply import APPLY_CONTEXT

from . import documents

MODELS = {
    "cost_code": "construction.cost.code",
    "vendor": "res.partner",
    "commitment": "purchase.order",
    "job": "project.project",
    "budget": "construction.budget",
}
PLATFORM = "bench"


def store(env, events):
    """Put events into the inbox the way the endpoint does."""
    inbox = env["construction.inbox"]
    route = env["construction.platform"]._route(PLATFORM)
    for start in range(0, len(events), envelope.MAX_BATCH):
        body = json.dumps(events[start : start + envelope.MAX_BATCH]).encode()
        parsed = envelope.split(body, envelope.BATCH)
        delivery = {
            "source_address": "127.0.0.1",
            "headers": {},
            "body": body,
            "sha256": hashlib.sha256(body).hexdigest(),
        }
        results, _correlation = inbox._store(route, parsed, delivery)
        refused = [result for result in results if result[1] != "accepted"]
        if refused:
            raise ValueError(f"not accepted: {refused[:3]}")


def set_up(env):
    """A company with a chart and an account map, one active platform and its master data.

    :return: the platform's secret, and the routing id of a webhook of Odoo's own
    """
    company = env.company
    if not env["account.account"].search_count([("company_ids", "in", company.id)], limit=1):
        env["account.chart.template"].try_loading("generic_coa", company, install_demo=False)
    env["construction.account.map"]._propose(company)
    # the limit is on, and so high that it is the server which is measured
    limit = {"rate_per_minute": 600_000, "rate_burst": 1_000_000}
    platform = env["construction.platform"].create({"name": "Bench", "key": PLATFORM} | limit)
    secret = platform.rotate_secret()
    platform.action_activate()
    store(env, documents.master_data())
    env.cr.commit()
    while env["construction.drain"]._drain("standard"):  # it ends after 20 s
        env.cr.commit()
    env.cr.commit()
    left = env["construction.event"].search([("state", "!=", "processed")])
    if left:
        raise ValueError(f"not applied: {left.mapped('type')}: {left.issue_ids.mapped('message')}")
    return {"secret": secret, "hook": _automation(env)}


def _automation(env):
    """A webhook of Odoo's own that runs one action that does nothing; its routing id."""
    automation = env["base.automation"].create(
        {
            "name": "Bench",
            "model_id": env.ref("base.model_res_partner").id,
            "trigger": "on_webhook",
            "record_getter": "model.env.company.partner_id",
            "log_webhook_calls": False,
            "action_server_ids": [
                fields.Command.create(
                    {
                        "name": "Nothing",
                        "model_id": env.ref("base.model_res_partner").id,
                        "state": "code",
                        "code": "pass",
                        "usage": "base_automation",
                    }
                )
            ],
        }
    )
    return automation.webhook_uuid


class Rounds:
    """Rounds of one kind of document. A side that does not finish its documents raises:
    a figure for work that was not done would be worth nothing."""

    def __init__(self, registry, kind, count):
        self.registry = registry
        self.kind = kind
        self.count = count
        self.run = uuid.uuid4().hex[:6]

    def warm_up(self):
        self.play(0)

    def play(self, number):
        """:return: seconds of both sides"""
        return {
            "ours": self.ours(f"{self.run}a{number}"),
            "theirs": self.theirs(f"{self.run}b{number}"),
        }

    @contextmanager
    def _env(self):
        with self.registry.cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {})

    def ours(self, prefix):
        """One drain of stored events: claim, decide, apply, bind, audit, commit."""
        with self._env() as env:
            store(env, documents.batch(self.kind, prefix, self.count))
        self._analyze()
        started = time.perf_counter()
        with self._env() as env:
            env["construction.drain"]._drain("standard")
        seconds = time.perf_counter() - started
        with self._env() as env:
            left = env["construction.event"].search([("state", "!=", "processed")])
            if left:
                raise ValueError(f"{left.mapped('state')}: {left.issue_ids.mapped('message')[:3]}")
        return seconds

    def theirs(self, prefix):
        """One create() of the same values as the same user, confirmed, and committed."""
        vals_list = self._values(documents.batch(self.kind, prefix, self.count))
        self._analyze()
        started = time.perf_counter()
        with self._env() as env:
            records = self._as_service_user(env)[MODELS[self.kind]].create(vals_list)
            if self.kind == "commitment":
                records.button_confirm()
        seconds = time.perf_counter() - started
        with self._env() as env:
            made = env[MODELS[self.kind]].browse(records.ids).exists()
            states = set(made.mapped("state")) if self.kind == "commitment" else {"purchase"}
            if len(made) != self.count or states != {"purchase"}:
                raise ValueError(f"{len(made)} records, {states}")
        return seconds

    def _as_service_user(self, env):
        platform = env["construction.platform"].search([("key", "=", PLATFORM)])
        context = {"allowed_company_ids": platform.company_ids.ids, **APPLY_CONTEXT}
        return env(user=platform.service_user_id, context=context)

    def _values(self, events):
        """What the handler itself passes to create() for these events, rolled back: both
        sides write the same values, and neither is spared a default."""
        recorded = []
        with self._env() as env:
            platform = env["construction.platform"].search([("key", "=", PLATFORM)])
            handler = env["construction.handler"]._for_type(events[0]["type"])
            handler = handler.with_env(self._as_service_user(env))
            model = type(env[MODELS[self.kind]])
            original = model.create

            def create(records, vals_list):
                for vals in vals_list:
                    recorded.append(_copy(vals))
                    recorded[-1].pop("platform_approval", None)  # refused to everybody else
                return original(records, vals_list)

            # what a document notes of its event has to find one; nothing of it stays
            ids = env["construction.event"].search([], order="id desc", limit=len(events)).ids
            with patch.object(model, "create", create):
                handler._apply(
                    [self._item(platform, *pair) for pair in zip(ids, events, strict=True)]
                )
            env.cr.rollback()
        if len(recorded) != self.count:
            raise ValueError(f"the handler created {len(recorded)} of {self.count}")
        return recorded

    def _item(self, platform, number, event):
        return Item(
            id=number,
            platform_id=platform.id,
            company_id=platform.company_id.id,
            type=event["type"],
            object=event["type"].split(".")[1],
            subject=event["subject"],
            sequence=event["sequence"],
            time=None,
            data=json.loads(json.dumps(event["data"])),
            data_digest="",
            replaces=True,
        )

    def _analyze(self):
        """Fresh statistics for both sides, and no garbage of the other in the way."""
        with self.registry.cursor() as cr:
            cr.execute("ANALYZE")
        gc.collect()


def _copy(value):
    """A deep copy of values: create() of a model may change the dictionaries it is given."""
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_copy(item) for item in value)
    return value


def fill(env, rows):
    """Put `rows` applied events with delivery and audit row into the tables, by SQL."""
    with env.registry.cursor() as cr:
        cr.execute("SELECT id, company_id FROM construction_platform WHERE key = %s", (PLATFORM,))
        platform, company = cr.fetchone()
        cr.execute(
            """
            WITH delivery AS (
                INSERT INTO construction_delivery (platform_id, company_id, received_at, body,
                            body_sha256, headers, verdict)
                     SELECT %(platform)s, %(company)s, now(), 'body', md5(n::text), '{}', 'accepted'
                       FROM generate_series(1, %(rows)s) n
                  RETURNING id
            )
            INSERT INTO construction_event (platform_id, company_id, delivery_id, event_id, source,
                        type, subject, payload, digest, data_digest, lane, state, attempts,
                        crashes, failures, received_at, processed_at, correlation_id)
                 SELECT %(platform)s, %(company)s, id, 'old-' || id, 'https://platform.example',
                        'construction.cost_code.upserted.v1', 'cost_code/' || id %% 200000,
                        repeat('x', 400), md5(id::text), md5(id::text), 'standard', 'processed',
                        1, 0, 0, now(), now(), md5(id::text)
                   FROM delivery
            """,
            {"platform": platform, "company": company, "rows": rows},
        )
        cr.execute(
            """
            INSERT INTO construction_audit (company_id, model, res_id, action, actor_id, event_id)
                 SELECT company_id, 'construction.event', id, 'event_processed', %s, id
                   FROM construction_event WHERE event_id LIKE 'old-%%'
            """,
            (SUPERUSER_ID,),
        )


def drain_noops(env, count):
    """Store `count` no-op events and drain them, committed; events per second of the drain."""
    with env.registry.cursor() as cr:
        api.Environment(cr, SUPERUSER_ID, {})["construction.bench"].store_pings(PLATFORM, count)
    gc.collect()
    started = time.perf_counter()
    drained = 0
    while drained < count:
        with env.registry.cursor() as cr:
            drained += api.Environment(cr, SUPERUSER_ID, {})["construction.drain"]._drain(
                "standard"
            )
    return count / (time.perf_counter() - started)


@contextmanager
def sealing_off(env):
    """What is not sealed meanwhile waits, and is sealed by the next drain outside."""
    with patch.object(env.registry["construction.audit.seal"], "_seal", lambda _self: 0):
        yield
    with env.registry.cursor() as cr:
        api.Environment(cr, SUPERUSER_ID, {})["construction.audit.seal"]._seal()


def hashed_entries(env, count):
    """Post `count` entries of two lines into a journal that Odoo secures with hashes."""
    journal = env["account.journal"].search(
        [("type", "=", "general"), ("company_id", "=", env.company.id)], limit=1
    )
    journal.restrict_mode_hash_table = True
    accounts = env["account.account"].search(
        [("account_type", "in", ("expense", "asset_current"))], limit=2
    )
    lines = [(accounts[0].id, 10, 0), (accounts[-1].id, 0, 10)]
    moves = env["account.move"].create(
        [
            {
                "journal_id": journal.id,
                "date": "2026-01-15",
                "line_ids": [
                    fields.Command.create({"account_id": account, "debit": debit, "credit": credit})
                    for account, debit, credit in lines
                ],
            }
            for _number in range(count)
        ]
    )
    moves.action_post()
    env.cr.commit()
    if not all(moves.mapped("inalterable_hash")):
        moves.button_hash()
        env.cr.commit()


def verified(env):
    """:return: (audit rows per second, journal entries per second), both found intact"""
    env.invalidate_all()
    started = time.perf_counter()
    found = audit_reader.verify(env.cr, None, [])
    ours = time.perf_counter() - started
    rows = env["construction.audit"].search_count([("sealed", "=", True)])
    accountant = env.ref("base.user_admin")  # Odoo's check refuses everybody else
    accountant.group_ids |= env.ref("account.group_account_user")
    company = env(user=accountant).company
    env.flush_all()
    env.invalidate_all()
    started = time.perf_counter()
    report = company._check_hash_integrity()
    theirs = time.perf_counter() - started
    entries = env["account.move"].search_count([("inalterable_hash", "!=", False)])
    if found or not rows or not entries:
        raise ValueError(f"{rows} rows, findings {found}; {entries} entries, {report}")
    return rows / ours, entries / theirs
