from odoo import models


class RecordUnlinked(models.AbstractModel):
    """record.unlinked → the binding stands for nothing until the record is linked again or
    sent again; the record in Odoo stays."""

    _name = "construction.handler.record.unlinked"
    _inherit = "construction.handler.record"
    _description = "record.unlinked"

    _event_type = "construction.record.unlinked.v1"

    def _apply_object(self, items, name, model):
        known = self._bound_records(items, name, model, [item.external_id for item in items])
        for item in items:
            record = known.get(item.external_id)
            item.bind(record, unlinked=True)
            still = self._still_open(record) if record else None
            if still:
                item.notice(
                    "matching",
                    self.env._("The platform took the link to its record back. %s", still),
                    suggestion=self.env._(
                        "Cancel or close it here, or have it linked again at the platform."
                    ),
                )
