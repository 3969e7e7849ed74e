from decimal import Decimal

from odoo import fields, models
from odoo.exceptions import ValidationError
from odoo.tools import formatLang

from ..lib import money


class ConstructionBudgetLine(models.Model):
    """What earned value needs of a budget line: when it is to be spent, and the quantity on
    which its progress is measured."""

    _inherit = "construction.budget.line"

    production_quantity = fields.Float(
        digits="Product Unit",
        help="Installed quantity on which progress is measured; empty: the quantity.",
    )
    production_uom_id = fields.Many2one("uom.uom", string="Production unit")
    spread_ids = fields.One2many(
        "construction.budget.spread", "line_id", string="By month", copy=True
    )

    _production_positive = models.Constraint(
        "CHECK (production_quantity >= 0)", "The quantity to be installed cannot be negative."
    )

    def _check_spread(self):
        """:raises ValidationError: the months of a line do not add up to it"""
        for line in self.filtered("spread_ids"):
            digits = line.currency_id.decimal_places
            months = [money.from_float(month.amount, digits) for month in line.spread_ids]
            total = sum(months, Decimal(0))
            if total != money.from_float(line.amount, digits):
                raise ValidationError(
                    self.env._(
                        "%(line)s: the months add up to %(months)s, the line is %(amount)s. "
                        "Correct the months, or remove them all.",
                        line=line.display_name,
                        months=formatLang(self.env, float(total), currency_obj=line.currency_id),
                        amount=formatLang(self.env, line.amount, currency_obj=line.currency_id),
                    )
                )

    def action_open_months(self):
        """The line with its months and its quantity to install."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.display_name,
            "res_model": self._name,
            "res_id": self.id,
            "views": [
                [self.env.ref("construction_sync_base.view_construction_budget_line_form").id,
                 "form"]
            ],
            "target": "new",
        }  # fmt: skip
