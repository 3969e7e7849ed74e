"""What tests of direct costs start from."""

from .approvals import ApprovalCase


class DirectCostCase(ApprovalCase):
    """A job with two codes, and the accounts of cards and of what employees paid."""

    def given(self):
        super().given()
        self.by_hand()
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
        data = self.direct_cost_data(external_id, lines, **over)
        return self.event("direct_cost.approved", data=data, sequence=sequence)

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
