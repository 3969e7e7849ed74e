from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

ROOM = 64  # ids of so many kinds of documents do not meet


class ConstructionReleaseQueue(models.Model):
    """Everything that stands at the release gate or was given back, of every kind, in one list:
    what Finance works through.

    A row is its document: releasing or returning it does that to the document, with the checks
    that hold there.
    """

    _name = "construction.release.queue"
    _description = "Release Queue"
    _check_company_auto = True
    _auto = False
    _order = "requested_at, id"

    name = fields.Char(string="Document", readonly=True)
    document_type = fields.Selection(
        selection=lambda self: self.env["construction.release.mixin"]._document_types(),
        string="Kind",
        readonly=True,
    )
    res_model = fields.Char(string="Model", readonly=True)
    res_id = fields.Many2oneReference(string="Record", model_field="res_model", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    job_id = fields.Many2one("project.project", readonly=True)
    partner_id = fields.Many2one("res.partner", readonly=True)
    amount = fields.Monetary(readonly=True, help="What is decided about, in company currency.")
    state = fields.Selection(
        [
            ("approval", "For approval"),
            ("release", "To release"),
            ("returned", "Returned"),
        ],
        readonly=True,
    )
    requested_by_id = fields.Many2one("res.users", string="Submitted by", readonly=True)
    requested_at = fields.Datetime(string="Submitted", readonly=True)
    age = fields.Integer(string="Days", readonly=True, aggregator="max", help="Since it waits.")
    due_on = fields.Date(string="Due", readonly=True)
    reason = fields.Char(string="Returned because", readonly=True)
    waiting_for = fields.Char(string="Waits for", compute="_compute_document")
    effect = fields.Text(string="What the release does", compute="_compute_document")
    may_decide = fields.Boolean(compute="_compute_document")

    @property
    def _table_query(self):
        kinds = self.env["construction.release.mixin"]._gated_models()
        return SQL(" UNION ALL ").join(
            self._kind_query(number, model) for number, model in enumerate(kinds)
        )

    def _kind_query(self, number, model):
        columns = model._release_queue_columns()
        return SQL(
            """
            SELECT d.id * %(room)s + %(number)s AS id, %(kind)s::varchar AS document_type,
                   %(model)s::varchar AS res_model, d.id AS res_id, d.company_id,
                   %(name)s::varchar AS name, %(job)s::int AS job_id,
                   %(partner)s::int AS partner_id, (%(amount)s)::numeric AS amount,
                   %(due)s::date AS due_on,
                   CASE WHEN d.release_state = 'returned' THEN 'returned'
                        WHEN EXISTS (SELECT 1 FROM construction_approval a
                                      WHERE a.res_model = %(model)s AND a.res_id = d.id
                                        AND a.state = 'asked') THEN 'approval'
                        ELSE 'release' END AS state,
                   d.release_requested_by_id AS requested_by_id,
                   d.release_requested_at AS requested_at,
                   (now() AT TIME ZONE 'UTC')::date - d.release_requested_at::date AS age,
                   d.release_reason AS reason
              FROM %(table)s d
             WHERE d.release_state IN ('to_release', 'returned')
            """,
            room=ROOM,
            number=number,
            kind=model._release_type,
            model=model._name,
            table=SQL.identifier(model._table),
            **columns,
        )

    @api.depends("res_model", "res_id")
    @api.depends_context("uid")
    def _compute_document(self):
        for model, rows in self.grouped("res_model").items():
            readable = model and self.env[model].browse(rows.mapped("res_id"))
            readable = readable and readable._filtered_access("read")  # some need both companies
            for row in rows:
                document = readable and readable.filtered(lambda one, row=row: one.id == row.res_id)
                row.waiting_for = document.approval_waiting_for if document else False
                row.effect = document.release_effect if document else False
                row.may_decide = bool(document and document.may_decide)

    def _documents(self):
        """The documents behind the rows, by model, in the order of the rows."""
        self.check_access("read")
        return [
            self.env[model].browse(rows.mapped("res_id"))
            for model, rows in self.grouped("res_model").items()
        ]

    def action_release(self):
        """Approve or release the documents, all of them or none.

        :raises UserError: one of them waits for somebody else, or cannot be released now
        """
        for documents in self._documents():
            documents.action_release()
        if self.env.context.get("construction_queue_form"):  # its row is no more
            queue = "construction_sync_base.action_construction_release_queue"
            return self.env["ir.actions.act_window"]._for_xml_id(queue) | {"target": "main"}
        return True

    def action_return_dialog(self):
        return self.env["construction.reason"]._ask(self, "return")

    def action_return(self, reason):
        """Give the documents back to their senders, who read the reason.

        :raises UserError: no reason, or one of them waits for somebody else
        """
        for documents in self._documents():
            documents.action_return(reason)
        return True

    def action_open_document(self):
        self.ensure_one()
        (document,) = self._documents()
        if not document.has_access("read"):
            raise UserError(self.env._("You may not read this document."))
        return document._get_records_action()
