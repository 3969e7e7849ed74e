from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .construction_guard import FINANCE, guard
from .construction_ledger_document_mixin import ConstructionLedgerDocumentMixin as Document
from .construction_numbered_draft_mixin import DRAFT_FIELDS


class ConstructionIntercompany(models.Model):
    """Cost that one company bore on a job of another: the one way it gets there.

    The release posts two entries of one date, or none. The performing company: Dr due from the
    other / Cr intercompany recovery. The company of the job: Dr cost with the job's coding / Cr
    due to the first. What is due stands in the currency of the agreement; each company books it
    at its own rate. A reversal is a document of its own and takes back both entries.
    """

    _name = "construction.intercompany"
    _description = "Intercompany Cost"
    _inherit = ["construction.ledger.document.mixin"]
    _order = "date desc, id desc"

    _release_type = "intercompany"
    _release_label = "Intercompany cost"
    _release_required = ("date", "reason", "line_ids")
    _gate_fields = Document._gate_fields | {
        "job_move_id", "reversal_of_id", "source_move_id", "agreement_id", "currency_id",
        "cost_amount", "amount_total", "profit_amount", "charged_amount", "job_amount",
    }  # fmt: skip
    _frozen = DRAFT_FIELDS | {"date", "job_company_id", "reason", "reversal_of_id"}

    company_id = fields.Many2one(
        "res.company",
        string="Performing company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        help="Bore the cost and charges it.",
    )
    job_company_id = fields.Many2one(
        "res.company", string="Company of the job", required=True, index=True
    )
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Currency of the performing company"
    )
    agreement_id = fields.Many2one(
        "construction.intercompany.agreement", compute="_compute_agreement_id", store=True
    )
    currency_id = fields.Many2one(
        "res.currency",
        related=None,
        compute="_compute_agreement_id",
        store=True,
        help="Of the agreement.",
    )
    date = fields.Date(
        required=True,
        default=fields.Date.context_today,
        tracking=True,
        help="Of both entries; open in both companies.",
    )
    reason = fields.Char(required=True, tracking=True)
    state = fields.Selection(
        selection_add=[("reversed", "Reversed")], ondelete={"reversed": "cascade"}
    )
    line_ids = fields.One2many("construction.intercompany.line", "intercompany_id", copy=True)
    cost_amount = fields.Monetary(
        string="Cost", compute="_compute_totals", store=True, currency_field="company_currency_id"
    )
    amount_total = fields.Monetary(string="Charged", compute="_compute_totals", store=True)
    profit_amount = fields.Monetary(string="Profit", compute="_compute_totals", store=True)
    charged_amount = fields.Monetary(
        string="Charged, in the performer's currency",
        compute="_compute_in_books",
        store=True,
        currency_field="company_currency_id",
        help="What is decided about.",
    )
    job_currency_id = fields.Many2one(
        related="job_company_id.currency_id", string="Currency of the company of the job"
    )
    job_amount = fields.Monetary(
        string="Cost of the job",
        compute="_compute_in_books",
        store=True,
        currency_field="job_currency_id",
        help="What is charged, in the books of the company of the job.",
    )
    move_id = fields.Many2one(string="Entry of the performing company")
    job_move_id = fields.Many2one(
        "account.move", string="Entry of the job's company", readonly=True, copy=False
    )
    source_move_id = fields.Many2one(
        "account.move",
        string="Paid with",
        readonly=True,
        copy=False,
        check_company=True,
        index="btree_not_null",
        help="The document by which the performing company bore the cost. It is posted first.",
    )
    reversal_of_id = fields.Many2one(
        "construction.intercompany",
        string="Takes back",
        index="btree_not_null",
        readonly=True,
        copy=False,
    )
    reversal_ids = fields.One2many("construction.intercompany", "reversal_of_id", readonly=True)

    _two_companies = models.Constraint(
        "CHECK (company_id <> job_company_id)",
        "Cost of a company on its own job is no intercompany cost.",
    )
    _both_or_none = models.Constraint(
        "CHECK ((state = 'draft' AND move_id IS NULL AND job_move_id IS NULL)"
        " OR (state <> 'draft' AND move_id IS NOT NULL AND job_move_id IS NOT NULL"
        " AND currency_id IS NOT NULL))",
        "Intercompany cost is posted in both companies or in none.",
    )
    _reversed_once = models.UniqueIndex(
        "(reversal_of_id) WHERE reversal_of_id IS NOT NULL", "It is being taken back already."
    )
    _source_once = models.UniqueIndex(
        "(source_move_id, job_company_id) WHERE source_move_id IS NOT NULL"
        " AND reversal_of_id IS NULL AND state <> 'reversed'",
        "This document is charged to that company already.",
    )

    @api.depends("company_id", "job_company_id")
    def _compute_agreement_id(self):
        Agreement = self.env["construction.intercompany.agreement"]
        for record in self:
            record.agreement_id = Agreement._of(record.company_id, record.job_company_id)
            record.currency_id = record.agreement_id.sudo().currency_id

    @api.depends("line_ids.cost_amount", "line_ids.amount", "line_ids.profit_amount")
    def _compute_totals(self):
        for record in self:
            record.cost_amount = sum(record.line_ids.mapped("cost_amount"))
            record.amount_total = sum(record.line_ids.mapped("amount"))
            record.profit_amount = sum(record.line_ids.mapped("profit_amount"))

    @api.depends("amount_total", "currency_id", "company_id", "job_company_id", "date")
    def _compute_in_books(self):
        for record in self:
            record.charged_amount = record._charged_in(record.company_id)
            record.job_amount = record._charged_in(record.job_company_id)

    def _charged_in(self, company):
        """What is charged, in the books of a company at the rate of the day; 0 without an
        agreement."""
        if not (self.currency_id and company and self.date):
            return 0
        return self.currency_id._convert(self.amount_total, company.currency_id, company, self.date)

    # ----------------------------------------------------------------- gate
    @guard("approve", FINANCE)
    def _check_submitter(self):
        return self.env._("Finance charges cost between companies.")

    @guard("release", FINANCE)
    def _check_releaser(self):
        return self.env._("Finance releases cost between companies.")

    def _release_request(self, accepted=False):
        self._check_people()
        self._take_terms()
        return super()._release_request(accepted)

    def _take_terms(self):
        """What holds today of agreement and rates, before anybody is asked."""
        gate = self._at_the_gate()
        drafts = gate.filtered(lambda record: not record.reversal_of_id)
        drafts._compute_agreement_id()
        drafts.line_ids._compute_amounts()
        gate._compute_in_books()

    def _releases_itself(self, policy):
        """Only where the company of the job has such a policy as well, up to what its job
        bears, and both months are open."""
        theirs = self.env["construction.release.policy"]._latest(
            self._release_type, self.job_company_id
        )
        theirs = theirs.get(self.job_company_id)
        days = [(company.id, self.date) for company in self.company_id | self.job_company_id]
        return (
            not self.env["construction.period"]._closing(days)
            and super()._releases_itself(policy)
            and bool(theirs)
            and theirs._lets_through(self._charged_in(self.job_company_id))
        )

    def _release_waits_for(self):
        return self.env._("release by Finance of both companies")

    def _release_refusal(self):
        return super()._release_refusal() or self._people_refusal(self.env.user)

    def _people_refusal(self, user):
        """Why this person may not act here, or None: it takes both companies."""
        missing = (self.company_id | self.job_company_id) - user.sudo().company_ids
        if missing:
            return self.env._(
                "%(document)s is posted in two companies, and %(person)s may not work in "
                "%(company)s.",
                document=self.display_name,
                person=user.name,
                company=missing[:1].sudo().name,
            )
        return None

    def _check_people(self):
        for record in self:
            refusal = record._people_refusal(self.env.user)
            if refusal:
                raise UserError(refusal)

    def _release_amount(self):
        """In the currency of the performing company."""
        return abs(self.charged_amount)

    def _release_waiting_columns(self):
        """What the performing company charges; for the other one see its own check."""
        return SQL("d.date"), SQL("d.charged_amount")

    @api.model
    def _release_queue_columns(self):
        partner = SQL("(SELECT c.partner_id FROM res_company c WHERE c.id = d.job_company_id)")
        return super()._release_queue_columns() | {
            "amount": SQL("d.charged_amount"), "partner": partner,
        }  # fmt: skip

    def _release_source(self):
        return "platform" if self.source_move_id.from_platform else "odoo"

    # ---------------------------------------------------------------- guard
    def write(self, vals):
        if self.reversal_of_id and (self._frozen - {"date", "reason"}) & set(vals):
            raise UserError(self.env._("A reversal takes back both entries as they were posted."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_not_what_was_paid(self):
        for record in self.filtered("source_move_id"):
            if not record._is_source_undone() and not self._is_at_the_gate():
                raise UserError(
                    self.env._(
                        "%(document)s charges what %(paid)s paid: cancel that one first.",
                        document=record.display_name,
                        paid=record.source_move_id.display_name,
                    )
                )

    # -------------------------------------------------------------- buttons
    def action_open_entry(self):
        """The entry of the performing company."""
        return self._open_move("move_id")

    def action_open_job_entry(self):
        """The entry of the job's company."""
        return self._open_move("job_move_id")

    def action_open_source(self):
        return self._open_move("source_move_id")

    def _open_move(self, name):
        self.ensure_one()
        self.check_access("read")
        return self[name]._get_records_action(context={})

    def action_open_reversal(self):
        self.ensure_one()
        self.check_access("read")
        return (self.reversal_of_id or self.reversal_ids)._get_records_action(context={})
