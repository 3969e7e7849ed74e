"""budget_change.approved: movements that count once, and who decides about them."""

from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from .approvals import ApprovalCase
from .common import SyncCase


class ChangeEventCase(SyncCase):
    def given(self):
        super().given()
        self.job = self.setup_job(codes=("03-300", "05-120"))  # 100,000 each

    def approved(self, external_id="BC1", *lines, sequence=None, time=None, **over):
        data = {
            "external_id": external_id,
            "job": "J1",
            "number": external_id,
            "kind": "revision",
            "date": "2026-03-10",
            "currency": self.company.currency_id.name,
            "reason": "Soil",
            "lines": list(lines) or [self.budget_line("250.00")],
            **over,
        }
        return self.event("budget_change.approved", data=data, sequence=sequence, time=time)

    def transfer(self, external_id="BC1", out="-250.00", into="250.00", **over):
        lines = [self.budget_line(out), self.budget_line(into, cost_code="05-120")]
        return self.approved(external_id, *lines, kind="transfer", **over)

    def voided(self, external_id="BC1", sequence=None, time=None, **over):
        data = {
            "external_id": external_id,
            "date": "2026-04-01",
            "reason": "Mistake",
            "by": {"name": "Pat"},
            **over,
        }
        return self.event("budget_change.voided", data=data, sequence=sequence, time=time)

    def change(self, external_id="BC1"):
        return self.bound("budget_change", external_id)

    def moved(self):
        """What the changes moved of each code."""
        positions = self.env["construction.job.cost"]._positions(self.job)
        found = {}
        for (_job, code, _type), figures in positions.items():
            found[self.env["construction.cost.code"].browse(code).code] = float(figures["changes"])
        return found.get("03-300", 0), found.get("05-120", 0)


