"""field_ticket.signed: evidence from the site, and exposure until it is priced."""

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import TransactionCase, tagged

from .test_change_order_events import ChangeEventCase


@tagged("post_install", "-at_install")
class TestFieldTickets(ChangeEventCase, TransactionCase):
    def ticket(self, sequence=None, external_id="T1", **over):
        data = {
            "external_id": external_id,
            "number": f"FT-{external_id}",
            "job": "J1",
            "date": "2026-03-12",
            "description": "Hand excavation at the gas line\nunder the walk",
            "labor": [{"classification": "Laborer", "hours": "6", "time_type": "regular"}],
            "equipment": [{"category": "Mini excavator", "hours": "2.5"}],
            "materials": [{"description": "Sand", "quantity": "3", "uom": "cy"}],
            "amount": "840.00",
            "respond_by": "2026-03-26",
            "signed_by": {"name": "Ola Owner", "company": "School District"},
            **over,
        }
        return self.event("field_ticket.signed", data=data, sequence=sequence)

    def test_it_becomes_a_potential_change_order(self):
        event = self.ticket(1)
        self.process(event)
        self.assertEqual(self.stored(event["id"]).lane, "critical")
        ticket = self.bound("field_ticket", "T1")
        change = ticket.change_id
        self.assertEqual(
            (change.state, change.stage, change.origin, change.number, change.title),
            ("potential", "field_directed", "site", "FT-T1", "Hand excavation at the gas line"),
        )
        self.assertEqual((change.ticket_amount, change.at_risk_amount), (840, 840))
        self.assertBooks(exposure=840, pending=0, committed=1500)
        for text in ("6 h regular: Laborer", "2.5 h: Mini excavator", "3 cy Sand"):
            self.assertIn(text, ticket.detail)
        self.assertEqual(ticket.signed_by, "Ola Owner, School District")

    def test_priced_its_lines_take_the_place(self):
        self.process(self.ticket(1))
        change = self.bound("field_ticket", "T1").change_id
        change.line_ids = [
            Command.create(
                {
                    "name": "Hand excavation",
                    "cost_code_id": self.order.order_line[0].cost_code_id.id,
                    "cost_type_id": self.order.order_line[0].cost_type_id.id,
                    "cost_amount": 900,
                }
            )
        ]
        self.assertEqual(change.at_risk_amount, 900)
        self.assertBooks(exposure=900)
        change.action_void("not ours")
        self.assertBooks(exposure=0)

    def test_it_belongs_to_the_one_it_names(self):
        event = self.ticket(1, change_order="X1")
        self.apply(event)
        self.assertParked(event["id"], "unmapped_reference")
        self.process(self.change_event("submitted", 1))
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")
        self.assertEqual(self.change().ticket_ids, self.bound("field_ticket", "T1"))
        self.assertBooks(exposure=300)

    def test_a_newer_version_and_the_same_again(self):
        event = self.ticket(1)
        self.process(event)
        change = self.bound("field_ticket", "T1").change_id
        self.process(self.ticket(2, amount="900.00"))
        self.assertEqual((change.ticket_amount, change.ticket_count), (900, 1))
        self.apply(dict(event, id="again"))
        self.assertEqual(change.ticket_amount, 900)
        self.assertEqual(self.env["construction.change.order"].search_count([]), 1)

    def test_without_an_amount_what_its_materials_cost(self):
        materials = [
            {"description": "Sand", "quantity": "3", "amount": "60.00"},
            {"description": "Pipe", "quantity": "1", "amount": "40.50"},
        ]
        self.process(self.ticket(1, amount=None, materials=materials))
        self.assertEqual(self.bound("field_ticket", "T1").amount, 100.5)

    def test_what_was_signed_stays(self):
        self.process(self.ticket(1), self.change_event("submitted", 1))
        ticket = self.bound("field_ticket", "T1")
        with self.assertRaises(UserError):
            ticket.amount = 1
        with self.assertRaises(UserError):
            ticket.unlink()
        ticket.change_id = self.change()
        self.assertEqual(self.change().ticket_amount, 840)

    def test_of_another_job_or_with_a_wrong_amount(self):
        self.process(
            self.event("job.upserted", data=self.job_data("J2"), sequence=1),
            self.change_event("submitted", 1),
        )
        for number, (category, over) in enumerate(
            (
                ("ownership_conflict", {"job": "J2", "change_order": "X1"}),
                ("amount", {"amount": "1.001"}),
                ("amount", {"amount": "-1.00"}),
                ("amount", {"currency": "EUR"}),
            )
        ):
            event = self.ticket(number + 1, **over)
            self.apply(event)
            self.assertParked(event["id"], category)
