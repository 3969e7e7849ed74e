from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..lib import paths, remote, since
from ..lib.errors import Malformed
from .construction_poller import NoListError


class ConstructionResource(models.Model):
    """A list whose records a field map reads: a platform by configuration alone."""

    _inherit = "construction.resource"

    form = fields.Selection(
        selection_add=[("map", "Records that a field map reads")],
        ondelete={"map": "set default"},
    )
    map_id = fields.Many2one(
        "construction.field.map",
        string="Field map",
        domain="[('platform_id', '=', platform_id)]",
        index=True,
        ondelete="restrict",
    )
    object = fields.Char(compute="_compute_object", store=True, readonly=False, precompute=True)

    _map_given = models.Constraint(
        "CHECK (form <> 'map' OR map_id IS NOT NULL)", "Choose the field map of the records."
    )

    @api.depends("map_id.event_type")
    def _compute_object(self):
        for resource in self:
            resource.object = resource.map_id.object or resource.object

    @api.constrains("map_id", "platform_id")
    def _check_map(self):
        for resource in self:
            if resource.map_id and resource.map_id.platform_id != resource.platform_id:
                raise ValidationError(
                    self.env._("%s is a field map of another platform.", resource.map_id.name)
                )

    # -------------------------------------------------------------- records
    def _entries_of_map(self, external_id, record):
        changed = None
        if self.since_form != since.NUMBER:
            changed = since.instant(self._change_of(record))
        try:
            found = self.map_id._envelope(external_id, record, changed)
        except paths.Unreadable as error:
            raise Malformed(str(error)) from None
        return [found] if found else []

    # ---------------------------------------------------------------- try it
    def action_try(self):
        """Ask for the first page and show what each record would become; stores nothing.

        :raises UserError: what the platform says, or what is missing in the answer
        """
        self._check_operator()
        self.ensure_one()
        resource = self.sudo()
        try:
            query = resource._fields_of(resource._style().first(), False)
            _answer, reading = self.env["construction.client"]._call(
                resource.platform_id, "GET", resource._address(), query=query
            )
            records = self.env["construction.poller"]._records(resource, reading.value)
        except (remote.CallError, paths.Unreadable, NoListError) as error:
            raise UserError(str(error)) from None
        return self.env["construction.resource.try"]._show(self, records)
