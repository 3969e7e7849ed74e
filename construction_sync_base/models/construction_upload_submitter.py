from odoo import models


class ConstructionReleaseMixin(models.AbstractModel):
    """Who sends a document in a file has submitted it, and cannot release it as well."""

    _inherit = "construction.release.mixin"

    def _submitters(self):
        found = super()._submitters()
        rows = self.env["construction.upload.row"].sudo().search(
            [
                ("result", "=", "accepted"),
                ("event_id.binding_ids.res_model", "=", self._name),
                ("event_id.binding_ids.res_id", "in", self.ids),
            ]
        )  # fmt: skip
        for user in rows.upload_id.sent_by_id:
            found.setdefault(user, self.env._("in a file"))
        return found
