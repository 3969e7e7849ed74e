from odoo.tests import HttpCase, tagged

from ..audit_reader import verify
from .common import SyncCase


@tagged("post_install", "-at_install")
class TestAuditTours(SyncCase, HttpCase):
    def test_person_erased(self):
        """Found, erased with a reason, and the trail still verifies on the screen."""
        self.setup_job("TOUR", "TOURV", codes=("TR-100",), budget="5000.00")
        line = self.commitment_line(cost_code="TR-100")
        data = self.commitment_data(
            "TOURC", "TOUR", "TOURV", lines=[line], approved_by={"name": "Jürgen Weiß"}
        )
        (event,) = self.process(self.event("commitment.approved", data=data, sequence=1))
        self.assertIn("Jürgen Weiß", event.payload)
        self.start_tour("/odoo", "construction_person_erased", login="admin")
        self.env.invalidate_all()
        self.assertNotIn("Jürgen Weiß", event.payload)
        self.assertFalse(event.delivery_id.body)
        self.assertTrue(self.bound("commitment", "TOURC").order_line)
        publics = self.env["construction.audit.seal"]._publics()
        self.assertFalse(verify(self.env.cr, publics))
        actions = self.env["construction.audit"].search([]).mapped("action")
        self.assertIn("person_erased", actions)
        self.assertIn("audit_verified", actions)
