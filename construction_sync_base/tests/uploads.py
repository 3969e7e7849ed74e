"""Builders for tests of uploads: files as people save them."""

import base64
import io

from openpyxl import Workbook

from odoo.addons.construction_sync_base.lib import spreadsheet

from .common import SyncCase

CODES = "construction.cost_code.upserted.v1"
COMMITMENTS = "construction.commitment.approved.v1"
HEAD = ("external_id", "code", "name")
ORDER = (
    "external_id", "number", "kind", "job", "vendor", "currency", "date", "approved_by",
    "approved_at", "lines.line_id", "lines.description", "lines.cost_code", "lines.cost_type",
    "lines.amount",
)  # fmt: skip


class UploadCase(SyncCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sender = cls.make_user("upload-sender", "integration_manager")

    def upload(self, *rows, event_type=CODES, user=None, head=HEAD, content=None, **values):
        """A new upload of rows of texts, checked; `content` are other bytes."""
        content = spreadsheet.write_text([head, *rows]) if content is None else content
        upload = (
            self.env["construction.upload"]
            .with_user(user or self.sender)
            .create(
                {
                    "platform_id": self.platform.id,
                    "type": event_type,
                    "content": base64.b64encode(content),
                    "filename": "rows.csv",
                    **values,
                }
            )
        )
        upload.action_check()
        return upload

    def sent(self, *rows, **more):
        upload = self.upload(*rows, **more)
        upload.action_send()
        return upload

    def order(self, external_id="C1", line="1", amount="1000.00", **over):
        """One row of a commitment."""
        data = self.commitment_data(external_id, lines=[self.commitment_line(line, amount)])
        [item] = data.pop("lines")
        values = data | {f"lines.{name}": value for name, value in item.items()}
        values |= {"approved_by": "Pat Manager"} | over
        return [values[name] for name in ORDER]

    def workbook(self, *rows):
        """The bytes of what a spreadsheet saves."""
        book, content = Workbook(), io.BytesIO()
        for row in rows:
            book.active.append(row)
        book.save(content)
        return content.getvalue()

    def results(self, upload):
        return [(row.row, row.result) for row in upload.row_ids]
