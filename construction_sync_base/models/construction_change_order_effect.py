from collections import defaultdict
from decimal import Decimal

from markupsafe import Markup
from odoo import api, fields, models
from odoo.tools import formatLang

from ..lib import change_order as machine
from ..lib import money


class ConstructionChangeOrder(models.Model):
    """What approving does to margin, budget, commitments and the owner's contract, for whoever
    has to decide, before he decides."""

    _inherit = "construction.change.order"

    effect = fields.Html(
        string="What it does", compute="_compute_effect", sanitize=False, readonly=True
    )

    @api.depends("state", "line_ids.cost_amount", "line_ids.budget_amount", "revenue_amount")
    def _compute_effect(self):
        for change in self:
            change.effect = change.state in machine.BEFORE and change._effect_table()

    def _effect_rows(self):
        """Rows of the effect: side, label, before, change, after (Decimals), currency, note."""
        self.ensure_one()
        return [
            *self._budget_effect(),
            *self._commitment_effect(),
            *self._owner_effect(),
            *self._margin_effect(),
        ]

    def _row(self, side, label, before, change, currency, note=None):
        return {
            "side": side,
            "label": label,
            "before": before,
            "change": change,
            "after": before + change,
            "currency": currency,
            "note": note,
        }

    def _budget_effect(self):
        """The touched budget lines together, and what is left of them when the commitments
        have changed as well."""
        if not self.line_ids:
            return []
        own = self.company_id.currency_id
        positions = self.env["construction.job.cost"].sudo()._positions(self.job_id)
        keys = {line._key() for line in self.line_ids}
        before = sum((positions[k]["budget"] for k in keys if k in positions), Decimal(0))
        left = sum((positions[k]["available"] for k in keys if k in positions), Decimal(0))
        budget = cost = Decimal(0)
        for line in self.line_ids:
            budget += line._in_company_currency(line.budget_amount)
            cost += line._in_company_currency(line.cost_amount)
        counted = sum(
            (
                line._in_company_currency(line.cost_amount)
                for line in self.line_ids
                if line.order_id and self.cost_status in ("submitted", "approved")
            ),
            Decimal(0),
        )  # what is pending already is out of the available amount
        return [
            self._row("budget", self.env._("Budget of these codes"), before, budget, own),
            self._row(
                "budget",
                self.env._("Available of it"),
                left + counted,
                budget - cost,
                own,
                self.env._("when the cost is committed"),
            ),
        ]

    def _commitment_effect(self):
        amounts = defaultdict(Decimal)
        digits = self.currency_id.decimal_places
        for line in self.line_ids.filtered("order_id"):
            amounts[line.order_id] += money.from_float(line.cost_amount, digits)
        return [
            self._row(
                "cost",
                order.display_name,
                money.from_float(order.sudo().revised_amount, digits),
                amount,
                self.currency_id,
                self.env._("once the subcontractor has executed it"),
            )
            for order, amount in amounts.items()
        ]

    def _owner_effect(self):
        if not self.revenue_amount:
            return []
        digits = self.currency_id.decimal_places
        return [
            self._row(
                "revenue",
                self.env._("Changes of the owner's contract"),
                self._contract_before(),
                money.from_float(self.revenue_amount, digits),
                self.currency_id,
                self.env._("once the owner has executed it"),
            )
        ]

    def _contract_before(self):
        """What the owner has executed of this job's changes; an addon that keeps the contract
        adds its sum."""
        executed = self.search(
            [
                ("job_id", "=", self.job_id.id),
                ("currency_id", "=", self.currency_id.id),
                ("revenue_status", "=", "executed"),
            ]
        )
        digits = self.currency_id.decimal_places
        return sum((money.from_float(c.revenue_amount, digits) for c in executed), Decimal(0))

    def _margin_effect(self):
        digits = self.currency_id.decimal_places
        others = self.search(
            [
                ("job_id", "=", self.job_id.id),
                ("currency_id", "=", self.currency_id.id),
                ("state", "in", machine.DECIDED),
                ("id", "not in", self.ids),
            ]
        )
        before = sum((money.from_float(c.margin, digits) for c in others), Decimal(0))
        return [
            self._row(
                "margin",
                self.env._("Margin of the job's changes"),
                before,
                money.from_float(self.margin, digits),
                self.currency_id,
            )
        ]

    def _effect_table(self):
        head = Markup("<th>%s</th>") % self.env._("Side") + Markup("").join(
            Markup('<th class="text-end">%s</th>') % title
            for title in (self.env._("Before"), self.env._("Change"), self.env._("After"))
        )
        rows = Markup("").join(self._effect_line(row) for row in self._effect_rows())
        return Markup(
            '<table class="table table-sm mb-0 o_change_effect"><thead><tr>%s</tr></thead>'
            "<tbody>%s</tbody></table>"
        ) % (head, rows)

    def _effect_line(self, row):
        def cell(amount, strong=False):
            text = formatLang(self.env, float(amount), currency_obj=row["currency"])
            danger = " text-danger" if amount < 0 else ""
            weight = " fw-bold" if strong else ""
            return Markup('<td class="text-end text-nowrap%s%s">%s</td>') % (danger, weight, text)

        label = Markup("<td>%s") % row["label"]
        if row["note"]:
            label += Markup('<div class="text-muted small">%s</div>') % row["note"]
        return (
            Markup('<tr data-side="%s">') % row["side"]
            + label
            + Markup("</td>")
            + cell(row["before"])
            + cell(row["change"])
            + cell(row["after"], strong=True)
            + Markup("</tr>")
        )
