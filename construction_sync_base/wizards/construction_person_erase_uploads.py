import base64

from odoo import models
from odoo.tools import SQL

from ..lib import spreadsheet
from ..lib.errors import ToldError


class ConstructionPersonErase(models.TransientModel):
    """Uploaded files: one that was not sent goes as a whole. One that was sent is a delivery,
    which holds all its rows, those included that had arrived before."""

    _inherit = "construction.person.erase"

    def _find(self, person):
        return [*super()._find(person), *self._find_uploads(person)]

    def _whole(self):
        return {*super()._whole(), "construction.upload"}

    def _find_deliveries(self, person, holds, event_ids):
        """A workbook is compressed, so no search of the bytes finds the person in it."""
        rows = self.env.execute_query(
            SQL(
                """SELECT DISTINCT e.id FROM construction_upload_row r
                     JOIN construction_upload u ON u.id = r.upload_id
                     JOIN construction_event e ON e.delivery_id = u.delivery_id
                    WHERE r.event_id = ANY(%s)""",
                list(event_ids),
            )
        )
        return super()._find_deliveries(person, holds, event_ids | {row[0] for row in rows})

    def _find_uploads(self, person):
        """Files that nobody sent, and sent ones that are named after the person."""
        uploads = (
            self.env["construction.upload"]
            .sudo()
            .with_context(bin_size=False)
            .search([("company_id", "in", self._companies())])
        )
        return [
            self._line("construction.upload", upload.id, upload.display_name, False)
            for upload in uploads
            if person.is_in(upload.filename) or _holds(upload, person)
        ]

    def _erase(self, ids, person, pseudonym):
        done = super()._erase(ids, person, pseudonym)
        uploads = self.env["construction.upload"].sudo().browse(ids.get("construction.upload", []))
        sent = uploads.filtered(lambda upload: upload.state == "sent")
        self._rewrite("construction_upload", ("filename",), sent.ids, person, pseudonym)
        (uploads - sent).unlink()
        return done


def _holds(upload, person):
    """Whether a file that was not sent tells of the person."""
    if upload.state == "sent" or not upload.content:
        return False
    content = base64.b64decode(upload.content)
    try:
        rows = spreadsheet.read(content, strict=True)
    except ToldError:
        return person.is_in(content.decode("utf-8", "replace"))
    return any(person.is_in(cell) for row in rows for cell in row)
