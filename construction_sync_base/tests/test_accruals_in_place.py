"""What is in place without a bill: rent by day, and work by its progress report."""

from datetime import date
from decimal import Decimal

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import TransactionCase, tagged

from .test_accruals import MAY, AccrualCase

JUNE = date(2026, 6, 1)


class InPlaceCase(AccrualCase):
    def propose(self, month=MAY):
        dialog = self.env["construction.accrual.propose"].with_user(self.pm).create(
            {"month": month, "job_ids": [Command.set(self.job.ids)]}
        )  # fmt: skip
        return self.env["construction.accrual"].search(dialog.action_propose()["domain"])

    def book(self, accrual):
        accrual.action_submit()
        accrual.with_user(self.finance).action_release()
        return accrual.sudo()


@tagged("post_install", "-at_install")
class TestRentByDay(InPlaceCase, TransactionCase):
    def rent(self, price=450.0, quantity=92, uom="uom.product_uom_day", **values):
        """A crane from 20 April until 20 July: 92 days."""
        line = self.line(quantity, sov_method="unit", price_unit=price,
                         product_uom_id=self.env.ref(uom).id)  # fmt: skip
        values = {"commitment_type": "rental", "start_on": "2026-04-20",
                  "end_on": "2026-07-20"} | values  # fmt: skip
        return self.order(line, confirm=True, **values)

    def test_days_in_place_at_their_rate_less_billed_and_accrued(self):
        order = self.rent()
        self.assertEqual(order.order_line.day_rate, 450)
        self.bill(order, 11, date="2026-04-30")  # 11 days of April: 4,950
        accrual = self.propose()
        # 11 days of April and 31 of May: 42 × 450 = 18,900, less 4,950
        self.assertEqual((accrual.amount_total, accrual.kind), (13950, "other"))
        self.book(accrual)
        with self.assertRaisesRegex(UserError, "accrued, or proposed"):
            self.propose()
        self.bill(order, 31, date="2026-06-08")  # the bill of May: 13,950
        # 72 days: 32,400, less 18,900 billed; what was accrued for May is taken back by then
        self.assertEqual(self.propose(JUNE).amount_total, 13500)

    def test_off_rent(self):
        order = self.rent()
        order.with_user(self.pm).end_on = "2026-05-15"  # 26 days
        self.assertEqual(self.propose().amount_total, 11700)

    def test_still_there(self):
        order = self.rent(end_on=False)
        self.assertEqual(order.order_line.day_rate, 450, "from the price of a day")
        self.assertEqual(self.in_place(order, date(2026, 5, 31)), [42 * 450])
        order.end_on = "2026-05-15"  # off rent, after 26 of the 92 days that were ordered
        self.assertEqual(self.in_place(order, date(2026, 5, 31)), [26 * 450])

    def test_not_there_yet(self):
        self.rent(start_on="2026-06-01")
        with self.assertRaises(UserError):
            self.propose()

    def test_at_most_what_is_open(self):
        order = self.rent(quantity=10)
        order.order_line.day_rate = 450  # the order was for ten days only
        self.assertEqual(self.propose().amount_total, 4500)

    def test_rates(self):
        week = self.rent(2100, 14, "construction_sync_base.uom_week", end_on="2026-07-26")
        self.assertEqual(week.order_line.day_rate, 300)
        month = self.rent(8400, 3, "construction_sync_base.uom_month", end_on="2026-07-12")
        self.assertEqual(month.order_line.day_rate, 300, "four weeks")
        open_end = self.rent(8400, 3, "construction_sync_base.uom_month", end_on=False)
        self.assertEqual(open_end.order_line.day_rate, 300, "of one, without a last day")
        lump = self.order(self.line(41400), commitment_type="rental", start_on="2026-04-20",
                          end_on="2026-07-20")  # fmt: skip
        self.assertEqual(lump.order_line.day_rate, 450)
        lump.order_line.day_rate = 500  # what the contract says counts
        self.assertEqual(lump.order_line.day_rate, 500)
        self.assertEqual(self.order(self.line(41400)).order_line.day_rate, 0)

    def in_place(self, order, *days):
        self.env.flush_all()
        return [self.env["construction.job.cost"]._unbilled_of(order.order_line, day)
                [order.order_line.id][1] for day in days]  # fmt: skip

    def test_all_of_it_on_its_last_day(self):
        """1,000 a month of 28 days is no rent of 35.71 a day, by price as by the whole line."""
        last = {"end_on": "2026-05-17"}
        month = self.rent(1000, 1, "construction_sync_base.uom_month", **last)
        lump = self.order(self.line(1000), commitment_type="rental", start_on="2026-04-20",
                          confirm=True, **last)  # fmt: skip
        for order in (month, lump):
            self.assertEqual(self.in_place(order, date(2026, 4, 30), MAY, date(2026, 5, 31)),
                             [Decimal("392.86"), Decimal("428.57"), 1000])  # fmt: skip

    def test_two_things_for_three_months(self):
        """6 months of 28 days in 84 days: two machines. One day, one month, all of it; and off
        rent after a month they have cost two months, whatever was ordered."""
        order = self.rent(1000, 6, "construction_sync_base.uom_month", end_on="2026-07-12")
        days = date(2026, 4, 20), date(2026, 5, 17), date(2026, 7, 12), date(2026, 8, 31)
        self.assertEqual(order.order_line.rent_count, 2)
        self.assertEqual(self.in_place(order, *days), [Decimal("71.43"), 2000, 6000, 6000])
        order.end_on = "2026-05-17"
        self.assertEqual(self.in_place(order, *days), [Decimal("71.43"), 2000, 2000, 2000])
        order.order_line.rent_count = 3
        self.assertEqual(self.in_place(order, days[1]), [3000], "somebody knows better")

    def test_more_of_it_over_the_same_days(self):
        """9 months instead of 6 in 84 days: three machines instead of two. Longer on rent is
        not more of it, in whatever order days and quantity are told."""
        order = self.rent(1000, 6, "construction_sync_base.uom_month", end_on="2026-07-12")
        line = order.order_line
        order._editable().order_line.product_qty = 9
        self.assertEqual((line.rent_count, line.day_rate), (3, 107.14285714))
        order.end_on = "2026-08-09"  # four weeks more
        self.assertEqual(line.rent_count, 3)
        order._editable().order_line.product_qty = 12
        self.assertEqual(line.rent_count, 3, "what the days brought")
        order._editable().order_line.product_qty = 16
        self.assertEqual(line.rent_count, 4)
        line.rent_count = 2
        order._editable().order_line.product_qty = 20
        self.assertEqual(line.rent_count, 2, "somebody knows better")

    def test_more_of_what_has_no_last_day(self):
        order = self.rent(1000, 6, "construction_sync_base.uom_month", end_on=False)
        order._editable().order_line.product_qty = 9
        self.assertEqual(order.order_line.rent_count, 1, "one, for longer")

    def test_the_checklist_knows(self):
        period = self.env["construction.period"].create({"month": MAY})
        domain = [("period_id", "=", period.id), ("key", "in", ("rent", "not_proposed"))]
        Check = self.env["construction.period.check"]
        self.env.flush_all()
        self.assertEqual(set(Check.search(domain).mapped("state")), {"none", "done"})
        order = self.rent()
        self.env.flush_all()
        self.env.invalidate_all()
        rows = Check.search(domain)
        self.assertEqual(set(rows.mapped("amount")), {18900})
        action = rows[0].action_open_documents()
        self.assertEqual(self.env[action["res_model"]].search(action["domain"]), order.order_line)
        self.book(self.propose())
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(set(Check.search(domain).mapped("state")), {"done"})

    def test_the_dates_of_an_event(self):
        self.setup_job()
        line = self.commitment_line(amount="920.00", quantity="92", unit_cost="10", uom="DAY")
        self.env["construction.crosswalk"].create(
            {"platform_id": self.platform.id, "kind": "uom", "external_value": "DAY",
             "res_model": "uom.uom", "res_id": self.env.ref("uom.product_uom_day").id}
        )  # fmt: skip
        data = self.commitment_data("R1", kind="rental", start_on="2026-04-20",
                                    end_on="2026-07-20", lines=[line])  # fmt: skip
        self.process(self.event("commitment.approved", data=data, sequence=1))
        order = self.bound("commitment", "R1")
        self.assertEqual((str(order.start_on), str(order.end_on)), ("2026-04-20", "2026-07-20"))
        self.assertEqual(order.order_line.day_rate, 10)
        line["quantity"], line["amount"] = "184", "1840.00"
        data |= {"lines": [line], "end_on": "2026-10-20"}
        self.process(self.event("commitment.approved", data=data, sequence=2))
        self.assertEqual(order.order_line.rent_count, 1, "92 days longer")
        line["quantity"], line["amount"] = "276", "2760.00"
        data |= {"end_on": "2026-07-20"}
        order._editable().order_line.write({"product_qty": 92, "rent_count": 1})
        self.process(self.event("commitment.approved", data=data, sequence=3))
        self.assertEqual(order.order_line.rent_count, 3, "three of it in the same days")


