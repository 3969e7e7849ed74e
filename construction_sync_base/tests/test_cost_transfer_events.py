"""cost_transfer.approved: the same object as the dialog's, once, in an open month."""

from odoo.tests import TransactionCase, tagged

from .approvals import ApprovalCase


@tagged("post_install", "-at_install")
class TestCostTransferEvents(ApprovalCase, TransactionCase):
    def given(self):
        super().given()
        self.setup_job("J1", codes=("03-300", "05-120"))
        self.process(self.event("job.upserted", data=self.job_data("J2"), sequence=1))
        self.job, self.job2 = self.bound("job", "J1"), self.bound("job", "J2")
        self.code = self.bound("cost_code", "CC-03-300")
        self.other_code = self.bound("cost_code", "CC-05-120")
        self.account = self.env["account.account"].browse(
            self.env["construction.account.map"]._cost_account_id(
                self.company, "material", self.job
            )
        )
        self.entry((self.account, 1000, self.key()), (self.asset, -1000, False))

    def coding_of(self, job="J1", code="03-300", kind="material", **over):
        return {"job": job, "cost_code": code, "cost_type": kind, **over}

    def transfer(self, external_id="T1", *lines, **over):
        return self.event(
            "cost_transfer.approved",
            data={
                "external_id": external_id,
                "number": f"CT-{external_id}",
                "date": "2026-03-20",
                "currency": self.company.currency_id.name,
                "reason": "Wrong code",
                "approved_by": {"name": "Pat Manager"},
                "approved_at": "2026-03-20T10:00:00-07:00",
                "lines": list(lines) or [self.line_of()],
                **over,
            },
            sequence=1,
        )

    def line_of(self, line_id="1", amount="400.00", **over):
        return {
            "line_id": line_id,
            "from": self.coding_of(),
            "to": self.coding_of(code="05-120"),
            "amount": amount,
            **over,
        }

    def test_it_waits_for_a_person_and_moves_the_cost(self):
        event = self.transfer()
        self.process(event)
        record = self.bound("cost_transfer", "T1")
        self.assertEqual((record.state, record.release_state), ("draft", "to_release"))
        self.assertEqual(record.number, "CT-T1")
        self.assertIn("approval", self.issues(event["id"]).mapped("category"))
        self.assertIn("Pat Manager", record.approval_ids.mapped("person"))
        record.with_user(self.finance).action_release()
        self.assertEqual(str(record.move_id.date), "2026-03-20")
        self.assertEqual(record.move_id.line_ids.account_id, self.account)
        self.assertFigures(actual=600)
        self.assertFigures(code=self.other_code, actual=400)

    def test_a_policy_may_release_it(self):
        self.release_policy("cost_transfer")
        self.process(self.transfer())
        self.assertEqual(self.bound("cost_transfer", "T1").state, "posted")
        self.assertFigures(code=self.other_code, actual=400)

    def test_once(self):
        self.process(self.transfer())
        again = self.transfer()
        self.apply(again)
        self.assertParked(again["id"], "duplicate")
        self.assertEqual(self.env["construction.cost.transfer"].search_count([]), 1)

    def test_between_jobs_with_codes_of_their_own(self):
        """Both jobs have a code of the same text on their own list."""
        own = {job: self.make_code("77-100", job_id=job.id) for job in (self.job, self.job2)}
        line = self.line_of(
            to=self.coding_of("J2", "77-100"), **{"from": self.coding_of("J1", "77-100")}
        )
        self.process(self.transfer("T2", line))
        found = self.bound("cost_transfer", "T2").line_ids
        self.assertEqual(found.from_cost_code_id, own[self.job])
        self.assertEqual(found.to_cost_code_id, own[self.job2])

    def test_a_locked_month_and_its_reopening(self):
        period = self.env["construction.period"].create({"month": "2026-03-01"})
        for _step in range(4):
            period.with_user(self.finance).action_advance()
        event = self.transfer()
        self.apply(event)
        issue = self.assertParked(event["id"], "period_locked")
        self.assertIn("March 2026 is locked", issue.message)
        self.assertFalse(self.bound("cost_transfer", "T1"))
        period.with_user(self.finance).action_reopen("It came late")
        period.with_user(self.controller).action_confirm_reopen()
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")
        self.assertEqual(str(self.bound("cost_transfer", "T1").date), "2026-03-20")

    def test_reopened_at_the_same_moment(self):
        """Nobody told the event that was parked meanwhile."""
        period = self.env["construction.period"].create({"month": "2026-03-01"})
        for _step in range(4):
            period.with_user(self.finance).action_advance()
        event = self.transfer()
        self.apply(event)
        self.env["construction.resolver"].sudo()._resolve_satisfied()
        self.assertEqual(self.state(event["id"]), "parked")
        self.env.cr.execute(
            "UPDATE construction_period SET job_cost_state = 'soft' WHERE id = %s", [period.id]
        )
        self.env["construction.resolver"].sudo()._resolve_satisfied()
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")

    def test_a_month_that_is_being_closed_waits_for_finance_whatever_the_policy(self):
        self.release_policy("cost_transfer")
        period = self.env["construction.period"].create({"month": "2026-03-01"})
        period.with_user(self.finance).action_advance()
        self.process(self.transfer())
        self.assertEqual(self.bound("cost_transfer", "T1").release_state, "to_release")

    def test_what_is_a_question(self):
        second = self.make_company("Second")
        self.platform.company_ids |= second
        abroad = self.make_job("26-980", company_id=second.id)
        for name, category, event in (
            ("job", "unmapped_reference",
             self.transfer("A", self.line_of(to=self.coding_of("J9")))),
            ("code", "unmapped_reference",
             self.transfer("B", self.line_of(to=self.coding_of(code="99")))),
            ("nothing", "amount", self.transfer("C", self.line_of(to=self.coding_of()))),
            ("zero", "amount", self.transfer("D", self.line_of(amount="0"))),
            ("negative", "amount", self.transfer("E", self.line_of(amount="-1"))),
            ("currency", "amount", self.transfer("F", currency="XXX")),
            ("twice", "schema", self.transfer("G", self.line_of(), self.line_of())),
            ("company", "ownership_conflict",
             self.transfer("H", self.line_of(to=self.coding_of({"number": abroad.job_number})))),
            ("no reason", "schema", self.transfer("I", reason="")),
            ("no lines", "schema", self.transfer("J", lines=[])),
        ):  # fmt: skip
            self.apply(event)
            self.assertParked(event["id"], category)
            self.assertFalse(self.bound("cost_transfer", event["data"]["external_id"]), name)

    def test_the_phase_alone_is_no_coding_of_cost(self):
        """The ledger has no phase; who sends it reads that, and nothing is booked."""
        phases = {"from": self.coding_of(phase={"code": "A"}), "to": self.coding_of(phase="B")}
        event = self.transfer("P", self.line_of(**phases))
        self.apply(event)
        self.assertParked(event["id"], "amount")
        self.assertIn("changes the phase alone", self.issues(event["id"]).message)
        moved = self.transfer("Q", self.line_of(to=self.coding_of(code="05-120", phase="B")))
        self.process(moved)
        self.assertTrue(self.bound("cost_transfer", "Q"), "a phase beside the coding does no harm")

    def test_queries_of_a_batch(self):
        self.queries_of(self.transfer("warm"))
        events = [self.transfer(f"Q{number}") for number in range(20)]
        self.assertLessEqual(self.queries_of(*events) / 20, 20)
