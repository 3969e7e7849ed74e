from odoo.tests import HttpCase, tagged

from .approvals import ApprovalCase


@tagged("post_install", "-at_install")
class TestRightsTours(ApprovalCase, HttpCase):
    def test_approved_by_deputy(self):
        """The approver is absent; the deputy finds the order and approves in his place."""
        absent = self.make_user("absent approver", "finance")
        deputy = self.make_user("tour-deputy", "project_manager")
        deputy.password = "tour-deputy"
        self.rule(absent)
        self.deputy(absent, deputy, away=True)
        self.budget(5000)
        order = self.submitted()
        self.start_tour("/odoo", "construction_approved_by_deputy", login="tour-deputy")
        self.assertEqual(order.state, "purchase")
        row = order.sudo().approval_ids
        self.assertEqual((row.decided_by_id, row.on_behalf_of_id), (deputy, absent))
