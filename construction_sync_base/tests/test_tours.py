from odoo.tests import HttpCase, tagged

from .common import SyncCase


@tagged("post_install", "-at_install")
class TestTours(SyncCase, HttpCase):
    """What people do in the browser, and what becomes of the events behind it."""

    def given(self):
        super().given()
        self.setup_job("TOUR", "TOURV", codes=("TR-100",), budget="5000.00")

    def commitment(self, **over):
        line = self.commitment_line(cost_code=over.pop("cost_code", "TR-100"))
        line["amount"] = over.pop("amount", "1000.00")
        data = self.commitment_data("TOURC", "TOUR", "TOURV", lines=[line], **over)
        return self.event("commitment.approved", data=data, sequence=1, id="tour-event")

    def order(self):
        return self.bound("commitment", "TOURC")

    def test_issue_solved_by_mapping(self):
        """The event waits for a code; mapping it in the issue brings the order."""
        self.env["construction.cost.code"].create({"code": "TR-900", "name": "Tour fencing"})
        self.apply(self.commitment(cost_code="ZZ-99"))
        self.assertParked("tour-event", "unmapped_reference")
        self.start_tour("/odoo", "construction_issue_mapped", login="admin")
        self.drain()
        self.assertEqual(self.state("tour-event"), "processed")
        self.assertEqual(self.order().order_line.cost_code_id.code, "TR-900")
        self.assertFalse(self.issues("tour-event").filtered("blocking"))

    def test_blocked_commitment_approved(self):
        """The policy blocks what exceeds the budget until somebody answers for it."""
        self.env["construction.sync.policy"].create(
            {
                "object": "commitment",
                "platform_id": self.platform.id,
                "budget_check": "block",
            }
        )
        self.apply(self.commitment(amount="9000.00"))
        issue = self.assertParked("tour-event", "budget")
        self.assertEqual(issue.amount, 4000)
        self.start_tour("/odoo", "construction_overrun_approved", login="admin")
        self.drain()
        self.assertEqual(self.state("tour-event"), "processed")
        self.assertEqual(self.order().state, "purchase")
        self.assertIn("Owner agreed by phone", self.order().budget_reason)

    def test_mapping_changed_by_dry_run(self):
        """A mapping is proposed, tried with what was recorded, looked at and put in force;
        then the commitment follows."""
        other = self.env["construction.cost.code"].create({"code": "TR-900", "name": "Fencing"})
        self.process(self.commitment())
        change = self.env["construction.change"].create(
            {"name": "Fencing code", "reason": "The field calls it otherwise"}
        )
        self.env["construction.change.line"]._propose(
            change,
            self.env["construction.crosswalk"],
            {
                "kind": "cost_code",
                "external_value": "TR-100",
                "platform_id": self.platform.id,
                "res_model": "construction.cost.code",
                "res_id": other.id,
            },
        )
        self.start_tour("/odoo", "construction_change_dry_run", login="admin")
        change.invalidate_recordset()
        with self.shared_cursors():
            change._trial_step()
        self.start_tour("/odoo", "construction_change_activated", login="admin")
        change.invalidate_recordset()
        self.assertEqual(change.state, "active")
        self.assertEqual(self.order().order_line.cost_code_id.code, "TR-100")
        replay = self.env["construction.replay"]._start(
            self.stored("tour-event"), "Fencing code", change.browse()
        )
        with self.shared_cursors():
            replay._step()
        self.env.invalidate_all()
        self.assertEqual(self.order().order_line.cost_code_id, other)

    def test_event_replayed(self):
        """A dead event goes on once its cause is mended and somebody replays it."""
        event = self.event("job.upserted", data=self.job_data("TOUR2"), sequence=1, id="tour-dead")
        self.send(event)
        self.stored("tour-dead").write({"state": "dead", "last_error": "the disk was full"})
        self.start_tour("/odoo", "construction_event_replayed", login="admin")
        self.assertEqual(self.state("tour-dead"), "pending")
        self.drain()
        self.assertEqual(self.state("tour-dead"), "processed")
