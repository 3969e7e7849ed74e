from dateutil.relativedelta import relativedelta
from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import formatLang

from ..lib import money
from .construction_guard import FINANCE, PROJECT_MANAGER, guard
from .construction_release_mixin import GATE_FIELDS

KINDS = [
    ("received_not_billed", "Received, not billed"),
    ("work_not_billed", "Work in place, not billed"),
    ("labor", "Labor"),
    ("other", "Other"),
]
FROZEN = {"company_id", "month", "kind", "reason", "line_ids", "number"}


class ConstructionAccrual(models.Model):
    """Cost of a month for which no bill is there yet.

    Its release posts Dr cost (with the job's coding) / Cr accrued cost (without) on the last
    day of the month, and the reversal on the first day of the next. Between the two, what is
    accrued on a commitment is actual cost and no longer open commitment (accounting rules,
    "Accruals").
    """

    _name = "construction.accrual"
    _description = "Cost Accrual"
    _inherit = ["mail.thread", "mail.activity.mixin", "construction.release.mixin"]
    _order = "month desc, id desc"
    _rec_name = "number"
    _check_company_auto = True

    _release_type = "accrual"
    _release_label = "Accrual"
    _release_required = ("month", "line_ids")
    _gate_fields = GATE_FIELDS | {"move_id", "reversal_id", "state"}

    number = fields.Char(
        required=True, default=lambda self: self.env._("New"), copy=False, readonly=True
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    month = fields.Date(
        required=True, default=lambda self: self._last_month(), help="Its first day."
    )
    date = fields.Date(
        compute="_compute_dates", store=True, precompute=True, help="Last day of the month."
    )
    reverses_on = fields.Date(compute="_compute_dates", store=True, precompute=True)
    kind = fields.Selection(KINDS, required=True, default="received_not_billed")
    reason = fields.Char()
    state = fields.Selection(
        [("draft", "Draft"), ("posted", "Posted")],
        required=True,
        default="draft",
        copy=False,
        readonly=True,
        tracking=True,
    )
    line_ids = fields.One2many("construction.accrual.line", "accrual_id", copy=True)
    amount_total = fields.Monetary(string="Accrued", compute="_compute_amount_total", store=True)
    move_id = fields.Many2one(
        "account.move", string="Entry", readonly=True, copy=False, check_company=True
    )
    reversal_id = fields.Many2one(
        "account.move", string="Reversal", readonly=True, copy=False, check_company=True
    )

    _month_first_day = models.Constraint(
        "CHECK (EXTRACT(DAY FROM month) = 1)", "An accrual is of a month: give its first day."
    )
    _posted = models.Constraint(
        "CHECK (state = 'draft' OR (move_id IS NOT NULL AND reversal_id IS NOT NULL))",
        "A posted accrual has its entry and its reversal.",
    )

    @api.model
    def _last_month(self):
        return fields.Date.context_today(self).replace(day=1) - relativedelta(months=1)

    @api.depends("month")
    def _compute_dates(self):
        for record in self:
            record.reverses_on = record.month and record.month + relativedelta(months=1)
            record.date = record.month and record.month + relativedelta(months=1, days=-1)

    @api.depends("line_ids.amount")
    def _compute_amount_total(self):
        for record in self:
            record.amount_total = sum(record.line_ids.mapped("amount"))

    @api.constrains("month")
    def _check_month(self):
        if any(record.month.day != 1 for record in self):
            raise ValidationError(self.env._("An accrual is of a month: give its first day."))

    # ----------------------------------------------------------------- gate
    @guard("approve", PROJECT_MANAGER, FINANCE)
    def _check_submitter(self):
        return self.env._("Project Managers and Finance propose accruals.")

    def action_submit(self):
        """Ask Finance for the release; it sees the effect before it decides.

        :raises UserError: it is no draft, its month is locked, or a line accrues more of a
            commitment than is open
        """
        self._check_submitter()
        if any(record.state != "draft" for record in self):
            raise UserError(self.env._("Only drafts are submitted."))
        self._release_submit()
        return True

    def _release_request(self, accepted=False):
        self._check_open_months()
        self.line_ids._check_open()
        return super()._release_request(accepted)

    def _check_open_months(self):
        Period = self.env["construction.period"]
        for company, records in self.grouped("company_id").items():
            days = records.mapped("date") + records.mapped("reverses_on")
            for day in Period._locked(company, days):
                raise UserError(Period._refusal(company.id, day.replace(day=1), "locked"))

    def _release_amount(self):
        return self.amount_total

    def _approval_extra(self):
        jobs = self.line_ids.job_id
        return {"job_id": jobs.id} if len(jobs) == 1 else {}

    def _release_effect(self):
        self.ensure_one()
        if self.state != "draft" or not self.line_ids:
            return False
        return self.env._(
            "%(amount)s cost on %(date)s, taken back on %(reversed)s.\n%(lines)s",
            amount=self._shown(self.amount_total),
            date=self.date,
            reversed=self.reverses_on,
            lines="\n".join(line._effect() for line in self.line_ids),
        )

    def _shown(self, amount):
        return formatLang(self.env, float(amount), currency_obj=self.currency_id)

    def _release_perform(self):
        self._check_open_months()
        self.line_ids._check_open()
        journals = self.env["construction.cost.transfer"]._journals_of(self.company_id)
        moves = self.env["account.move"].create(
            [record._entry(journals[record.company_id]) for record in self]
        )
        moves._post(soft=False)
        reversals = moves._reverse_moves(
            [
                {"date": record.reverses_on, "ref": self.env._("Reversal of %s", record.number)}
                for record in self
            ]
        )
        reversals._post(soft=True)  # one that lies ahead is posted by Odoo on its day
        for record, move, reversal in zip(self, moves, reversals, strict=True):
            record.write({"move_id": move.id, "reversal_id": reversal.id, "state": "posted"})

    def _entry(self, journal):
        digits = self.currency_id.decimal_places
        account = self.env["construction.account.map"]._other_account_id(
            self.company_id, "accrual_account_id"
        )
        if not account:
            raise UserError(
                self.env._(
                    "%s has no account for accrued cost: enter one in the account map.",
                    self.company_id.name,
                )
            )
        total = sum(money.from_float(line.amount, digits) for line in self.line_ids)
        return {
            "move_type": "entry",
            "company_id": self.company_id.id,
            "journal_id": journal.id,
            "date": self.date,
            "ref": f"{self.number} {self.reason or ''}".strip(),
            "job_cost_reason": self.reason or self.number,
            "line_ids": [
                *(fields.Command.create(line._item(digits)) for line in self.line_ids),
                fields.Command.create(
                    {
                        "name": self.number,
                        "account_id": account,
                        "balance": money.to_float(-total, digits),
                        "tax_ids": [fields.Command.clear()],
                    }
                ),
            ],
        }

    # ---------------------------------------------------------------- guard
    @api.model_create_multi
    def create(self, vals_list):
        new = self.env._("New")
        for vals in vals_list:
            if vals.get("number", new) == new:
                vals["number"] = self.env["ir.sequence"].next_by_code(self._name) or new
        return super().create(vals_list)

    def write(self, vals):
        if FROZEN & set(vals):
            self._check_editable()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        self._check_editable()

    def _check_editable(self):
        if any(record.state != "draft" or record.release_state == "to_release" for record in self):
            raise UserError(
                self.env._("What is submitted or posted is not edited: take it back first.")
            )

    # -------------------------------------------------------------- buttons
    def action_open_entries(self):
        self.ensure_one()
        self.check_access("read")
        return (self.move_id | self.reversal_id)._get_records_action(context={})
