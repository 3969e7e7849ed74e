import json

from odoo import api, fields, models

from ..lib import strict_json
from ..lib.errors import Malformed

MOST_SHOWN = 20  # records
MOST_TEXT = 20_000  # characters of one


class ConstructionResourceTry(models.TransientModel):
    """The first page of a list, and what its records would become. Nothing is stored but this
    dialog."""

    _name = "construction.resource.try"
    _description = "First Page of a Resource"

    resource_id = fields.Many2one("construction.resource", readonly=True, ondelete="cascade")
    record_count = fields.Integer(string="Records on the page", readonly=True)
    fitting_count = fields.Integer(string="Would be taken", readonly=True)
    faulty_count = fields.Integer(string="Would be refused", readonly=True)
    missing_fields = fields.Char(related="resource_id.map_id.missing_fields")
    line_ids = fields.One2many("construction.resource.try.line", "try_id", readonly=True)

    @api.model
    def _show(self, resource, records):
        """The dialog for a page."""
        lines = [line for record in records for line in self._lines(resource, record)]
        count = [line["verdict"] for line in lines].count
        dialog = self.create(
            {
                "resource_id": resource.id,
                "record_count": len(records),
                "fitting_count": count("taken"),
                "faulty_count": count("refused"),
                "line_ids": [fields.Command.create(line) for line in lines[:MOST_SHOWN]],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("First page of %s", resource.display_name),
            "res_model": self._name,
            "res_id": dialog.id,
            "view_mode": "form",
            "target": "new",
        }

    def _lines(self, resource, record):
        external_id = resource._id_of(record)
        entries = resource._entries(external_id, record)
        came = {"external_id": external_id, "record": _pretty(record)}
        if not entries:
            return [came | {"verdict": "left_out"}]
        return [came | self._verdict(entry) for entry in entries]

    def _verdict(self, entry):
        if isinstance(entry, Malformed):
            return {"verdict": "refused", "fault": str(entry)}
        handler = self.env["construction.handler"]._for_type(entry.type)
        if handler is None:
            faults = [self.env._("Nobody applies %s here.", entry.type)]
        else:
            faults = [text for texts in handler._schema_errors(entry.data).values()
                      for text in texts]  # fmt: skip
        return {
            "subject": entry.subject,
            "event": _pretty(json.loads(entry.canonical)),
            "verdict": "refused" if faults else "taken",
            "fault": "\n".join(faults),
        }


def _pretty(value):
    """JSON to be read by people, numbers as they came."""
    plain = json.loads(strict_json.dumps(value), parse_float=str)
    return json.dumps(plain, indent=2, ensure_ascii=False)[:MOST_TEXT]
