"""The dry run of a change set, and replays: what would differ is shown, nothing is kept,
and without a change nothing changes."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, tagged

from .test_change_sets import ChangeCase

COUNTED = (
    "purchase.order", "purchase.order.line", "construction.budget", "construction.budget.line",
    "project.project", "res.partner", "account.move", "account.analytic.line", "mail.message",
    "mail.mail", "mail.activity", "queue.job", "construction.issue", "construction.binding",
    "construction.approval", "construction.crosswalk",
)  # fmt: skip


class ReapplyCase(ChangeCase):
    def given(self):
        super().given()
        self.job = self.setup_job(codes=("03-300", "05-120"))
        self.code, self.other = (
            self.env["construction.cost.code"].search(
                [("code", "=", code), ("company_id", "=", self.company.id)]
            )
            for code in ("03-300", "05-120")
        )

    def commit(self, external_id="C1", sequence=1, **over):
        line = self.commitment_line("1", "1000.00", quantity="10", unit_cost="100", uom="skid")
        data = self.commitment_data(external_id, lines=[line | over.pop("line", {})], **over)
        event = self.event("commitment.approved", data=data, sequence=sequence)
        self.apply(event)
        return event

    def order(self, external_id="C1"):
        return self.bound("commitment", external_id)

    def map_code(self):
        """A proposal: what the platform calls 03-300 is 05-120 here."""
        return (
            self.env["construction.crosswalk"],
            {"kind": "cost_code", "external_value": "03-300", "platform_id": self.platform.id,
             "res_model": "construction.cost.code", "res_id": self.other.id},
        )  # fmt: skip

    def try_out(self, change):
        change.action_dry_run()
        with self.shared_cursors():
            change._trial_step()
        change.invalidate_recordset()
        self.assertEqual(change.trial_state, "done", change.trial_note)
        return change.diff_ids

    def standing(self):
        """Everything a dry run must not touch."""
        self.env.flush_all()
        self.env.invalidate_all()
        counts = {m: self.env[m].with_context(active_test=False).search_count([]) for m in COUNTED}
        return counts, self.documents()

    def documents(self):
        """Every stored value of the documents, their figures included, less who wrote them
        last and when."""
        self.env.flush_all()
        self.env.invalidate_all()
        result = {}
        for model in ("purchase.order", "purchase.order.line", "construction.budget",
                      "construction.budget.line", "project.project", "res.partner",
                      "construction.cost.code", "account.analytic.line"):  # fmt: skip
            records = self.env[model].with_context(active_test=False).search([], order="id")
            names = [
                name
                for name, field in records._fields.items()
                if field.store and field.column_type and name not in ("write_date", "write_uid")
            ]
            result[model] = records.read(names, load=None)
        cost = self.env["construction.job.cost"].search([])
        result["figures"] = self.env["construction.job.cost"]._positions(cost.job_id)
        return result

    def next_number(self):
        sequence = self.env["ir.sequence"].search(
            [("code", "=", "purchase.order"), ("company_id", "in", (False, self.company.id))],
            limit=1,
        )
        self.env.cr.execute(f"SELECT last_value FROM ir_sequence_{sequence.id:03d}")
        return self.env.cr.fetchone()[0]

    def events(self, *external):
        ids = [self.stored(event["id"]).id for event in external]
        return self.env["construction.event"].browse(ids)

    def again(self, events, change=None, reason="The mapping was wrong", user=None):
        wizard = (
            self.env["construction.replay.start"]
            .with_user(user or self.manager)
            .create(
                {
                    "event_ids": events.ids,
                    "reason": reason,
                    "version": "earlier" if change else "now",
                    "change_id": change and change.id,
                }
            )
        )
        replay = self.env["construction.replay"].browse(wizard.action_start()["res_id"])
        with self.shared_cursors():
            replay._step()
        self.env.invalidate_all()
        self.assertEqual(replay.state, "done")
        return replay


@tagged("post_install", "-at_install")
class TestDryRun(ReapplyCase, TransactionCase):
    def test_the_documents_that_would_differ(self):
        self.commit()
        self.commit("C2", line={"cost_code": "05-120"})
        change = self.change(self.map_code())
        diffs = self.try_out(change)
        orders = diffs.filtered(lambda d: d.res_model == "purchase.order")
        self.assertEqual(orders.mapped("res_id"), self.order().ids)
        self.assertEqual(orders.field_name, "Cost Code, line 1")
        self.assertIn("03-300", orders.value_now)
        self.assertIn("05-120", orders.value_then)
        self.assertIn("construction.budget", diffs.mapped("res_model"))
        self.assertEqual(change.trial_progress, 100)

    def test_amounts_and_totals(self):
        """A commitment that waits for its code would come to be; its amount is shown."""
        waiting = self.commit(line={"cost_code": "ZZ-1", "amount": "1000.00"})
        self.assertParked(waiting["id"], "unmapped_reference")
        record, values = self.map_code()
        change = self.change((record, values | {"external_value": "ZZ-1"}))
        diff = self.try_out(change)
        self.assertEqual((diff.outcome, diff.amount_difference), ("new", 1000))
        self.assertFalse(diff.res_id)
        self.assertIn("1,000.00", change.trial_summary)

    def test_nothing_is_kept(self):
        self.commit()
        self.commit("C2", line={"cost_code": "ZZ-1"})
        record, values = self.map_code()
        change = self.change(
            (record, values), (record, values | {"external_value": "ZZ-1"}),
            (self.env.ref("construction_sync_base.policy_commitment"), {"budget_check": "route"}),
        )  # fmt: skip
        change.action_dry_run()
        before, number, settings = self.standing(), self.next_number(), self.everything()
        states = self.env["construction.event"].search([]).mapped("state")
        with self.shared_cursors():
            change._trial_step()
        self.assertEqual(self.standing(), before)
        self.assertEqual(self.next_number(), number, "no order number was taken")
        self.assertEqual(self.everything(), settings)
        self.assertEqual(self.env["construction.event"].search([]).mapped("state"), states)
        self.assertEqual(set(change.diff_ids.mapped("outcome")), {"changed", "new"})
        self.assertEqual(self.env["construction.sync.policy"]._get(
            "commitment", self.company.id, self.platform.id).budget_check, "warn")  # fmt: skip

    def test_what_was_billed_becomes_an_issue(self):
        event = self.commit()
        order = self.order()
        self.bill(order, 4)
        change = self.change((self.mapping, {"res_id": self.dozen.id}))
        diff = self.try_out(change).filtered(lambda d: d.event_id == self.events(event))
        self.assertEqual(diff.outcome, "issue")
        self.assertIn("billed", diff.value_then)
        self.assertEqual(self.state(event["id"]), "processed")
        self.assertFalse(self.issues(event["id"]).filtered("blocking"))

    def test_a_proposal_without_effect_shows_nothing(self):
        self.commit()
        change = self.change((self.mapping, {"value": "a note"}))
        self.assertFalse(self.try_out(change))

    def test_scopes(self):
        self.commit()
        self.setup_job("J2", "V2", codes=(), budget=None)
        self.commit("C2", job="J2", vendor="V2")
        change = self.change(self.map_code(), scope="job", scope_job_id=self.bound("job", "J2").id)
        self.assertEqual(self.try_out(change).mapped("res_id"), self.order("C2").ids)
        change.write({"scope": "types", "scope_types": "construction.budget.approved.v1"})
        self.assertEqual(set(self.try_out(change).mapped("res_model")), {"construction.budget"})
        change.write({"scope": "last", "scope_count": 1})
        self.assertEqual(self.try_out(change).mapped("res_id"), self.order("C2").ids)
        change.write({"scope": "period", "scope_from": "2020-01-01", "scope_to": "2020-01-31"})
        with self.assertRaises(UserError):
            change.action_dry_run()

    def test_it_goes_on_in_another_job_when_its_time_is_over(self):
        self.commit()
        change = self.change(self.map_code())
        change.action_dry_run()
        self.env["queue.job"].search([]).write({"state": "done"})
        self.patch_time(change)
        with self.shared_cursors():
            change._trial_step()
        self.assertEqual((change.trial_state, change.trial_done), ("running", 0))
        self.assertTrue(self.env["queue.job"].search([("state", "=", "pending")]))

    def patch_time(self, change):
        from ..models import construction_change_trial

        self.patch(construction_change_trial, "STEP_SECONDS", -1)

    def test_a_proposal_that_does_not_fit_says_so(self):
        self.commit()
        change = self.change((self.mapping, {"res_id": self.dozen.id}))
        self.mapping.res_id = self.env.ref("uom.product_uom_hour").id
        change.action_dry_run()
        with self.shared_cursors():
            change._trial_step()
        change.invalidate_recordset()
        self.assertEqual(change.trial_state, "stopped")
        self.assertIn("in the meantime", change.trial_note)


@tagged("post_install", "-at_install")
class TestReplay(ReapplyCase, TransactionCase):
    def test_without_a_change_nothing_changes(self):
        self.commit()
        self.commit("C2", sequence=1)
        self.commit("C2", sequence=2, line={"unit_cost": "120", "amount": "1200.00"})
        self.bill(self.order("C2"), 3)
        closed = self.commit("C3")
        self.process(
            self.event(
                "commitment.closed",
                "commitment/C3",
                {"external_id": "C3", "kind": "final", "date": "2026-03-09",
                 "final_amount": "0.00", "open_released": "1000.00", "retention_balance": "0.00"},
                sequence=2,
            )
        )  # fmt: skip
        before = self.documents()
        approvals = self.env["construction.approval"].search_count([])
        issues = self.env["construction.issue"].search_count([])
        events = self.env["construction.event"].search([("state", "=", "processed")])
        for _time in range(2):
            replay = self.again(events)
            self.assertFalse(replay.diff_ids)
            self.assertEqual(self.documents(), before)
        self.assertEqual(set(events.mapped("state")), {"processed"})
        self.assertEqual(self.env["construction.issue"].search_count([]), issues)
        self.assertEqual(self.env["construction.approval"].search_count([]), approvals)
        self.assertEqual(replay.issue_count, 0)
        self.assertTrue(replay.taken_count and replay.left_count)
        self.assertEqual(self.state(closed["id"]), "processed")
        self.assertFalse(any(events.mapped("replaying")))

    def test_after_a_change_the_documents_follow(self):
        event = self.commit()
        self.in_force(self.map_code())
        self.assertEqual(self.order().order_line.cost_code_id, self.code)
        replay = self.again(self.events(event))
        self.assertEqual(self.order().order_line.cost_code_id, self.other)
        self.assertEqual((replay.taken_count, replay.issue_count), (1, 0))
        self.assertEqual(replay.diff_ids.document, self.order().display_name)
        self.assertFalse(self.again(self.events(event)).diff_ids, "a second time nothing")

    def test_it_does_what_the_dry_run_said(self):
        event = self.commit()
        change = self.change(self.map_code())
        said = self.try_out(change).filtered(lambda d: d.event_id == self.events(event))
        change.action_check()
        change.action_activate()
        done = self.again(self.events(event)).diff_ids
        for name in ("outcome", "res_id", "field_name", "value_now", "value_then"):
            self.assertEqual(said.mapped(name), done.mapped(name))

    def test_under_an_earlier_version(self):
        event = self.commit()
        first = self.in_force((self.mapping, {"value": "first"}))
        self.in_force(self.map_code())
        self.again(self.events(event))
        self.assertEqual(self.order().order_line.cost_code_id, self.other)
        settings = self.everything()
        replay = self.again(self.events(event), change=first)
        self.assertEqual(self.order().order_line.cost_code_id, self.code)
        self.assertEqual(replay.change_id, first)
        self.assertEqual(self.everything(), settings, "what is in force stays in force")

    def test_what_was_billed_becomes_an_issue_and_goes_on_once_mended(self):
        event = self.commit()
        bill = self.bill(self.order(), 4)
        change = self.in_force((self.mapping, {"res_id": self.dozen.id}))
        replay = self.again(self.events(event))
        self.assertEqual(replay.issue_count, 1)
        issue = self.assertParked(event["id"], "matching")
        self.assertEqual(self.order().order_line.product_uom_id, self.env.ref(
            "uom.product_uom_unit"))  # fmt: skip
        change.action_roll_back()
        issue.action_resolve()
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")
        self.assertFalse(self.stored(event["id"]).replaying)
        self.assertEqual(bill.state, "posted")

    def test_an_older_version_never_overwrites_a_newer_one(self):
        old = self.commit(sequence=1)
        self.commit(sequence=2, line={"unit_cost": "120", "amount": "1200.00"})
        before = self.documents()
        replay = self.again(self.events(old))
        self.assertEqual((replay.taken_count, replay.left_count), (0, 1))
        self.assertEqual(self.documents(), before)

    def test_who_why_and_how_many(self):
        event = self.commit()
        for user, reason in ((self.make_user("replay-finance", "finance"), "x"),):
            with self.assertRaises(AccessError), self.cr.savepoint():
                self.again(self.events(event), user=user, reason=reason)
        with self.assertRaises(UserError):
            self.again(self.events(event), reason=" ")
        from ..wizards import construction_replay_start

        self.patch(construction_replay_start, "MOST_EVENTS", 0)
        with self.assertRaises(UserError):
            self.again(self.events(event))

    def test_it_is_on_record(self):
        event = self.commit()
        self.again(self.events(event))
        rows = self.env["construction.audit"].search(
            [("model", "=", "construction.event"), ("action", "=", "event_replayed")]
        )
        self.assertIn("The mapping was wrong", rows[0].detail)
        self.assertEqual(rows[0].actor_id, self.manager)
