from math import isfinite, nan

from odoo import models


class LocationUpserted(models.AbstractModel):
    """location.upserted → location of a job, of a company, or of all."""

    _name = "construction.handler.location.upserted"
    _inherit = "construction.handler.tree"
    _description = "location.upserted"

    _event_type = "construction.location.upserted.v1"
    _model = "construction.location"

    def _values(self, item):
        values = super()._values(item)
        if "address" in item.data:
            address = item.data["address"] or {}
            parts = (address.get(part) for part in ("street", "zip", "city", "state", "country"))
            values["address"] = ", ".join(part for part in parts if part) or False
        if "geofence" in item.data:
            fence = item.data["geofence"] or {}
            for name in ("latitude", "longitude", "radius_m"):
                values[name] = self._degrees(item, fence.get(name), f"geofence.{name}")
        return values

    def _degrees(self, item, value, path):
        """A coordinate is a measurement, not money: a JSON number may have a fraction."""
        try:
            number = float(value or 0)
        except ValueError:
            number = nan
        if isfinite(number):  # the texts "NaN" and "inf" are floats to Python
            return number
        item.park("amount", self.env._("%(path)s: %(value)s is no number", path=path, value=value))
        return 0.0
