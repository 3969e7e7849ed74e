import base64

from odoo import api, fields, models

from ..lib import spreadsheet
from ..lib.errors import ToldError

SHOWN = 65536  # of a body


class ConstructionDelivery(models.Model):
    """One request body exactly as it arrived, kept as evidence for its events."""

    _name = "construction.delivery"
    _description = "Platform Delivery"
    _check_company_auto = True
    _order = "id desc"
    _rec_name = "body_sha256"
    _log_access = False

    platform_id = fields.Many2one(
        "construction.platform", required=True, ondelete="restrict", readonly=True
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    received_at = fields.Datetime(required=True, readonly=True)
    source_address = fields.Char(readonly=True)
    headers = fields.Text(readonly=True, help="Names and values, secrets removed.")
    body = fields.Binary(attachment=False, readonly=True)
    erased_at = fields.Datetime(
        readonly=True, help="When retention took the body or a person was erased with it."
    )
    body_text = fields.Text(string="Body as text", compute="_compute_body_text")
    body_sha256 = fields.Char(string="SHA-256 of the body", readonly=True)
    verdict = fields.Selection(
        [
            ("accepted", "Accepted"),
            ("conflict", "Same id, other content"),
            ("malformed", "Malformed"),
        ],
        required=True,
        readonly=True,
    )
    event_ids = fields.One2many("construction.event", "delivery_id", readonly=True)

    _newest = models.Index("(platform_id, id)")
    _trouble = models.Index("(platform_id, body_sha256) WHERE verdict <> 'accepted'")

    @api.depends("body")
    def _compute_body_text(self):
        for delivery in self:
            raw = base64.b64decode(delivery.with_context(bin_size=False).body or b"")
            delivery.body_text = _workbook_text(raw) or (
                raw[:SHOWN].decode("utf-8", "replace").replace("\x00", "�")
            )


def _workbook_text(raw):
    """The rows of an uploaded workbook, or None: its bytes are compressed."""
    if not spreadsheet.is_workbook(raw):
        return None
    try:
        rows = spreadsheet.read(raw, strict=True)
    except ToldError:
        return None
    return "\n".join("\t".join(row) for row in rows)[:SHOWN]
