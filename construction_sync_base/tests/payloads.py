"""What events of the tests say, as dicts that a test changes where it differs."""


class Payloads:
    def job_data(self, external_id="J1", **over):
        return {
            "external_id": external_id,
            "number": f"26-{external_id}",
            "name": f"Job {external_id}",
            "status": "active",
            **over,
        }

    def vendor_data(self, external_id="V1", **over):
        return {
            "external_id": external_id,
            "name": f"Vendor {external_id} {self.platform.key}",
            **over,
        }

    def cost_code_data(self, code="03-300", **over):
        return {"external_id": f"CC-{code}", "code": code, "name": f"Code {code}", **over}

    def budget_data(self, external_id="B1", job="J1", lines=None, **over):
        return {
            "external_id": external_id,
            "job": job,
            "version": over.pop("version", "1"),
            "currency": self.company.currency_id.name,
            "lines": [self.budget_line()] if lines is None else lines,
            **over,
        }

    def budget_line(self, amount="100000.00", cost_code="03-300", cost_type="material", **over):
        return {"cost_code": cost_code, "cost_type": cost_type, "amount": amount, **over}

    def commitment_data(self, external_id="C1", job="J1", vendor="V1", lines=None, **over):
        return {
            "external_id": external_id,
            "number": f"PO-{external_id}",
            "kind": "purchase_order",
            "job": job,
            "vendor": vendor,
            "currency": self.company.currency_id.name,
            "date": "2026-03-02",
            "approved_by": {"name": "Pat Manager"},
            "approved_at": "2026-03-02T10:00:00-07:00",
            "lines": [self.commitment_line()] if lines is None else lines,
            **over,
        }

    def commitment_line(self, line_id="1", amount="1000.00", **over):
        return {
            "line_id": line_id,
            "description": f"Line {line_id}",
            "cost_code": "03-300",
            "cost_type": "material",
            "amount": amount,
            **over,
        }

    def direct_cost_data(self, external_id="D1", lines=None, tax="0.00", **over):
        lines = [self.cost_line()] if lines is None else lines
        untaxed = (
            over.get("amount_untaxed") or f"{sum(float(line['amount']) for line in lines):.2f}"
        )
        return {
            "external_id": external_id,
            "kind": "expense",
            "number": f"R-{external_id}",
            "job": "J1",
            "vendor": "V1",
            "date": "2026-03-05",
            "currency": self.company.currency_id.name,
            "amount_untaxed": untaxed,
            "amount_tax": tax,
            "amount_total": f"{float(untaxed) + float(tax):.2f}",
            "paid": "unpaid",
            "approved_by": {"name": "Pat Manager"},
            "approved_at": "2026-03-06T10:00:00-07:00",
            "lines": lines,
            **over,
        }

    def cost_line(self, line_id="1", amount="80.00", **over):
        return {
            "line_id": line_id,
            "description": f"Permit {line_id}",
            "cost_code": "03-300",
            "cost_type": "material",
            "amount": amount,
            **over,
        }
