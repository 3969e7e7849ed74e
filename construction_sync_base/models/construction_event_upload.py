import base64
import json

from odoo import models
from odoo.exceptions import UserError

from ..lib import event_rows, event_template
from .construction_upload import MOST_BYTES

MOST_EVENTS = 1000  # at a time


class ConstructionEvent(models.Model):
    """Events as a file, to be corrected and sent again."""

    _inherit = "construction.event"

    def action_correct_in_file(self):
        """Make an upload with these events in its file. Versions and times are left out: what is
        sent again is newer than what was there.

        :raises UserError: they are not of one platform and type, or their content is gone
        """
        Upload = self.env["construction.upload"]
        Upload._check_sender()
        if len(self.platform_id) != 1 or len(set(self.mapped("type"))) != 1:
            raise UserError(self.env._("Choose events of one platform and one type."))
        if len(self) > MOST_EVENTS or any(event.erased_at for event in self):
            raise UserError(
                self.env._("Choose at most %s events, none of which was erased since.", MOST_EVENTS)
            )
        upload = Upload.create({"platform_id": self.platform_id.id, "type": self[0].type})
        events = [{"data": json.loads(event.payload)["data"]} for event in self.sorted("id")]
        names, *rows = event_rows.rows_of(upload._columns(), events)
        by_name = {column.name: column for column in upload._columns()}
        columns = [by_name[name] for name in names]
        content = base64.b64encode(event_template.workbook(columns, upload._template_words(), rows))
        if len(content) > MOST_BYTES:
            raise UserError(self.env._("The file would be too large: choose fewer events."))
        upload.write({"content": content, "filename": f"{upload._version().object}.xlsx"})
        return upload._get_records_action(context={})
