"""Records that have become old, for the tests of what is removed and what is kept."""

from datetime import timedelta

from odoo import fields

from .seals import SealCase

OLD = timedelta(days=5000)


class KeepCase(SealCase):
    def given(self):
        super().given()
        self.Retention = self.env["construction.retention"]

    def run_retention(self):
        with self.shared_cursors():
            self.Retention._run()
        self.env.invalidate_all()

    def age(self, *events, by=OLD):
        """Events, their deliveries and issues become old."""
        records = self.env["construction.event"].union(*events)
        past = fields.Datetime.now() - by
        self.env.flush_all()
        self.sql("UPDATE construction_event SET received_at = %s, processed_at = CASE WHEN"
                 " processed_at IS NOT NULL THEN %s::timestamp END WHERE id = ANY(%s)",
                 past, past, records.ids)  # fmt: skip
        self.sql("UPDATE construction_delivery SET received_at = %s WHERE id = ANY(%s)",
                 past, records.delivery_id.ids)  # fmt: skip
        self.sql("UPDATE construction_issue SET closed_at = %s WHERE event_id = ANY(%s)"
                 " AND closed_at IS NOT NULL", past, records.ids)  # fmt: skip
        self.env.invalidate_all()

    def ping(self, name, **more):
        return self.event("platform.pinged", subject=f"ping/{name}", id=name, **more)

    def hold(self, **values):
        return self.env["construction.legal.hold"].create(
            {"name": "Case", "reason": "asked", "company_id": self.company.id, **values}
        )
