from odoo import api, models
from odoo.exceptions import ValidationError


class ConstructionLocation(models.Model):
    """A rule that another addon adds."""

    _inherit = "construction.location"

    @api.constrains("name")
    def _check_probe(self):
        if any("unwanted" in location.name for location in self):
            raise ValidationError(self.env._("Nobody wants it here."))
