"""Earned value of jobs through budgets, progress reports and posted cost."""

from datetime import date
from decimal import Decimal

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import TransactionCase, tagged

from ..lib import earned_value
from .domain import DomainCase

MARCH = date(2026, 3, 31)


class EarnedCase(DomainCase):
    """A job whose budget, progress and cost come as people and platforms send them."""

    def given(self):
        super().given()
        self.setup_job(codes=("03-300", "05-500"), budget=None)
        self.sent = self.bound("job", "J1")

    def send_budget(self, *lines, version="1", **more):
        """Lines of (code, amount, spread, more values); today's day does not matter: the
        version holds from the first of the year."""
        data = {
            "external_id": f"B{version}", "job": "J1", "version": version, **more,
            "currency": self.company.currency_id.name, "effective_on": "2026-01-01",
            "lines": [
                {"cost_code": code, "cost_type": "material", "amount": amount,
                 "spread": [{"month": month, "amount": part} for month, part in spread], **over}
                for code, amount, spread, over in lines
            ],
        }  # fmt: skip
        event = self.event("budget.approved", data=data, sequence=version)
        self.apply(event)
        return event

    def send_progress(self, *lines, external_id="P1", sequence=1, as_of="2026-03-31", **more):
        data = {
            "external_id": external_id, "job": "J1", "as_of": as_of, "source": "field",
            "lines": list(lines), **more,
        }  # fmt: skip
        event = self.event("progress.reported", data=data, sequence=sequence)
        self.apply(event)
        return event

    def spend(self, amount, code="03-300", day="2026-03-15"):
        self.cost_entry(amount, self.key(self.sent, self.sent_code(code)), date=day)

    def sent_code(self, code):
        return self.bound("cost_code", f"CC-{code}")

    def value(self, day=MARCH):
        found = self.env["construction.job.cost"]._earned_value(self.sent, day)
        return earned_value.total(value for _plan, value in found.values())

    def plan(self, code="03-300", day=MARCH):
        found = self.env["construction.job.cost"]._earned_value(self.sent, day)
        return found[self.sent.id, self.sent_code(code).id, self.material.id]


@tagged("post_install", "-at_install")
class TestEarnedVectors(EarnedCase, TransactionCase):
    """The published examples, through a budget with its months, progress and posted cost."""

    def test_ve1_fence(self):
        """Published 4,479 comes from a rounded index; the exact estimate is 4,480."""
        self.send_budget(
            ("03-300", "4000.00", [("2026-02", "1000.00"), ("2026-03", "2000.00"),
                                   ("2026-04", "1000.00")], {})
        )  # fmt: skip
        self.spend(2800)
        self.send_progress({"cost_code": "03-300", "percent_complete": "62.5"})
        fence = self.value()
        self.assertEqual(
            (fence.budget, fence.planned, fence.earned, fence.actual), (4000, 3000, 2500, 2800)
        )
        self.assertEqual((fence.cost_variance, fence.schedule_variance), (-300, -500))
        self.assertEqual(fence.cpi, earned_value.EXACT.divide(Decimal(25), Decimal(28)))
        self.assertEqual(fence.spi, earned_value.EXACT.divide(Decimal(5), Decimal(6)))
        self.assertEqual(
            (fence.at_completion_by_cpi, fence.to_complete_by_cpi, fence.variance_by_cpi),
            (4480, 1680, -480),
        )
        self.assertEqual((fence.at_completion_by_budget, fence.at_completion_by_both), (4300, 4816))
        self.assertEqual(fence.tcpi(), Decimal("1.25"))
        self.assertEqual(round(fence.tcpi(fence.at_completion_by_cpi), 3), Decimal("0.893"))

    def test_ve2(self):
        self.send_budget(
            ("03-300", "60000.00", [("2026-03", "55000.00"), ("2026-05", "5000.00")], {}),
            ("05-500", "40000.00", [("2026-04", "40000.00")], {}),
        )
        self.spend(30000)
        self.spend(15000, "05-500")
        self.send_progress(
            {"cost_code": "03-300", "cost_type": "material", "percent_complete": "70"},
            {"cost_code": "05-500", "percent_complete": "20"},
        )
        job = self.value()
        self.assertEqual(
            (job.budget, job.planned, job.earned, job.actual), (100000, 55000, 50000, 45000)
        )
        self.assertEqual((round(job.cpi, 2), round(job.spi, 2)), (Decimal("1.11"), Decimal("0.91")))
        self.assertEqual(job.at_completion_by_cpi, 90000)

    def test_ve4(self):
        """Both figures of the example: month one by quantity, month two as it went on."""
        self.send_budget(
            ("03-300", "500000.00", [("2026-03", "500000.00")],
             {"production": {"quantity": "800", "uom": "cy"}}),
        )  # fmt: skip
        self.spend(127000)
        line = {"cost_code": "03-300", "quantity_to_date": "160", "uom": "cy"}
        self.send_progress(line)
        first = self.value()
        self.assertEqual((first.earned, first.at_completion_by_budget), (100000, 527000))
        self.spend(35000, day="2026-04-10")
        self.send_progress(line | {"quantity_to_date": "240"}, external_id="P2", as_of="2026-04-30")
        self.assertEqual(self.value(date(2026, 4, 30)).at_completion_by_cpi, 540000)
        self.assertEqual(self.value(), first, "March stays as it was")


