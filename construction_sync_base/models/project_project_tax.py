from odoo import fields, models


class ProjectProjectTax(models.Model):
    _inherit = "project.project"

    use_tax_id = fields.Many2one(
        "account.tax",
        string="Use tax",
        check_company=True,
        domain="[('type_tax_use', '=', 'purchase'), ('company_id', '=', company_id)]",
        ondelete="restrict",
        help="Put on bills of this job on which the vendor charged no tax: a tax that owes as "
        "much as it adds to the cost.",
    )
