from odoo import api, fields, models
from odoo.exceptions import UserError


class ConstructionEmployee(models.Model):
    """Who works, as labor and payroll need it: a number, a name and what decides rates. No
    wage, address, birthday, bank account or identity number is kept."""

    _name = "construction.employee"
    _description = "Construction Employee"
    _order = "number, id"
    _rec_names_search = ["number", "name"]
    _check_company_auto = True

    number = fields.Char(required=True)
    name = fields.Char(required=True)
    company_id = fields.Many2one("res.company", required=True, index=True)
    user_id = fields.Many2one(
        "res.users", check_company=True, ondelete="set null", help="Found by the work e-mail."
    )
    hr_employee_ref = fields.Reference(
        selection="_selection_hr",
        string="Employee in HR",
        help="Where the Employees app is installed: found by the user or the work e-mail.",
    )
    pay_group = fields.Char()
    trade = fields.Char()
    classification = fields.Char()
    level = fields.Selection([("journey", "Journey worker"), ("apprentice", "Apprentice")])
    level_period = fields.Char(string="Period of apprenticeship")
    union = fields.Char()
    union_local = fields.Char()
    workers_comp_code = fields.Char(string="Workers' compensation class")
    crew = fields.Char()
    hired_on = fields.Date()
    left_on = fields.Date()
    active = fields.Boolean(default=True)

    _number_unique = models.Constraint(
        "UNIQUE (company_id, number)", "Another employee of this company has this number."
    )
    _dates = models.Constraint(
        "CHECK (left_on >= hired_on)", "The last day cannot be before the first."
    )

    @api.model
    def _selection_hr(self):
        return [("hr.employee", self.env._("Employee"))] if "hr.employee" in self.env else []

    @api.depends("number", "name")
    def _compute_display_name(self):
        for employee in self:
            employee.display_name = f"{employee.name} ({employee.number})"

    @api.ondelete(at_uninstall=False)
    def _never_delete(self):
        raise UserError(self.env._("Employees are archived: hours and audits lead back to them."))