@tagged("post_install", "-at_install")
class TestEarnedValue(EarnedCase, TransactionCase):
    def test_billing_earns_nothing(self):
        """A vendor who bills ahead moves the cost, not the progress."""
        self.send_budget(("03-300", "1000.00", [], {}))
        order = self.order(
            self.line(1000, self.sent_code("03-300")), project_id=self.sent.id, confirm=True
        )
        self.bill(order, 1000, date="2026-03-10")
        value = self.value()
        self.assertEqual((value.earned, value.actual, value.planned), (0, 1000, 0))
        self.assertEqual(self.plan()[0].unspread, 1000, "without months nothing is planned")

    def test_a_change_follows_the_spread_and_contingency_stays_out(self):
        self.send_budget(
            ("03-300", "1000.00", [("2026-03", "400.00"), ("2026-04", "600.00")], {}),
            ("05-500", "500.00", [], {"reserve": "contingency"}),
        )
        change = {
            "external_id": "BC1", "job": "J1", "number": "1", "kind": "transfer",
            "date": "2026-03-20", "currency": self.company.currency_id.name, "reason": "rock",
            "lines": [
                {"cost_code": "03-300", "cost_type": "material", "amount": "200.00"},
                {"cost_code": "05-500", "cost_type": "material", "amount": "-200.00",
                 "reserve": "contingency"},
            ],
        }  # fmt: skip
        self.process(self.event("budget_change.approved", data=change, sequence=1))
        self.send_progress({"cost_code": "03-300", "percent_complete": "50"})
        plan, value = self.plan()
        self.assertEqual((value.budget, value.planned, value.earned), (1200, 480, 600))
        self.assertEqual(plan.unspread, 0)
        self.assertEqual(self.value(date(2026, 3, 19)).budget, 1000, "before the transfer")
        self.assertEqual(self.value().budget, 1200)

    def test_the_latest_report_counts_and_its_own_type_goes_first(self):
        self.send_budget(("03-300", "1000.00", [], {}))
        self.send_progress(
            {"cost_code": "03-300", "percent_complete": "10"},
            {"cost_code": "03-300", "cost_type": "material", "percent_complete": "30"},
        )
        self.assertEqual(self.value().earned, 300)
        self.send_progress(
            {"cost_code": "03-300", "percent_complete": "40"}, external_id="P2", as_of="2026-04-30"
        )
        self.assertEqual(self.value(date(2026, 4, 30)).earned, 400)
        self.assertEqual(self.value().earned, 300)

    def test_quantities(self):
        """Another unit of the same kind is converted; more than planned earns the budget and
        is told; a unit that cannot be compared earns nothing."""
        self.send_budget(
            ("03-300", "1000.00", [], {"quantity": "4", "uom": "sy"}),
        )
        line = {"cost_code": "03-300", "quantity_to_date": "9", "uom": "sf"}
        self.send_progress(line)
        self.assertEqual(self.value().earned, 250)
        self.send_progress(line | {"quantity_to_date": "45"}, sequence=2)
        plan, value = self.plan()
        self.assertEqual((value.earned, plan.exceeds(MARCH)), (1000, True))
        self.send_progress(line | {"uom": "hr"}, sequence=3)
        self.assertEqual(self.value().earned, 0)

    def test_a_newer_version_of_a_report_replaces_it(self):
        self.send_budget(("03-300", "1000.00", [], {}), ("05-500", "100.00", [], {}))
        milestones = [{"code": "M1", "name": "Dry in", "baseline_on": "2026-05-01"}]
        self.send_progress(
            {"cost_code": "03-300", "percent_complete": "50"},
            {"cost_code": "05-500", "percent_complete": "50"},
            milestones=milestones,
        )
        report = self.bound("progress", "P1")
        self.assertEqual(report.milestone_ids.baseline_on, date(2026, 5, 1))
        self.assertEqual(self.value().earned, 550)
        self.send_progress({"cost_code": "03-300", "percent_complete": "60"}, sequence=2)
        self.assertEqual(self.bound("progress", "P1"), report)
        self.assertFalse(report.milestone_ids)
        self.assertEqual(self.value().earned, 600)
        self.send_progress({"cost_code": "03-300", "percent_complete": "10"}, sequence=1)
        self.assertEqual(self.value().earned, 600, "an older version changes nothing")

    def test_what_cannot_be_read_waits(self):
        line = {"cost_code": "03-300", "percent_complete": "50"}
        for number, (lines, category) in enumerate((
            ([{"cost_code": "03-300"}], "schema"),
            ([line, line], "amount"),
            ([line | {"percent_complete": "101"}], "amount"),
            ([line | {"cost_code": "99-999"}], "unmapped_reference"),
        )):  # fmt: skip
            with self.subTest(category):
                event = self.send_progress(*lines, external_id=f"X{number}")
                self.assertParked(event["id"], category)

    def test_months_that_do_not_add_up(self):
        event = self.send_budget(("03-300", "1000.00", [("2026-03", "999.99")], {}))
        self.assertParked(event["id"], "amount")
        budget = self.env["construction.budget"].create({
            "job_id": self.job.id, "version": "typed",
            "line_ids": [Command.create({
                "cost_code_id": self.code.id, "cost_type_id": self.material.id, "amount": 10,
                "spread_ids": [Command.create({"month": "2026-03-01", "amount": 9})],
            })],
        })  # fmt: skip
        with self.assertRaises(ValidationError):
            budget.action_approve()
        budget.line_ids.spread_ids.amount = 10
        budget.action_approve()
        with self.assertRaises(UserError):
            budget.line_ids.spread_ids.amount = 9
        with self.assertRaises(UserError):
            budget.line_ids.spread_ids.unlink()

    def test_new_months_of_the_same_sums_make_a_version(self):
        self.send_budget(("03-300", "1000.00", [("2026-03", "1000.00")], {}))
        self.send_budget(("03-300", "1000.00", [("2026-04", "1000.00")], {}), version="2")
        self.assertEqual(self.value().planned, 0)
        self.assertEqual(self.value(date(2026, 4, 30)).planned, 1000)

    def test_people_of_other_companies_and_followers(self):
        self.send_progress({"cost_code": "03-300", "percent_complete": "50"})
        report = self.bound("progress", "P1")
        reader = self.make_user("ev-reader", "project_user")
        self.sent.privacy_visibility = "followers"
        Progress = self.env["construction.progress"].with_user(reader)
        self.assertFalse(Progress.search([("id", "=", report.id)]))
        self.sent.message_subscribe(reader.partner_id.ids)
        self.assertTrue(Progress.search([("id", "=", report.id)]).line_ids)
