from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from .construction_coding import EDIT_SENTINEL


class AccountMove(models.Model):
    _inherit = "account.move"

    job_cost_reason = fields.Char(
        string="Reason for late booking",
        copy=False,
        tracking=True,
        help="Why Finance books into a month whose job cost is being closed.",
    )

    job_cost_closing = fields.Boolean(compute="_compute_job_cost_closing")

    @api.depends("date", "company_id")
    def _compute_job_cost_closing(self):
        closing = self.env["construction.period"]._closing(
            [(move.company_id.id, move.date) for move in self]
        )
        for move in self:
            month = move.date and move.date.replace(day=1)
            move.job_cost_closing = (move.company_id.id, month) in closing

    def _post(self, soft=True):
        """Before anything is posted: the jobs and the month take it, the commitments take
        the bill and the lines keep the coding rule.

        `_post` is the one way to the ledger for screens, RPC, crons and imports alike. Bills
        of jobs stop here at the release gate, and come again once they are released.
        """
        self._check_commitment_bills()
        self._check_retention_total()
        keys = self.line_ids._check_job_lines()
        gated = self.browse()
        if not self._is_at_the_gate():
            gated = self.filtered(lambda move: move.state == "draft" and move._is_gated())
        posted = others = self - gated
        if others or not self:
            jobs = others.line_ids._of_jobs().move_id
            jobs._refuse_moved_date()
            posted = super(AccountMove, others._booking())._post(soft=soft).with_env(self.env)
            (posted & jobs)._audit_late()
        self.env["construction.budget.control"]._raise_alerts(keys)
        return posted | gated._submit_bills() if gated else posted

    def button_draft(self):
        """Taking an entry out of the ledger changes the cost of its jobs as well."""
        posted = self.filtered(lambda move: move.state == "posted")
        posted.line_ids._check_jobs_take_cost()
        jobs = posted.line_ids._of_jobs().move_id
        result = super(AccountMove, self._booking()).button_draft()
        jobs._audit_late()
        return result

    def write(self, vals):
        """A posted entry of a job leaves the ledger, and one comes into it, by the buttons
        alone: only these write its job cost as well."""
        if {"date", "state"} & set(vals) and not self._is_booking():
            touched = self.filtered(
                lambda move: (
                    (move.state == "posted" or vals.get("state") == "posted")
                    and any(name in vals and str(move[name]) != str(vals[name])
                            for name in ("date", "state"))
                )
            )  # fmt: skip
            ours = touched.line_ids._of_jobs().move_id
            if ours:
                raise UserError(
                    self.env._(
                        "%s is cost or income of a job: post it, or reset it to draft, with its "
                        "button.",
                        ours[0].display_name,
                    )
                )
        return super().write(vals)

    def _booking(self):
        """The same entries while their job cost is written with them."""
        return self.with_context(construction_booking=EDIT_SENTINEL)

    def _is_booking(self):
        return self.env.context.get("construction_booking") is EDIT_SENTINEL

    def _refuse_moved_date(self):
        """Odoo would book what falls into a locked month of the ledger in a later one."""
        for move in self:
            affects_tax = move._affect_tax_report()
            if move._get_violated_lock_dates(move.date, affects_tax):
                raise UserError(
                    self.env._(
                        "%(entry)s is dated %(date)s, which the ledger's lock date covers. Its "
                        "date decides in which month a job bears the cost and is not moved "
                        "silently: set another accounting date, or have the lock date moved.",
                        entry=move.display_name,
                        date=format_date(self.env, move.date),
                    )
                )

    def _audit_late(self):
        """What is booked into a month that is being closed leaves its reason in the trail."""
        for move in self.filtered("job_cost_reason").filtered("job_cost_closing"):
            self.env["construction.audit"].sudo()._record(
                move, "booked_late", {"reason": move.job_cost_reason, "state": move.state}
            )

    def _check_commitment_bills(self):
        for move in self:
            move.line_ids.purchase_line_id.order_id._check_takes_bill(move.move_type)

    def _add_purchase_order_lines(self, purchase_order_lines):
        """What fills a bill from an order: auto-complete, matching, e-invoices."""
        purchase_order_lines.order_id._check_takes_bill(self.move_type)
        return super()._add_purchase_order_lines(purchase_order_lines)
