from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ConstructionPlacedMixin(models.AbstractModel):
    """A line of a job's document that says of which phase it is and where. Neither is part
    of the coding: cost is kept by job, cost code and cost type."""

    _name = "construction.placed.mixin"
    _description = "Line with a Phase and a Location"

    phase_id = fields.Many2one(
        "construction.phase",
        ondelete="restrict",
        index="btree_not_null",
        check_company=True,
        domain="[('job_id', 'in', (False, job_id))]",
    )
    location_id = fields.Many2one(
        "construction.location",
        ondelete="restrict",
        index="btree_not_null",
        check_company=True,
        domain="[('job_id', 'in', (False, job_id))]",
    )
    segments = fields.Char(
        readonly=True, help="Further coding of the platform: name and code of each."
    )

    @api.constrains("phase_id", "location_id")
    def _check_place(self):
        """Phase and location are of the line's job or of every job."""
        for line in self:
            for place in (line.phase_id, line.location_id):
                if place.job_id and place.job_id != line.job_id:
                    raise ValidationError(
                        self.env._(
                            "%(place)s belongs to job %(owner)s: choose one of %(job)s, or one "
                            "of every job.",
                            place=place.display_name,
                            owner=place.job_id.display_name,
                            job=line.job_id.display_name or self.env._("no job"),
                        )
                    )
