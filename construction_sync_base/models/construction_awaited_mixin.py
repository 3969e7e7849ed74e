from odoo import api, models


class ConstructionAwaitedMixin(models.AbstractModel):
    """A code for which events wait while nobody knows it: it tells them when it is there."""

    _name = "construction.awaited.mixin"
    _description = "Code That Events Wait For"

    _code_kind = None  # kind of the crosswalk, such as `cost_code`

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records._announce()
        return records

    def write(self, vals):
        result = super().write(vals)
        if "active" in vals or "code" in vals:
            self._announce()
        return result

    def _announce(self):
        """Events that waited for one of these codes may go on."""
        self.env["construction.resolver"]._available(
            [(self._code_kind, record.code) for record in self if record.active]
        )
