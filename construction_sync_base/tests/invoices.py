"""What tests of supplier invoices share."""

from odoo.fields import Command

from .common import SyncCase


class InvoiceCase(SyncCase):
    def given(self):
        super().given()
        self.job = self.setup_job(codes=("03-300", "05-120"))
        self.by_hand()
        lines = [
            self.commitment_line("1", "10000.00"),
            self.commitment_line(
                "2",
                "500.00",
                cost_code="05-120",
                pricing="unit",
                quantity="100",
                uom="ea",
                unit_cost="5.00",
            ),
        ]
        self.process(
            self.event("commitment.approved", data=self.commitment_data(lines=lines), sequence=1)
        )
        self.ordered = self.bound("commitment", "C1")
        rows = self.env["construction.account.map"].search([("company_id", "=", self.company.id)])
        rows.write(
            {
                "retention_account_id": self.account("211900", "liability_payable").id,
                "advance_account_id": self.account("131900", "asset_current").id,
            }
        )

    def account(self, code, kind, **values):
        return self.env["account.account"].create(
            {
                "name": f"Account {code}",
                "code": code,
                "account_type": kind,
                "reconcile": kind == "liability_payable",
                "company_ids": [Command.set(self.company.ids)],
                **values,
            }
        )

    def tax(self, percent, **values):
        """A purchase tax, mapped to the code of its percentage."""
        tax = self.env["account.tax"].create(
            {
                "name": f"Tax {percent}",
                "amount": percent,
                "type_tax_use": "purchase",
                "company_id": self.company.id,
                **values,
            }
        )
        self.env["construction.crosswalk"].create(
            {
                "kind": "tax_code",
                "external_value": f"T{percent}",
                "res_model": "account.tax",
                "res_id": tax.id,
                "company_id": self.company.id,
            }
        )
        return tax

    def line_of(self, amount="1000.00", commitment_line_id="1", **over):
        return {
            "description": f"Line {commitment_line_id}",
            "amount": amount,
            "commitment_line_id": commitment_line_id,
            **over,
        }

    def direct(self, amount="70.00", **over):
        return {
            "description": "Permit",
            "amount": amount,
            "job": "J1",
            "cost_code": "03-300",
            "cost_type": "other",
            **over,
        }

    def invoice_data(self, external_id="I1", lines=None, **over):
        lines = [self.line_of()] if lines is None else lines
        untaxed = f"{sum(float(line['amount']) for line in lines):.2f}"
        tax = over.get("amount_tax", "0.00")
        return {
            "external_id": external_id,
            "kind": "invoice",
            "number": f"INV-{external_id}",
            "vendor": "V1",
            "commitment": "C1",
            "date": "2026-03-31",
            "currency": self.company.currency_id.name,
            "amount_untaxed": untaxed,
            "amount_tax": tax,
            "amount_total": f"{float(untaxed) + float(tax):.2f}",
            "lines": lines,
            **over,
        }

    def invoice(self, external_id="I1", sequence=None, **over):
        data = self.invoice_data(external_id, **over)
        data = {name: value for name, value in data.items() if value is not None}
        return self.event("supplier_invoice.received", data=data, sequence=sequence)

    def made(self, external_id="I1", sequence=None, **over):
        self.process(self.invoice(external_id, sequence, **over))
        return self.bound("supplier_invoice", external_id)

    def refused(self, category, **over):
        external_id = self.unique("X")
        event = self.invoice(external_id, **over)
        before = self.env["account.move"].search_count([])
        self.apply(event)
        issues = self.assertParked(event["id"], category)
        self.assertFalse(self.bound("supplier_invoice", external_id))
        self.assertEqual(self.env["account.move"].search_count([]), before)
        return issues
