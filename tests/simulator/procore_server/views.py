"""Answers that are computed: sums of a commitment, an invoice in the form G702."""

from decimal import Decimal

from .resources import V1, V2
from .store import cents
from .wire import Reply, as_v2, missing

_HEAD = (
    "id", "billing_date", "commitment_id", "invoice_number", "origin_data", "origin_id",
    "percent_complete", "period_id", "status", "requisition_start", "requisition_end", "number",
)  # fmt: skip


class Views:
    def __init__(self, world, router):
        self.store, self.access = world.store, world.access
        router.add("GET", V1 + "/requisitions/{id}/detail", self._detail)
        router.add("GET", V2 + "/commitment_contracts/{id}/summary", self._summary)

    def _found(self, call, table):
        row = self.store.row(table, call.number("id"))
        if row is None or row.get("deleted_at") or row["_company"] != call.company:
            raise missing()
        if call.number("project_id") not in (None, row["_project"]):
            raise missing()
        self.access.touch(table, row)
        return row

    def _detail(self, call):
        """The documented G702; which path it belongs to is unverified."""
        row = self._found(call, "requisitions")
        g702 = {k: v for k, v in row.get("summary", {}).items() if not k.startswith("tax_")}
        head = {name: row.get(name) for name in _HEAD}
        return Reply(200, head | {"g702": g702, "attachments": []})

    def _summary(self, call):
        order = self._found(call, "commitments")
        changes = self.store.rows("commitment_change_orders", contract_id=order["id"])
        invoices = self.store.rows("requisitions", commitment_id=order["id"])
        payments = self.store.rows("contract_payments", contract_id=order["id"])

        def sum_of(rows, name, *states):
            rows = [row for row in rows if not states or row.get("status") in states]
            return cents(sum((Decimal(row.get(name) or 0) for row in rows), Decimal(0)))

        sums = {
            "approved_change_total": sum_of(changes, "grand_total", "approved"),
            "approved_change_total_tax_amount": "0.00",
            "pending_revised_change_total": sum_of(changes, "grand_total", "pending", "revised"),
            "draft_change_total": sum_of(changes, "grand_total", "draft"),
            "total_invoices_amount": sum_of(invoices, "total_claimed_amount"),
            "total_payments_amount": sum_of(payments, "amount"),
            "currency_configuration": order.get("currency_configuration"),
        }
        return Reply(200, {"data": as_v2(sums)})