@tagged("post_install", "-at_install")
class TestBudgetChangeEvents(ChangeEventCase, TransactionCase):
    def test_a_revision_and_a_transfer(self):
        self.process(self.approved(), self.transfer("BC2", "-100.00", "100.00"))
        change = self.change()
        self.assertEqual(
            (change.state, change.number, change.kind, str(change.date), change.reason),
            ("approved", "BC1", "revision", "2026-03-10", "Soil"),
        )
        self.assertEqual(self.moved(), (150, 100))

    def test_details_of_lines(self):
        line = self.budget_line(
            "-5.00", line_id="x", reserve="contingency", description="Use", segments={"zone": "N"}
        )
        self.process(self.approved("BC1", line))
        (row,) = self.change().line_ids
        self.assertEqual(
            (row.line_ref, row.reserve, row.description, row.segments, row.amount),
            ("x", "contingency", "Use", "zone: N", -5),
        )

    def test_sent_twice_counts_once(self):
        event = self.approved(sequence=1)
        self.process(event)
        self.send(event)
        again = self.approved(sequence=2)
        self.process(again)
        self.assertEqual(self.moved(), (250, 0))
        self.assertEqual(len(self.job.budget_change_ids), 1)

    def test_replayed(self):
        event = self.approved(sequence=1)
        void = self.voided(sequence=2)
        self.process(event)
        self.process(void)
        for each in (event, void, event):
            self.stored(each["id"]).write({"state": "pending"})
            self.drain()
            self.assertEqual(self.state(each["id"]), "processed")
        self.assertEqual(self.moved(), (0, 0))
        self.assertEqual(len(self.job.budget_change_ids), 2)

    def test_the_same_record_with_other_amounts_is_a_question(self):
        self.process(self.approved(sequence=1))
        event = self.approved("BC1", self.budget_line("300.00"), sequence=2)
        self.apply(event)
        issue = self.assertParked(event["id"], "duplicate")
        self.assertIn("250.00", issue.message)
        self.assertEqual(self.moved(), (250, 0))

    def test_a_transfer_that_is_not_zero(self):
        event = self.transfer(into="249.99")
        self.apply(event)
        issue = self.assertParked(event["id"], "amount")
        self.assertEqual(issue.amount, 0.01)
        self.assertFalse(self.job.budget_change_ids)

    def test_amounts_and_currency(self):
        self.env.ref("base.EUR").active = True
        for name, event in {
            "decimals": self.approved("X1", self.budget_line("1.001")),
            "float": self.approved("X2", self.budget_line(1.5)),
            "currency": self.approved("X3", currency="EUR"),
            "unknown currency": self.approved("X4", currency="XTS"),
        }.items():
            self.apply(event)
            self.assertTrue(self.assertParked(event["id"], "amount"), name)
        self.assertFalse(self.job.budget_change_ids)

    def test_an_unknown_code_waits_for_it(self):
        event = self.approved("BC1", self.budget_line("5.00", cost_code="09-900"))
        self.apply(event)
        self.assertParked(event["id"], "unmapped_reference")
        self.process(self.event("cost_code.upserted", data=self.cost_code_data("09-900")))
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")

    def test_lines_of_a_sub_job_are_a_question(self):
        event = self.approved("BC1", self.budget_line("5.00", sub_job="J1-A"))
        self.apply(event)
        self.assertParked(event["id"], "unmapped_reference")

    def test_it_waits_for_its_job_and_for_the_budget(self):
        event = self.approved(job="J2")
        self.apply(event)
        self.assertParked(event["id"], "unmapped_reference")
        self.process(self.event("job.upserted", data=self.job_data("J2"), sequence=1))
        self.drain()
        self.assertParked(event["id"], "budget")
        self.process(self.event("budget.approved", data=self.budget_data("B2", "J2"), sequence=1))
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")
        self.assertEqual(self.bound("job", "J2").job_changes_amount, 250)

    def test_a_closed_job_until_it_is_reopened(self):
        self.job.job_status = "closed"
        event = self.approved()
        self.apply(event)
        self.assertParked(event["id"], "inactive_target")
        self.job.job_status = "active"
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")

    def test_a_blocked_commitment_goes_on(self):
        self.env.ref("construction_sync_base.policy_commitment").budget_check = "block"
        line = self.commitment_line(amount="100250.00")
        order = self.event(
            "commitment.approved", data=self.commitment_data(lines=[line]), sequence=1
        )
        self.apply(order)
        self.assertParked(order["id"], "budget")
        self.process(self.approved())
        self.drain()
        self.assertEqual(self.state(order["id"]), "processed")

    def test_a_number_that_is_taken(self):
        self.process(self.approved("BC1", number="7"), self.approved("BC2", number="7"))
        self.assertEqual(self.change("BC2").number, "7.2")

    def test_a_version_that_names_it_counts_it_once(self):
        self.process(self.approved())
        data = self.budget_data(
            "B2", lines=[self.budget_line("100250.00")], version="2", basis="current",
            includes_changes=["BC1", "BC9"],
        )  # fmt: skip
        self.process(self.event("budget.approved", data=data, sequence=2))
        self.assertEqual((self.job.job_budget_amount, self.job.job_changes_amount), (100250, 250))
        self.process(self.approved("BC9", self.budget_line("50.00")))
        self.job.invalidate_recordset()
        self.assertEqual((self.job.job_budget_amount, self.job.job_changes_amount), (100250, 300))

    def test_documents_lead_to_their_events(self):
        events = self.process(self.approved(sequence=1), self.voided(sequence=2))
        change = self.change()
        counter = change.voided_by_ids
        bindings = self.env["construction.binding"].search(
            [("res_model", "=", change._name), ("res_id", "in", (change | counter).ids)]
        )
        of = {binding.res_id: binding.event_ids for binding in bindings}
        self.assertEqual(of[change.id], events)
        self.assertEqual(of[counter.id], events[1])
        self.assertTrue(
            set(events.ids) <= set(self.env["construction.job.cost"]._event_ids(self.job))
        )


