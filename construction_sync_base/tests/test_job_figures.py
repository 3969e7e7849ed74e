"""What a person sees on the job: figures, and what is not in here yet."""

from odoo.tests import TransactionCase, tagged

from .common import SyncCase


@tagged("post_install", "-at_install")
class TestJobFigures(SyncCase, TransactionCase):
    def given(self):
        super().given()
        self.job = self.setup_job()

    def commitment(self, external_id="C1", sequence=1, **over):
        data = self.commitment_data(external_id, **over)
        return self.event("commitment.approved", data=data, sequence=sequence)

    def waiting(self):
        self.env.flush_all()
        self.job.invalidate_recordset()
        return self.job.waiting_event_count, self.job.waiting_amount

    def test_figures(self):
        self.process(self.commitment())
        job = self.job
        job.invalidate_recordset()
        self.assertEqual(
            (
                job.commitment_count,
                job.job_budget_amount,
                job.job_committed_amount,
                job.job_open_amount,
                job.job_available_amount,
                job.budget_id.version,
            ),
            (1, 100000, 1000, 1000, 99000, "1"),
        )

    def test_nothing_is_missing(self):
        self.assertEqual(self.waiting(), (0, 0))
        self.assertIn("nothing known", self.job.not_in_here)
        self.assertTrue(self.job.as_of)

    def test_parked_commitments_and_their_amounts(self):
        lines = [self.commitment_line("1", "700.50"), self.commitment_line("2", "-0.50")]
        self.apply(
            self.commitment("C1", vendor="V-unknown", lines=lines),
            self.commitment("C2", vendor="V-unknown", job={"number": self.job.job_number}),
            self.commitment("C3", vendor="V-unknown", job={"origin_id": str(self.job.id)}),
        )
        self.assertEqual(self.waiting(), (3, 2700))
        self.assertIn("3 platform events", self.job.not_in_here)

    def test_events_about_documents_of_the_job(self):
        self.process(self.commitment())
        self.bound("commitment", "C1").order_line.qty_received = 1
        data = {"external_id": "C1", "date": "2026-03-20", "reason": "mistake"}
        self.apply(self.event("commitment.voided", "commitment/C1", data, sequence=2))
        self.assertEqual(self.waiting()[0], 1)

    def test_numbers_of_any_form_do_not_break_the_screen(self):
        for number, amount in enumerate(("1e3", "abc", 1.5, "1,5", "9" * 40)):
            line = self.commitment_line(amount=amount)
            self.apply(self.commitment(f"X{number}", lines=[line]))
        self.assertEqual(self.waiting()[0], 5)

    def test_other_jobs_are_not_meant(self):
        self.process(self.event("job.upserted", data=self.job_data("J2"), sequence=1))
        self.apply(self.commitment("C1", job="J2", vendor="V-unknown"))
        self.assertEqual(self.waiting(), (0, 0))

    def test_a_job_of_that_number_in_another_company_is_not_meant(self):
        platform = self.make_platform("tests-abroad", self.make_company("Abroad"))
        job = {"number": self.job.job_number}
        event = self.commitment("C1", job=job, vendor="V-unknown")
        self.apply(event, platform=platform)
        self.assertEqual(self.waiting(), (0, 0))

    def test_one_click_to_the_events(self):
        self.process(self.commitment())
        event_ids = self.env["construction.job.cost"]._event_ids(self.job)
        types = set(self.env["construction.event"].browse(event_ids).mapped("type"))
        self.assertEqual(
            types,
            {
                f"construction.{n}.v1"
                for n in ("job.upserted", "budget.approved", "commitment.approved")
            },
        )
