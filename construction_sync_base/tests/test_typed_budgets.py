"""A budget typed while the platform was down is bound to the later event, or is a question."""

from odoo.tests import TransactionCase, tagged

from .typed import TypedCase


@tagged("post_install", "-at_install")
class TestTypedBudget(TypedCase, TransactionCase):
    def given(self):
        super().given()
        self.job = self.setup_job(codes=("03-300",), budget=None)
        self.code = self.sent_code("03-300")

    def approved(self, amount="5000.00", sequence=1, **over):
        data = self.budget_data(lines=[self.budget_line(amount)], **over)
        return self.event("budget.approved", data=data, sequence=sequence)

    def test_exact(self):
        budget = self.budget(5000, version="1")
        self.process(self.approved())
        self.assertEqual(self.bound("budget", "B1"), budget)
        self.assertEqual(self.job.budget_ids, budget)
        self.assertEqual(len(self.adopted(budget)), 1)

    def test_a_draft_takes_the_lines_of_the_event(self):
        budget = self.budget(4000, version="1")
        draft = budget.copy({"version": "7"})
        self.process(self.approved("5000.00", version="7"))
        self.assertEqual(self.bound("budget", "B1"), draft)
        self.assertEqual((draft.state, draft.amount_total), ("approved", 5000))
        self.assertEqual(budget.state, "superseded")

    def test_other_figures_are_a_question_bind(self):
        budget = self.budget(4000, version="1")
        event = self.approved()
        self.apply(event)
        issue = self.assertParked(event["id"], "duplicate")
        self.assertIn("5,000.00", issue.candidates[0]["differences"])
        self.choose(issue, budget)
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")
        self.assertEqual(self.job.budget_ids, budget)
        self.assertEqual(budget.amount_total, 4000)

    def test_other_figures_are_a_question_new(self):
        budget = self.budget(4000, version="1")
        event = self.approved()
        self.apply(event)
        self.choose(self.assertParked(event["id"], "duplicate"))
        self.drain()
        self.assertEqual(self.job.budget_id.amount_total, 5000)
        self.assertEqual((budget.state, self.job.budget_id.version), ("superseded", "1.2"))

    def test_of_another_job_or_version(self):
        self.budget(5000, version="1", job=self.make_job("26-777"))
        typed = self.budget(5000, version="9")
        self.process(self.approved())
        self.assertNotIn(self.bound("budget", "B1"), typed)
        self.assertEqual(self.job.budget_id.version, "1")

    def test_of_another_company(self):
        second = self.make_company("Second")
        job = self.make_job("26-J1", company_id=second.id)
        code = self.make_code("03-300", company_id=second.id)
        typed = self.budget(0, (code, self.material, 5000), version="1", job=job)
        self.process(self.approved())
        self.assertNotEqual(self.bound("budget", "B1"), typed)

    def test_replay(self):
        budget = self.budget(5000, version="1")
        event = self.approved()
        self.process(event)
        self.assertEqual(self.send(event), ["duplicate"])
        self.process(self.approved(sequence=2))  # a newer version with the same figures
        self.assertEqual(self.job.budget_ids, budget)
