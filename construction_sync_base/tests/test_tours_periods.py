from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged

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
        """After its lock nothing changes a figure of the month."""
        move = self.cost_entry(300, date="1999-05-20")
        self.env["construction.period"].create({"month": "1999-05-01"})
        self.start_tour("/odoo", "construction_month_closed", login="admin")
        for act in (
            move.button_draft,
            lambda: self.cost_entry(1, date="1999-05-31"),
            lambda: move.line_ids.analytic_line_ids.write({"amount": -1}),
        ):
            with self.assertRaises(UserError), self.cr.savepoint():
                act()
        self.assertFigures(actual=300)
