"""Intercompany cost on the pages that people look at: ledger, tie-out, checklist, clearing."""

from odoo.tests import TransactionCase, tagged

from .intercompany import DAY, IntercompanyCase


@tagged("post_install", "-at_install")
class TestIntercompanyPages(IntercompanyCase, TransactionCase):
    def test_job_cost_is_ledger_cost_in_the_company_of_the_job(self):
        self.released(1000, 250.55)
        self.env.flush_all()
        row = self.env["construction.job.ledger"].search([("job_id", "=", self.euro_job.id)])
        self.assertEqual(
            (row.report_amount, row.analytic_amount, row.ledger_amount, row.difference),
            (1000.44, 1000.44, 1000.44, 0),
        )
        self.assertFalse(
            self.env["construction.job.ledger"].search([("company_id", "=", self.company.id)])
        )

    def test_the_tie_out_names_what_has_no_counterpart(self):
        self.released(1000)
        tie = self.ties()
        self.assertEqual(
            (tie.company_id, tie.job_company_id, tie.due_from, tie.due_to, tie.difference),
            (self.company, self.euro, 1000, 1000, 0),
        )
        self.assertFalse(tie.explanation)
        due_from = self.env["account.account"].search(
            [("name", "=", "Due from"), ("company_ids", "in", self.company.id)]
        )
        stray = self.entry((due_from, 70, False), (self.asset, -70, False), date=DAY, post=False)
        stray.line_ids[0].partner_id = self.euro.partner_id
        stray.action_post()
        tie = self.ties()
        self.assertEqual((tie.due_from, tie.due_to, tie.difference), (1070, 1000, 70))
        self.assertRegex(tie.explanation, f"{stray.name}.*70.00 without a counterpart")
        self.assertNotIn("1,000", tie.explanation)
        items = self.env["account.move.line"].search(tie.action_open_items()["domain"])
        self.assertEqual(len(items), 3)

    def test_the_checklist_of_either_company(self):
        """Waiting, it is cost that the company of the job misses, in its own currency."""
        document = self.submitted(1000)
        periods = self.env["construction.period"].create(
            [{"month": "2026-03-01", "company_id": one.id} for one in (self.euro, self.company)]
        )

        def rows(key):
            self.env.flush_all()
            self.env.invalidate_all()
            found = self.env["construction.period.check"].search([("period_id", "in", periods.ids)])
            found = found.filtered(lambda row: row.key == key)
            return {(row.company_id, row.state, row.documents, row.amount) for row in found}

        done = {(self.company, "done", 0, 0)}
        self.assertEqual(rows("charged_by_others"), {(self.euro, "open", 1, 800)} | done)
        self.assertIn((self.company, "open", 1, 1000), rows("gate_intercompany"))
        self.release(document)
        self.assertEqual(rows("charged_by_others"), {(self.euro, "done", 0, 0)} | done)
        self.assertEqual(document.job_amount, 800)

    def test_the_release_queue(self):
        """Who works in one company sees that it waits, and neither decides nor breaks on it."""
        document = self.submitted(1000)
        self.env.flush_all()
        one = self.make_user("ic-queue", "finance")
        for user, companies, may in ((self.controller, self.all, True), (one, self.company, False)):
            queue = self.env["construction.release.queue"].with_user(user)
            queue = queue.with_context(allowed_company_ids=companies.ids)
            row = queue.search([("document_type", "=", "intercompany")])
            self.assertEqual((row.name, row.amount, row.may_decide), (document.number, 1000, may))
            self.assertEqual(row.partner_id, self.euro.partner_id)
            self.assertEqual(bool(row.effect), may)

    def test_clearing_accounts_explain_the_two(self):
        document = self.released(1000)
        self.env.flush_all()
        rows = self.env["construction.clearing"].search([("balance", "!=", 0)])
        self.assertEqual(
            {(row.company_id, row.purpose, row.balance, row.unexplained) for row in rows},
            {
                (self.company, "Due from other companies", 1000, 0),
                (self.euro, "Due to other companies", -800, 0),
            },
        )
        action = document.move_id.with_user(self.controller).action_open_intercompany()
        self.assertEqual(action["res_id"], document.id)
