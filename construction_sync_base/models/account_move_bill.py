from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..lib import names
from .account_move_retention import BILLS

# what a person may not change while others decide about it
SUBMITTED = {
    "partner_id",
    "currency_id",
    "invoice_date",
    "invoice_payment_term_id",
    "journal_id",
    "ref",
    "retention_amount",
    "retention_released_amount",
}


class AccountMoveBill(models.Model):
    """Bills of jobs: which job, who has the same invoice already, and that what waits for its
    release stays as it was submitted."""

    _inherit = "account.move"

    construction_job_id = fields.Many2one(
        "project.project",
        string="Job",
        compute="_compute_construction_job_id",
        store=True,
        readonly=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The job whose cost this bill is; its bills pass match and release.",
    )
    number_key = fields.Char(
        compute="_compute_number_key",
        store=True,
        help="The vendor's number as it is compared: letters and digits alone.",
    )
    received_on = fields.Date(string="Received", copy=False)
    from_platform = fields.Boolean(readonly=True, copy=False)

    bill_amount = fields.Monetary(
        string="Without tax",
        compute="_compute_bill_amounts",
        help="Of a credit note negative, so that lists add up.",
    )
    bill_due = fields.Monetary(string="To pay now", compute="_compute_bill_amounts")

    _number_key_index = models.Index(
        "(company_id, number_key) WHERE number_key IS NOT NULL AND state <> 'cancel'"
    )

    @api.depends(
        "move_type",
        "line_ids.analytic_distribution",
        "line_ids.purchase_line_id",
        "invoice_line_ids.analytic_distribution",
        "invoice_line_ids.purchase_line_id",
    )
    def _compute_construction_job_id(self):
        """The job of the first order line, else the first job that a line is coded to."""
        bills = self.filtered(lambda move: move.move_type in BILLS)
        (self - bills).construction_job_id = False
        if not bills:
            return
        # a form that is not saved yet has its lines here alone
        forms = bills.filtered(lambda move: not move._origin)
        lines = ((bills - forms).line_ids | forms.invoice_line_ids).filtered(
            lambda line: (
                line.display_type == "product"
                and (line.analytic_distribution or line.purchase_line_id)
            )
        )
        read = self.env["construction.coding"]._read_distribution(
            [line.analytic_distribution for line in lines]
        )
        jobs = {}
        for line, entry in zip(lines, read, strict=True):
            job = line.purchase_line_id.sudo().order_id.project_id.filtered("is_job")
            job = job or entry["job"][:1]
            if job:
                jobs.setdefault(line.move_id, job)
        for bill in bills:
            bill.construction_job_id = jobs.get(bill) or bill.construction_job_id

    @api.depends("amount_untaxed", "amount_currently_due", "move_type")
    def _compute_bill_amounts(self):
        for move in self:
            sign = -1 if move.move_type == "in_refund" else 1
            move.bill_amount = sign * move.amount_untaxed
            move.bill_due = sign * move.amount_currently_due

    @api.depends("ref", "move_type")
    def _compute_number_key(self):
        for move in self:
            is_bill = move.move_type in BILLS
            move.number_key = (names.number_key(move.ref or "") if is_bill else "") or False

    # ------------------------------------------------------------ duplicates
    def _fetch_duplicate_reference(self, matching_states=("draft", "posted")):
        """Odoo's own check, and beyond it the same invoice that came another way: the number
        written differently, with the same amount or day."""
        found = super()._fetch_duplicate_reference(matching_states)
        bills = self.filtered(lambda move: move.move_type in BILLS and move.number_key and move.id)
        for move_id, ids in bills._same_numbers(matching_states).items():
            move = self.browse(move_id)
            found[move] = found.get(move, self.browse()) | self.browse(ids)
        return found

    def _same_numbers(self, states):
        """{id: ids of bills with the same number, vendor, and amount or day}"""
        result = defaultdict(list)
        if not self.ids:
            return result
        self.env["account.move"].flush_model(
            ["number_key", "company_id", "commercial_partner_id", "move_type", "state",
             "amount_total", "invoice_date", "ref"]
        )  # fmt: skip
        rows = self.env.execute_query(
            SQL(
                """
                SELECT m.id, d.id
                  FROM account_move m
                  JOIN account_move d
                    ON d.company_id = m.company_id AND d.number_key = m.number_key
                   AND d.commercial_partner_id = m.commercial_partner_id
                   AND d.move_type = m.move_type AND d.id <> m.id AND d.state = ANY(%s)
                   AND (d.amount_total = m.amount_total OR d.invoice_date = m.invoice_date)
                 WHERE m.id = ANY(%s)
                """,
                list(states),
                self.ids,
            )
        )
        for move_id, other in rows:
            result[move_id].append(other)
        return result

    # ---------------------------------------------------------------- guard
    def write(self, vals):
        if SUBMITTED & vals.keys() and not self._is_at_the_gate():
            self._refuse_submitted()
        return super().write(vals)

    def _refuse_submitted(self):
        """:raises UserError: somebody is deciding about one of these bills"""
        for move in self:
            if move.release_state == "to_release" and move.construction_job_id:
                raise UserError(
                    self.env._(
                        "%s waits for its release as it was submitted: take it back, or have it "
                        "returned, before you change it.",
                        move.ref or move.display_name,
                    )
                )
