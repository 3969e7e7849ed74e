from odoo import api, fields, models


class ConstructionCostCode(models.Model):
    """A code of the cost breakdown: a tree of divisions and codes, of a company, of one
    job, or shared. Each has its analytic account in the plan “Cost Code”."""

    _name = "construction.cost.code"
    _inherit = ["construction.breakdown.mixin", "construction.coded.mixin"]
    _description = "Cost Code"
    _parent_store = True
    _code_kind = "cost_code"

    parent_id = fields.Many2one(
        "construction.cost.code",
        index=True,
        ondelete="restrict",
        domain="[('job_id', 'in', (False, job_id))]",
    )
    parent_path = fields.Char(index=True)
    child_ids = fields.One2many("construction.cost.code", "parent_id")
    level = fields.Integer(compute="_compute_level", store=True, recursive=True)
    uom_id = fields.Many2one("uom.uom", string="Unit")
    cost_type_ids = fields.Many2many(
        "construction.cost.type",
        string="Usual cost types",
        help="What the code is planned with. The coding rule does not depend on it.",
    )

    @api.depends("parent_id.level")
    def _compute_level(self):
        for code in self:
            code.level = code.parent_id.level + 1 if code.parent_id else 0

    @api.model
    def _owner_ids(self, vals_list):
        job_ids = [vals["job_id"] for vals in vals_list if vals.get("job_id")]
        owners = {job.id: job.company_id.id for job in self.env["project.project"].browse(job_ids)}
        return [owners.get(vals.get("job_id"), vals.get("company_id")) for vals in vals_list]