@tagged("post_install", "-at_install")
class TestWorkInPlace(InPlaceCase, TransactionCase):
    def subcontracted(self, amount=100000, **values):
        line = self.line(amount, cost_type=self.subcontract, **values)
        return self.order(line, confirm=True, commitment_type="subcontract", budget_reason="x")

    def of_work(self, *names):
        self.env.invalidate_all()
        row = self.env["construction.job.cost"].search(
            [("job_id", "=", self.job.id), ("cost_type_id", "=", self.subcontract.id)]
        )
        return tuple(row[name] for name in names)

    def report(self, percent, as_of, cost_type=None):
        self.env["construction.progress"].create({
            "job_id": self.job.id, "as_of": as_of,
            "line_ids": [Command.create({
                "cost_code_id": self.code.id, "percent_complete": percent,
                "cost_type_id": cost_type and cost_type.id,
            })],
        })  # fmt: skip

    def test_the_example_of_the_rules(self):
        """100,000 committed, 40,000 billed, 55 % in place → accrual 15,000; actual 55,000,
        open 45,000, projected 100,000."""
        order = self.subcontracted()
        self.bill(order, 40000, date="2026-05-20")
        self.report(55, "2026-05-29")
        self.report(70, "2026-06-05")  # of the next month
        accrual = self.propose()
        self.assertEqual((accrual.amount_total, accrual.kind), (15000, "work_not_billed"))
        self.assertEqual(accrual.line_ids.purchase_line_id, order.order_line)
        accrual = self.book(accrual)
        accrual.reversal_id.button_draft()  # as it is before the day has come
        names = ("committed", "billed", "accrued", "actual", "open", "projected")
        self.assertEqual(self.of_work(*names), (100000, 40000, 15000, 55000, 45000, 100000))
        accrual.reversal_id.action_post()
        self.assertEqual(self.of_work(*names), (100000, 40000, 0, 40000, 60000, 100000))
        self.assertEqual(self.propose(JUNE).amount_total, 30000)

    def successor(self, accrual, amount, month=MAY):
        """A newer version from the platform, which waits for its release."""
        line = {"purchase_line_id": accrual.line_ids.purchase_line_id.id, "amount": amount}
        values = {"month": month, "replaces_id": accrual.id, "line_ids": [Command.create(line)]}
        return self.env["construction.accrual"]._at_the_gate().create(values)

    def test_beside_a_draft_that_takes_the_place_of_another(self):
        """20,000 in place, 15,000 accrued, which 16,000 are to replace: 4,000 are missing."""
        order = self.subcontracted()
        self.report(20, "2026-05-29")
        accrued = self.released({"purchase_line_id": order.order_line.id, "amount": 15000})
        draft = self.successor(accrued, 16000)
        missing = self.propose()
        self.assertEqual(missing.amount_total, 4000)
        missing.unlink()
        draft.with_env(self.env).line_ids.amount = 20000
        with self.assertRaisesRegex(UserError, "accrued, or proposed"):
            self.propose()
        draft.with_env(self.env).month = JUNE  # May will have nothing of it
        self.assertEqual(self.propose().amount_total, 20000)

    def test_its_own_cost_type_before_the_whole_code(self):
        self.subcontracted()
        self.report(80, "2026-05-29")
        self.report(30, "2026-05-29", self.subcontract)
        self.assertEqual(self.propose().amount_total, 30000)

    def test_progress_says_nothing_of_deliveries(self):
        """Work accrues from progress, not from receipts; deliveries from receipts alone."""
        work = self.subcontracted()
        work.order_line.qty_received = 90000
        delivered = self.order(self.line(1000), confirm=True)
        delivered.order_line.qty_received = 400
        self.report(55, "2026-05-29")
        amounts = {a.kind: a.amount_total for a in self.propose()}
        self.assertEqual(amounts, {"work_not_billed": 55000, "received_not_billed": 400})

    def test_more_billed_than_in_place(self):
        order = self.subcontracted()
        self.bill(order, 60000, date="2026-05-20")
        self.report(55, "2026-05-29")
        with self.assertRaises(UserError):
            self.propose()
