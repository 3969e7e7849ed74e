from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ConstructionCrosswalk(models.Model):
    """Translates a platform's codes: to a record (a unit, a cost type, a tax, a company)
    or to a value. A row of the platform beats a row of the company beats a shared one."""

    _name = "construction.crosswalk"
    _description = "Crosswalk"
    _inherit = ["construction.change.mixin"]
    _check_company_auto = True
    _order = "kind, external_value, id"
    _rec_name = "external_value"

    platform_id = fields.Many2one("construction.platform", ondelete="cascade", index=True)
    company_id = fields.Many2one("res.company", index=True)
    kind = fields.Selection(
        selection="_selection_kind", required=True, help="What the platform's code is a code of."
    )
    external_value = fields.Char(required=True)
    res_model = fields.Char(string="Model")
    res_id = fields.Many2oneReference(string="Record", model_field="res_model")
    value = fields.Char()
    record_name = fields.Char(string="In Odoo", compute="_compute_record_name")
    active = fields.Boolean(default=True)

    _identity = models.UniqueIndex(
        "(kind, external_value, COALESCE(platform_id, 0), COALESCE(company_id, 0)) WHERE active",
        "This code is mapped already for the same platform and company.",
    )
    _target = models.Constraint(
        "CHECK ((res_model IS NOT NULL AND res_id IS NOT NULL) OR value IS NOT NULL)",
        "A mapping leads to a record or to a value.",
    )

    @api.model
    def _selection_kind(self):
        """What can be translated; whatever speaks of further kinds extends the list."""
        return [("legal_entity", self.env._("Legal entity"))]

    @api.depends("res_model", "res_id", "value")
    def _compute_record_name(self):
        for row in self:
            record = row._target_record()
            row.record_name = record.display_name if record else row.value

    def _target_record(self):
        self.ensure_one()
        if not (self.res_model and self.res_id and self.res_model in self.env):
            return False
        return self.env[self.res_model].browse(self.res_id).exists()

    @api.constrains("res_model", "res_id", "kind", "platform_id")
    def _check_target(self):
        for row in self:
            if row.res_model and row.res_model not in self.env:
                raise ValidationError(self.env._("There is no model “%s”.", row.res_model))

    @api.model_create_multi
    def create(self, vals_list):
        rows = super().create(vals_list)
        rows._announce()
        return rows

    def write(self, vals):
        result = super().write(vals)
        self._announce()
        return result

    def _announce(self):
        """A new mapping resumes every event that waited for it."""
        resolver = self.env["construction.resolver"].sudo()
        for platform, rows in self.filtered("active").grouped("platform_id").items():
            resolver._available([(row.kind, row.external_value) for row in rows], platform.id)
