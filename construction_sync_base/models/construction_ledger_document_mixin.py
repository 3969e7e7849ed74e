from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .construction_guard import FINANCE, PROJECT_MANAGER, guard
from .construction_release_mixin import GATE_FIELDS


class ConstructionLedgerDocumentMixin(models.AbstractModel):
    """What becomes one journal entry by its release, posted by Finance into months whose job
    cost is open.

    A model gives `_ledger_days()` (the dates it posts on), `_entry(journal)` (values of its
    entry) and a `line_ids` whose lines check themselves by `_check_left()` (that what they
    move or accrue is there).
    """

    _name = "construction.ledger.document.mixin"
    _description = "Document That Posts an Entry"
    _inherit = ["construction.numbered.draft.mixin"]

    _gate_fields = GATE_FIELDS | {"move_id", "state"}

    state = fields.Selection(
        [("draft", "Draft"), ("posted", "Posted")],
        required=True,
        default="draft",
        copy=False,
        readonly=True,
        tracking=True,
    )
    move_id = fields.Many2one(
        "account.move", string="Entry", readonly=True, copy=False, check_company=True
    )

    # ----------------------------------------------------------------- gate
    @guard("approve", PROJECT_MANAGER, FINANCE)
    def _check_submitter(self):
        return self.env._("Project Managers and Finance submit what moves cost.")

    def action_submit(self):
        """Ask for the release; who decides sees the effect before.

        :raises UserError: it is no draft, its month is locked, or a line moves more than
            there is
        """
        self._check_submitter()
        if any(record.state != "draft" for record in self):
            raise UserError(self.env._("Only drafts are submitted."))
        self._release_submit()
        return True

    def _release_request(self, accepted=False):
        self._check_ready()
        return super()._release_request(accepted)

    def _check_ready(self):
        """What has to hold when the release is asked for, and again when it is given."""
        self._check_open_months()
        self.line_ids._check_left()

    def _check_open_months(self):
        """What posts into a locked month could never be released."""
        Period = self.env["construction.period"]
        for company, records in self.grouped("company_id").items():
            days = [day for record in records for day in record._ledger_days()]
            for day in Period._locked(company, days):
                raise UserError(Period._refusal(company.id, day.replace(day=1), "locked"))

    def _ledger_days(self):
        self.ensure_one()
        return [self.date]

    def _release_amount(self):
        return self.amount_total

    @api.model
    def _release_waiting_columns(self):
        return SQL("d.date"), SQL("d.amount_total")

    def _approval_extra(self):
        jobs = self._jobs()
        return {"job_id": jobs.id} if len(jobs) == 1 else {}

    def _jobs(self):
        return self.line_ids.job_id

    def _posted_entries(self):
        """The entries of these documents, posted now, in their order."""
        journals = self._journals_of(self.company_id)
        moves = self.env["account.move"].create(
            [record._entry(journals[record.company_id]) for record in self]
        )
        moves._post(soft=False)
        return moves

    @api.model
    def _journals_of(self, companies):
        """{company: its journal of miscellaneous entries}

        :raises UserError: a company has none
        """
        found = {}
        for company in companies:
            ours = self.env["account.journal"]._check_company_domain(company)
            found[company] = self.env["account.journal"].search(
                [("type", "=", "general"), *ours], limit=1
            )
            if not found[company]:
                raise UserError(
                    self.env._("%s has no journal of miscellaneous entries.", company.name)
                )
        return found

    # -------------------------------------------------------------- buttons
    def action_open_entries(self):
        self.ensure_one()
        self.check_access("read")
        return self._entries()._get_records_action(context={})

    def _entries(self):
        return self.move_id
