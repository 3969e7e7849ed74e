from odoo import api, models


class ConstructionCachedMixin(models.AbstractModel):
    """Settings that every event reads, and that are therefore kept in the registry's cache:
    whoever changes one empties it in every worker, and what waited for the row goes on."""

    _name = "construction.cached.mixin"
    _description = "Setting Kept in the Cache"

    @api.model_create_multi
    def create(self, vals_list):
        rows = super().create(vals_list)
        rows._changed()
        return rows

    def write(self, vals):
        result = super().write(vals)
        self._changed()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    def _changed(self):
        self.env.registry.clear_cache()
        self._announce()

    def _announce(self):
        """Tell `construction.resolver` what is available by these rows."""
