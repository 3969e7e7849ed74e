from odoo import fields, models
from odoo.tools import SQL


class ConstructionReleaseMixin(models.AbstractModel):
    """Who sends a document in a file has submitted it, and cannot release it as well."""

    _inherit = "construction.release.mixin"

    upload_sender_ids = fields.Many2many(
        "res.users",
        string="Sent in a file by",
        compute="_compute_upload_sender_ids",
        compute_sudo=True,
    )

    def _compute_upload_sender_ids(self):
        senders = {}
        if self.ids:
            self.env["construction.upload"].flush_model(["sent_by_id"])
            for res_id, user_id in self.env.execute_query(
                SQL(
                    """
                    SELECT DISTINCT b.res_id, u.sent_by_id
                      FROM construction_binding b
                      JOIN construction_event_binding_rel l ON l.binding_id = b.id
                      JOIN construction_upload_row r
                        ON r.event_id = l.event_id AND r.result = 'accepted'
                      JOIN construction_upload u ON u.id = r.upload_id
                     WHERE b.res_model = %s AND b.res_id = ANY(%s)
                    """,
                    self._name,
                    self.ids,
                )
            ):
                senders.setdefault(res_id, []).append(user_id)
        for record in self:
            record.upload_sender_ids = senders.get(record.id, [])

    def _submitters(self):
        found = super()._submitters()
        for user in self.upload_sender_ids:
            found.setdefault(user, self.env._("in a file"))
        return found
