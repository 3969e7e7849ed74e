from datetime import timedelta
from decimal import Decimal

from dateutil.relativedelta import relativedelta
from odoo import api, fields, models

from ..lib import money


class ConstructionForecastRevenue(models.Model):
    """What the schedule of work in progress takes from the books and from what was signed."""

    _inherit = "construction.forecast"

    @api.model
    def _cost_inputs(self, jobs, month):
        """Cost to date and what is still to be spent, at the end of a month.

        The cost is the posted one, released accruals inside; what is to be spent is the cost at
        completion that was signed *for that month* less the cost to date. An older forecast says
        nothing about the month, so that its job is missing and the schedule stops for it
        (accounting rules, "Revenue").

        :param month: any day of it
        :return: {job: (cost to date, to complete)}, Decimals in the job's currency
        """
        first = fields.Date.to_date(month).replace(day=1)
        signed = self.sudo().search(
            [("job_id", "in", jobs.ids), ("month", "=", first), ("state", "=", "signed")]
        )
        last = first + relativedelta(months=1) - timedelta(days=1)
        spent = {}
        for (job_id, _code, _type), amount in (
            self.env["construction.job.cost"]._actual_until(signed.job_id, last).items()
        ):
            spent[job_id] = spent.get(job_id, 0) + amount
        found = {}
        for forecast in signed:
            digits = forecast.currency_id.decimal_places
            cost = money.round_half_up(spent.get(forecast.job_id.id, Decimal(0)), digits)
            total = money.from_float(forecast.at_completion, digits)
            found[forecast.job_id.with_env(self.env)] = (cost, total - cost)
        return found
