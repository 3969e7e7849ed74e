from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import formatLang

from ..lib import money, sov
from .construction_schedule_plan import noon

PENDING = ("submitted", "approved")  # statuses of the commitment side


class PurchaseOrderChanges(models.Model):
    """What change orders do, and are about to do, to a commitment."""

    _inherit = "purchase.order"

    change_line_ids = fields.One2many(
        "construction.change.order.line", "order_id", string="Change order lines"
    )
    change_order_count = fields.Integer(compute="_compute_change_order_count")

    def _compute_change_order_count(self):
        counts = self._change_orders_of()
        for order in self:
            order.change_order_count = len(counts.get(order.id, ()))

    def _change_orders_of(self):
        """{order id: set of ids of change orders that the user sees}"""
        found = defaultdict(set)
        rows = self.env["construction.change.order.line"]._read_group(
            [("order_id", "in", self.ids)], ["order_id", "change_id"]
        )
        for order, change in rows:
            found[order.id].add(change.id)
        return found

    def action_open_change_orders(self):
        self.ensure_one()
        self.check_access("read")
        ids = self._change_orders_of().get(self.id, ())
        return self.env["ir.actions.act_window"]._for_xml_id(
            "construction_sync_base.action_construction_change_order"
        ) | {"domain": [("id", "in", list(ids))], "context": {"default_job_id": self.project_id.id}}

    @api.depends("change_line_ids.cost_amount", "change_line_ids.change_id.cost_status")
    def _compute_commitment_amounts(self):
        result = super()._compute_commitment_amounts()
        for order in self:
            order.pending_change_amount = sum(
                line.cost_amount
                for line in order.sudo().change_line_ids
                if line.change_id.cost_status in PENDING
            )
        return result

    def _executed_changes(self):
        """Amount of the executed change orders, without tax, as Decimal."""
        self.ensure_one()
        digits = self.currency_id.decimal_places
        lines = self.order_line.change_line_ids
        return sum((money.from_float(line.applied_amount, digits) for line in lines), Decimal(0))

    def _amount_without_changes(self):
        """The original sum: what is ordered, without tax and without executed change orders."""
        digits = self.currency_id.decimal_places
        revised = money.from_float(self.amount_untaxed, digits)
        return money.to_float(revised - self._executed_changes(), digits)

    # ----------------------------------------------------------------- apply
    def _take_changes(self, movements):
        """Move the schedule of values by executed, or undone, change orders.

        :param movements: `Movement`s of this order
        :raises UserError: the order takes no change, or falls below what was received or
            billed; the message shows the arithmetic
        """
        self.ensure_one()
        if self.state == "cancel" and all(m.target and m.quantity <= 0 for m in movements):
            for movement in movements:  # nothing is left of it that could be undone
                movement.line._note_applied(movement)
            return
        self._check_confirmed_for_change()
        old = self._without_tax()
        changes, additions = self._changes_of(movements)
        known = self.order_line
        self._apply_change(changes, additions)
        fresh = iter((self.order_line - known).sorted("id"))
        for movement in movements:
            if not movement.target:
                movement.target = next(fresh)
            movement.line._note_applied(movement)
        self._check_moved(old, sum(movement.amount for movement in movements))
        if self._without_tax() < old:
            self._budget_is_free()
        else:
            self._raise_budget_alerts()

    def _check_confirmed_for_change(self):
        if self.state != "purchase":
            raise UserError(
                self.env._(
                    "%s is not confirmed and approved: nothing can be added to it. Confirm it, "
                    "then try again.",
                    self.display_name,
                )
            )
        if self.closed_state != "open":
            raise UserError(self.env._("%s is closed and takes no change.", self.display_name))

    def _changes_of(self, movements):
        """(changes, additions) for `_apply_change`: one change for each line, whichever
        number of movements meets it."""
        deltas, values, additions = defaultdict(Decimal), defaultdict(dict), []
        for movement in movements:
            if movement.target:
                deltas[movement.target] += movement.quantity
                values[movement.target] |= movement.values
            else:
                additions.append(self._line_of_change(movement))
        changes = []
        for line, delta in deltas.items():
            quantity = money.from_float(line.product_qty, money.QUANTITY_DECIMALS) + delta
            price = {"price_unit": line.price_unit} | values[line]
            changes.append(
                (line, {"product_qty": money.to_float(quantity, money.QUANTITY_DECIMALS)} | price)
            )
        return changes, additions

    def _line_of_change(self, movement):
        """Values of the line that a movement without a target makes."""
        line = movement.line
        product = line.cost_type_id.product_id
        unit = movement.quantity != movement.amount
        price = line.unit_cost if unit else 1.0
        ref, change = line.line_ref, line.change_id
        return {
            "line_ref": ref if change.from_platform else f"{change.number}-{ref}",
            "item_number": change.number,
            "name": line.name,
            "sov_method": sov.UNIT if unit else sov.AMOUNT,
            "product_id": product.id,
            "product_uom_id": product.uom_id.id,
            "product_qty": money.to_float(movement.quantity, money.QUANTITY_DECIMALS),
            "price_unit": price,
            "technical_price_unit": price,
            "discount": 0.0,
            "date_planned": noon(change.date),
            "cost_code_id": line.cost_code_id.id,
            "cost_type_id": line.cost_type_id.id,
            "phase_id": line.phase_id.id,
            "location_id": line.location_id.id,
            "analytic_distribution": self.env["construction.coding"]._distribution(
                line.job_id, line.cost_code_id, line.cost_type_id
            ),
            "tax_ids": [fields.Command.set(line.tax_id.ids)],
        }

    def _without_tax(self):
        digits = self.currency_id.decimal_places
        lines = self.order_line.filtered(lambda line: not line.display_type)
        return sum((money.from_float(line.price_subtotal, digits) for line in lines), Decimal(0))

    def _check_moved(self, old, amount):
        """The order moved by exactly the change, and not below what was received or billed:
        a deduction on a line of its own undercuts no line, but the whole."""
        digits, new = self.currency_id.decimal_places, self._without_tax()
        if new - old != amount:
            raise UserError(
                self.env._(
                    "%(order)s would change by %(found)s, the change order says %(amount)s: "
                    "quantity and price do not give the amount.",
                    order=self.display_name,
                    found=self._shown(new - old),
                    amount=self._shown(amount),
                )
            )
        least = max(
            money.from_float(self.received_amount, digits),
            money.from_float(self.billed_amount, digits),
        )
        if amount < 0 and new < least:
            raise UserError(
                self.env._(
                    "%(order)s: ordered %(old)s, change %(amount)s, received %(received)s, billed "
                    "%(billed)s. It cannot go to %(new)s, the least possible is %(least)s.",
                    order=self.display_name,
                    old=self._shown(old),
                    amount=self._shown(amount),
                    received=self._shown(self.received_amount),
                    billed=self._shown(self.billed_amount),
                    new=self._shown(new),
                    least=self._shown(least),
                )
            )

    def _shown(self, amount):
        return formatLang(self.env, float(amount), currency_obj=self.currency_id)
