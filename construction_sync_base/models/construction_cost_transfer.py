from odoo import api, fields, models

from ..lib import money, transfer
from .construction_ledger_document_mixin import ConstructionLedgerDocumentMixin as Document
from .construction_numbered_draft_mixin import DRAFT_FIELDS


class ConstructionCostTransfer(models.Model):
    """Cost of a job moved to another code, type or job of the company: the one way to recode
    what is posted.

    Its release posts a new entry, dated in an open month, that takes the amount off the old
    coding and puts it on the new one, on the same account. The original item stays as it is.
    """

    _name = "construction.cost.transfer"
    _description = "Cost Transfer"
    _inherit = ["construction.ledger.correction.mixin"]
    _order = "date desc, id desc"

    _release_type = "cost_transfer"
    _release_label = "Cost transfer"
    _release_required = ("date", "reason", "line_ids")
    _gate_fields = Document._gate_fields | {"from_platform"}
    _frozen = DRAFT_FIELDS | {"date", "reason"}

    date = fields.Date(
        required=True,
        default=fields.Date.context_today,
        tracking=True,
        help="Of the entry. Its month decides where the cost moves, whenever the original was.",
    )
    reason = fields.Char(required=True, tracking=True)
    line_ids = fields.One2many("construction.cost.transfer.line", "transfer_id", copy=True)
    amount_total = fields.Monetary(string="Moved", compute="_compute_amount_total", store=True)
    from_platform = fields.Boolean(readonly=True, copy=False)

    _posted = models.Constraint(
        "CHECK (state = 'draft' OR move_id IS NOT NULL)", "A posted transfer has its entry."
    )

    @api.depends("line_ids.amount")
    def _compute_amount_total(self):
        for record in self:
            record.amount_total = sum(abs(line.amount) for line in record.line_ids)

    # ----------------------------------------------------------------- gate
    def action_submit(self):
        super().action_submit()
        return {"type": "ir.actions.act_window_close"}

    def _releases_itself(self, policy):
        """By itself only into open months: later Finance decides."""
        closing = self.env["construction.period"]._closing([(self.company_id.id, self.date)])
        return not closing and super()._releases_itself(policy)

    def _jobs(self):
        return self.line_ids.from_job_id | self.line_ids.to_job_id

    def _release_effect(self):
        self.ensure_one()
        if self.state != "draft" or not self.line_ids:
            return False
        told = [line._effect() for line in self.line_ids]
        users = self._figure_users()
        if users:
            told += ["", self.env._("The old figure is used by:"), *users]
        return "\n".join(told)

    def _figure_users(self):
        """Sentences about what used the figures that change: budgets and accruals here, more in
        `construction_cost_transfer_users.py`; an addon adds what it knows of."""
        self.ensure_one()
        figures = self.env["construction.job.cost"].sudo()._positions(self._jobs())
        moves = {}
        for line in self.line_ids:
            digits = self.currency_id.decimal_places
            amount = money.from_float(line.amount, digits)
            for key, sign in ((line._key("from"), -1), (line._key("to"), 1)):
                moves[key] = moves.get(key, 0) + sign * amount
        told = []
        for (job_id, code_id, type_id), change in moves.items():
            position = figures.get((job_id, code_id, type_id), {})
            budget, accrued = position.get("budget", 0), position.get("accrued", 0)
            before = position.get("available", 0)
            names = {
                "job": self.env["project.project"].sudo().browse(job_id).job_number,
                "code": self.env["construction.cost.code"].browse(code_id).code,
                "type": self.env["construction.cost.type"].browse(type_id).name,
            }
            if budget or change > 0:
                told.append(
                    self.env._(
                        "budget %(job)s %(code)s %(type)s: available %(before)s → %(after)s",
                        before=self._shown(before),
                        after=self._shown(before - change),
                        **names,
                    )
                )
            if accrued:
                told.append(
                    self.env._(
                        "accruals %(job)s %(code)s %(type)s: %(amount)s accrued",
                        amount=self._shown(accrued),
                        **names,
                    )
                )
        return told

    def _release_perform(self):
        self._check_ready()
        for record, move in zip(self, self._posted_entries(), strict=True):
            record.write({"move_id": move.id, "state": "posted"})

    def _entry(self, journal):
        digits = self.currency_id.decimal_places
        lines = transfer.items(
            (line, line._distribution("from"), line._distribution("to"),
             money.from_float(line.amount, digits))
            for line in self.line_ids
        )  # fmt: skip
        return {
            "move_type": "entry",
            "company_id": self.company_id.id,
            "journal_id": journal.id,
            "date": self.date,
            "ref": self.env._("%(number)s: %(reason)s", number=self.number, reason=self.reason),
            "job_cost_reason": self.reason,
            "line_ids": [
                fields.Command.create(
                    {
                        "name": line.description or self.reason,
                        "account_id": line.account_id.id,
                        "balance": money.to_float(amount, digits),
                        "quantity": line.quantity
                        if (amount > 0) == (line.amount > 0)
                        else -line.quantity,
                        "analytic_distribution": distribution,
                        "cost_transfer_line_id": line.id,
                        "tax_ids": [fields.Command.clear()],
                    }
                )
                for line, distribution, amount in lines
            ],
        }

    @api.model
    def _dialog(self, company, lines):
        """The dialog with `lines` (values) filled in; nothing is written before it is
        submitted."""
        self.check_access("create")
        view = self.env.ref("construction_sync_base.view_construction_cost_transfer_dialog")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Transfer cost"),
            "res_model": self._name,
            "views": [[view.id, "form"]],
            "target": "new",
            "context": {
                "default_company_id": company.id,
                "default_line_ids": [fields.Command.create(values) for values in lines],
            },
        }
