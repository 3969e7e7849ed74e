from datetime import timedelta

from odoo import fields
from odoo.tests import HttpCase, tagged

from .test_outbox import OutboxCase


@tagged("post_install", "-at_install")
class TestOutboxTours(OutboxCase, HttpCase):
    def test_sent_again(self):
        """A message that was given up is sent again on the screen, and taken."""
        row = self.tell("x/tour")
        self.server.plays((400, {"message": "bad sum"}, {}))
        row.sudo().first_failed_at = fields.Datetime.now() - timedelta(hours=73)
        self.sent()
        self.assertEqual(row.state, "dead")
        self.start_tour("/odoo", "construction_sent_again", login="admin")
        self.env.invalidate_all()
        self.assertEqual(row.state, "pending")
        self.server.plays((200, {}, {}))
        self.make_due(row)
        self.assertEqual(self.sent(), 1)
        self.assertEqual(row.try_ids.mapped("status"), [200, 400])
