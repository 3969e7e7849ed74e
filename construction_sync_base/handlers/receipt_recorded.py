from decimal import Decimal

from odoo import models
from odoo.exceptions import UserError

from ..lib import money
from ..lib.batch import Problem, Refused
from ..models.construction_resolver import ref_key, wait_key

ZERO = Decimal(0)


class ReceiptRecorded(models.AbstractModel):
    """receipt.recorded → what came, or went back, on the order lines.

    A movement: each adds once. More than ordered is taken in and told; less than nothing is
    refused with the arithmetic.
    """

    _name = "construction.handler.receipt.recorded"
    _inherit = "construction.handler.domain"
    _description = "receipt.recorded"

    _event_type = "construction.receipt.recorded.v1"
    _replaces = False
    _order_in_batch = 70

    def _apply(self, items):
        known = self._split_new(items, "construction.receipt")
        items = self._without_void(items, known)
        if not items:
            return
        orders = self._named_commitments(items, lambda item: item.data["commitment"])
        places = self._places(
            [(i, orders[i.id].project_id, i.data) for i in items if i.id in orders]
        )
        rows, received = [], {}
        for item in items:
            if item.id in known and not known[item.id].is_void and not item.blocked:
                self._refuse_twice(item, known[item.id])
            if item.blocked:
                continue
            order = orders[item.id]
            item.company_id = order.company_id.id
            if self._may_receive(item, order):
                lines = self._lines(item, order, received)
                if not item.blocked:
                    rows.append((item, self._values(item, order, places), lines))
        self._save(rows)

    def _without_void(self, items, known):
        """Those that count: one that was taken back, or voided before it came, adds nothing
        when it is told again. One that is newer was recorded again."""
        void = {
            binding.external_id: binding
            for binding in self._bindings_of(items, "receipt")
            if binding.tombstone or (binding.res_id and binding._record().is_void)
        }
        counting = []
        for item in items:
            dead = void.get(item.external_id)
            if dead and self._age(item, dead) <= 0:
                item.bind(known.get(item.id), tombstone=dead.tombstone)
            else:
                counting.append(item)
        return counting

    def _save(self, rows):
        if not rows:
            return
        Receipt = self.env["construction.receipt"]
        try:
            receipts = Receipt._record([(values, lines) for _item, values, lines in rows])
        except UserError as error:
            if len(rows) > 1:
                raise  # the batch is halved until the one stands alone
            raise Refused(Problem("matching", str(error))) from error
        for (item, _values, lines), receipt in zip(rows, receipts, strict=True):
            item.bind(receipt)
            self._tell_over(item, lines)
        touched = {line.id for _item, _values, lines in rows for line, _quantity, _more in lines}
        self.env["construction.resolver"]._available([("received", str(i)) for i in touched])
        # bills that had lost their receipt
        receipts.order_id._submit_set_back()

    def _refuse_twice(self, item, receipt):
        item.park(
            "duplicate",
            self.env._(
                "Receipt %(number)s of %(date)s was recorded before; a movement adds once.",
                number=receipt.number,
                date=receipt.date,
            ),
            suggestion=self.env._("Discard the event, or have it sent with an id of its own."),
        )

    def _may_receive(self, item, order):
        refusal = order.project_id._refusal("cost")
        if order.state == "cancel" or order.closed_state == "final":
            item.park(
                "inactive_target",
                self.env._("%s is cancelled or closed and receives nothing.", order.display_name),
            )
        elif order.state != "purchase":
            item.park(
                "approval",
                self.env._("%s is not approved yet.", order.display_name),
                wait=f"approved|{order.id}",
            )
        elif refusal:
            item.park("inactive_target", refusal, wait=f"job_open|{order.project_id.id}")
        return not item.blocked

    def _values(self, item, order, places):
        data = item.data
        by = data.get("received_by")
        return {
            "order_id": order.id,
            "company_id": order.company_id.id,
            "number": data.get("number") or data["external_id"],
            "kind": data["kind"],
            "date": data["date"],
            "packing_slip": data.get("packing_slip") or False,
            "received_by": (by.get("name") if isinstance(by, dict) else by) or False,
            "location_id": self._place(item, data, places)["location_id"],
            "final": bool(data.get("final")),
        }

    def _lines(self, item, order, received):
        """[(order line, quantity, values)]; `received` counts what the batch adds."""
        sign = -1 if item.data["kind"] == "return" else 1
        by_ref = {line.line_ref: line for line in order.order_line if line.line_ref}
        lines = []
        for position, data in enumerate(item.data["lines"], start=1):
            line = by_ref.get(data["commitment_line_id"])
            if not line:
                item.park(
                    "unmapped_reference",
                    self.env._(
                        "lines[%(position)s]: %(order)s has no line “%(line)s”.",
                        position=position,
                        order=order.display_name,
                        line=data["commitment_line_id"],
                    ),
                    wait=wait_key("commitment", ref_key(item.data["commitment"])),
                )
                continue
            quantity = self._quantity(item, line, data, position)
            rejected = self._rejected(item, data, position)
            if quantity is None or rejected is None:
                continue
            if line not in received:
                received[line] = money.from_float(line.qty_received, money.QUANTITY_DECIMALS)
            before = received[line]
            received[line] = before + sign * quantity
            if received[line] < 0:
                self._refuse_below(item, line, before, quantity)
            more = {
                "rejected_quantity": money.to_float(rejected, money.QUANTITY_DECIMALS),
                "lot": data.get("lot") or False,
            }
            lines.append((line, sign * quantity, more))
        return lines

    def _quantity(self, item, line, data, position):
        """In the order's unit; of a lump sum its value. None after parking the item."""
        name = "amount" if line.sov_method == "amount" else "quantity"
        if data.get(name) is None:
            item.park(
                "amount",
                self.env._(
                    "lines[%(position)s]: “%(line)s” is a lump sum, the receipt needs an amount.",
                    position=position,
                    line=line.name,
                )
                if name == "amount"
                else self.env._(
                    "lines[%(position)s]: “%(line)s” is priced by unit, so the receipt needs a "
                    "quantity.",
                    position=position,
                    line=line.name,
                ),
            )
            return None
        path = f"lines[{position}].{name}"
        if name == "amount":
            digits = line.currency_id.decimal_places
            return self._number(item, money.parse_amount, data[name], path, digits)
        return self._number(item, money.parse_quantity, data[name], path)

    def _rejected(self, item, data, position):
        if data.get("rejected_quantity") is None:
            return ZERO
        path = f"lines[{position}].rejected_quantity"
        return self._number(item, money.parse_quantity, data["rejected_quantity"], path)

    def _refuse_below(self, item, line, before, quantity):
        item.park(
            "matching",
            self.env._(
                "“%(line)s”: received %(before)s, the return takes back %(quantity)s.",
                line=line.name,
                before=before,
                quantity=quantity,
            ),
            wait=f"received|{line.id}",
            suggestion=self.env._("It goes on once the receipt it takes back has arrived."),
        )

    def _tell_over(self, item, lines):
        """More than ordered, and less than billed: told, with what it is worth."""
        for line, quantity, _more in lines:
            currency = line.currency_id
            if quantity > 0 and line.over_received_amount:
                item.notice(
                    "matching",
                    self.env._(
                        "“%(line)s”: ordered %(ordered)s, received %(received)s.",
                        line=line.name,
                        ordered=line.product_qty,
                        received=line.qty_received,
                    ),
                    amount=money.from_float(line.over_received_amount, currency.decimal_places),
                    currency_id=currency.id,
                    suggestion=self.env._("Return what is too much, or have the order changed."),
                )
            elif quantity < 0 and line.qty_received < line.qty_invoiced:
                item.notice(
                    "matching",
                    self.env._(
                        "“%(line)s”: billed %(billed)s, received %(received)s after the return.",
                        line=line.name,
                        billed=line.qty_invoiced,
                        received=line.qty_received,
                    ),
                    suggestion=self.env._("Ask the vendor for a credit note."),
                )
