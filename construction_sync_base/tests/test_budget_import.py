"""An estimate from a file or pasted lines becomes a draft version."""

import base64
import io

from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, tagged
from openpyxl import Workbook

from .budgets import BudgetCase

HEADING = ["Cost code", "Type", "Description", "Qty", "Unit", "Unit cost", "Amount", "Phase"]


@tagged("post_install", "-at_install")
class TestBudgetImport(BudgetCase, TransactionCase):
    def dialog(self, user=None, **values):
        return (
            self.env["construction.budget.import"]
            .with_user(user or self.env.user)
            .create({"job_id": self.job.id, **values})
        )

    def pasted(self, *rows, **values):
        text = "\n".join("\t".join(row) for row in rows)
        dialog = self.dialog(source="paste", text=text, **values)
        dialog.action_preview()
        return dialog

    def made(self, dialog):
        action = dialog.action_create_budget()
        return self.env[action["res_model"]].browse(action["res_id"])

    def test_pasted_lines(self):
        phase = self.env["construction.phase"].create({"code": "P1", "name": "1", "kind": "phase"})
        dialog = self.pasted(
            ("03-300", "material", "Footings", "10", "cy", "12.345678", "123.46", "P1"),
            ("03-300", "subcontract", "Forms", "", "", "", "1,000.00", ""),
        )
        self.assertEqual((dialog.line_count, dialog.error_count), (2, 0))
        self.assertEqual(dialog.amount_total, 1123.46)
        budget = self.made(dialog)
        self.assertEqual(
            (budget.state, budget.job_id, budget.basis), ("draft", self.job, "original")
        )
        line = budget.line_ids.filtered("quantity")
        self.assertEqual(
            (line.cost_code_id, line.cost_type_id, line.phase_id, line.quantity, line.unit_cost),
            (self.code, self.material, phase, 10, 12.345678),
        )
        self.assertEqual(line.uom_id, self.env.ref("construction_sync_base.uom_cubic_yard"))
        self.assertEqual(budget.amount_total, 1123.46)
        self.assertEqual(budget.message_attachment_count, 1, "the estimate stays with it")
        self.assertEqual(self.revised()[2], 1000, "a draft counts nothing")
        budget.action_approve()
        self.assertEqual(self.revised()[2], 123.46)

    def test_a_workbook_and_a_csv_file(self):
        book, content = Workbook(), io.BytesIO()
        for row in (HEADING, ["03-300", "Material", "x", 3, "ea", 0.1, 0.1 + 0.2, None]):
            book.active.append(row)
        book.save(content)
        csv = ",".join(HEADING) + '\n03-300,material,"a, b",,,,0.30,\n'
        for name, data in (("e.xlsx", content.getvalue()), ("e.csv", csv.encode())):
            dialog = self.dialog(file=base64.b64encode(data), filename=name)
            dialog.action_preview()
            self.assertFalse(dialog.error_count, dialog.line_ids.mapped("error"))
            budget = self.made(dialog)
            self.assertEqual(budget.amount_total, 0.3)
            self.assertEqual(budget.message_ids.attachment_ids.mapped("name"), [name])

    def test_errors_stand_at_their_lines(self):
        dialog = self.pasted(
            ("99-999", "material", "x", "", "", "", "5", ""),
            ("03-300", "magic", "x", "", "", "", "5", ""),
            ("03-300", "material", "x", "3", "ea", "2", "7", ""),
            ("03-300", "material", "x", "3", "furlong", "2", "6", ""),
            ("03-300", "material", "x", "", "", "", "5", "P-none"),
            ("03-300", "material", "x", "", "", "", "5.005", ""),
            ("03-300", "material", "fine", "", "", "", "5", ""),
        )
        said = dialog.line_ids.mapped("error")
        for text, words in zip(
            said, ("“99-999”", "“magic”", "is 6", "“furlong”", "“P-none”", "2 decimals", ""),
            strict=True,
        ):  # fmt: skip
            self.assertIn(words, text or "")
        self.assertFalse(said[-1])
        self.assertEqual(dialog.error_count, 6)
        with self.assertRaisesRegex(UserError, "6 lines"):
            dialog.action_create_budget()
        dialog.text = "03-300\tmaterial\tx\t\t\t\t5"
        dialog.action_back()
        dialog.action_preview()
        self.assertEqual(self.made(dialog).amount_total, 5)

    def test_codes_of_other_jobs_and_companies_are_not_meant(self):
        job = self.make_job("26-107")
        own = self.make_code("07-000", job_id=self.job.id, company_id=self.company.id)
        self.make_code("07-001", job_id=job.id, company_id=self.company.id)
        self.make_code("07-002", company_id=self.make_company("Elsewhere").id)
        self.make_code("07-003").active = False
        dialog = self.pasted(
            *((f"07-00{n}", "material", "x", "", "", "", "5", "") for n in range(4))
        )
        self.assertEqual(dialog.line_ids[0].cost_code_id, own)
        self.assertEqual([bool(line.error) for line in dialog.line_ids], [False, True, True, True])

    def test_several_lines_of_one_key_and_reserves(self):
        dialog = self.pasted(
            ("code", "type", "amount", "reserve"),
            ("03-300", "material", "5", ""),
            ("03-300", "material", "7", ""),
            ("03-300", "material", "9", "Allowance"),
        )
        budget = self.made(dialog)
        self.assertEqual(sorted(budget.line_ids.mapped("amount")), [5, 7, 9])
        budget.action_approve()
        self.assertEqual((self.revised()[2], budget.allowance_amount), (21, 9))

    def test_numbers_with_a_decimal_comma(self):
        row = ("03-300", "material", "x", "", "", "", "1.234,50", "")
        self.assertEqual(self.pasted(row, decimal_mark=",").amount_total, 1234.5)
        self.assertEqual(self.pasted(row).error_count, 1)

    def test_what_is_no_estimate(self):
        for values in (
            {"source": "paste", "text": ""},
            {"source": "paste", "text": "code\ttype\tamount"},
            {"source": "file"},
            {"source": "file", "file": base64.b64encode(b"PK\x03\x04nothing")},
        ):
            with self.assertRaises(UserError, msg=values):
                self.dialog(**values).action_preview()
        with self.assertRaisesRegex(UserError, "first"):
            self.dialog().action_create_budget()
        with self.assertRaisesRegex(UserError, "negative"):
            self.pasted(("03-300", "material", "x", "", "", "", "-5", "")).action_create_budget()

    def test_version(self):
        row = ("03-300", "material", "x", "", "", "", "5", "")
        self.assertEqual(self.made(self.pasted(row, version="est-7")).version, "est-7")
        self.assertEqual(self.made(self.pasted(row)).version, "8")

    def test_who_may(self):
        for group in ("project_user", "auditor", "integration_manager"):
            with self.assertRaises(AccessError, msg=group), self.cr.savepoint():
                self.dialog(self.make_user(f"import-{group}", group))
        for group in ("project_manager", "finance"):
            dialog = self.dialog(
                self.make_user(f"import-{group}", group),
                source="paste",
                text="03-300\tmaterial\tx\t1\tcy\t5\t5",
            )
            dialog.action_preview()
            self.assertEqual(self.made(dialog).amount_total, 5)

    def test_a_long_estimate_takes_no_query_per_line(self):
        def queries(count):
            rows = [("03-300", "material", f"x{n}", "1", "cy", "5", "5", "") for n in range(count)]
            dialog = self.pasted(rows[0])
            dialog.text = "\n".join("\t".join(row) for row in rows)
            self.env.flush_all()
            before = self.cr.sql_log_count
            dialog.action_preview()
            dialog.action_create_budget()
            self.env.flush_all()
            return self.cr.sql_log_count - before

        queries(2)
        self.assertLessEqual(queries(300) - queries(3), 20)
