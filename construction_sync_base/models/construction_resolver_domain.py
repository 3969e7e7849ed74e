from odoo import api, models

# by which field people number a record of each object
NUMBERED = {
    "job": ("project.project", "job_number", [("is_job", "=", True)]),
    "vendor": ("res.partner", "ref", []),
    "commitment": ("purchase.order", "commitment_number", []),
}


class ConstructionResolver(models.AbstractModel):
    _inherit = "construction.resolver"

    @api.model
    def _by_number(self, object_name, numbers, company_ids):
        """By the number that people know; ambiguous numbers find nothing."""
        if object_name not in NUMBERED:
            return super()._by_number(object_name, numbers, company_ids)
        model, field, domain = NUMBERED[object_name]
        found = {}
        for record in self.env[model].search(
            [(field, "in", numbers), ("company_id", "in", [False, *company_ids]), *domain]
        ):
            found.setdefault(record[field], []).append(record.id)
        return {number: (model, ids[0]) for number, ids in found.items() if len(ids) == 1}