@tagged("post_install", "-at_install")
class TestStandsAlready(ChangeEventCase, TransactionCase):
    """What was typed while the platform was down, and the two ways of a change order."""

    def typed(self, amount=250.0, **values):
        code = self.env["construction.cost.code"].search([("code", "=", "03-300")])
        material = self.env.ref("construction_sync_base.cost_type_material")
        return self.env["construction.budget.change"].create(
            {
                "job_id": self.job.id,
                "number": "BC1",
                "reason": "Typed",
                "line_ids": [
                    (0, 0, {
                        "cost_code_id": code.id,
                        "cost_type_id": material.id,
                        "amount": amount,
                    }),
                ],
                **values,
            }
        )  # fmt: skip

    def test_a_draft_takes_what_the_event_says(self):
        draft = self.typed(1.0)
        self.process(self.approved(number=" bc1 "))
        self.assertEqual(self.change(), draft)
        self.assertEqual((draft.state, draft.number, draft.amount_total), ("approved", "BC1", 250))
        self.assertEqual(self.moved(), (250, 0))

    def test_an_approved_one_that_is_equal(self):
        typed = self.typed()
        typed.action_approve()
        self.process(self.approved())
        self.assertEqual(self.change(), typed)
        self.assertEqual(self.moved(), (250, 0))

    def test_an_approved_one_with_other_amounts(self):
        self.typed(1.0).action_approve()
        event = self.approved()
        self.apply(event)
        issue = self.assertParked(event["id"], "duplicate")
        self.assertEqual(issue.candidates[0]["id"], self.job.budget_change_ids.id)
        self.assertEqual(self.moved(), (1, 0))

    def test_a_change_order_moves_once_whichever_comes_first(self):
        source = self.env["res.partner"].create({"name": "Change order 4"})
        values = {"job_id": self.job.id, "reason": "CO 4",
                  "line_ids": self.typed(number="tmp").line_ids.copy_data()}  # fmt: skip
        values["line_ids"] = [(0, 0, line | {"change_id": False}) for line in values["line_ids"]]
        Change = self.env["construction.budget.change"]
        brought = Change._approve_from(source, values | {"source_change_order": "CO-EXT"})
        self.process(self.approved("BC7", source_change_order="CO-EXT"))
        self.assertEqual(self.change("BC7"), brought)
        self.assertEqual(self.moved(), (250, 0))
        event = self.approved("BC8", self.budget_line("9.00"), source_change_order="CO-EXT")
        self.apply(event)
        self.assertParked(event["id"], "duplicate")
        self.assertEqual(self.moved(), (250, 0))

    def test_the_event_first_and_then_the_change_order(self):
        self.process(self.approved("BC7", source_change_order="CO-EXT"))
        source = self.env["res.partner"].create({"name": "Change order 4"})
        self.env["construction.binding"]._bind_by_hand(
            self.platform, "change_order", "CO-EXT", source
        )
        line = self.change("BC7").line_ids.copy_data()[0] | {"change_id": False}
        brought = self.env["construction.budget.change"]._approve_from(
            source, {"job_id": self.job.id, "reason": "CO 4", "line_ids": [(0, 0, line)]}
        )
        self.assertEqual(brought, self.change("BC7"))
        self.assertEqual(self.moved(), (250, 0))
        self.process(self.approved("BC9", source_change_order="CO-EXT"))
        self.assertEqual(self.change("BC9"), brought)
        self.assertEqual(self.moved(), (250, 0))


@tagged("post_install", "-at_install")
class TestMatrixOfEvents(ChangeEventCase, ApprovalCase, TransactionCase):
    def given(self):
        super().given()
        self.rule(self.finance, kind="budget_change", low=200)

    def test_it_waits_and_counts_when_released(self):
        (event,) = self.process(self.approved(sequence=1))
        self.assertEqual(self.issues(event.event_id).mapped("category"), ["approval"])
        change = self.change()
        self.assertEqual((change.state, self.moved()), ("draft", (0, 0)))
        change.with_user(self.finance).action_release()
        self.assertEqual((change.state, self.moved()), ("approved", (250, 0)))

    def test_sent_twice_it_keeps_the_answers(self):
        self.rule(self.controller, kind="budget_change", low=200, step=2)
        self.process(self.approved(sequence=1))
        change = self.change()
        change.with_user(self.finance).action_release()
        self.process(self.approved(sequence=2))
        self.assertEqual((change.state, change.release_state), ("draft", "to_release"))
        change.with_user(self.controller).action_release()
        self.assertEqual((change.state, self.moved()), ("approved", (250, 0)))

    def test_a_void_that_was_given_back_and_comes_from_the_platform(self):
        self.process(self.approved(sequence=1))
        change = self.change()
        change.with_user(self.finance).action_release()
        change.with_user(self.manager).action_void("Wrong")
        change.voided_by_ids.with_user(self.finance).action_return("Are you sure?")
        self.process(self.voided(sequence=2))
        counter = change.voided_by_ids
        self.assertEqual(counter.release_state, "to_release")
        counter.with_user(self.finance).action_release()
        self.assertEqual((change.state, self.moved()), ("void", (0, 0)))

    def test_voided_before_it_counted(self):
        self.process(self.approved(sequence=1))
        self.process(self.voided(sequence=2))
        change = self.change()
        self.assertEqual((change.state, change.release_state), ("void", False))
        self.assertFalse(change.voided_by_ids)
        with self.assertRaisesRegex(UserError, "does not wait"):
            change.with_user(self.finance).action_release()

    def test_returned_and_sent_again(self):
        self.process(self.approved(sequence=1))
        self.change().with_user(self.finance).action_return("Which soil?")
        self.process(self.approved("BC1", self.budget_line("199.00"), sequence=2))
        self.assertEqual((self.change().state, self.moved()), ("approved", (199, 0)))

    def test_the_void_is_decided_as_well(self):
        self.process(self.approved(sequence=1))
        self.change().with_user(self.finance).action_release()
        self.process(self.voided(sequence=2))
        counter = self.change().voided_by_ids
        self.assertEqual((counter.release_state, self.moved()), ("to_release", (250, 0)))
        counter.with_user(self.finance).action_release()
        self.assertEqual((self.change().state, self.moved()), ("void", (0, 0)))
