"""Bills of ten lines: created alone, and created and matched with their orders. Runs inside
Odoo's shell."""

import time

from odoo.fields import Command

from . import documents
from .rounds import Rounds, store

ORDERS = 20  # bills of one round are spread over as many orders
# Bills of one transaction. With a thousand new lines of one that nobody has analysed yet, a
# query of Odoo's for the payments of invoices takes minutes, whoever made them.
CHUNK = 10


class BillRounds(Rounds):
    """Both sides create the same bills, ten by one multi-create; ours matches them as well, line
    by line, and keeps the result."""

    def __init__(self, registry, count):
        super().__init__(registry, "bill", count)
        prefix = f"{self.run}o"
        events = documents.batch("commitment", prefix, ORDERS)
        with self._env() as env:
            store(env, events)
        with self._env() as env:
            while env["construction.drain"]._drain("standard"):
                env.cr.commit()
        numbers = [event["data"]["number"] for event in events]
        with self._env() as env:
            orders = env["purchase.order"].search([("commitment_number", "in", numbers)])
            if set(orders.mapped("state")) != {"purchase"} or len(orders) != ORDERS:
                raise ValueError(f"{len(orders)} orders, {set(orders.mapped('state'))}")
            self.orders = orders.ids

    def ours(self, prefix):
        return self._timed(prefix, match=True)

    def theirs(self, prefix):
        return self._timed(prefix, match=False)

    def _timed(self, prefix, match):
        self._analyze()
        return sum(self._chunk(prefix, start, match) for start in range(0, self.count, CHUNK))

    def _chunk(self, prefix, start, match):
        with self._env() as env:
            vals_list = self._bills(env, prefix, range(start, start + CHUNK))
            env.invalidate_all()
            started = time.perf_counter()
            bills = env["account.move"].create(vals_list)
            if match:
                bills._match_bills()
            env.flush_all()
            seconds = time.perf_counter() - started
            verdicts = set(bills.mapped("match_verdict"))
            lines = len(bills.match_line_ids)
            if match and (verdicts != {"match"} or lines != 10 * CHUNK):
                raise ValueError(f"{verdicts}, {lines} lines matched")
            env.cr.rollback()  # the next ones meet the same orders
        return seconds

    def _bills(self, env, prefix, numbers):
        orders = env["purchase.order"].browse(self.orders)
        share = 1.0 / (2 * self.count / ORDERS + 1)
        lines = {
            order: [
                line._prepare_account_move_line()
                | {"quantity": line.product_qty * share, "purchase_line_id": line.id}
                for line in order.order_line
            ]
            for order in orders
        }
        return [
            {
                "move_type": "in_invoice",
                "partner_id": order.partner_id.id,
                "ref": f"{prefix}-{number}",
                "invoice_date": "2026-11-10",
                "invoice_line_ids": [Command.create(values) for values in lines[order]],
            }
            for number in numbers
            for order in (orders[number % ORDERS],)
        ]
