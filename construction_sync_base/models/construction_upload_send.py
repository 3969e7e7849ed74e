import base64
import hashlib

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.http import request

from ..lib import event_template, spreadsheet
from ..lib.event_columns import ALWAYS, FORMS, NEVER, SOMETIMES
from .construction_issue import OPEN


class ConstructionUpload(models.Model):
    """Sending an upload, its templates, and what became of it."""

    _inherit = "construction.upload"

    row_count = fields.Integer(string="Rows", compute="_compute_counts")
    faulty_count = fields.Integer(string="Faulty rows", compute="_compute_counts")
    event_count = fields.Integer(string="Events", compute="_compute_counts")
    issue_count = fields.Integer(string="Open issues", compute="_compute_counts")
    summary = fields.Char(compute="_compute_counts")

    @api.depends("row_ids.result", "row_ids.event_id.issue_ids.state")
    def _compute_counts(self):
        labels = self.env["construction.upload.row"]._fields["result"]._description_selection(
            self.env
        )  # fmt: skip
        for upload in self:
            rows = upload.row_ids
            results = rows.mapped("result")
            upload.row_count = len(rows)
            upload.faulty_count = results.count("faulty")
            upload.event_count = len(set(rows.mapped("first_row")))
            upload.issue_count = len(
                rows.event_id.issue_ids.filtered(lambda issue: issue.state in OPEN)
            )
            upload.summary = " · ".join(
                f"{label}: {results.count(key)}" for key, label in labels if key in results
            )

    # ------------------------------------------------------------------ send
    def action_send(self):
        """Store the rows as events, the way of a post to the platform's endpoint.

        :raises UserError: it was not checked, was sent, is faulty, or the platform takes nothing
        """
        for upload in self:
            upload._check_sender()
            upload._check_open()
            if upload.state != "checked":
                raise UserError(self.env._("Check the file first, and correct what is faulty."))
            upload._send()
        return True

    def _send(self):
        route = self._open_route()
        drafts, envelopes, _known = self._read()
        if len(envelopes) < len(drafts):
            raise UserError(self.env._("What is allowed has changed since: check the file again."))
        body = self._bytes()
        delivery = self._evidence(body)
        self.env.flush_all()
        inbox = self.env(user=SUPERUSER_ID)["construction.inbox"]
        parsed = [envelopes[position] for position in range(len(drafts))]
        receipt = inbox._insert(route, parsed, delivery)
        inbox._follow_up(route, parsed, delivery, receipt)
        self.env.invalidate_all()
        self._note_results(drafts, receipt.results)
        self.sudo().write(
            {
                "state": "sent",
                "content": False,
                "sha256": delivery["sha256"],
                "sent_at": fields.Datetime.now(),
                "sent_by_id": self.env.uid,
                "correlation_id": receipt.correlation,
                "delivery_id": receipt.delivery_id,
            }
        )
        self.env["construction.audit"].sudo()._record(
            self, "upload_sent", {"type": self.type, "sha256": self.sha256, "rows": len(drafts)}
        )

    def _open_route(self):
        """What the endpoint knows of the platform.

        :raises UserError: the endpoint would refuse
        """
        platform = self.platform_id.sudo()
        route = platform._route(platform.key)
        if route is None or not route["active"]:
            raise UserError(self.env._("%s is archived: choose another platform.", platform.name))
        if route["state"] == "draft":
            raise UserError(self.env._("Activate %s first.", platform.name))
        if route["halted"]:
            raise UserError(
                self.env._(
                    "This database is a copy, and %s is not confirmed for it: confirm it on the "
                    "platform first.",
                    platform.name,
                )
            )
        return route

    def _evidence(self, body):
        workbook = spreadsheet.is_workbook(body)
        return {
            "source_address": request.httprequest.remote_addr if request else None,
            "headers": {
                "Content-Type": event_template.XLSX if workbook else event_template.CSV,
                "Filename": self.filename or "",
                "Upload": str(self.id),
                "User": self.env.user.login,
            },
            "body": body,
            "sha256": hashlib.sha256(body).hexdigest(),
        }

    def _note_results(self, drafts, results):
        """Each row gets its event and its result; what it says is the event's from now on."""
        events = self._known_events([event_id for event_id, _verdict in results])
        by_number = {row.row: row for row in self.sudo().row_ids}
        groups = {}
        for draft, (event_id, verdict) in zip(drafts, results, strict=True):
            for number in draft.rows:
                key = verdict, events[event_id].id
                groups[key] = groups.get(key, by_number[number]) | by_number[number]
        for (verdict, event_id), rows in groups.items():
            rows.write(
                {"result": verdict, "event_id": event_id, "preview": False, "outlook": False}
            )

    # -------------------------------------------------------------- template
    @api.depends("type")
    def _compute_templates(self):
        for upload in self:
            columns = upload._columns() if upload.type else []
            made = event_template.workbook(columns, upload._template_words())
            upload.template_xlsx = base64.b64encode(made)
            upload.template_csv = base64.b64encode(event_template.csv_template(columns))

    def _template_words(self):
        return event_template.Words(
            sheets=(self.env._("Rows"), self.env._("Columns")),
            headings=(
                self.env._("Column"),
                self.env._("Needed"),
                self.env._("Meaning"),
                self.env._("Form"),
                self.env._("Values"),
            ),
            needed={
                ALWAYS: self.env._("Yes"),
                SOMETIMES: self.env._("Where another column of “%s” is filled in", "%s"),
                NEVER: self.env._("No"),
            },
            forms={kind: self.env._(text) for kind, text in FORMS.items()},
            notes=(
                self.env._(
                    "Fill in the first sheet, one row for each line of a document, and upload it."
                ),
                self.env._(
                    "What stands once in a document, such as its number, may be repeated in each "
                    "of its rows or stand in one of them. Columns that you do not need can be "
                    "deleted. An empty cell says nothing; (empty) clears what is there."
                ),
            ),
        )

    def action_template_xlsx(self):
        return self._download("template_xlsx", "xlsx")

    def action_template_csv(self):
        return self._download("template_csv", "csv")

    def _download(self, field, ending):
        self.ensure_one()
        self.check_access("read")
        name = f"{self._version().object}.{self._version().fact}.{ending}"
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/{field}/{name}?download=true",
            "target": "download",
        }

    # ----------------------------------------------------------------- looks
    def action_open_events(self):
        return self._open("construction_sync_base.action_construction_event", self.row_ids.event_id)

    def action_open_issues(self):
        issues = self.row_ids.event_id.issue_ids
        return self._open("construction_sync_base.action_construction_issue", issues)

    def _open(self, action, records):
        self.ensure_one()
        self.check_access("read")
        return self.env["ir.actions.act_window"]._for_xml_id(action) | {
            "domain": [("id", "in", records.ids)],
            "context": {},
        }
