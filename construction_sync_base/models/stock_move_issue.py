from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

CODING = ("construction_job_id", "cost_code_id", "cost_type_id")


class StockMoveIssue(models.Model):
    """Material that stock issues to a job costs the job when it is issued: Dr cost with the
    job's coding / Cr stock, dated the day of issue, by Odoo's own entry of a consumption
    location. What comes back is worth what it was issued at. What its price turns out to be
    later stays between stock and its variation account (accounting rules, "Material")."""

    _inherit = "stock.move"

    construction_job_id = fields.Many2one(
        "project.project",
        string="Job",
        domain="[('is_job', '=', True), ('company_id', '=', company_id)]",
        check_company=True,
        index="btree_not_null",
        help="The job that takes the material from stock.",
    )
    cost_code_id = fields.Many2one(
        "construction.cost.code",
        check_company=True,
        domain="[('job_id', 'in', (False, construction_job_id))]",
    )
    cost_type_id = fields.Many2one("construction.cost.type", check_company=True)

    def _construction_jobs(self):
        return super()._construction_jobs() | self.construction_job_id

    def _prepare_merge_moves_distinct_fields(self):
        """One product for two codes is two issues."""
        return super()._prepare_merge_moves_distinct_fields() + list(CODING)

    def _action_done(self, cancel_backorder=False):
        self.sudo()._check_issues()
        return super()._action_done(cancel_backorder=cancel_backorder)

    def _is_job_issue(self):
        return any(self[name] for name in CODING)

    def _check_issues(self):
        """:raises UserError: stock would leave, or come back, without costing its job the same"""
        for move in self.filtered(lambda move: move._is_job_issue()):
            fault = move._issue_fault()
            if fault:
                raise UserError(
                    self.env._(
                        "%(product)s for %(job)s: %(fault)s",
                        product=move.product_id.display_name,
                        job=move.construction_job_id.display_name or self.env._("a job"),
                        fault=fault,
                    )
                )

    def _issue_fault(self):
        if not all(self[name] for name in CODING):
            return self.env._("an issue names its job, cost code and cost type.")
        if not (
            self.location_dest_id.valuation_account_id or self.location_id.valuation_account_id
        ):
            return self.env._(
                "neither location has a valuation account: issue it to a consumption location "
                "(Inventory ▸ Configuration ▸ Locations)."
            )
        product = self.product_id.with_company(self.company_id)
        if not product.is_storable or product.valuation != "real_time":
            return self.env._(
                "only stock that is valued at once is issued to jobs: its category has to be "
                "valued by perpetual inventory."
            )
        if not self._issue_account_id():
            return self.env._(
                "the account map of %(company)s has no account for %(category)s: Finance adds "
                "the row.",
                company=self.company_id.name,
                category=self.cost_type_id._category_label(),
            )
        if self._issue_day() > fields.Date.context_today(self):
            return self.env._("its day of issue lies ahead.")
        return None

    def _issue_account_id(self):
        return self.env["construction.account.map"]._cost_account_id(
            self.company_id, self.cost_type_id.category, self.construction_job_id
        )

    def _issue_day(self):
        """The day on which the material left, or came back."""
        return self.picking_id.construction_issue_date or fields.Date.context_today(self)

    def _create_account_move(self):
        """An entry per company and day of issue, so that each stands in its own month."""
        issues = self.filtered(lambda move: move._is_job_issue())
        entries = super(StockMoveIssue, self - issues)._create_account_move()
        groups = issues.grouped(lambda move: (move.company_id, move._issue_day()))
        for (_company, day), moves in groups.items():
            dated = moves.with_context(force_period_date=day)
            entries |= super(StockMoveIssue, dated)._create_account_move()
        return entries

    def _get_account_move_line_vals(self):
        """The item that is not stock goes to the cost account of the job, with its coding."""
        items = super()._get_account_move_line_vals()
        if not self._is_job_issue():
            return items
        location = self.location_id if self.location_id.valuation_account_id else None
        location = location or self.location_dest_id
        distribution = self.env["construction.coding"]._distribution(
            *(self[name] for name in CODING)
        )
        for item in items:
            if item["account_id"] == location.valuation_account_id.id:
                item |= {
                    "account_id": self._issue_account_id(),
                    "analytic_distribution": distribution,
                    "quantity": self._get_valued_qty() * (1 if item["debit"] else -1),
                    "tax_ids": [Command.clear()],
                }
        return items
