from decimal import Decimal

from odoo import api, fields, models

from ..lib import forecast as formulas
from ..lib import money

ZERO = Decimal(0)
METHODS = [
    (formulas.AUTOMATIC, "Rest of the budget"),
    (formulas.MANUAL, "On top of what is ordered"),
    (formulas.ESTIMATE, "All cost still to come"),
    (formulas.LUMP_SUM, "Cost at completion"),
    (formulas.PER_UNIT, "Units left × price"),
]


class ConstructionForecastLine(models.Model):
    """The forecast of one cost code and cost type, in the company's currency."""

    _name = "construction.forecast.line"
    _inherit = ["construction.cost.key.mixin", "construction.draft.line.mixin"]
    _description = "Job Forecast Line"
    _order = "forecast_id, cost_code_id, cost_type_id, id"
    _check_company_auto = True

    _document = "forecast_id"

    forecast_id = fields.Many2one(
        "construction.forecast", required=True, ondelete="cascade", index=True
    )
    job_id = fields.Many2one(related="forecast_id.job_id", store=True, index=True)
    company_id = fields.Many2one(
        "res.company", related="forecast_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(related="forecast_id.currency_id")
    state = fields.Selection(related="forecast_id.state")
    method = fields.Selection(METHODS, required=True, default=formulas.AUTOMATIC)
    amount = fields.Monetary(string="Entered", help="What the method asks for.")
    units = fields.Float(string="Units left", digits="Product Unit")
    unit_cost = fields.Float(string="Price of a unit", digits=(16, 8))
    comment = fields.Char()
    budget = fields.Monetary(string="Revised budget", readonly=True)
    actual = fields.Monetary(string="Cost to date", readonly=True)
    open = fields.Monetary(readonly=True)
    pending = fields.Monetary(readonly=True)
    last_completion = fields.Monetary(string="Last forecast", readonly=True)
    projected = fields.Monetary(compute="_compute_forecast", store=True)
    to_complete = fields.Monetary(compute="_compute_forecast", store=True)
    at_completion = fields.Monetary(compute="_compute_forecast", store=True)
    variance = fields.Monetary(compute="_compute_forecast", store=True)
    fade = fields.Monetary(string="Change", compute="_compute_forecast", store=True)

    _key_unique = models.Constraint(
        "UNIQUE (forecast_id, cost_code_id, cost_type_id)",
        "This forecast has a line for that cost code and cost type already.",
    )

    @api.depends("cost_code_id", "cost_type_id")
    def _compute_display_name(self):
        for line in self:
            line.display_name = f"{line.cost_code_id.code} / {line.cost_type_id.name}"

    def _key(self):
        return self.cost_code_id.id, self.cost_type_id.id

    @api.depends(
        "method", "amount", "units", "unit_cost", "budget", "actual", "open", "pending",
        "last_completion", "forecast_id.previous_id",
    )  # fmt: skip
    def _compute_forecast(self):
        for line in self:
            digits = line.currency_id.decimal_places or 2
            budget, actual, open_, pending, amount, last = (
                money.from_float(line[name] or 0, digits)
                for name in ("budget", "actual", "open", "pending", "amount", "last_completion")
            )
            coming = formulas.to_complete(
                line.method or formulas.AUTOMATIC,
                budget,
                actual,
                open_ + pending,
                amount=amount,
                units=money.from_float(line.units or 0, money.QUANTITY_DECIMALS),
                unit_cost=money.from_float(line.unit_cost or 0, money.PRICE_DECIMALS),
            )
            coming = money.round_half_up(coming, digits)
            total = formulas.at_completion(actual, open_ + pending, coming)
            line.projected = money.to_float(actual + open_ + pending, digits)
            line.to_complete = money.to_float(coming, digits)
            line.at_completion = money.to_float(total, digits)
            line.variance = money.to_float(budget - total, digits)
            compared = bool(line.forecast_id.previous_id)
            line.fade = money.to_float(formulas.fade(total, last), digits) if compared else 0

    def _take(self, figures, last_completion):
        """Keep the figures of now.

        :param figures: Decimals by name, as `construction.job.cost` gives them
        :param last_completion: what the forecast before said
        """
        self.ensure_one()
        digits = self.currency_id.decimal_places
        values = {
            name: money.to_float(figures.get(name, ZERO), digits)
            for name in ("budget", "actual", "open", "pending")
        }
        self.write(values | {"last_completion": last_completion})

    def _carried(self):
        """What the next forecast starts from. Entered sums are worth looking at again, so
        what was counted from a cost to date is carried as the cost at completion."""
        self.ensure_one()
        carried = {"method": self.method, "comment": self.comment}
        if self.method == formulas.PER_UNIT:
            return carried | {"units": self.units, "unit_cost": self.unit_cost}
        if self.method in (formulas.ESTIMATE, formulas.MANUAL):
            return carried | {"method": formulas.LUMP_SUM, "amount": self.at_completion}
        return carried | {"amount": self.amount}

    def action_open_cost(self):
        """The documents behind the figures."""
        self.ensure_one()
        return self.env["purchase.order.line"]._action_behind(self)
