"""The cost report as a spreadsheet: as of, filter in words, totals that are computed."""

import base64
import io

import openpyxl
from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, tagged

from .change_orders import ChangeOrderCase

FACTS = 8  # rows above the first one of the report


@tagged("post_install", "-at_install")
class TestCostExport(ChangeOrderCase, TransactionCase):
    def given(self):
        super().given()
        self.cost_entry(1234.56)
        self.other_job = self.make_job("26-200")
        self.budget(777.0, job=self.other_job)

    def sheet(self, formulas=False, user=None, **values):
        """(facts, head, rows) of the file that the dialog makes."""
        dialog = self.env["construction.job.cost.export"].with_user(user or self.manager)
        dialog = dialog.create(values)
        action = dialog.action_export()
        self.assertIn(f"/{dialog.id}/content/", action["url"])
        book = openpyxl.load_workbook(
            io.BytesIO(base64.b64decode(dialog.content)), data_only=not formulas
        )
        rows = [list(row) for row in book.active.iter_rows(values_only=True)]
        top = next(i for i, row in enumerate(rows) if row[2] == "Cost Code")
        return dict(row[:2] for row in rows[1 : top - 1]), rows[top], rows[top + 1 :]

    def test_figures_and_totals(self):
        jobs = self.job | self.other_job
        facts, head, rows = self.sheet(job_ids=jobs.ids)
        budget, actual = head.index("Revised budget"), head.index("Actual")
        self.assertEqual([row[budget] for row in rows], [100000, 50000, 150000, 777, 777, 150777])
        self.assertEqual(rows[-1][actual], 1234.56)
        self.assertEqual(rows[2][0], f"Total of {self.job.display_name}")
        self.assertIn(str(self.env.cr.now().date()), facts["As of"])
        self.assertIn(self.job.display_name, facts["Filter"])
        self.assertIn("divisions: all", facts["Filter"])
        self.assertEqual(facts["Currency"], self.company.currency_id.name)

    def test_totals_are_formulas(self):
        _facts, head, rows = self.sheet(job_ids=self.job.ids, formulas=True)
        column = head.index("Revised budget")
        self.assertRegex(rows[-1][column], r"^=SUBTOTAL\(9,")
        self.assertRegex(rows[-2][column], r"^=SUBTOTAL\(9,")

    def test_the_filter_is_what_it_says(self):
        facts, head, rows = self.sheet(division_ids=self.other_code.ids, job_ids=self.job.ids)
        self.assertEqual(rows[-1][head.index("Revised budget")], 50000)
        self.assertIn(self.other_code.display_name, facts["Filter"])
        self.cost_entry(60000, self.key(code=self.other_code))
        facts, _head, rows = self.sheet(only_over=True, job_ids=self.job.ids)
        self.assertIn("above its budget", facts["Filter"])
        self.assertEqual(len(rows), 3)
        with self.assertRaises(UserError):
            self.sheet(only_over=True, job_ids=self.other_job.ids)

    def test_names_are_text(self):
        self.job.name = "=HYPERLINK(1)"
        _facts, _head, rows = self.sheet(job_ids=self.job.ids, formulas=True)
        self.assertEqual(rows[0][0], self.job.display_name)

    def test_who_does_not_see_the_job_gets_nothing_of_it(self):
        self.job.privacy_visibility = "followers"
        reader = self.make_user("xlsx-reader", "project_user")
        dialogs = self.env["construction.job.cost.export"].with_user(reader)
        with self.assertRaises(AccessError):
            dialogs.action_of_job(self.job.id)
        _facts, _head, rows = self.sheet(user=reader)
        self.assertNotIn(self.job.display_name, [row[0] for row in rows])
