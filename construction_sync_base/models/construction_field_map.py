import dataclasses
import hashlib
from datetime import UTC, datetime

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..lib import envelope, field_map, paths, since
from ..lib.errors import Malformed

EXPRESSIONS = ("subject_path", "version_path", "only_path")
SOURCE = "/resources"


class ConstructionFieldMap(models.Model):
    """What the records of a list become: which type of event, and for each field of its data
    the expression that finds it in a record. Under change control, as other mappings are."""

    _name = "construction.field.map"
    _description = "Field Map"
    _inherit = ["construction.change.mixin"]
    _versioned_children = ("line_ids",)
    _check_company_auto = True
    _order = "platform_id, name, id"

    name = fields.Char(required=True)
    platform_id = fields.Many2one(
        "construction.platform", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="platform_id.company_id", store=True, index=True)
    event_type = fields.Selection(
        selection="_selection_event_type", string="Records become", required=True
    )
    object = fields.Char(compute="_compute_object")
    subject_path = fields.Char(
        string="Ordered by", help="Expression for what puts events in order. Empty: the id."
    )
    version_path = fields.Char(
        string="Version",
        help="Expression for a number that rises with each change. Empty: the time of the change "
        "decides, and a map that is corrected is applied to what is read again.",
    )
    only_path = fields.Char(
        string="Only where", help="Expression that is true for the records that are taken."
    )
    line_ids = fields.One2many("construction.field.map.line", "map_id", copy=True)
    resource_ids = fields.One2many("construction.resource", "map_id")
    missing_fields = fields.Char(string="Still without an expression", compute="_compute_missing")
    active = fields.Boolean(default=True)

    _identity = models.Constraint(
        "UNIQUE (platform_id, name)", "The platform has a field map of this name already."
    )

    @api.model
    def _selection_event_type(self):
        versions = self.env["construction.handler"]._catalogue()
        return [(name, name) for name, version in versions.items() if not version.internal]

    @api.depends("event_type")
    def _compute_object(self):
        for one in self:
            one.object = (one.event_type or "").split(".")[1] if one.event_type else False

    @api.depends("event_type", "line_ids.name")
    def _compute_missing(self):
        versions = self.env["construction.handler"]._catalogue()
        for one in self:
            version = versions.get(one.event_type)
            required = version.schema.get("required", []) if version else []
            given = {*one.line_ids.mapped("name"), "external_id"}
            one.missing_fields = ", ".join(n for n in required if n not in given) or False

    @api.constrains(*EXPRESSIONS)
    def _check_expressions(self):
        for one in self:
            for name in EXPRESSIONS:
                one._check_expression(one[name])

    @api.model
    def _check_expression(self, expression):
        """:raises ValidationError: it is none"""
        try:
            if expression:
                paths.check(expression)
        except paths.Unreadable as error:
            raise ValidationError(
                self.env._(
                    "“%(expression)s” cannot be read: %(why)s",
                    expression=expression,
                    why=str(error),
                )
            ) from None

    # -------------------------------------------------------------- records
    def _envelope(self, external_id, record, changed_at):
        """The event that a record becomes, or None where it is not taken.

        A snapshot that says the same again is the same event; a movement is one event for ever,
        whatever is written over it.

        :param changed_at: aware, or None where the version alone tells
        :raises lib.errors.Malformed: an expression does not fit the record
        """
        self.ensure_one()
        try:
            if self.only_path and not paths.find(self.only_path, record):
                return None
            expressions = {line.name: line.expression for line in self.line_ids}
            data = {"external_id": external_id} | field_map.data(expressions, record)
            subject = paths.text(self.subject_path, record) if self.subject_path else external_id
            version = paths.text(self.version_path, record) if self.version_path else None
        except paths.Unreadable as error:
            raise Malformed(str(error)) from None
        sequence = since.mark(since.NUMBER, version) if version else None
        if not (sequence or changed_at):
            raise Malformed(self.env._("neither version nor time of the change"))
        handler = self.env["construction.handler"]._for_type(self.event_type)
        identity = [self.event_type, external_id]
        if handler._replaces:
            identity += [sequence or since.text_of(changed_at), field_map.digest(data)]
        event = {
            "specversion": "1.0",
            "id": "/".join(identity),
            "source": SOURCE,
            "type": self.event_type,
            "subject": f"{self.object}/{subject or external_id}",
            "data": data,
        } | ({"sequence": sequence} if sequence else {})
        told = hashlib.sha256(field_map.text(event).encode()).hexdigest()
        moment = changed_at or datetime.now(UTC)
        found = envelope.parse(event | {"time": moment.isoformat()})
        # read again, without a time of its own, it is the same event
        return found if changed_at else dataclasses.replace(found, digest=told)
