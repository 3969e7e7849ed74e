import time
from datetime import UTC, datetime

from odoo import api, fields, models

from ..lib.breaker import Breaker
from ..transactions import own_transaction
from .construction_guard import INTEGRATION_MANAGER, guard

OPERATIONS = [("read", "Reading"), ("write", "Writing"), ("token", "Tokens")]
FOR_EVER = 1e12  # seconds since 1970: stopped by a person
_ROW = """
    SELECT failures, opened, retry_at, probing FROM construction_breaker
     WHERE platform_id = %s AND operation = %s
"""
_NOW = "SELECT extract(epoch FROM clock_timestamp())::float8"


class ConstructionBreaker(models.Model):
    """Whether a platform is called at all: one row for each of its operations, shared by every
    worker of every node (`lib/breaker.py`). Times are the database's."""

    _name = "construction.breaker"
    _description = "Circuit Breaker"
    _order = "platform_id, operation"
    _rec_name = "operation"
    _check_company_auto = True

    platform_id = fields.Many2one(
        "construction.platform", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="platform_id.company_id", store=True, index=True)
    operation = fields.Selection(OPERATIONS, required=True, readonly=True)
    failures = fields.Integer(string="Failures in a row", required=True, readonly=True, default=0)
    opened = fields.Integer(
        required=True, readonly=True, default=0, help="Times since it was closed."
    )
    retry_at = fields.Float(required=True, readonly=True, default=0, help="Seconds since 1970.")
    probing = fields.Boolean(required=True, readonly=True, default=False)
    last_error = fields.Char(readonly=True)
    last_error_at = fields.Datetime(readonly=True)
    state = fields.Selection(
        [
            ("closed", "Calls pass"),
            ("open", "No calls"),
            ("half_open", "Next call decides"),
            ("stopped", "Stopped by hand"),
        ],
        compute="_compute_state",
    )
    next_call_at = fields.Datetime(compute="_compute_state")

    _one = models.Constraint(
        "UNIQUE (platform_id, operation)", "An operation of a platform has one breaker."
    )

    @api.depends("failures", "opened", "retry_at", "probing")
    def _compute_state(self):
        now = time.time()
        for row in self:
            stopped = row.retry_at >= FOR_EVER
            row.state = "stopped" if stopped else row._value().state(now)
            waits = row.opened and not stopped
            moment = datetime.fromtimestamp(row.retry_at, UTC) if waits else None
            row.next_call_at = moment.replace(tzinfo=None) if moment else False

    def _value(self):
        return Breaker(self.failures, self.opened, self.retry_at, self.probing)

    # ------------------------------------------------------------- calls
    @api.model
    def _admit(self, platform_id, operation):
        """Whether a call may be made, in a transaction of the caller's that ends at once.

        What is closed is read without a lock.

        :return: (seconds to wait, 0: it may be made; whether an answer has to be told, since it
            would close the breaker or end a row of failures)
        """
        self.env.cr.execute(_ROW, (platform_id, operation))
        row = self.env.cr.fetchone()
        if not row or not row[1]:
            return 0.0, bool(row and row[0])
        before, now = self._locked(platform_id, operation)
        after, wait = before.admit(now)
        if after != before:
            self._keep(platform_id, operation, after)
        return wait, True

    @api.model
    def _answered(self, platform_id, operation):
        """A call was answered, whatever the answer was."""
        with own_transaction(self.env) as env:
            before, _now = env[self._name]._locked(platform_id, operation)
            if before.retry_at < FOR_EVER:
                env[self._name]._keep(platform_id, operation, before.succeeded())

    @api.model
    def _failed(self, platform_id, operation, text):
        """A call was not answered, or not as it should have been."""
        with own_transaction(self.env) as env:
            before, now = env[self._name]._locked(platform_id, operation)
            env[self._name]._keep(platform_id, operation, before.failed(now), text)

    def _locked(self, platform_id, operation):
        """(the breaker, locked; seconds since 1970 by the database's clock)"""
        self.env.cr.execute(f"{_ROW} FOR UPDATE", (platform_id, operation))
        row = self.env.cr.fetchone()
        self.env.cr.execute(_NOW)
        return Breaker(*row), self.env.cr.fetchone()[0]

    def _keep(self, platform_id, operation, value, error=None):
        self.env.cr.execute(
            """
            UPDATE construction_breaker
               SET failures = %s, opened = %s, retry_at = %s, probing = %s,
                   last_error = COALESCE(%s, last_error),
                   last_error_at = CASE WHEN %s IS NULL THEN last_error_at
                                        ELSE now() AT TIME ZONE 'UTC' END
             WHERE platform_id = %s AND operation = %s
            """,
            (value.failures, value.opened, value.retry_at, value.probing, error, error,
             platform_id, operation),
        )  # fmt: skip

    # ----------------------------------------------------------- buttons
    @guard("connect", INTEGRATION_MANAGER)
    def _check_operator(self):
        return self.env._("Integration Managers stop calls and let them pass.")

    def action_close(self):
        """Let calls pass now; the next failures open it again."""
        self._check_operator()
        self.sudo().write({"failures": 0, "opened": 0, "retry_at": 0, "probing": False})
        self.env["construction.audit"].sudo()._record(self, "calls_resumed")
        return True

    def action_stop(self):
        """No call passes until somebody lets them."""
        self._check_operator()
        self.sudo().write({"opened": 1, "retry_at": FOR_EVER, "probing": False})
        self.env["construction.audit"].sudo()._record(self, "calls_stopped")
        return True
