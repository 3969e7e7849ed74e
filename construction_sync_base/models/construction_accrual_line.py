from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..lib import money


class ConstructionAccrualLine(models.Model):
    """What of a month's cost is accrued on one coding, and on which line of a commitment."""

    _name = "construction.accrual.line"
    _inherit = ["construction.cost.key.mixin"]
    _description = "Cost Accrual Line"
    _order = "accrual_id, id"
    _check_company_auto = True

    accrual_id = fields.Many2one(
        "construction.accrual", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        "res.company", related="accrual_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    state = fields.Selection(related="accrual_id.state", store=True)
    date = fields.Date(related="accrual_id.date")
    purchase_line_id = fields.Many2one(
        "purchase.order.line",
        string="Line of the commitment",
        index="btree_not_null",
        check_company=True,
        ondelete="restrict",
        domain="[('order_id.is_commitment', '=', True), ('order_id.state', '=', 'purchase')]",
        help="Empty: cost without a commitment.",
    )
    job_id = fields.Many2one(
        "project.project",
        required=True,
        check_company=True,
        index=True,
        domain="[('is_job', '=', True)]",
        compute="_compute_coding",
        store=True,
        readonly=False,
        precompute=True,
    )
    cost_code_id = fields.Many2one(
        compute="_compute_coding", store=True, readonly=False, precompute=True
    )
    cost_type_id = fields.Many2one(
        compute="_compute_coding", store=True, readonly=False, precompute=True
    )
    description = fields.Char()
    line_ref = fields.Char(string="Line at the platform", readonly=True, copy=False)
    amount = fields.Monetary(required=True)

    _ref_unique = models.UniqueIndex(
        "(accrual_id, line_ref) WHERE line_ref IS NOT NULL", "This line is there already."
    )
    _amount = models.Constraint("CHECK (amount > 0)", "An accrual is a cost above 0.")

    @api.depends("purchase_line_id")
    def _compute_coding(self):
        for line in self:
            ordered = line.purchase_line_id
            line.job_id = ordered.order_id.project_id or line.job_id
            line.cost_code_id = ordered.cost_code_id or line.cost_code_id
            line.cost_type_id = ordered.cost_type_id or line.cost_type_id

    @api.constrains("purchase_line_id", "job_id", "cost_code_id", "cost_type_id")
    def _check_coding(self):
        """What is accrued on a commitment is taken off it, so both are of one coding."""
        for line in self.filtered("purchase_line_id"):
            ordered = line.purchase_line_id
            if (line.job_id, line.cost_code_id, line.cost_type_id) != (
                ordered.order_id.project_id, ordered.cost_code_id, ordered.cost_type_id,
            ):  # fmt: skip
                raise ValidationError(
                    self.env._(
                        "%s is coded otherwise: an accrual has the coding of its commitment.",
                        ordered.order_id.display_name,
                    )
                )

    def _check_left(self):
        """:raises UserError: more is accrued on a commitment than is open, with the arithmetic"""
        for day, lines in self.filtered("purchase_line_id").grouped("date").items():
            lines._check_open_at(day)

    def _check_open_at(self, day):
        """What is billed after the month does not take from what is accrued in it."""
        asked = {}
        for line in self:
            digits = line.currency_id.decimal_places
            asked.setdefault(line.purchase_line_id, Decimal(0))
            asked[line.purchase_line_id] += money.from_float(line.amount, digits)
        for line in self.accrual_id._taken_back_first().line_ids:
            if line.purchase_line_id in asked:
                digits = line.currency_id.decimal_places
                asked[line.purchase_line_id] -= money.from_float(line.amount, digits)
        left = self.env["construction.job.cost"]._open_of(
            self.env["purchase.order.line"].browse([ordered.id for ordered in asked]), day
        )
        for ordered, amount in asked.items():
            still_open = left.get(ordered.id, Decimal(0))
            if amount > max(still_open, 0):
                shown = self.accrual_id[:1]._shown
                raise UserError(
                    self.env._(
                        "%(order)s, %(line)s: %(amount)s is accrued, %(open)s is open.",
                        order=ordered.order_id.display_name,
                        line=ordered.name,
                        amount=shown(amount),
                        open=shown(still_open),
                    )
                )

    def _item(self, digits):
        """The cost item of the entry.

        :raises UserError: the account map has no cost account for the cost type
        """
        account = self.env["construction.account.map"]._cost_account_id(
            self.company_id, self.cost_type_id.category, self.job_id
        )
        if not account:
            raise UserError(
                self.env._(
                    "The account map has no cost account for %s.", self.cost_type_id.display_name
                )
            )
        return {
            "name": self.description or self.accrual_id.reason or self.accrual_id.number,
            "account_id": account,
            "balance": money.to_float(money.from_float(self.amount, digits), digits),
            "analytic_distribution": self.env["construction.coding"]._distribution(
                self.job_id, self.cost_code_id, self.cost_type_id
            ),
            "accrual_line_id": self.id,
            "tax_ids": [fields.Command.clear()],
        }

    def _effect(self):
        return self.env._(
            "%(job)s %(code)s / %(type)s: %(amount)s%(order)s",
            job=self.job_id.job_number,
            code=self.cost_code_id.code,
            type=self.cost_type_id.name,
            amount=self.accrual_id._shown(self.amount),
            order=f", {self.purchase_line_id.order_id.display_name}"
            if self.purchase_line_id
            else "",
        )

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.accrual_id._check_editable()
        return lines

    def write(self, vals):
        self.accrual_id._check_editable()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        self.accrual_id._check_editable()
