from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger
from psycopg2.errors import CheckViolation

from .domain import DomainCase


@tagged("post_install", "-at_install")
class TestPeriodTours(DomainCase, HttpCase):
    def test_cost_transferred(self):
        """From the page of the ledger to the item, its transfer, and another person's release."""
        job = self.make_job("26-995", name="Transfer tour")
        steel = self.make_code("TR-900")
        move = self.cost_entry(700, self.key(job))
        item = move.line_ids.filtered("analytic_distribution")
        item.name = "Wrongly coded"
        self.start_tour("/odoo", "construction_cost_transferred", login="admin")
        record = self.env["construction.cost.transfer"].search(
            [("line_ids.source_item_id", "=", item.id)]
        )
        self.assertEqual((record.reason, record.release_state),
                         ("Belongs to the steel", "to_release"))  # fmt: skip
        record.with_user(self.make_user("tour-finance", "finance")).action_release()
        self.assertFigures(job=job, actual=0)
        self.assertFigures(steel, job=job, actual=700)
        self.assertEqual(item.analytic_distribution, self.key(job))

    def test_month_closed(self):
        """From the checklist to the lock, after which nothing changes a figure of the month."""
        rows = self.env["construction.account.map"].search([("company_id", "=", self.company.id)])
        rows.accrual_account_id = self.asset.copy({"account_type": "liability_current"})
        self.move = self.cost_entry(300, date="1999-05-20")
        self.draft = self.cost_entry(70, date="1999-05-21", post=False)
        self.env["construction.period"].create({"month": "1999-05-01"})
        manager = self.make_user("tour-manager", "project_manager")
        self.accrual = self.accrue("Cranes of May", 150)
        self.accrual.with_user(manager).action_submit()
        self.start_tour("/odoo", "construction_month_closed", login="admin")
        self.assertEqual(self.accrual.state, "posted")
        told = self.env["construction.period"].search([]).message_ids.mapped("body")
        self.assertIn("70.00", str(told), "what was open at the lock")
        before = self.month()
        self.assertEqual(sum(amount for _id, _date, amount, *_coding in before), -450)
        for name, act in self.paths().items():
            with self.subTest(name), self.assertRaises(UserError), self.cr.savepoint():
                act()
                self.env.flush_all()
            self.env.invalidate_all()
        self.by_raw_sql()
        self.by_events()
        self.assertEqual(self.month(), before)
        ledger = self.env["construction.job.ledger"].search([("month", "=", "1999-05-01")])
        self.assertEqual((ledger.report_amount, ledger.difference), (450, 0))

    def accrue(self, reason, amount):
        coding = {"job_id": self.job.id, "cost_code_id": self.code.id,
                  "cost_type_id": self.material.id}  # fmt: skip
        return self.env["construction.accrual"].create(
            {"month": "1999-05-01", "reason": reason,
             "line_ids": [Command.create(coding | {"amount": amount})]}
        )  # fmt: skip

    def month(self):
        """Every analytic line of the month, whole."""
        self.env.flush_all()
        columns = [self.coding._column(kind) for kind in ("job", "cost_code", "cost_type")]
        self.env.cr.execute(
            f"SELECT id, date, amount, {', '.join(columns)} FROM account_analytic_line"
            " WHERE date BETWEEN '1999-05-01' AND '1999-05-31' ORDER BY id"
        )
        return self.env.cr.fetchall()

    def paths(self):
        item = self.move.line_ids.filtered("analytic_distribution")
        values = self.env["construction.cost.transfer.line"]._values_of(item)[0]
        values["to_cost_code_id"] = self.other_code.id
        transfer = self.env["construction.cost.transfer"].create(
            {"date": "1999-05-31", "reason": "Late", "line_ids": [Command.create(values)]}
        )
        late = self.accrue("Late", 5)
        april = self.accrue("Of April", 5)
        april.month = "1999-04-01"  # is taken back in May
        other = self.key(code=self.other_code)
        return {
            "a new entry": lambda: self.cost_entry(1, date="1999-05-31"),
            "the draft": self.draft.action_post,
            "back to draft": self.move.button_draft,
            "its reversal": lambda: self.move._reverse_moves(
                [{"date": self.move.date}], cancel=True
            ),
            "recoding the item": lambda: item.write({"analytic_distribution": other}),
            "the analytic amount": lambda: item.analytic_line_ids.write({"amount": -1}),
            "the analytic date": lambda: item.analytic_line_ids.write({"date": "1999-06-01"}),
            "deleting it": item.analytic_line_ids.unlink,
            "a transfer": transfer.action_submit,
            "an accrual": late.action_submit,
            "the reversal of an accrual": april.action_submit,
            "undoing the accrual": self.accrual.move_id.button_draft,
        }

    def by_raw_sql(self):
        line = self.move.line_ids.analytic_line_ids
        for query in (
            "UPDATE account_analytic_line SET amount = 0 WHERE id = %s",
            "UPDATE account_analytic_line SET account_id = NULL WHERE id = %s",
            "DELETE FROM account_analytic_line WHERE id = %s",
        ):
            with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation, msg=query):
                with self.cr.savepoint():
                    self.env.cr.execute(query, [line.id])
        self.env.invalidate_all()

    def by_events(self):
        """They wait for the month instead of finding another one."""
        self.setup_job("J1")
        coding = {"job": "J1", "cost_code": "03-300", "cost_type": "material"}
        line = {"line_id": "1", **coding, "amount": "5.00"}
        accrual = self.event("accrual.proposed", sequence=1, data={
            "external_id": "A1", "job": "J1", "month": "1999-05", "reverses_on": "1999-06-01",
            "currency": self.company.currency_id.name, "kind": "other", "lines": [line],
        })  # fmt: skip
        transfer = self.event("cost_transfer.approved", sequence=1, data={
            "external_id": "T1", "number": "T1", "date": "1999-05-31", "reason": "Late",
            "currency": self.company.currency_id.name, "approved_by": {"name": "Pat"},
            "approved_at": "1999-05-31T10:00:00Z",
            "lines": [{"line_id": "1", "from": coding, "to": coding | {"cost_type": "other"},
                       "amount": "5.00"}],
        })  # fmt: skip
        self.apply(accrual, transfer)
        for event in (accrual, transfer):
            self.assertEqual(self.issues(event["id"]).category, "period_locked")
