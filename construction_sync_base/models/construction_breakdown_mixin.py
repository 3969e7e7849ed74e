from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

KINDS = [
    ("phase", "Phase"),
    ("area", "Area"),
    ("floor", "Floor"),
    ("site", "Site"),
    ("warehouse", "Warehouse"),
    ("yard", "Yard"),
]


class ConstructionBreakdownMixin(models.AbstractModel):
    """A tree of codes that says what work is or where: of a job, of a company, or shared."""

    _name = "construction.breakdown.mixin"
    _description = "Breakdown of the Work"
    _order = "code, id"
    _rec_names_search = ["code", "name"]
    _check_company_auto = True

    code = fields.Char(required=True)
    name = fields.Char(required=True)
    company_id = fields.Many2one(
        "res.company",
        index=True,
        compute="_compute_company_id",
        store=True,
        readonly=False,
        precompute=True,
        help="Empty: shared by all companies.",
    )
    job_id = fields.Many2one(
        "project.project",
        domain="[('is_job', '=', True)]",
        index="btree_not_null",
        check_company=True,
        ondelete="restrict",
        help="Empty: of every job.",
    )
    active = fields.Boolean(default=True)

    _code_unique = models.UniqueIndex(
        "(code, COALESCE(company_id, 0), COALESCE(job_id, 0))", "This code exists already."
    )

    @api.depends("job_id")  # whose company never changes; asking each job costs queries
    def _compute_company_id(self):
        for record in self:
            record.company_id = record.job_id.company_id or record.company_id

    @api.depends("code", "name")
    def _compute_display_name(self):
        for record in self:
            record.display_name = f"{record.code} {record.name}"

    @api.constrains("parent_id", "company_id", "job_id")
    def _check_parent(self):
        if self._has_cycle():
            raise ValidationError(self.env._("%s cannot be a part of itself.", self._description))
        for record in self.filtered("parent_id"):
            parent = record.parent_id
            if (parent.company_id and parent.company_id != record.company_id) or (
                parent.job_id and parent.job_id != record.job_id
            ):
                raise ValidationError(
                    self.env._(
                        "%(child)s cannot be a part of %(parent)s, which belongs to another job "
                        "or company.",
                        child=record.display_name,
                        parent=parent.display_name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _never_delete(self):
        raise UserError(self.env._("%s is archived, never deleted.", self[:1].display_name))
