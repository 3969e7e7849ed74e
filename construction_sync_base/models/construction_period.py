from datetime import timedelta

from dateutil.relativedelta import relativedelta
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import file_open, format_date

from .construction_coding import EDIT_SENTINEL
from .construction_guard import FINANCE, PAYROLL, guard

JOB_COST_STATES = [
    ("open", "Open"),
    ("soft", "Soft lock"),
    ("review", "In review"),
    ("accrue", "Accruals"),
    ("locked", "Locked"),
]
STEPS = [state for state, _label in JOB_COST_STATES]
KEPT = {
    "job_cost_state",
    "job_cost_by_id",
    "job_cost_at",
    "payroll_state",
    "reopen_reason",
    "reopen_requested_by_id",
    "reopen_requested_at",
    "reopened_by_id",
}


class ConstructionPeriod(models.Model):
    """A month of a company and how far its job cost is closed. The ledger has lock dates of
    its own, set apart from these.

    A month without a row is open. From the soft lock on only Finance books into it and says
    why; a locked month takes nothing from anybody, which triggers hold whatever the path
    (`sql/job_cost.sql`). A locked month is reopened by two people of Finance. Nothing here or
    elsewhere moves a date into another month.

    Who books asks `_locked` (a month that takes nothing) or `_check_open` (raises).
    """

    _name = "construction.period"
    _description = "Job-Cost Period"
    _inherit = ["mail.thread"]
    _order = "month desc, company_id"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    month = fields.Date(
        required=True, default=lambda self: self._last_month(), help="Its first day."
    )
    ledger_state = fields.Selection(
        [("open", "Open"), ("soft", "Locked, with exceptions"), ("locked", "Locked")],
        string="Ledger",
        compute="_compute_ledger_state",
        help="From the lock dates of the company.",
    )
    job_cost_state = fields.Selection(
        JOB_COST_STATES,
        string="Job cost",
        required=True,
        default="open",
        readonly=True,
        copy=False,
        tracking=True,
    )
    job_cost_by_id = fields.Many2one("res.users", string="By", readonly=True, copy=False)
    job_cost_at = fields.Datetime(string="Since", readonly=True, copy=False)
    payroll_state = fields.Selection(
        [("open", "Open"), ("locked", "Locked")],
        string="Payroll",
        required=True,
        default="open",
        readonly=True,
        copy=False,
        tracking=True,
    )
    reopen_reason = fields.Char(readonly=True, copy=False, tracking=True)
    reopen_requested_by_id = fields.Many2one(
        "res.users", string="Reopening asked by", readonly=True, copy=False
    )
    reopen_requested_at = fields.Datetime(string="Reopening asked on", readonly=True, copy=False)
    reopened_by_id = fields.Many2one(
        "res.users", string="Reopened by", readonly=True, copy=False, tracking=True
    )
    next_step = fields.Char(compute="_compute_next_step")
    reopening = fields.Boolean(string="Waits for the second person", compute="_compute_next_step")

    _month_unique = models.Constraint(
        "UNIQUE (company_id, month)", "This month of the company is there already."
    )
    _first_day = models.Constraint(
        "CHECK (EXTRACT(DAY FROM month) = 1)", "A period is named by the first day of its month."
    )
    _states = models.Constraint(
        "CHECK (job_cost_state IN ('open', 'soft', 'review', 'accrue', 'locked')"
        " AND payroll_state IN ('open', 'locked'))",
        "A period is open, in one of the steps of closing, or locked.",
    )
    _who_and_when = models.Constraint(
        "CHECK (job_cost_state = 'open'"
        " OR (job_cost_by_id IS NOT NULL AND job_cost_at IS NOT NULL))",
        "A step of closing has a person and a time.",
    )
    _two_people = models.Constraint(
        "CHECK (reopened_by_id IS NULL OR (reopen_reason IS NOT NULL"
        " AND reopen_requested_by_id IS NOT NULL AND reopened_by_id != reopen_requested_by_id))",
        "A locked month is reopened by two people, with a reason.",
    )

    def init(self):
        """The triggers on the tables of Odoo that job cost stands in."""
        with file_open("construction_sync_base/sql/job_cost.sql") as script:
            self.env.cr.execute(script.read())

    @api.model
    def _last_month(self):
        return fields.Date.context_today(self).replace(day=1) - relativedelta(months=1)

    # ------------------------------------------------------------- computes
    @api.depends("month", "company_id")
    def _compute_display_name(self):
        for period in self:
            month = format_date(self.env, period.month, date_format="MMMM yyyy")
            period.display_name = f"{month}, {period.company_id.name}" if period.month else False

    @api.depends("month", "company_id.fiscalyear_lock_date", "company_id.hard_lock_date")
    def _compute_ledger_state(self):
        for period in self:
            companies = period.company_id.sudo().parent_ids | period.company_id
            last = period.month and period.month + relativedelta(months=1) - timedelta(days=1)
            period.ledger_state = "open"
            for state, name in (("soft", "fiscalyear_lock_date"), ("locked", "hard_lock_date")):
                if last and any(day and day >= last for day in companies.mapped(name)):
                    period.ledger_state = state

    @api.depends("job_cost_state", "reopen_requested_by_id", "reopened_by_id")
    def _compute_next_step(self):
        labels = dict(self._fields["job_cost_state"]._description_selection(self.env))
        for period in self:
            state = period.job_cost_state
            period.next_step = labels[STEPS[STEPS.index(state) + 1]] if state in STEPS[:-1] else ""
            period.reopening = bool(
                state == "locked" and period.reopen_requested_by_id and not period.reopened_by_id
            )

    # ------------------------------------------------------------------ ask
    @api.model
    def _closing(self, pairs):
        """{(company id, first day of month): state} of the months among (company id, date)
        `pairs` that are not open; one query."""
        months = {(company_id, _month(day)) for company_id, day in pairs if company_id and day}
        if not months:
            return {}
        rows = self.sudo().search_fetch(
            [
                ("company_id", "in", list({company_id for company_id, _day in months})),
                ("month", "in", list({day for _company_id, day in months})),
                ("job_cost_state", "!=", "open"),
            ],
            ["company_id", "month", "job_cost_state"],
        )
        found = {(row.company_id.id, row.month): row.job_cost_state for row in rows}
        return {key: state for key, state in found.items() if key in months}

    @api.model
    def _locked(self, company, dates):
        """Those of `dates` whose month takes no job cost of `company` any more, as a set.
        Dates may be text or dates; they come back as they were given."""
        dates = list(dates)
        found = self._closing([(company.id, day) for day in dates])
        return {day for day in dates if day and found.get((company.id, _month(day))) == "locked"}

    @api.model
    def _check_open(self, entries):
        """Refuse what would change the job cost of a month that is closed to it.

        :param entries: iterable of (company id, date, reason why it is booked late or falsy);
            between soft lock and lock Finance may book, with a reason
        :raises UserError: names the month and the way out
        """
        entries = list(entries)
        closing = self._closing([entry[:2] for entry in entries])
        if not closing:
            return
        finance = self.env.user.has_group(FINANCE)
        for company_id, day, reason in entries:
            state = closing.get((company_id, _month(day))) if day else None
            if state and (state == "locked" or not finance or not reason):
                raise UserError(self._refusal(company_id, _month(day), state))

    @api.model
    def _refusal(self, company_id, month, state):
        """Why a month takes no booking, and what to do."""
        company = self.env["res.company"].sudo().browse(company_id)
        name = format_date(self.env, month, date_format="MMMM yyyy")
        if state == "locked":
            return self.env._(
                "The job cost of %(month)s is locked in %(company)s: nothing in it is added, "
                "changed or deleted. Use a date in an open month, or ask Finance to reopen the "
                "month (Cost Control ▸ Periods).",
                month=name,
                company=company.name,
            )
        return self.env._(
            "The job cost of %(month)s is being closed in %(company)s: only Finance books into "
            "it, with the “Reason for late booking” filled in.",
            month=name,
            company=company.name,
        )

    @api.model
    def _sql_error_to_message(self, exc):
        """What the triggers refuse, in the words of the checks above."""
        if exc.diag.constraint_name == "construction_period_locked":
            return self.env._(
                "The job cost of %s is locked: nothing in it is added, changed or deleted.",
                exc.diag.message_detail,
            )
        if exc.diag.constraint_name == "construction_cost_posted":
            return self.env._(
                "Cost of a job comes from a posted journal item: post a bill or an entry on the "
                "cost account with the coding of the job."
            )
        return super()._sql_error_to_message(exc)

    # -------------------------------------------------------------- actions
    @guard("approve", FINANCE)
    def _check_finance(self):
        return self.env._("Finance closes and reopens the months of job cost.")

    def action_advance(self):
        """The next step of closing: soft lock, review, accruals, lock."""
        self._check_finance()
        for period in self:
            if period.job_cost_state == "locked":
                raise UserError(self.env._("%s is locked already.", period.display_name))
            period._go(STEPS[STEPS.index(period.job_cost_state) + 1])
        return True

    def action_reopen_dialog(self):
        return self.env["construction.reason"]._ask(self, "reopen")

    def action_reopen(self, reason):
        """Open a month again. One that is locked waits for a second person of Finance.

        :raises UserError: no reason, or the month is open
        """
        self._check_finance()
        if not (reason or "").strip():
            raise UserError(self.env._("Say why the month is opened again."))
        for period in self:
            if period.job_cost_state == "open":
                raise UserError(self.env._("%s is open.", period.display_name))
            if period.job_cost_state != "locked":
                period._go("open", reason)
                continue
            period._by_action().write(
                {
                    "reopen_reason": reason,
                    "reopen_requested_by_id": self.env.uid,
                    "reopen_requested_at": fields.Datetime.now(),
                    "reopened_by_id": False,
                }
            )
            self.env["construction.audit"].sudo()._record(
                period, "job_cost_reopening_asked", {"reason": reason}
            )
        return True

    def action_confirm_reopen(self):
        """The second person: the month goes back to the soft lock, so that Finance corrects
        it and what waited for it is taken up.

        :raises UserError: nobody asked, or the user did
        """
        self._check_finance()
        for period in self:
            if not period.reopening:
                raise UserError(self.env._("Nobody asked to reopen %s.", period.display_name))
            if period.reopen_requested_by_id == self.env.user:
                raise UserError(
                    self.env._(
                        "You asked to reopen %s: another person of Finance confirms it.",
                        period.display_name,
                    )
                )
            period._by_action().reopened_by_id = self.env.user
            period._go("soft", period.reopen_reason)
        return True

    def action_keep_locked(self):
        """Take the request back, or refuse it."""
        self._check_finance()
        asked = self.filtered("reopening")
        asked._by_action().write(
            {"reopen_reason": False, "reopen_requested_by_id": False, "reopen_requested_at": False}
        )
        self.env["construction.audit"].sudo()._record(asked, "job_cost_kept_locked")
        return True

    @guard("approve", PAYROLL)
    def _check_payroll(self):
        return self.env._("Payroll closes and opens its months.")

    def action_payroll(self):
        """Lock the payroll of the month, or open it again."""
        self._check_payroll()
        for period in self:
            state = "locked" if period.payroll_state == "open" else "open"
            period._by_action().payroll_state = state
            self.env["construction.audit"].sudo()._record(period, f"payroll_{state}")
        return True

    def _go(self, state, reason=False):
        self.ensure_one()
        before = self.job_cost_state
        values = {
            "job_cost_state": state,
            "job_cost_by_id": self.env.uid,
            "job_cost_at": fields.Datetime.now(),
        }
        if state == "locked":
            values |= dict.fromkeys(
                ("reopen_reason", "reopen_requested_by_id", "reopen_requested_at",
                 "reopened_by_id"), False,
            )  # fmt: skip
        self._by_action().write(values)
        detail = {"month": str(self.month), "from": before, "to": state}
        self.env["construction.audit"].sudo()._record(
            self, f"job_cost_{state}", detail | ({"reason": reason} if reason else {})
        )
        if before == "locked":
            self._announce()

    def _announce(self):
        """What waited for one of these months may go on."""
        self.env["construction.resolver"].sudo()._available(
            [("period", period._wait_value(period.company_id, period.month)) for period in self]
        )

    @api.model
    def _wait_value(self, company, day):
        """What an event that waits for a month names in its wait key."""
        return f"{_month(day):%Y-%m}|{company.id}"

    # ---------------------------------------------------------------- guard
    def _by_action(self):
        """The same periods, with the door to their state open."""
        return self.sudo().with_context(construction_period=EDIT_SENTINEL)

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if any(vals.get(name, "open") not in ("open", False) for name in KEPT):
                raise UserError(self.env._("A month starts open and is closed by its buttons."))
        return super().create(
            [
                vals | {"month": _month(vals["month"])} if vals.get("month") else vals
                for vals in vals_list
            ]
        )

    def write(self, vals):
        if self.env.context.get("construction_period") is not EDIT_SENTINEL and (
            KEPT | {"company_id", "month"}
        ) & set(vals):
            raise UserError(self.env._("A month is closed and opened by its buttons."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_open(self):
        if any(period.job_cost_state != "open" for period in self):
            raise UserError(self.env._("A month that was closed is reopened, not deleted."))


def _month(day):
    return fields.Date.to_date(day).replace(day=1)
