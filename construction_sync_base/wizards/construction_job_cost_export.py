import base64

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..lib import cost_workbook, money

FIGURES = (
    "original", "changes", "budget", "committed_original", "committed_changes", "committed",
    "billed", "accrued", "open", "actual", "actual_ordered", "actual_direct", "actual_accrued",
    "actual_transferred", "actual_other", "pending", "exposure", "projected", "available",
    "to_complete", "at_completion", "variance", "to_award", "contingency",
)  # fmt: skip
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class ConstructionJobCostExport(models.TransientModel):
    """The cost report of chosen jobs, divisions and cost types as a spreadsheet that says as of
    when it is and what it leaves out."""

    _name = "construction.job.cost.export"
    _description = "Cost Report as a Spreadsheet"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    job_ids = fields.Many2many(
        "project.project",
        string="Jobs",
        check_company=True,
        domain="[('is_job', '=', True), ('company_id', '=', company_id)]",
        help="Empty: every running job of the company.",
    )
    division_ids = fields.Many2many(
        "construction.cost.code",
        string="Divisions",
        check_company=True,
        domain="[('parent_id', '=', False)]",
        help="Empty: all.",
    )
    cost_type_ids = fields.Many2many(
        "construction.cost.type", string="Cost types", check_company=True, help="Empty: all."
    )
    only_over = fields.Boolean(string="Only what ends above its budget")
    filter_words = fields.Char(string="What it holds", compute="_compute_filter_words")
    content = fields.Binary(readonly=True, attachment=False)
    filename = fields.Char(readonly=True)

    @api.depends("job_ids", "division_ids", "cost_type_ids", "only_over")
    def _compute_filter_words(self):
        for dialog in self:
            chosen = (
                (self.env._("jobs"), dialog.job_ids.mapped("display_name"),
                 self.env._("all running")),
                (self.env._("divisions"), dialog.division_ids.mapped("display_name"),
                 self.env._("all")),
                (self.env._("cost types"), dialog.cost_type_ids.mapped("name"),
                 self.env._("all")),
            )  # fmt: skip
            words = [f"{what}: {', '.join(names) or every}" for what, names, every in chosen]
            if dialog.only_over:
                words.append(self.env._("only what ends above its budget"))
            dialog.filter_words = "; ".join(words)

    def _domain(self):
        """What the words say, on the cost report."""
        domain = [("company_id", "=", self.company_id.id)]
        if self.job_ids:
            domain.append(("job_id", "in", self.job_ids.ids))
        else:
            domain.append(("job_id.job_status", "in", ("active", "on_hold")))
        if self.division_ids:
            domain.append(("division_id", "in", self.division_ids.ids))
        if self.cost_type_ids:
            domain.append(("cost_type_id", "in", self.cost_type_ids.ids))
        if self.only_over:
            domain.append(("variance", "<", 0))
        return domain

    @api.model
    def action_of_job(self, job_id):
        """The spreadsheet of one job.

        :raises AccessError: the user does not see it
        """
        job = self.env["project.project"].browse(job_id)
        job.check_access("read")
        company = job.sudo().company_id
        return self.create({"company_id": company.id, "job_ids": job.ids}).action_export()

    def action_export(self):
        """Make the file and download it.

        :raises UserError: nothing is left by the filter
        """
        self.ensure_one()
        rows = self.env["construction.job.cost"].search(self._domain())
        if not rows:
            raise UserError(self.env._("Nothing is left by this filter: take some of it back."))
        day = fields.Date.to_string(fields.Date.context_today(self))
        self.write({
            "content": base64.b64encode(cost_workbook.content(self._report(rows))),
            "filename": self.env._("Cost report %s.xlsx", day),
        })  # fmt: skip
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/content/{self.filename}?download=true",
            "target": "download",
        }

    def _report(self, rows):
        cost, currency = self.env["construction.job.cost"], self.company_id.currency_id
        named = {
            name: field._description_string(self.env)
            for name, field in cost._fields.items()
            if name in (*FIGURES, "job_id", "division_id", "cost_code_id", "cost_type_id")
        }
        now = fields.Datetime.context_timestamp(self, fields.Datetime.now())
        facts = [
            (self.env._("As of"), now.strftime("%Y-%m-%d %H:%M %Z")),
            (self.env._("Filter"), self.filter_words),
            (self.env._("Company"), self.company_id.name),
            (self.env._("Currency"), currency.name),
            (self.env._("Made by"), self.env.user.name),
        ]
        return cost_workbook.Report(
            title=self.env._("Cost report"),
            facts=tuple(facts),
            labels=tuple(
                named[name] for name in ("job_id", "division_id", "cost_code_id", "cost_type_id")
            ),
            figures=tuple(named[name] for name in FIGURES),
            rows=tuple(
                (
                    row.job_id.display_name, row.division_id.display_name or "",
                    row.cost_code_id.display_name or "", row.cost_type_id.name or "",
                    tuple(money.from_float(row[n], currency.decimal_places) for n in FIGURES),
                )
                for row in rows.sorted(lambda row: (row.job_id.job_number, row.job_id.id))
            ),
            total=self.env._("Total"),
            subtotal=self.env._("Total of %s", "%s"),
            digits=currency.decimal_places,
        )  # fmt: skip
