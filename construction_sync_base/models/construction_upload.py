import base64
import binascii
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.base.models.res_partner import _tz_get

from ..lib import event_columns, event_rows, spreadsheet
from ..lib.errors import ToldError
from ..lib.event_check import check
from ..lib.payload_check import Checker
from .construction_guard import INTEGRATION_MANAGER, guard

UNSENT_DAYS = 30
MOST_BYTES = 14 * 2**20  # of the file in base64
# a file that was read is read anew when one of them changes
READ_BY = {"platform_id", "type", "content", "decimal_mark", "time_zone"}
# moved by the buttons and nothing else
KEPT = {
    "state",
    "row_ids",
    "faulty_row_ids",
    "sha256",
    "sent_at",
    "sent_by_id",
    "correlation_id",
    "delivery_id",
}


class ConstructionUpload(models.Model):
    """A file whose rows become events of a platform.

    Each row is shown with what is wrong with it before anything is sent. What is sent goes
    the way of a post to the platform's endpoint; the file is then the delivery's, and the
    rows say what became of each.
    """

    _name = "construction.upload"
    _description = "File Upload"
    _inherit = ["mail.thread"]
    _check_company_auto = True
    _order = "id desc"
    _rec_name = "filename"

    platform_id = fields.Many2one(
        "construction.platform",
        required=True,
        ondelete="restrict",
        tracking=True,
        domain="[('state', '!=', 'draft')]",
    )
    company_id = fields.Many2one(related="platform_id.company_id", store=True, index=True)
    type = fields.Selection(
        "_selection_type", string="What the rows are", required=True, tracking=True
    )
    content = fields.Binary(string="File", attachment=False, copy=False)
    filename = fields.Char(copy=False)
    decimal_mark = fields.Selection(
        [(".", "1,234.50"), (",", "1.234,50")],
        string="Numbers",
        required=True,
        default=".",
        help="How numbers are written that are text: all of a CSV file. What a workbook keeps as "
        "a number needs no mark.",
    )
    time_zone = fields.Selection(
        _tz_get,
        required=True,
        default=lambda self: self.env.user.tz or "UTC",
        help="Of moments that say no offset.",
    )
    state = fields.Selection(
        [("draft", "New"), ("checked", "Checked"), ("sent", "Sent")],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        tracking=True,
    )
    row_ids = fields.One2many("construction.upload.row", "upload_id", readonly=True, copy=False)
    faulty_row_ids = fields.One2many(
        "construction.upload.row",
        "upload_id",
        domain=[("result", "=", "faulty")],
        readonly=True,
        copy=False,
    )
    sha256 = fields.Char(string="SHA-256 of the file", readonly=True, copy=False)
    sent_at = fields.Datetime(readonly=True, copy=False)
    sent_by_id = fields.Many2one("res.users", string="Sent by", readonly=True, copy=False)
    correlation_id = fields.Char(readonly=True, copy=False)
    delivery_id = fields.Many2one(
        "construction.delivery",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="Where the file is kept as it was. None where all of it had arrived before.",
    )
    template_xlsx = fields.Binary(compute="_compute_templates")
    template_csv = fields.Binary(compute="_compute_templates")

    _sent_is_a_delivery = models.Constraint(
        "CHECK (state <> 'sent' OR (content IS NULL AND sent_at IS NOT NULL"
        " AND sent_by_id IS NOT NULL AND sha256 IS NOT NULL))",
        "What was sent is kept with its delivery, and says who sent it and when.",
    )
    _checked_has_a_file = models.Constraint(
        "CHECK (state <> 'checked' OR content IS NOT NULL)", "Nothing was checked: choose a file."
    )
    _not_too_large = models.Constraint(
        f"CHECK (octet_length(content) <= {MOST_BYTES})",
        "The file is too large: split the table.",
    )

    # ----------------------------------------------------------------- types
    @api.model
    def _selection_type(self):
        versions = self.env["construction.handler"]._catalogue().values()
        offered = [one for one in versions if event_columns.subject_form(one.schema)]
        names = [(one.type, one.schema.get("title") or one.type) for one in offered]
        return sorted(names, key=lambda name: name[1])

    def _version(self):
        """The `lib.catalogue.TypeVersion` of the chosen type.

        :raises UserError: no installed addon takes it any more
        """
        version = self.env["construction.handler"]._catalogue().get(self.type)
        if version is None:
            raise UserError(self.env._("No installed addon takes “%s” any more.", self.type))
        return version

    def _columns(self):
        return event_columns.columns_of(self._version().schema)

    @api.depends("type", "filename")
    def _compute_display_name(self):
        titles = dict(self._selection_type())
        for upload in self:
            parts = (titles.get(upload.type, upload.type), upload.filename)
            upload.display_name = ": ".join(filter(None, parts))

    # ---------------------------------------------------------------- guards
    @guard("upload", INTEGRATION_MANAGER)
    def _check_sender(self):
        return self.env._("Only an Integration Manager uploads what a platform reports.")

    def _check_kept(self, vals):
        if not self.env.su and any(vals.get(name, "draft") != "draft" for name in KEPT):
            raise AccessError(self.env._("An upload is read and sent by its buttons only."))

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_kept(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_kept(vals)
        if READ_BY & vals.keys() and not vals.get("state"):
            sent = self.filtered(lambda upload: upload.state == "sent")
            if sent:
                raise UserError(self.env._("%s was sent: make a new upload.", sent[0].display_name))
            self.row_ids.sudo().unlink()
            self.filtered(lambda upload: upload.state == "checked").sudo().state = "draft"
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_sent(self):
        if any(upload.state == "sent" for upload in self):
            raise UserError(self.env._("What was sent stays, so that its results can be found."))

    @api.autovacuum
    def _gc_unsent(self):
        """What nobody sent is no evidence of anything, and may hold personal data."""
        limit = fields.Datetime.now() - relativedelta(days=UNSENT_DAYS)
        self.search([("state", "!=", "sent"), ("write_date", "<", limit)]).unlink()

    # ----------------------------------------------------------------- check
    def action_check(self):
        """Read the file and say of every row what it becomes and what is wrong with it.

        :raises UserError: there is no file, or it is no table of this type
        """
        for upload in self:
            upload._check_sender()
            upload._check_open()
            upload._check_rows()
        return True

    def _check_open(self):
        if self.state == "sent":
            raise UserError(self.env._("%s was sent already.", self.display_name))

    def _check_rows(self):
        drafts, envelopes, known = self._read()
        rows = self.env["construction.upload.row"].sudo()
        upload = self.sudo()
        upload.row_ids.unlink()
        rows.create(
            [
                {"upload_id": self.id, **values}
                for position, draft in enumerate(drafts)
                for values in rows._preview(draft, envelopes.get(position), known)
            ]
        )
        upload.state = "draft" if any(draft.faults for draft in drafts) else "checked"

    def _read(self):
        """Drafts of the file, {position: envelope} of those without a fault, and {event id:
        event} of what arrived before. That keeps the time of its first arrival: the same row is
        the same event whenever it comes.

        :raises UserError: it cannot be read as a table of this type
        """
        version = self._version()
        try:
            drafts = event_rows.parse(
                spreadsheet.read(self._bytes(), strict=True),
                self._columns(),
                event_columns.subject_form(version.schema),
                version.object,
                mark=self.decimal_mark,
                zone=ZoneInfo(self.time_zone),
            )
        except ToldError as error:
            raise UserError(self._told(error)) from error
        path = self.env["construction.handler"]._for_type(self.type)._schema_path()
        checker = Checker({self.type: path}, {self.type: version})
        now = _rfc3339(fields.Datetime.now())
        envelopes = check(drafts, checker, self.type, self._columns(), now)
        known = self._known_events([envelope.id for envelope in envelopes.values()])
        for position, envelope in envelopes.items():
            if envelope.id in known:
                then = _rfc3339(known[envelope.id].time)
                envelopes[position] = event_rows.enveloped(drafts[position], self.type, then)
        return drafts, envelopes, known

    def _bytes(self):
        if not self.content:
            raise UserError(self.env._("Choose a file first: fill in the template and upload it."))
        try:
            return base64.b64decode(self.with_context(bin_size=False).content)
        except (binascii.Error, ValueError) as error:
            raise UserError(
                self.env._("The file did not arrive whole: choose it again.")
            ) from error

    def _told(self, error):
        return self.env._(error.text, **error.values)

    def _known_events(self, event_ids):
        """{event id: event} of rows of this platform's files that are stored."""
        events = self.env["construction.event"].sudo().search(
            [
                ("platform_id", "=", self.platform_id.id),
                ("source", "=", event_rows.SOURCE),
                ("event_id", "in", event_ids),
            ]
        )  # fmt: skip
        return {event.event_id: event for event in events}


def _rfc3339(moment):
    return f"{moment.replace(microsecond=0).isoformat()}+00:00"
