"""Queries per applied event through the whole pipeline: claim, handler, documents,
bindings, audit and states. A guard against queries in loops, not a race."""

from odoo.tests import TransactionCase, tagged

from .common import SyncCase

BATCH = 50
LINES = 10


@tagged("post_install", "-at_install")
class TestQueryCount(SyncCase, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.codes = [f"03-{number}" for number in range(100, 100 + LINES)]

    def assertQueries(self, most, build):
        """At most `most` queries per event for `BATCH` events made by `build(number)`."""
        self.queries_of(build(f"warm-{build.__name__}"))
        events = [build(f"{build.__name__}-{number}") for number in range(BATCH)]
        per_event = self.queries_of(*events) / BATCH
        self.assertLessEqual(per_event, most, f"{build.__name__}: {per_event} queries per event")

    # -------------------------------------------------------------- builders
    def commitment(self, name, sequence=1, amount="1000.00"):
        lines = [
            self.commitment_line(str(number), amount, cost_code=code)
            for number, code in enumerate(self.codes)
        ]
        data = self.commitment_data(name, lines=lines)
        return self.event("commitment.approved", data=data, sequence=sequence)

    def changed(self, name):
        return self.commitment(name, 2, "1001.00")

    def cost_code(self, name):
        return self.event("cost_code.upserted", data=self.cost_code_data(name), sequence=1)

    def vendor(self, name):
        data = self.vendor_data(
            name,
            vat=f"VAT-{name}",
            email=f"{name}@example.com",
            address={
                "street": "1 Mill Rd",
                "city": "Pueblo",
                "zip": "81001",
                "state": "CO",
                "country": "US",
            },
        )
        return self.event("vendor.upserted", data=data, sequence=1)

    def job(self, name):
        return self.event("job.upserted", data=self.job_data(name), sequence=1)

    def budget(self, name):
        lines = [self.budget_line("500.00", cost_code=code) for code in self.codes]
        data = self.budget_data(f"B-{name}", f"J-{name}", lines)
        return self.event("budget.approved", data=data, sequence=1)

    def void(self, name):
        data = {"external_id": name, "date": "2026-03-20", "reason": "mistake"}
        return self.event("commitment.voided", f"commitment/{name}", data, sequence=3)

    def close(self, name):
        data = {
            "external_id": name,
            "date": "2026-03-31",
            "kind": "final",
            "final_amount": "0.00",
            "open_released": "10000.00",
            "retention_balance": "0.00",
        }
        return self.event("commitment.closed", f"commitment/{name}", data, sequence=3)

    # ----------------------------------------------------------------- tests
    def test_commitments(self):
        self.setup_job(codes=self.codes, budget="10000000.00")
        self.assertQueries(12, self.commitment)  # the goal is 20

    def test_cost_codes(self):
        self.assertQueries(2, self.cost_code)

    def test_vendors(self):
        self.assertQueries(2, self.vendor)

    def test_jobs(self):
        self.assertQueries(8, self.job)

    def test_master_data(self):
        def customer(name):
            data = {"external_id": name, "name": name, "vat": f"T-{name}"}
            return self.event("customer.upserted", data=data, sequence=1)

        def item(name):
            data = {"external_id": name, "code": name, "name": name, "uom": "ea", "stocked": False}
            return self.event("item.upserted", data=data, sequence=1)

        def location(name):
            data = {"external_id": name, "code": name, "name": name, "kind": "area"}
            return self.event("location.upserted", data=data, sequence=1)

        def employee(name):
            data = {"external_id": name, "number": name, "name": name, "email": f"{name}@x.example"}
            return self.event("employee.upserted", data=data, sequence=1)

        for most, build in ((2, customer), (5, item), (1, location), (1, employee)):
            self.assertQueries(most, build)

    def test_record_facts(self):
        names = [f"{kind}-{n}" for kind in ("linked", "deleted") for n in range(BATCH)]
        names += ["warm-linked", "warm-deleted"]
        self.process(*[self.vendor(name) for name in names])

        def linked(name):
            data = {"object": "vendor", "external_id": name}
            return self.event("record.linked", f"vendor/{name}", data)

        def deleted(name):
            data = {"object": "vendor", "external_id": name}
            return self.event("record.deleted", f"vendor/{name}", data)

        for build in (linked, deleted):
            self.assertQueries(2, build)

    def test_budgets(self):
        names = ["warm-budget"] + [f"budget-{number}" for number in range(BATCH)]
        self.process(
            *[self.job(f"J-{name}") for name in names], *[self.cost_code(c) for c in self.codes]
        )
        self.assertQueries(3, self.budget)

    def made(self, name):
        self.setup_job(codes=self.codes, budget="10000000.00")
        names = [f"warm-{name}"] + [f"{name}-{number}" for number in range(BATCH)]
        self.process(*[self.commitment(each) for each in names])

    def test_new_versions_of_commitments(self):
        self.made("changed")
        self.assertQueries(20, self.changed)

    def test_voids(self):
        self.made("void")
        self.assertQueries(20, self.void)

    def test_closings(self):
        self.made("close")
        self.assertQueries(10, self.close)
