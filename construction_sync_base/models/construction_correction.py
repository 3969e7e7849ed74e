from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .construction_guard import FINANCE, PROJECT_MANAGER, guard
from .construction_numbered_draft_mixin import DRAFT_FIELDS
from .construction_release_mixin import GATE_FIELDS

KINDS = [
    ("void", "Void"),
    ("replace", "Newer version"),
    ("change", "Makes room for a change"),
]


class ConstructionCorrection(models.Model):
    """What has to be undone because a document was voided, replaced or changed after others
    were made on it: every step, in its order, with its day.

    Finance releases it, and all of it happens in one transaction. Nothing posted is written
    or deleted: an entry is taken back by its reversal, and what the change only sets back
    stands as a draft again.
    """

    _name = "construction.correction"
    _description = "Correction"
    _inherit = ["construction.numbered.draft.mixin", "construction.pointer.mixin"]
    _order = "id desc"

    _pointed_has = "_undo_by_correction"  # the document because of which it is made

    _release_type = "correction"
    _release_label = "Correction"
    _release_required = ("date", "reason", "line_ids")
    _frozen = DRAFT_FIELDS | {"date", "kind", "reason", "res_id", "res_model"}
    _gate_fields = GATE_FIELDS | {"from_platform", "state"}

    job_id = fields.Many2one("project.project", readonly=True, index=True, check_company=True)
    res_model = fields.Char(string="Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Record", model_field="res_model", required=True, readonly=True
    )
    document = fields.Char(string="Because of", compute="_compute_document")
    kind = fields.Selection(KINDS, required=True, default="void", readonly=True)
    reason = fields.Char(required=True, tracking=True)
    date = fields.Date(
        string="Told on",
        required=True,
        default=fields.Date.context_today,
        help="What is of an open month is taken back on its own day; what is of a locked month "
        "on this one, or, where it is locked as well, at the start of the next open month.",
    )
    state = fields.Selection(
        [("draft", "Waits"), ("done", "Done"), ("dropped", "Not needed")],
        required=True,
        default="draft",
        copy=False,
        readonly=True,
        tracking=True,
    )
    line_ids = fields.One2many("construction.correction.line", "correction_id", copy=False)
    amount_total = fields.Monetary(
        string="Taken back", compute="_compute_amounts", store=True, help="Of the ledger."
    )
    paid_total = fields.Monetary(
        string="Paid of it",
        compute="_compute_amounts",
        store=True,
        help="Payments stay: they are open on the vendor afterwards.",
    )
    moved_dates = fields.Boolean(compute="_compute_amounts", store=True)
    from_platform = fields.Boolean(readonly=True, copy=False)

    _one_waits = models.UniqueIndex(
        "(res_model, res_id) WHERE state = 'draft'",
        "A correction of this document waits already.",
    )
    _states = models.Constraint(
        "CHECK (state IN ('draft', 'done', 'dropped'))", "A correction waits, is done or dropped."
    )

    @api.depends("line_ids.amount", "line_ids.paid", "line_ids.action", "line_ids.moved")
    def _compute_amounts(self):
        for record in self:
            posted = record.line_ids.filtered(lambda line: line.action in ("reverse", "redraft"))
            record.amount_total = sum(posted.mapped("amount"))
            record.paid_total = sum(posted.mapped("paid"))
            record.moved_dates = any(record.line_ids.mapped("moved"))

    @api.depends("res_model", "res_id")
    def _compute_document(self):
        for record in self:
            origin = record._record()
            record.document = origin.sudo().display_name if origin else False

    # -------------------------------------------------------------- buttons
    @guard("approve", PROJECT_MANAGER, FINANCE)
    def _check_submitter(self):
        return self.env._("Project Managers and Finance ask for corrections.")

    def action_submit(self):
        """Ask Finance for the release; what is undone is found anew, since it may have changed.

        :raises UserError: it waits for nothing any more, or nothing stands in the way
        """
        self._check_submitter()
        for record in self:
            if record.state != "draft" or record.release_state == "to_release":
                raise UserError(self.env._("It was submitted, or is done."))
            record._find_again()
        self._release_submit()
        return {"type": "ir.actions.act_window_close"}

    def action_drop(self):
        """Nothing is undone; the event that asked for it stays as it is.

        :raises UserError: it is done
        """
        self._check_submitter()
        if any(record.state != "draft" for record in self):
            raise UserError(self.env._("What is done is not dropped."))
        self._drop()
        return True

    def _drop(self):
        records = self.sudo()._at_the_gate()
        records._release_withdraw()
        records.write({"state": "dropped", "release_state": False})

    # ----------------------------------------------------------------- gate
    @guard("release", FINANCE)
    def _check_releaser(self):
        return self.env._("Finance releases corrections.")

    def _release_waits_for(self):
        return self.env._("release by Finance")

    @api.model
    def _release_queue_columns(self):
        return super()._release_queue_columns() | {
            "job": SQL("d.job_id"),
        }

    def _release_amount(self):
        return self.amount_total

    def _approval_extra(self):
        return {"job_id": self.job_id.id}

    def _releases_itself(self, policy):
        """By itself only on the days of the documents, in months that are open."""
        pairs = [(self.company_id.id, line.date) for line in self.line_ids if line.date]
        closing = self.env["construction.period"]._closing(pairs)
        return not closing and not self.moved_dates and super()._releases_itself(policy)

    def _release_effect(self):
        self.ensure_one()
        if self.state != "draft":
            return False
        told = [f"{number}. {line._effect()}" for number, line in enumerate(self.line_ids, start=1)]
        if self.paid_total:
            told.append(
                self.env._(
                    "%s of it is paid: the payments stay and are open on the vendor.",
                    self._shown(self.paid_total),
                )
            )
        return "\n".join(told)

    def _release_perform(self):
        """Every step in its order; one that cannot be taken takes none."""
        for record in self:
            for line in record.line_ids:
                line._undo()
            record.write({"state": "done"})
        self.env["construction.resolver"].sudo()._available(
            [("corrected", str(record.id)) for record in self]
        )

    def _releaser(self):
        """Who released it; None where a policy did."""
        asked = self.release_requested_by_id
        return self.env.user if self.env.user != asked else None

    def _told_why(self):
        """Why a document was set back, for whoever has to submit it again."""
        return self.env._(
            "%(number)s, because of %(document)s: %(reason)s",
            number=self.number,
            document=self.document,
            reason=self.reason,
        )

    # ---------------------------------------------------------------- guard
    def _check_editable(self):
        # an event that comes later may drop or widen it
        return None if self._is_at_the_gate() else super()._check_editable()
