"""What tests of direct costs start from."""

from .approvals import ApprovalCase


class DirectCostCase(ApprovalCase):
    """A job with two codes, and the accounts of cards and of what employees paid."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # the shared fixtures release bills by themselves; here a person does
        cls.env["construction.release.policy"].search(
            [("document_type", "=", "supplier_invoice")]
        ).sudo().write({"automatic": False})

    def given(self):
        super().given()
        self.setup_job("J1", codes=("03-300", "05-120"))
        self.job = self.bound("job", "J1")
        self.code = self.bound("cost_code", "CC-03-300")
        self.other_code = self.bound("cost_code", "CC-05-120")
        self.cards, self.staff = (
            self.env["account.account"].create(
                {"name": name, "code": code, "account_type": "liability_current",
                 "reconcile": True}
            )
            for name, code in (("Cards", "219001"), ("Owed to staff", "219002"))
        )  # fmt: skip

    def clearing(self):
        self.env["construction.clearing.account"].create(
            [
                {"purpose": "company_card", "account_id": self.cards.id},
                {"purpose": "employee", "account_id": self.staff.id},
            ]
        )

    def cost(self, external_id="D1", sequence=1, lines=None, **over):
        lines = [self.part()] if lines is None else lines
        tax = over.pop("tax", "0.00")
        untaxed = over.pop("untaxed", None) or f"{sum(float(line['amount']) for line in lines):.2f}"
        total = over.pop("total", None) or f"{float(untaxed) + float(tax):.2f}"
        return self.event(
            "direct_cost.approved",
            data={
                "external_id": external_id,
                "kind": "expense",
                "number": f"R-{external_id}",
                "job": "J1",
                "vendor": "V1",
                "date": "2026-03-05",
                "currency": self.company.currency_id.name,
                "amount_untaxed": untaxed,
                "amount_tax": tax,
                "amount_total": total,
                "paid": "unpaid",
                "approved_by": {"name": "Pat Manager"},
                "approved_at": "2026-03-06T10:00:00-07:00",
                "lines": lines,
                **over,
            },
            sequence=sequence,
        )

    def part(self, line_id="1", amount="80.00", **over):
        return {
            "line_id": line_id,
            "description": "Permit",
            "cost_code": "03-300",
            "cost_type": "material",
            "amount": amount,
            **over,
        }

    def card(self, *args, **over):
        return self.cost(*args, paid="company_card", kind="card", **over)

    def move(self, external_id="D1"):
        return self.bound("direct_cost", external_id)

    def amounts(self, move):
        return {(line.account_id, line.balance) for line in move.line_ids if line.balance}

    def mapped(self):
        return self.env["account.account"].browse(
            self.env["construction.account.map"]._cost_account_id(
                self.company, "material", self.job
            )
        )
