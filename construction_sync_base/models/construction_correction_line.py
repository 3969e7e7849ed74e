from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date

ACTIONS = [
    ("reverse", "Reverse"),
    ("redraft", "Reverse, and draft again"),
    ("give_back", "Set back to draft"),
    ("return", "Take back the receipt"),
    ("cancel", "Cancel"),
    ("retry", "Bring to where it should be"),
]
# what takes something back by a document of a day
DATED = ("reverse", "redraft", "return")


class ConstructionCorrectionLine(models.Model):
    """One step of a correction: a document, what is done to it and on which day."""

    _name = "construction.correction.line"
    _description = "Correction Step"
    _inherit = ["construction.pointer.mixin"]
    _check_company_auto = True
    _order = "correction_id, sequence, id"
    _rec_name = "document"

    _pointed_has = "_undo_by_correction"

    correction_id = fields.Many2one(
        "construction.correction", required=True, index=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="correction_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    sequence = fields.Integer(readonly=True)
    res_model = fields.Char(string="Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Record", model_field="res_model", required=True, readonly=True
    )
    document = fields.Char(required=True, readonly=True)
    action = fields.Selection(ACTIONS, required=True, readonly=True)
    original_date = fields.Date(string="Of", readonly=True)
    date = fields.Date(string="Taken back on", help="Of what takes it back.")
    proposed_date = fields.Date(
        readonly=True, help="Another day than this was chosen by a person, and is kept while open."
    )
    moved = fields.Boolean(
        string="Another day",
        compute="_compute_moved",
        store=True,
        help="Not the day of the document: its month is locked, or somebody chose another.",
    )
    amount = fields.Monetary(readonly=True)
    paid = fields.Monetary(
        readonly=True, help="The payment stays, and is open on the vendor afterwards."
    )
    result_model = fields.Char(readonly=True)
    result_id = fields.Many2oneReference(
        string="Made", model_field="result_model", readonly=True, help="What took it back."
    )

    _once = models.Constraint(
        "UNIQUE (correction_id, res_model, res_id)", "A document is undone once."
    )
    _by_document = models.Index("(res_model, res_id)")

    @api.depends("date", "original_date")
    def _compute_moved(self):
        for line in self:
            line.moved = bool(line.date and line.original_date and line.date != line.original_date)

    @api.constrains("date")
    def _check_own_day(self):
        """What has its own reversal comes to nothing only on the days of both."""
        for line in self:
            record = line._record()
            if line.moved and record and not record._correction_moves:
                raise ValidationError(
                    self.env._(
                        "%(document)s is taken back on its own day, %(day)s: leave the day as it "
                        "is.",
                        document=line.document,
                        day=format_date(self.env, line.original_date),
                    )
                )

    def _effect(self):
        """The step in words."""
        self.ensure_one()
        labels = dict(self._fields["action"]._description_selection(self.env))
        parts = [f"{labels[self.action]}: {self.document}"]
        if self.amount:
            parts.append(self.correction_id._shown(self.amount))
        if self.date:
            told = self.env._("on %s", format_date(self.env, self.date))
            if self.moved:
                told = self.env._(
                    "on %(day)s instead of %(original)s",
                    day=format_date(self.env, self.date),
                    original=format_date(self.env, self.original_date),
                )
            parts.append(told)
        if self.paid:
            parts.append(
                self.env._("paid %s, which stays open", self.correction_id._shown(self.paid))
            )
        return ", ".join(parts)

    def _undo(self):
        """Take this step.

        :raises UserError: the document cannot be undone any more
        """
        self.ensure_one()
        record = self._record()
        if not record:
            raise UserError(self.env._("%s is no more: submit the correction anew.", self.document))
        made = record._undo_by_correction(self)
        if made:
            self.write({"result_model": made._name, "result_id": made.id})
        self.env["construction.audit"].sudo()._record(
            record, "corrected", {"correction": self.correction_id.number, "step": self.action}
        )

    def action_open_result(self):
        self.ensure_one()
        self.check_access("read")
        if not self.result_model:
            raise UserError(self.env._("This step makes no document of its own."))
        return self.env[self.result_model].browse(self.result_id)._get_records_action()

    # ---------------------------------------------------------------- guard
    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        if not lines.correction_id._is_at_the_gate():
            lines.correction_id._check_editable()
        return lines

    def write(self, vals):
        if not self.correction_id._is_at_the_gate():
            self.correction_id._check_editable()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_of_drafts(self):
        if not self.correction_id._is_at_the_gate():
            self.correction_id._check_editable()
