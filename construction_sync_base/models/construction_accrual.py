from dateutil.relativedelta import relativedelta
from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..lib import money
from .construction_ledger_document_mixin import ConstructionLedgerDocumentMixin as Document
from .construction_numbered_draft_mixin import DRAFT_FIELDS

KINDS = [
    ("received_not_billed", "Received, not billed"),
    ("work_not_billed", "Work in place, not billed"),
    ("labor", "Labor"),
    ("other", "Other"),
]


class ConstructionAccrual(models.Model):
    """Cost of a month for which no bill is there yet.

    Its release posts Dr cost (with the job's coding) / Cr accrued cost (without) on the last
    day of the month, and the reversal on the first day of the next. Between the two, what is
    accrued on a commitment is actual cost and no longer open commitment (accounting rules,
    "Accruals").
    """

    _name = "construction.accrual"
    _description = "Cost Accrual"
    _inherit = ["construction.ledger.correction.mixin"]
    _order = "month desc, id desc"

    _release_type = "accrual"
    _release_label = "Accrual"
    _release_required = ("month", "line_ids")
    _gate_fields = Document._gate_fields | {"reversal_id", "replaces_id", "from_platform"}
    _frozen = DRAFT_FIELDS | {"month", "kind", "reason"}

    month = fields.Date(
        required=True, default=lambda self: self._last_month(), help="Its first day."
    )
    date = fields.Date(
        compute="_compute_dates", store=True, precompute=True, help="Last day of the month."
    )
    reverses_on = fields.Date(compute="_compute_dates", store=True, precompute=True)
    kind = fields.Selection(KINDS, required=True, default="received_not_billed")
    reason = fields.Char()
    line_ids = fields.One2many("construction.accrual.line", "accrual_id", copy=True)
    amount_total = fields.Monetary(string="Accrued", compute="_compute_amount_total", store=True)
    reversal_id = fields.Many2one("account.move", readonly=True, copy=False, check_company=True)
    state = fields.Selection(
        selection_add=[("replaced", "Replaced")], ondelete={"replaced": "set default"}
    )
    replaces_id = fields.Many2one(
        "construction.accrual",
        string="Takes the place of",
        readonly=True,
        copy=False,
        check_company=True,
        index="btree_not_null",
        ondelete="restrict",
        help="A released accrual that was wrong: the release of this one takes it back first.",
    )
    from_platform = fields.Boolean(readonly=True, copy=False)

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
    def _ledger_days(self):
        return [self.date, self.reverses_on]

    def _release_effect(self):
        self.ensure_one()
        if self.state != "draft" or not self.line_ids:
            return False
        replaced = ""
        first = self._taken_back_first()
        if first:
            replaced = self.env._(
                "Takes back %(accrual)s first: %(amount)s.\n",
                accrual=first.number,
                amount=self._shown(first.amount_total),
            )
        return replaced + self.env._(
            "%(amount)s cost on %(date)s, taken back on %(reversed)s.\n%(lines)s",
            amount=self._shown(self.amount_total),
            date=self.date,
            reversed=self.reverses_on,
            lines="\n".join(line._effect() for line in self.line_ids),
        )

    def _release_perform(self):
        self._check_ready()
        self._taken_back_first()._replace()
        moves = self._posted_entries()
        reversals = moves._reverse_moves(
            [
                {
                    "date": record.reverses_on,
                    "ref": self.env._("Reversal of %s", record.number),
                    "job_cost_reason": record.reason or record.number,
                }
                for record in self
            ]
        )
        reversals._post(soft=True)  # one that lies ahead is posted by Odoo on its day
        for record, move, reversal in zip(self, moves, reversals, strict=True):
            record.write({"move_id": move.id, "reversal_id": reversal.id, "state": "posted"})

    def _taken_back_first(self):
        """What the release takes back; nothing of one that somebody has undone meanwhile."""
        return self.replaces_id.filtered(lambda accrual: accrual.state == "posted")

    def _replace(self):
        """Take back entry and reversal, each on its own day, by entries of their own; one that
        still waits for its day is cancelled."""
        ahead = self.reversal_id.filtered(lambda move: move.state == "draft")
        ahead.button_cancel()
        booked = self.move_id | (self.reversal_id - ahead)
        backs = booked._reverse_moves(
            [
                {
                    "date": move.date,
                    "ref": self.env._("Replaced: %s", move.ref or move.name),
                    "job_cost_reason": move.job_cost_reason,
                }
                for move in booked
            ]
        )
        backs._post(soft=False)
        self.write({"state": "replaced"})

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

    def _entries(self):
        return super()._entries() | self.reversal_id
