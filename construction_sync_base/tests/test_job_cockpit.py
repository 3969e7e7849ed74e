"""The cockpit of a job: what it shows is what the cost report says, and what is missing."""

from datetime import date

from dateutil.relativedelta import relativedelta
from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import HttpCase, TransactionCase, tagged

from .change_orders import ChangeOrderCase


class CockpitCase(ChangeOrderCase):
    def shown(self, job=None, user=None):
        cockpit = self.env["construction.job.cockpit"].with_user(user or self.manager)
        return cockpit.action_read_job((job or self.job).id)

    def tiles(self, **more):
        return {tile["name"]: tile["amount"] for tile in self.shown(**more)["tiles"]}

    def missing(self, words, **more):
        return [row for row in self.shown(**more)["missing"] if words in row["label"]]


@tagged("post_install", "-at_install")
class TestJobCockpit(CockpitCase, TransactionCase):
    def test_the_figures_are_those_of_the_report(self):
        self.bill(self.order_one, 4000, 0)
        self.approved(self.change_line(500.0, 900.0, self.order_one))
        found = self.shown()
        (total,) = self.env["construction.job.cost"]._totals(self.job).values()
        for tile in found["tiles"]:
            self.assertEqual(tile["amount"], float(total[tile["name"]]), tile["name"])
        for name in ("budget", "committed", "actual", "open", "at_completion", "variance"):
            self.assertEqual(sum(row[name] for row in found["divisions"]), float(total[name]), name)
        self.assertTrue(found["as_of"])

    def test_what_comes_to_nothing_has_no_row(self):
        """Exposure of a ticket has no code yet, and is in none of the columns."""
        change = self.change_order()
        change.line_ids.unlink()  # it has no price yet
        change._opened().state = "potential"
        self.env["construction.field.ticket"].create(
            {"number": "T1", "job_id": self.job.id, "change_id": change.id, "date": "2026-03-01",
             "description": "Conduit", "currency_id": change.currency_id.id, "amount": 436}
        )  # fmt: skip
        for row in self.shown()["divisions"]:
            self.assertTrue(row["id"], row)

    def test_cost_without_a_code_is_shown_apart(self):
        rows = self.shown()["divisions"]
        self.assertTrue(all(row["id"] for row in rows))
        self.assertEqual([row["code"] for row in rows], sorted(row["code"] for row in rows))

    def test_over_time(self):
        """Planned goes to the end of the plan, earned and actual to today; the last point is
        the figure of today."""
        job = self.make_job("26-CURVE")
        today = fields.Date.today()
        months = [today.replace(day=1) + relativedelta(months=n) for n in (-1, 0, 1)]
        self.env["construction.budget"].create({
            "job_id": job.id, "version": "1", "effective_on": months[0],
            "line_ids": [Command.create({
                "cost_code_id": self.code.id, "cost_type_id": self.material.id, "amount": 300,
                "spread_ids": [Command.create({"month": m, "amount": 100}) for m in months],
            })],
        }).action_approve()  # fmt: skip
        last = months[1] - relativedelta(days=1)
        for day, percent in ((last, 20), (today, 50)):
            self.env["construction.progress"].create({
                "job_id": job.id, "as_of": day,
                "line_ids": [Command.create({"cost_code_id": self.code.id,
                                             "percent_complete": percent})],
            })  # fmt: skip
        self.cost_entry(80, self.key(job), date=last)
        self.cost_entry(50, self.key(job), date=today)
        found = self.shown(job)
        curve = found["curve"]
        self.assertEqual(curve["planned"], [100, 200, 300])
        self.assertEqual(curve["earned"], [60, 150, None])
        self.assertEqual(curve["actual"], [80, 130, None])
        earned = found["earned"]
        self.assertEqual((earned["earned"], earned["actual"]), (150, 130))
        self.assertEqual(earned["cpi"], 150 / 130)
        self.assertAlmostEqual(earned["at_completion_by_cpi"], 260)
        self.assertFalse(self.missing("months", job=job) + self.missing("progress", job=job))

    def test_what_the_earned_value_lacks(self):
        self.env["construction.progress"].create({
            "job_id": self.job.id,
            "line_ids": [Command.create({"cost_code_id": self.code.id, "percent_complete": 5})],
        })  # fmt: skip
        (unspread,) = self.missing("without months")
        (unmeasured,) = self.missing("without progress")
        self.assertEqual((unspread["amount"], unmeasured["amount"]), (150000, 50000))

    def test_not_in_here_yet(self):
        self.assertFalse(self.missing("Bills"))
        self.bill(self.order_one, 4000, 500, post=False)
        (draft,) = self.missing("not posted")
        self.assertEqual((draft["count"], draft["amount"]), (1, 4500))
        bill = self.bill(self.order_one, 1000, 0)
        self.env["construction.hold"]._place(bill, "dispute", "quantity")
        (held,) = self.missing("on hold", user=self.buyer)
        self.assertEqual((held["count"], held["amount"]), (1, 1000))
        self.bill(self.order_one, 300, 0)
        (held,) = self.missing("on hold")
        self.assertEqual(self.env["account.move"].search(held["action"]["domain"]), bill)

    def test_a_draft_on_hold_is_one_that_is_not_posted(self):
        draft = self.bill(self.order_one, 4000, 500, post=False)
        self.env["construction.hold"]._place(draft, "dispute", "quantity")
        self.assertFalse(self.missing("on hold"))
        self.assertEqual(self.missing("not posted")[0]["count"], 1)

    def test_budgets_that_wait(self):
        self.rule(self.second, kind="budget")
        self.assertFalse(self.missing("Budget"))
        budget = self.env["construction.budget"].create({
            "job_id": self.job.id, "version": "next",
            "line_ids": [Command.create({"cost_code_id": self.code.id,
                                         "cost_type_id": self.material.id, "amount": 162000})],
        })  # fmt: skip
        budget.with_user(self.manager).action_approve()
        self.assertEqual(budget.release_state, "to_release")
        (row,) = self.missing("Budget")
        self.assertEqual((row["count"], row["amount"]), (1, 12000), "what it changes")
        self.assertEqual(self.env["construction.budget"].search(row["action"]["domain"]), budget)

    def test_parked_events_and_late_feeds(self):
        job = self.setup_job(budget=None)
        lines = [self.commitment_line(amount="700.00", cost_code="99-999")]
        data = self.commitment_data("C9", lines=lines)
        self.apply(self.event("commitment.approved", data=data, sequence=1))
        (parked,) = self.missing("not applied", job=job)
        self.assertEqual((parked["count"], parked["amount"]), (1, 700))
        self.assertEqual(parked["action"]["res_model"], "construction.event")
        self.assertFalse(self.missing("nothing arrived", job=job))
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE construction_event SET received_at = received_at - interval '3 days';"
            "UPDATE construction_delivery SET received_at = received_at - interval '3 days'"
        )
        self.env.invalidate_all()
        self.assertTrue(self.missing("nothing arrived", job=job))

    def test_what_needs_me(self):
        self.rule(self.second)
        order = self.submitted(9000.0)
        mine = self.shown(user=self.second)["mine"]
        self.assertEqual([row["amount"] for row in mine], [9000])
        self.assertEqual(mine[0]["action"]["res_id"], order.id)
        self.assertFalse(self.shown(user=self.manager)["mine"])
        self.job.user_id = self.manager
        (forecast,) = self.shown(user=self.manager)["mine"]
        self.assertIn("Forecast", forecast["label"])
        month = fields.Date.today().replace(day=1)
        draft = self.env["construction.forecast"].create({"job_id": self.job.id, "month": month})
        draft.action_take_figures()
        draft.with_user(self.manager).action_sign()
        self.assertFalse(self.shown(user=self.manager)["mine"])

    def test_who_sees_it(self):
        self.job.privacy_visibility = "followers"
        reader = self.make_user("cockpit-reader", "project_user")
        with self.assertRaises(AccessError):
            self.shown(user=reader)
        self.job.message_subscribe(reader.partner_id.ids)
        self.assertEqual(self.tiles(user=reader)["budget"], 150000)
        with self.assertRaises(AccessError):
            self.shown(user=self.make_user("cockpit-nobody"))
        plain = self.env["project.project"].create({"name": "No job"})
        with self.assertRaises(UserError):
            self.shown(plain)


@tagged("post_install", "-at_install")
class TestCockpitTour(CockpitCase, HttpCase):
    def test_from_the_cockpit_to_the_document(self):
        self.env.ref("base.user_admin").group_ids |= self.env.ref(
            "construction_sync_base.group_project_manager"
        )
        job = self.make_job("26-COCKPIT")
        tiles = self.make_code("09-300", parent_id=self.make_code("09").id)
        self.budget(0, (tiles, self.material, 10000.0), job=job)
        order = self.order(
            self.line(4000.0, tiles, name="Tile work"), project_id=job.id, confirm=True
        )
        self.bill(order, 1500, post=False)
        self.cost_entry(250, self.key(job, tiles))
        order.activity_schedule(
            "mail.mail_activity_data_todo",
            date(2026, 1, 5),
            summary="Call the vendor",
            user_id=self.env.ref("base.user_admin").id,
        )
        self.start_tour("/odoo", "construction_cockpit", login="admin")
