from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError

from .construction_issue import OPEN

MOST_SHOWN = 400  # characters of a row


class ConstructionUploadRow(models.Model):
    """One row of an uploaded file: what it becomes, what is wrong with it, what became of it.

    What stands in the row is shown until it is sent; then the event holds it.
    """

    _name = "construction.upload.row"
    _description = "Row of a File Upload"
    _check_company_auto = True
    _order = "upload_id desc, row, id"
    _rec_name = "subject"

    upload_id = fields.Many2one(
        "construction.upload", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="upload_id.company_id", store=True)
    row = fields.Integer(required=True, readonly=True)
    first_row = fields.Integer(
        required=True, readonly=True, help="The first row of the same event: it may be this one."
    )
    subject = fields.Char(readonly=True)
    becomes = fields.Char(compute="_compute_becomes")
    preview = fields.Char(string="What it says", readonly=True)
    problem = fields.Text(string="What is wrong", readonly=True)
    outlook = fields.Text(
        string="What it would do", readonly=True, help="By the last try; nothing of it was kept."
    )
    result = fields.Selection(
        [
            ("new", "New"),
            ("known", "Arrived before"),
            ("faulty", "Faulty"),
            ("accepted", "Accepted"),
            ("duplicate", "Duplicate"),
            ("conflict", "Same id, other content"),
            ("malformed", "Malformed"),
        ],
        required=True,
        readonly=True,
    )
    event_id = fields.Many2one(
        "construction.event", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    event_state = fields.Selection(string="State", related="event_id.state")
    issue_text = fields.Text(string="What it waits for", compute="_compute_issue_text")
    document = fields.Char(compute="_compute_document")

    _once = models.Constraint("UNIQUE (upload_id, row)", "A row of a file is there once.")
    _faulty_says_why = models.Constraint(
        "CHECK ((result = 'faulty') = (problem IS NOT NULL))", "A faulty row says what is wrong."
    )
    _has_its_event = models.Constraint(
        "CHECK (result NOT IN ('known', 'accepted', 'duplicate', 'conflict')"
        " OR event_id IS NOT NULL)",
        "A row that arrived leads to its event.",
    )

    @api.depends("subject", "row", "first_row")
    def _compute_becomes(self):
        for row in self:
            row.becomes = (
                row.subject
                if row.row == row.first_row
                else self.env._("with row %s", row.first_row)
            )

    @api.depends("event_id.issue_ids.state", "event_id.issue_ids.message")
    def _compute_issue_text(self):
        for row in self:
            open_ones = row.event_id.issue_ids.filtered(lambda issue: issue.state in OPEN)
            row.issue_text = "\n".join(open_ones.mapped("message"))

    @api.depends("event_id.binding_ids")
    def _compute_document(self):
        for row in self:
            records = [binding._record() for binding in row.event_id.binding_ids]
            row.document = ", ".join(record.display_name for record in records if record)

    # --------------------------------------------------------------- preview
    @api.model
    def _preview(self, draft, envelope, known):
        """Values of the rows of one draft.

        :param draft: `lib.event_rows.Draft`
        :param envelope: None where it is faulty
        :param known: {event id: event} that arrived before
        """
        faults = defaultdict(list)
        for fault in draft.faults:
            faults[fault.row].append(self._words(fault))
        event = known.get(envelope.id) if envelope else None
        others = self.env._("Another row of the same document is faulty.")
        first = next(iter(draft.rows))
        values = []
        for number, texts in draft.rows.items():
            problem = "\n".join(faults[number]).replace("\0", "�")
            if draft.faults and not problem:
                problem = others
            values.append(
                {
                    "row": number,
                    "first_row": first,
                    "subject": draft.subject,
                    "preview": _shown(texts),
                    "problem": problem or False,
                    "result": "faulty" if problem else "known" if event else "new",
                    "event_id": event.id if event else False,
                }
            )
        return values

    def _words(self, fault):
        text = self.env._(fault.error.text, **fault.error.values)
        if not fault.column:
            return text
        return self.env._("“%(column)s”: %(text)s", column=fault.column, text=text)

    # ----------------------------------------------------------------- looks
    def action_open_event(self):
        return self._event()._get_records_action(context={})

    def action_open_documents(self):
        return self._event().action_open_documents()

    def _event(self):
        self.ensure_one()
        self.check_access("read")
        if not self.event_id:
            raise UserError(self.env._("This row was not sent yet."))
        return self.event_id


def _shown(texts):
    """What a row says, in one line that the database can keep."""
    line = " · ".join(f"{name}: {text}" for name, text in texts.items())
    return line[:MOST_SHOWN].replace("\0", "�")
