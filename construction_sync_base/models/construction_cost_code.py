from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError


class ConstructionCostCode(models.Model):
    """A code of the cost breakdown: a tree of divisions and codes, of a company, of one
    job, or shared. Each has its analytic account in the plan “Cost Code”."""

    _name = "construction.cost.code"
    _description = "Cost Code"
    _order = "code, id"
    _parent_store = True
    _rec_names_search = ["code", "name"]
    _check_company_auto = True

    code = fields.Char(required=True)
    name = fields.Char(required=True)
    parent_id = fields.Many2one(
        "construction.cost.code",
        index=True,
        ondelete="restrict",
        domain="[('job_id', 'in', (False, job_id))]",
    )
    parent_path = fields.Char(index=True)
    child_ids = fields.One2many("construction.cost.code", "parent_id")
    level = fields.Integer(compute="_compute_level", store=True, recursive=True)
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
        help="Set when the code is on the list of one job only.",
    )
    uom_id = fields.Many2one("uom.uom", string="Unit")
    cost_type_ids = fields.Many2many(
        "construction.cost.type",
        string="Usual cost types",
        help="What the code is planned with. The coding rule does not depend on it.",
    )
    analytic_account_id = fields.Many2one(
        "account.analytic.account",
        required=True,
        ondelete="restrict",
        copy=False,
        check_company=True,
    )
    active = fields.Boolean(default=True)

    _code_unique = models.UniqueIndex(
        "(code, COALESCE(company_id, 0), COALESCE(job_id, 0))", "This cost code exists already."
    )
    _account_unique = models.Constraint(
        "UNIQUE (analytic_account_id)", "Another cost code uses this analytic account."
    )

    @api.depends("job_id.company_id")
    def _compute_company_id(self):
        for code in self:
            code.company_id = code.job_id.company_id or code.company_id

    @api.depends("parent_id.level")
    def _compute_level(self):
        for code in self:
            code.level = code.parent_id.level + 1 if code.parent_id else 0

    @api.depends("code", "name")
    def _compute_display_name(self):
        for code in self:
            code.display_name = f"{code.code} {code.name}"

    @api.constrains("parent_id", "company_id", "job_id")
    def _check_parent(self):
        if self._has_cycle():
            raise ValidationError(self.env._("A cost code cannot be its own parent."))
        for code in self.filtered("parent_id"):
            parent = code.parent_id
            if (parent.company_id and parent.company_id != code.company_id) or (
                parent.job_id and parent.job_id != code.job_id
            ):
                raise ValidationError(
                    self.env._(
                        "%(code)s cannot stand under %(parent)s, which is on another list.",
                        code=code.display_name,
                        parent=parent.display_name,
                    )
                )

    @api.constrains("analytic_account_id")
    def _check_account(self):
        self.env["construction.coding"]._check_plan(self, "cost_code")

    @api.model_create_multi
    def create(self, vals_list):
        self.check_access("create")  # before accounts are made for it
        bare = [vals for vals in vals_list if _needs_account(vals)]
        if bare:
            jobs = {
                job.id: job
                for job in self.env["project.project"].browse(
                    [vals["job_id"] for vals in bare if vals.get("job_id")]
                )
            }
            accounts = self.env["construction.coding"]._accounts(
                "cost_code",
                [
                    (
                        vals["code"],
                        vals["name"],
                        jobs[vals["job_id"]].company_id.id
                        if vals.get("job_id")
                        else vals.get("company_id"),
                    )
                    for vals in bare
                ],
            )
            for vals, account in zip(bare, accounts, strict=True):
                vals["analytic_account_id"] = account.id
        codes = super().create(vals_list)
        codes._announce()
        return codes

    def write(self, vals):
        for code in self if "analytic_account_id" in vals else ():
            if code.analytic_account_id.id != vals["analytic_account_id"]:
                raise UserError(self.env._("The account behind a cost code never changes."))
        result = super().write(vals)
        if "name" in vals or "code" in vals:
            for code in self:
                code.analytic_account_id.sudo().write({"name": code.name, "code": code.code})
        if "active" in vals:
            self.analytic_account_id.sudo().write({"active": vals["active"]})
        if "active" in vals or "code" in vals:
            self._announce()
        return result

    def _announce(self):
        """Events that waited for one of these codes may go on."""
        self.env["construction.resolver"]._available(
            [("cost_code", record.code) for record in self if record.active]
        )

    @api.ondelete(at_uninstall=False)
    def _never_delete(self):
        raise UserError(self.env._("Cost codes are archived, never deleted."))


def _needs_account(vals):
    """One without code or name gets none and is refused by the ORM."""
    return not vals.get("analytic_account_id") and vals.get("code") and vals.get("name")
