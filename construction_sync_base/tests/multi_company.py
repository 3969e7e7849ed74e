"""Three companies with two currencies, and a platform that writes to all of them."""

from .domain import DomainCase

DATE = "2026-03-02"
RATE = 0.8  # euros for one dollar


class MultiCase(DomainCase):
    """Main and Second keep books in dollars, Euro in euros. `platform` writes to all."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.usd, cls.eur = cls.env.ref("base.USD"), cls.env.ref("base.EUR")
        (cls.usd + cls.eur).active = True
        assert cls.company.currency_id == cls.usd
        cls.second = cls.make_company("Second Builders", cls.usd)
        cls.euro = cls.make_company("Euro Bau", cls.eur)
        cls.euro.currency_id = cls.eur  # its chart of accounts said dollars
        rates = cls.env["res.currency.rate"]
        rates.search([("currency_id", "in", (cls.usd + cls.eur).ids)]).unlink()
        rates.create(
            {"currency_id": cls.eur.id, "name": "2026-01-01", "rate": RATE, "company_id": False}
        )
        cls.all = cls.company + cls.second + cls.euro
        cls.platform = cls.make_platform("tests-all", cls.all)
        cls.platform.rotate_secret()
        cls.names = dict(zip(("US-01", "US-02", "EU-01"), cls.all, strict=True))
        cls.map_entities(cls.platform)

    @classmethod
    def map_entities(cls, platform):
        cls.env["construction.crosswalk"].create(
            [
                {
                    "platform_id": platform.id,
                    "kind": "legal_entity",
                    "external_value": name,
                    "res_model": "res.company",
                    "res_id": company.id,
                }
                for name, company in cls.names.items()
            ]
        )

    def job_events(self, **over):
        return [
            self.event("job.upserted", data=self.job_data(name, legal_entity=name, **over))
            for name in self.names
        ]

    def masters(self):
        """A job of each company, a vendor and a cost code for all, in one batch."""
        self.process(
            *self.job_events(),
            self.event("vendor.upserted", data=self.vendor_data()),
            self.event("cost_code.upserted", data=self.cost_code_data()),
        )
        return {name: self.bound("job", name) for name in self.names}

    def commitments(self, amount="1000.00", **currencies):
        """A commitment for the job of each company, in its currency unless told."""
        codes = {name: company.currency_id.name for name, company in self.names.items()}
        codes |= currencies
        lines = [self.commitment_line(amount=amount)]
        return [
            self.event(
                "commitment.approved",
                data=self.commitment_data(f"C-{name}", name, lines=lines, currency=code, date=DATE),
            )
            for name, code in codes.items()
        ]

    def budgets(self, amount="5000.00"):
        return [
            self.event(
                "budget.approved",
                data=self.budget_data(
                    f"B-{name}",
                    name,
                    [self.budget_line(amount)],
                    currency=company.currency_id.name,
                ),
            )
            for name, company in self.names.items()
        ]

    def orders(self):
        return [self.bound("commitment", f"C-{name}") for name in self.names]

    def totals(self, job):
        figures = self.env["construction.job.cost"]._totals(job)[job.id]
        return {name: float(value) for name, value in figures.items() if value}
