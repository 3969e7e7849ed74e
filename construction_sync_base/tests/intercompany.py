"""Companies that agreed to charge each other for cost on each other's jobs."""

from odoo.fields import Command

from .multi_company import MultiCase

DAY = "2026-03-10"


class IntercompanyCase(MultiCase):
    """Main and Euro have their accounts for it; Main charges Euro in dollars at cost. Finance
    and a controller work in all companies."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.finance, cls.controller = (
            cls.make_user(login, "finance") for login in ("ic-one", "ic-two")
        )
        (cls.finance | cls.controller).company_ids = cls.all
        cls.recovery = {}
        for company in cls.all:
            cls.make_accounts(company)
        cls.euro_job = cls.env["project.project"].create(
            {"name": "Brücke", "is_job": True, "job_number": "EU-1", "company_id": cls.euro.id}
        )
        cls.agreement = cls.agree(cls.company, cls.euro)

    @classmethod
    def make_accounts(cls, company):
        Account = cls.env["account.account"].with_company(company)
        made = Account.create(
            [
                {"name": name, "code": code, "account_type": kind, "reconcile": reconcile,
                 "company_ids": [Command.set(company.ids)]}
                for name, code, kind, reconcile in (
                    ("Due from", "119900", "asset_current", True),
                    ("Due to", "219900", "liability_current", True),
                    ("Recovery", "699900", "expense", False),
                )
            ]
        )  # fmt: skip
        cls.env["construction.clearing.account"].create(
            [
                {"company_id": company.id, "purpose": purpose, "account_id": account.id}
                for purpose, account in zip(("due_from", "due_to"), made, strict=False)
            ]
        )
        cls.env["construction.account.map"].search(
            [("company_id", "=", company.id)]
        ).recovery_account_id = made[2]
        cls.recovery[company] = made[2]

    @classmethod
    def agree(cls, company, job_company, currency=None, **rate):
        return cls.env["construction.intercompany.agreement"].create(
            {
                "company_id": company.id,
                "job_company_id": job_company.id,
                "currency_id": (currency or cls.usd).id,
                "rate_ids": [Command.create({"date_from": "2026-01-01", **rate})],
            }
        )

    def draft(self, *costs, user=None, job=None, company=None, **values):
        """A document that charges costs to the Euro job, unless told otherwise."""
        job = job or self.euro_job
        return (
            self.env["construction.intercompany"]
            .with_user(user or self.finance)
            .with_context(allowed_company_ids=self.all.ids)
            .create(
                {
                    "company_id": (company or self.company).id,
                    "job_company_id": job.company_id.id,
                    "date": DAY,
                    "reason": "Crane week",
                    "line_ids": [
                        Command.create(self.part(cost, job=job)) for cost in costs or (1000.0,)
                    ],
                    **values,
                }
            )
        )

    def part(self, cost, job=None, **values):
        return {
            "job_id": (job or self.euro_job).id,
            "cost_code_id": self.code.id,
            "cost_type_id": self.material.id,
            "cost_amount": cost,
            **values,
        }

    def submitted(self, *costs, **values):
        document = self.draft(*costs, **values)
        document.action_submit()
        return document

    def released(self, *costs, **values):
        document = self.submitted(*costs, **values)
        self.release(document)
        return document

    def release(self, document, user=None):
        document.with_user(user or self.controller).with_context(
            allowed_company_ids=self.all.ids
        ).action_release()
        document.invalidate_recordset()

    def items(self, move):
        """{(account name, amount in the agreement's currency, in the books)}"""
        return {
            (line.account_id.name, line.amount_currency, line.balance)
            for line in move.sudo().line_ids
        }

    def posted(self):
        """How many entries stand in the ledgers, before and after what must post nothing."""
        return self.env["account.move"].search_count([("state", "=", "posted")])

    def ties(self):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.env["construction.intercompany.tie"].search([])
