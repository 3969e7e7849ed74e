from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class ConstructionJobCostEntry(models.Model):
    """The posted cost of jobs, item by item, as the cost report counts it: who reads the
    report of a job reads what it consists of, without a right to the books."""

    _name = "construction.job.cost.entry"
    _description = "Job Cost Entry"
    _check_company_auto = True
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "name"

    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    job_id = fields.Many2one("project.project", readonly=True)
    cost_code_id = fields.Many2one("construction.cost.code", readonly=True)
    cost_type_id = fields.Many2one("construction.cost.type", readonly=True)
    date = fields.Date(readonly=True)
    source = fields.Selection(
        [
            ("ordered", "Order"),
            ("direct", "Direct"),
            ("accrued", "Accrual"),
            ("transferred", "Transfer"),
            ("other", "Other entry"),
        ],
        readonly=True,
    )
    document = fields.Char(readonly=True)
    reference = fields.Char(readonly=True)
    partner_name = fields.Char(string="Partner", readonly=True)
    name = fields.Char(string="Description", readonly=True)
    account = fields.Char(readonly=True)
    amount = fields.Monetary(string="Cost", readonly=True)
    move_id = fields.Many2one("account.move", string="Entry", readonly=True)

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT l.line_id AS id, j.company_id, l.job_id, l.cost_code_id, l.cost_type_id,
                   l.date, l.source, l.amount, l.move_id, v.name AS document,
                   v.ref AS reference, p.complete_name AS partner_name, a.name,
                   COALESCE(g.name ->> %s, g.name ->> 'en_US') AS account
              FROM (%s) l
              JOIN project_project j ON j.id = l.job_id
              JOIN account_analytic_line a ON a.id = l.line_id
              JOIN account_account g ON g.id = l.account_id
              LEFT JOIN account_move v ON v.id = l.move_id
              LEFT JOIN res_partner p ON p.id = v.partner_id
            """,
            self.env.lang or "en_US",
            self.env["construction.job.cost"]._actual_query(SQL("TRUE")),
        )

    def action_open_document(self):
        """The bill or entry that booked it.

        :raises UserError: there is none, or the user may not read it
        """
        self.ensure_one()
        self.check_access("read")
        if not self.move_id:
            raise UserError(
                self.env._(
                    "%s has no entry in the books: it was entered on the job's analytic account "
                    "itself. See Analytic Items.",
                    self.name,
                )
            )
        if not self.move_id.has_access("read"):
            raise UserError(
                self.env._(
                    "%s is in the books, which are not open to you. Ask a Project Manager or "
                    "Finance.",
                    self.document or self.name,
                )
            )
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.move_id.id,
            "views": [[False, "form"]],
        }
