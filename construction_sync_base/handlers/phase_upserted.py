from odoo import models


class PhaseUpserted(models.AbstractModel):
    """phase.upserted → phase of a job, of a company, or of all."""

    _name = "construction.handler.phase.upserted"
    _inherit = "construction.handler.tree"
    _description = "phase.upserted"

    _event_type = "construction.phase.upserted.v1"
    _model = "construction.phase"
