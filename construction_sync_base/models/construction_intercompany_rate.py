from odoo import api, fields, models

from .construction_cost_type import CATEGORIES


class ConstructionIntercompanyRate(models.Model):
    """How cost of a category is charged from a day on."""

    _name = "construction.intercompany.rate"
    _description = "Intercompany Rate"
    _order = "agreement_id, category, date_from desc"
    _check_company_auto = True

    agreement_id = fields.Many2one(
        "construction.intercompany.agreement", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        "res.company", related="agreement_id.company_id", store=True, index=True, precompute=True
    )
    job_company_id = fields.Many2one(
        "res.company", related="agreement_id.job_company_id", store=True, precompute=True
    )
    category = fields.Selection(
        CATEGORIES, string="Cost type category", help="Empty: every one without a rate of its own."
    )
    date_from = fields.Date(
        string="From", required=True, default=lambda self: fields.Date.today().replace(day=1)
    )
    basis = fields.Selection(
        [
            ("cost", "At cost"),
            ("percent", "Cost and percent"),
            ("unit", "Transfer price per unit"),
        ],
        required=True,
        default="cost",
    )
    percent = fields.Float(digits=(16, 6), help="On cost: 10 is ten percent.")
    unit_price = fields.Float(
        digits=(16, 8), string="Price per unit", help="In the currency of the agreement."
    )

    _identity = models.UniqueIndex(
        "(agreement_id, COALESCE(category, ''), date_from)", "This rate is there already."
    )
    _of_its_basis = models.Constraint(
        "CHECK ((basis = 'percent') = (COALESCE(percent, 0) <> 0)"
        " AND (basis = 'unit') = (COALESCE(unit_price, 0) <> 0)"
        " AND COALESCE(unit_price, 0) >= 0 AND COALESCE(percent, 0) > -100)",
        "A percentage belongs to “Cost and percent”, a price to “Transfer price per unit”.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        rates = super().create(vals_list)
        rates.agreement_id._announce()
        return rates

    def write(self, vals):
        result = super().write(vals)
        self.agreement_id._announce()
        return result
