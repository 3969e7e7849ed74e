"""What a legal hold keeps, and who lifts it."""

from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, tagged

from .domain import DomainCase
from .retention import KeepCase


@tagged("post_install", "-at_install")
class TestLegalHolds(KeepCase, DomainCase, TransactionCase):
    def test_by_period_platform_and_company(self):
        (event,) = self.process(self.ping("held"))
        self.age(event)
        day = event.received_at.date()
        other = self.make_platform("hold-other", self.company)
        for values, holds in (
            ({}, True),
            ({"date_from": day, "date_to": day}, True),
            ({"date_from": day + timedelta(days=1)}, False),
            ({"date_to": day - timedelta(days=1)}, False),
            ({"platform_id": self.platform.id}, True),
            ({"platform_id": other.id}, False),
            ({"company_id": self.env["res.company"].create({"name": "Elsewhere"}).id}, False),
        ):
            savepoint = self.env.cr.savepoint()
            hold = self.hold(**values)
            self.assertEqual(bool(hold.event_count), holds, values)
            self.run_retention()
            self.assertEqual(bool(event.payload and event.delivery_id.body), holds, values)
            savepoint.rollback()
            savepoint.close(rollback=False)
            self.env.invalidate_all()

    def test_by_job_and_partner(self):
        self.setup_job("H1", "HV1", codes=("HO-100",))
        line = self.commitment_line(cost_code="HO-100")
        (event,) = self.process(
            self.event("commitment.approved", sequence=1,
                       data=self.commitment_data("HC1", "H1", "HV1", lines=[line]))
        )  # fmt: skip
        order = self.bound("commitment", "HC1")
        (ping,) = self.process(self.ping("not-held"))
        self.age(event, ping)
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        for values, holds in (
            ({"job_id": self.bound("job", "H1").id}, True),
            ({"job_id": self.make_job("26-777").id}, False),
            ({"partner_id": order.partner_id.id}, True),
            ({"partner_id": stranger.id}, False),
            ({"job_id": self.bound("job", "H1").id, "partner_id": order.partner_id.id}, True),
            ({"job_id": self.bound("job", "H1").id, "partner_id": stranger.id}, False),
        ):
            savepoint = self.env.cr.savepoint()
            self.hold(**values)
            self.run_retention()
            self.assertEqual(bool(event.payload and event.delivery_id.body), holds, values)
            self.assertFalse(ping.payload, "nothing but the case is held")
            savepoint.rollback()
            savepoint.close(rollback=False)
            self.env.invalidate_all()

    def test_lifted_with_a_reason_and_never_deleted(self):
        manager = self.make_user("holder", "integration_manager")
        hold = self.hold().with_user(manager)
        with self.assertRaisesRegex(UserError, "Say why"):
            hold.action_lift(" ")
        with self.assertRaises(AccessError):
            hold.write({"state": "lifted"})
        with self.assertRaises(UserError):
            hold.unlink()
        with self.assertRaisesRegex(UserError, "lifted, not deleted"):
            hold.sudo().unlink()
        with self.assertRaises(AccessError):
            hold.with_user(self.make_user("hold-au", "auditor")).action_lift("x")
        wizard = self.env["construction.reason"].with_user(manager).create(
            {"action": "lift", "res_ids": hold.ids, "reason": "settled"}
        )  # fmt: skip
        wizard.action_confirm()
        self.assertEqual(hold.state, "lifted")
        rows = self.env["construction.audit"].search(
            [("model", "=", hold._name), ("res_id", "=", hold.id)]
        )
        self.assertEqual(rows.mapped("action"), ["legal_hold_lifted", "legal_hold_set"])
        self.assertIn("settled", rows[0].detail)
