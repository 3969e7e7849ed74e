from collections import defaultdict
from decimal import Decimal

from odoo import api, models
from odoo.tools import formatLang

from ..lib import budget as formulas
from ..lib import money


class ConstructionBudgetControl(models.AbstractModel):
    """The budget check before a commitment and the alerts after it. Works on the figures
    of `construction.job.cost`, whose formulas exist once."""

    _name = "construction.budget.control"
    _description = "Budget Control"

    @api.model
    def _needs(self, orders):
        """{order id: {(job, code, type): amount}} in company currency, tax that is cost
        included, what was billed already left out."""
        needs = {}
        for order in orders:
            digits = order.company_id.currency_id.decimal_places
            rate = Decimal(repr(order.currency_rate or 1.0))
            per_key = defaultdict(Decimal)
            for line in order.order_line:
                if line.display_type:
                    continue
                open_share = 1 - line.qty_invoiced / line.product_qty if line.product_qty else 0
                amount = Decimal(repr(line.price_subtotal)) + Decimal(repr(line.tax_cost_amount))
                key = (order.project_id.id, line.cost_code_id.id, line.cost_type_id.id)
                per_key[key] += money.round_half_up(
                    amount * Decimal(repr(open_share)) / rate, digits
                )
            needs[order.id] = per_key
        return needs

    @api.model
    def _overruns(self, orders, needs=None):
        """What exceeds the budget: {order id: [(key, available, needed)]}.

        The documents in hand are left out of the positions and counted one after the
        other, so that two orders of one batch cannot both take the last of a line, and
        an edited commitment does not count itself twice. No budget line = 0 available.
        """
        if not orders:
            return {}
        needs = needs or self._needs(orders)
        positions = self.env["construction.job.cost"]._positions(orders.project_id, orders)
        available = {key: figures["available"] for key, figures in positions.items()}
        result = {}
        for order in orders:
            for key, needed in needs[order.id].items():
                rest = available.get(key, Decimal(0))
                if needed > max(rest, Decimal(0)) and needed > 0:
                    result.setdefault(order.id, []).append((key, rest, needed))
                available[key] = rest - needed
        return result

    @api.model
    def _explain(self, overruns, currency):
        """The arithmetic in a sentence per key."""
        sentences = []
        for (_job, code_id, type_id), rest, needed in overruns:
            code = self.env["construction.cost.code"].browse(code_id)
            cost_type = self.env["construction.cost.type"].browse(type_id)
            sentences.append(
                self.env._(
                    "%(code)s / %(type)s: available %(rest)s, needed %(needed)s, over by %(over)s.",
                    code=code.display_name,
                    type=cost_type.display_name,
                    rest=self._amount(rest, currency),
                    needed=self._amount(needed, currency),
                    over=self._amount(needed - rest, currency),
                )
            )
        return self.env._("Over budget.") + " " + " ".join(sentences)

    def _amount(self, value, currency):
        return formatLang(self.env, float(value), currency_obj=currency)

    @api.model
    def _raise_alerts(self, orders):
        """Note on the budget when a line has passed 80, 90 or 100 %."""
        if not orders:
            return
        lines = (
            self.env["construction.budget.line"]
            .sudo()
            .search([("job_id", "in", orders.project_id.ids), ("state", "=", "approved")])
        )
        touched = {
            (line.order_id.project_id.id, line.cost_code_id.id, line.cost_type_id.id)
            for line in orders.order_line
        }
        lines = lines.filtered(
            lambda b: (b.job_id.id, b.cost_code_id.id, b.cost_type_id.id) in touched
        )
        if not lines:
            return
        positions = self.env["construction.job.cost"].sudo()._positions(lines.job_id)
        risen = defaultdict(list)
        for line in lines:
            figures = positions.get((line.job_id.id, line.cost_code_id.id, line.cost_type_id.id))
            used = figures["actual"] + figures["open"] + figures["pending"]
            level = str(formulas.alert_level(figures["budget"], used))
            if level != line.alert_level:
                if int(level) > int(line.alert_level or 0):
                    risen[line.budget_id].append((line, level))
                line.alert_level = level
        for budget, entries in risen.items():
            budget.message_post(
                body=self.env._(
                    "Budget used: %s",
                    ", ".join(
                        f"{line.cost_code_id.code} / {line.cost_type_id.name} ≥ {level} %"
                        for line, level in entries
                    ),
                )
            )
