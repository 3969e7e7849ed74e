from collections import defaultdict
from decimal import Decimal

from odoo import api, models
from odoo.tools import SQL

from ..lib import earned_value, money

ZERO = Decimal(0)
FACTOR_DECIMALS = 12  # of the ratio between two units


class ConstructionJobCostEarned(models.Model):
    """Earned value of jobs from their documents: planned from the dated spread of the budget
    version in force, earned from progress reports and never from billing, actual from the
    ledger.

    The budget at completion is the revised budget without the contingency that is left:
    nobody plans or earns a reserve.
    """

    _inherit = "construction.job.cost"

    @api.model
    def _earned_value(self, jobs, day):
        """{(job, code, type): (lib.earned_value.Plan, EarnedValue)} at the end of a day.

        Cost without a code has no plan; its value is the actual alone.
        """
        plans = self._plans(jobs, day)
        actual = self._actual_until(jobs, day)
        nothing = earned_value.Plan(ZERO)
        return {
            key: (plan, plan.value(day, actual.get(key, ZERO)))
            for key in {**plans, **actual}
            for plan in [plans.get(key, nothing)]
        }

    @api.model
    def _plans(self, jobs, day):
        """{(job, code, type): lib.earned_value.Plan} as the budget says at the end of a day,
        with every report of progress whatever its day."""
        if not jobs.ids:
            return {}
        budgets = self._budget_as_of(jobs, day)
        lines, reports = self._planned_lines(jobs, day), self._reports(jobs)
        # what a code installs, for its types that name no quantity of their own
        by_code = {}
        for (job_id, code_id, _type), line in lines.items():
            if line["production"]:
                by_code.setdefault((job_id, code_id), line)
        plans = {}
        for key, figures in budgets.items():
            line = lines.get(key, {})
            measured = line if line.get("quantity") else by_code.get(key[:2], line)
            found = [*reports.get(key, ()), *reports.get((*key[:2], None), ())]
            plans[key] = earned_value.Plan(
                budget=figures["budget"] - figures["contingency"],
                spread=tuple(line.get("spread", ())),
                version=line.get("version", ZERO),
                quantity=measured.get("quantity"),
                reports=tuple(self._in_unit(report, measured) for report in found),
            )
        return plans

    def _planned_lines(self, jobs, day):
        """{(job, code, type): what the version in force says of the work} without its
        contingency."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT b.job_id, l.cost_code_id, l.cost_type_id, l.amount,
                       l.production_quantity <> 0,
                       CASE WHEN l.production_quantity <> 0 THEN l.production_quantity
                            ELSE l.quantity END,
                       CASE WHEN l.production_quantity <> 0 THEN l.production_uom_id
                            ELSE l.uom_id END,
                       ARRAY(SELECT s.month FROM construction_budget_spread s
                              WHERE s.line_id = l.id ORDER BY s.id),
                       ARRAY(SELECT s.amount FROM construction_budget_spread s
                              WHERE s.line_id = l.id ORDER BY s.id)
                  FROM construction_budget b
                  JOIN construction_budget_line l ON l.budget_id = b.id
                 WHERE b.job_id = ANY(%s) AND l.reserve IS DISTINCT FROM 'contingency' AND %s
                 ORDER BY l.id
                """,
                jobs.ids,
                self._version_in_force(day),
            )
        )
        digits = {job.id: job.sudo().company_id.currency_id.decimal_places for job in jobs}
        lines = defaultdict(
            lambda: {
                "version": ZERO, "spread": [], "quantity": None, "uom": None, "production": False,
            }
        )  # fmt: skip
        for job_id, code_id, type_id, amount, production, quantity, uom_id, *spread in rows:
            line, places = lines[job_id, code_id, type_id], digits[job_id]
            line["version"] += money.from_float(amount, places)
            line["spread"] += [
                (month, money.from_float(part, places)) for month, part in zip(*spread, strict=True)
            ]
            if not quantity or quantity < 0 or (line["production"] and not production):
                continue
            quantity = money.from_float(quantity, money.QUANTITY_DECIMALS)
            same = line["production"] == production and line["uom"] == uom_id
            if line["quantity"] and same:
                line["quantity"] += quantity
            elif not line["quantity"] or production:
                line |= {"quantity": quantity, "uom": uom_id, "production": production}
        return lines

    def _reports(self, jobs):
        """{(job, code, type or None): [(day, measure, percent, quantity, unit)]}, earliest
        first; of one day the later report counts."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT ON (job_id, cost_code_id, cost_type_id, as_of)
                       job_id, cost_code_id, cost_type_id, as_of, measure, percent_complete,
                       quantity_to_date, uom_id
                  FROM construction_progress_line WHERE job_id = ANY(%s)
                 ORDER BY job_id, cost_code_id, cost_type_id, as_of, progress_id DESC
                """,
                jobs.ids,
            )
        )
        reports = defaultdict(list)
        for *key, day, measure, percent, quantity, uom_id in rows:
            reports[tuple(key)].append((day, measure, percent, quantity, uom_id))
        return reports

    def _in_unit(self, report, line):
        """The report with its quantity in the unit of the plan; what cannot be compared says
        nothing."""
        day, measure, percent, quantity, uom_id = report
        if measure == "percent":
            return earned_value.Progress(
                day, percent=money.from_float(percent, money.PERCENT_DECIMALS)
            )
        quantity = money.from_float(quantity, money.QUANTITY_DECIMALS)
        planned = line.get("uom")
        if uom_id and planned and uom_id != planned:
            own, other = self.env["uom.uom"].sudo().browse((uom_id, planned))
            if not own._has_common_reference(other):
                return earned_value.Progress(day, quantity=ZERO)
            quantity = earned_value.EXACT.divide(
                quantity * money.from_float(own.factor, FACTOR_DECIMALS),
                money.from_float(other.factor, FACTOR_DECIMALS),
            )
        return earned_value.Progress(day, quantity=quantity)
