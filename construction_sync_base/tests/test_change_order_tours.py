from odoo.tests import HttpCase, tagged

from .test_change_order_events import ChangeEventCase


@tagged("post_install", "-at_install")
class TestChangeOrderTours(ChangeEventCase, HttpCase):
    def test_approved_side_by_side(self):
        """Approved on its card with the effect in view; then the sides move in turn."""
        self.process(self.change_event("submitted", 1, title="Tour rebar"))
        self.start_tour("/odoo", "construction_change_order_side_by_side", login="admin")
        self.assertEqual(self.standing(), "executed executed executed executed")
        self.assertBooks(budget=200300, committed=1800, pending=0, exposure=0)
        self.assertEqual(self.change().released_by_id, self.env.ref("base.user_admin"))
