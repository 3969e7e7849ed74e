from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import formatLang

from ..lib import money, transfer
from .construction_guard import FINANCE, PROJECT_MANAGER, guard
from .construction_release_mixin import GATE_FIELDS

FROZEN = {"company_id", "date", "reason", "line_ids", "number"}


class ConstructionCostTransfer(models.Model):
    """Cost of a job moved to another code, type or job of the company: the one way to recode
    what is posted.

    Its release posts a new entry, dated in an open month, that takes the amount off the old
    coding and puts it on the new one, on the same account. The original item stays as it is.
    """

    _name = "construction.cost.transfer"
    _description = "Cost Transfer"
    _inherit = ["mail.thread", "mail.activity.mixin", "construction.release.mixin"]
    _order = "date desc, id desc"
    _rec_name = "number"
    _check_company_auto = True

    _release_type = "cost_transfer"
    _release_label = "Cost transfer"
    _release_required = ("date", "reason", "line_ids")
    _gate_fields = GATE_FIELDS | {"from_platform", "move_id", "state"}

    number = fields.Char(
        required=True, default=lambda self: self.env._("New"), copy=False, readonly=True
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date(
        required=True,
        default=fields.Date.context_today,
        tracking=True,
        help="Of the entry. Its month decides where the cost moves, whenever the original was.",
    )
    reason = fields.Char(required=True, tracking=True)
    state = fields.Selection(
        [("draft", "Draft"), ("posted", "Posted")],
        required=True,
        default="draft",
        copy=False,
        readonly=True,
        tracking=True,
    )
    line_ids = fields.One2many("construction.cost.transfer.line", "transfer_id", copy=True)
    amount_total = fields.Monetary(string="Moved", compute="_compute_amount_total", store=True)
    move_id = fields.Many2one(
        "account.move", string="Entry", readonly=True, copy=False, check_company=True
    )
    from_platform = fields.Boolean(readonly=True, copy=False)

    _posted = models.Constraint(
        "CHECK (state = 'draft' OR move_id IS NOT NULL)", "A posted transfer has its entry."
    )

    @api.depends("line_ids.amount")
    def _compute_amount_total(self):
        for record in self:
            record.amount_total = sum(abs(line.amount) for line in record.line_ids)

    # ----------------------------------------------------------------- gate
    @guard("approve", PROJECT_MANAGER, FINANCE)
    def _check_submitter(self):
        return self.env._("Project Managers and Finance ask for cost transfers.")

    def action_submit(self):
        """Ask for the transfer. Whoever releases it sees what it does before; another person
        than who asked.

        :raises UserError: it is no draft, moves more than there is, or its month is locked
        """
        self._check_submitter()
        if any(record.state != "draft" for record in self):
            raise UserError(self.env._("Only drafts are submitted."))
        self._release_submit()
        return {"type": "ir.actions.act_window_close"}

    def _release_request(self, accepted=False):
        self._check_month()
        self.line_ids._check_left()
        return super()._release_request(accepted)

    def _check_month(self):
        """A transfer into a locked month could never be released."""
        Period = self.env["construction.period"]
        for company, records in self.grouped("company_id").items():
            for day in Period._locked(company, records.mapped("date")):
                raise UserError(Period._refusal(company.id, day.replace(day=1), "locked"))

    def _releases_itself(self, policy):
        """By itself only into open months: later Finance decides."""
        closing = self.env["construction.period"]._closing([(self.company_id.id, self.date)])
        return not closing and super()._releases_itself(policy)

    def _release_amount(self):
        return self.amount_total

    def _release_source(self):
        return "platform" if self.from_platform else "odoo"

    def _approval_extra(self):
        jobs = self.line_ids.from_job_id | self.line_ids.to_job_id
        return {"job_id": jobs.id} if len(jobs) == 1 else {}

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
        """Sentences about what used the figures that change; others add what they know of
        (billed or certified amounts, forecasts, snapshots)."""
        self.ensure_one()
        figures = (
            self.env["construction.job.cost"]
            .sudo()
            ._positions(self.line_ids.from_job_id | self.line_ids.to_job_id)
        )
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

    def _shown(self, amount):
        return formatLang(self.env, float(amount), currency_obj=self.currency_id)

    def _release_perform(self):
        self.line_ids._check_left()
        journals = self._journals_of(self.company_id)
        moves = self.env["account.move"].create(
            [record._entry(journals[record.company_id]) for record in self]
        )
        moves._post(soft=False)
        for record, move in zip(self, moves, strict=True):
            record.write({"move_id": move.id, "state": "posted"})

    @api.model
    def _journals_of(self, companies):
        """{company: its journal of miscellaneous entries}

        :raises UserError: a company has none
        """
        found = {}
        for company in companies:
            ours = self.env["account.journal"]._check_company_domain(company)
            found[company] = self.env["account.journal"].search(
                [("type", "=", "general"), *ours], limit=1
            )
            if not found[company]:
                raise UserError(
                    self.env._("%s has no journal of miscellaneous entries.", company.name)
                )
        return found

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

    # ---------------------------------------------------------------- guard
    @api.model_create_multi
    def create(self, vals_list):
        new = self.env._("New")
        for vals in vals_list:
            if vals.get("number", new) == new:
                vals["number"] = self.env["ir.sequence"].next_by_code(self._name) or new
        return super().create(vals_list)

    def write(self, vals):
        if FROZEN & set(vals) and any(
            record.state != "draft" or record.release_state == "to_release" for record in self
        ):
            raise UserError(
                self.env._(
                    "What is submitted or posted is not edited: take it back, or make another "
                    "transfer."
                )
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        if any(record.state != "draft" or record.release_state == "to_release" for record in self):
            raise UserError(self.env._("Only drafts that nobody decides about are deleted."))

    # -------------------------------------------------------------- buttons
    def action_open_entry(self):
        self.ensure_one()
        self.check_access("read")
        return self.move_id._get_records_action(context={})

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
