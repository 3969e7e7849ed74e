from odoo import api, fields, models

from ..lib import money


class ConstructionChangeOrderMarkup(models.Model):
    """Overhead, fee or whatever comes on top of the cost of a change order's line: part of
    the owner's amount and never of the cost."""

    _name = "construction.change.order.markup"
    _description = "Change Order Markup"
    _order = "line_id, id"
    _rec_name = "kind"
    _check_company_auto = True

    line_id = fields.Many2one(
        "construction.change.order.line", required=True, ondelete="cascade", index=True
    )
    job_id = fields.Many2one(related="line_id.job_id", store=True, index=True, precompute=True)
    company_id = fields.Many2one(
        "res.company", related="line_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(related="line_id.currency_id")
    kind = fields.Char(required=True, help="Such as overhead, profit, bond or insurance.")
    percent = fields.Float(digits=(9, 6), help="Of the cost of the line.")
    amount = fields.Monetary(compute="_compute_amount", store=True, readonly=False, precompute=True)

    _percent_range = models.Constraint(
        "CHECK (percent >= 0 AND percent <= 100)", "A percentage is between 0 and 100."
    )

    def init(self):
        self.env["construction.change.order"]._guard_sums(self._table)

    @api.depends("percent", "line_id.cost_amount")
    def _compute_amount(self):
        for markup in self:
            if not markup.percent:
                markup.amount = markup.amount or 0.0
                continue
            digits = markup.currency_id.decimal_places
            cost = money.from_float(markup.line_id.cost_amount, digits)
            percent = money.from_float(markup.percent, money.PERCENT_DECIMALS)
            share = money.EXACT.divide(money.EXACT.multiply(cost, percent), 100)
            markup.amount = money.to_float(money.round_half_up(share, digits), digits)

    @api.model_create_multi
    def create(self, vals_list):
        markups = super().create(vals_list)
        markups._check_editable()
        return markups

    def write(self, vals):
        self._check_editable()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_editable(self):
        self._check_editable()

    def _check_editable(self):
        changes = self.line_id.change_id
        if not changes._is_opened():
            changes._check_editable()
