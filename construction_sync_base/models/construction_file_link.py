import re

from odoo import api, fields, models

from ..lib import attachment
from ..lib.batch import columns
from .construction_change import DRY

SCRIPT = re.compile(r"(java|ecma|live|j|vb)script", re.IGNORECASE)
AT_A_TIME = 100  # attachments made by one call of the sweeper


class ConstructionFileLink(models.Model):
    """That a document has a file, which an event carried or named by its SHA-256, or an
    address of one. The attachment is made once the file is there, whichever of file and
    event arrives first; that of an address opens it."""

    _name = "construction.file.link"
    _description = "File of a Document"
    _check_company_auto = True
    _order = "id desc"
    _rec_name = "filename"
    _log_access = False

    platform_id = fields.Many2one(
        "construction.platform", required=True, readonly=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    event_ids = fields.Many2many(
        "construction.event",
        "construction_file_link_event_rel",
        "link_id",
        "event_id",
        string="Events",
        readonly=True,
        help="The events that named the file for this document.",
    )
    sha256 = fields.Char(string="SHA-256", readonly=True)
    url = fields.Char(string="Address", readonly=True, help="Where the platform shows the file.")
    filename = fields.Char(required=True, readonly=True)
    mimetype = fields.Char(string="Media type", readonly=True)
    res_model = fields.Char(string="Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Record", model_field="res_model", required=True, readonly=True
    )
    linked_at = fields.Datetime(
        string="Attached", readonly=True, help="Empty while the platform has not sent the file."
    )

    _what = models.Constraint(
        "CHECK ((sha256 IS NULL) <> (url IS NULL))", "It is a file or an address."
    )
    _safe = models.Constraint("CHECK (url ILIKE 'https://%')", "Only https addresses are shown.")
    _address = models.UniqueIndex(
        "(platform_id, md5(url), res_model, res_id) WHERE url IS NOT NULL",
        "The document has this address already.",
    )
    _identity = models.Constraint(
        "UNIQUE (platform_id, sha256, res_model, res_id)", "The document has this file already."
    )
    _waiting = models.Index("(platform_id, sha256) WHERE linked_at IS NULL")
    _waiting_address = models.Index("(platform_id) WHERE linked_at IS NULL AND url IS NOT NULL")

    @api.model
    def _save(self, pairs):
        """Keep the files that applied events carry or name, and attach what is there.

        :param pairs: list of (row, `lib.batch.Item`) of one platform, applied and bound
        """
        if self.env.context.get("construction_trial") is DRY:
            return  # files of what is rolled back would stay behind on the disk
        rows, contents = [], {}
        for _row, item in pairs:
            found = self._wanted(item, contents)
            rows += {row[2:4] + row[6:8]: row for row in reversed(found)}.values()
        if not rows:
            return
        platform_id = rows[0][0]
        self.env["construction.file"]._keep(platform_id, contents)
        self._note(rows)
        self._attach(platform_id, [row[2] for row in rows if row[2]])
        if any(row[3] for row in rows):
            self._attach_addresses(platform_id)

    def _wanted(self, item, contents):
        """Rows of what one event names; contents that it carries are added to `contents`,
        {SHA-256: bytes}."""
        target = next(
            (b for b in item.bindings if b["res_model"] and b["object"] == item.object), None
        )
        if not target or item.blocked:
            return []
        rows = []
        for file in item.data.get("attachments") or ():
            body = attachment.content(file)
            sha256 = (file.get("sha256") or "").lower() or None
            if body is not None:
                sha256 = sha256 or attachment.sha256(body)
                contents[sha256] = body
            url = body is None and file.get("url")
            if url and not attachment.safe_url(url):
                self._notice_address(item, file)
            rows += [
                (
                    item.platform_id, target["company_id"] or item.company_id, *named,
                    attachment.safe_name(file["filename"]), file.get("mimetype") or "",
                    target["res_model"], target["res_id"], item.id,
                )
                for named in ((sha256, None), (None, url and attachment.safe_url(url)))
                if any(named)
            ]  # fmt: skip
        return rows

    def _notice_address(self, item, file):
        item.notice(
            "schema",
            self.env._(
                "The address of “%s” is not shown: only https addresses without a user name are.",
                attachment.safe_name(file["filename"]),
            ),
            severity="low",
            suggestion=self.env._(
                "The platform sends an https address, the content in base64, or uploads the file."
            ),
        )

    def _note(self, rows):
        """Save rows of `_wanted`. What a person was erased with does not come back."""
        self.env.cr.execute(
            """
            INSERT INTO construction_file_link (platform_id, company_id, sha256, url, filename,
                        mimetype, res_model, res_id)
                 SELECT platform_id, company_id, sha256, url, filename, mimetype, res_model, res_id
                   FROM unnest(%s, %s, %s::text[], %s::text[], %s, %s, %s, %s, %s)
                     AS w (platform_id, company_id, sha256, url, filename, mimetype, res_model,
                           res_id, event_id)
                  WHERE NOT EXISTS (SELECT FROM construction_file f
                                     WHERE f.platform_id = w.platform_id
                                       AND f.sha256 = w.sha256 AND f.erased_at IS NOT NULL)
            ON CONFLICT DO NOTHING
            """,
            columns(rows),
        )
        self.env.cr.execute(
            """
            INSERT INTO construction_file_link_event_rel (link_id, event_id)
                 SELECT l.id, w.event_id
                   FROM unnest(%s, %s, %s::text[], %s::text[], %s, %s, %s, %s, %s)
                     AS w (platform_id, company_id, sha256, url, filename, mimetype, res_model,
                           res_id, event_id)
                   JOIN construction_file_link l
                     ON l.platform_id = w.platform_id AND l.res_model = w.res_model
                    AND l.res_id = w.res_id AND (l.sha256 = w.sha256 OR l.url = w.url)
            ON CONFLICT DO NOTHING
            """,
            columns(rows),
        )

    def _attach_addresses(self, platform_id):
        """An address is an attachment that opens it; nothing is fetched."""
        links = self.search(
            [("platform_id", "=", platform_id), ("url", "!=", False), ("linked_at", "=", False)]
        )
        self.env["ir.attachment"].sudo().create(
            [
                {
                    "name": link.filename,
                    "type": "url",
                    "url": link.url,
                    "res_model": link.res_model,
                    "res_id": link.res_id,
                    "company_id": link.company_id.id,
                }
                for link in links
            ]
        )
        links.linked_at = fields.Datetime.now()

    @api.model
    def _lead_to(self, sources, record):
        """The documents were merged into `record`, which has each file once."""
        self.env.flush_all()
        self.env.cr.execute(
            """
            DELETE FROM construction_file_link l USING construction_file_link kept
             WHERE l.res_model = %(model)s AND l.res_id = ANY(%(sources)s)
               AND kept.platform_id = l.platform_id AND kept.res_model = l.res_model
               AND (kept.sha256 = l.sha256 OR kept.url = l.url)
               AND (kept.res_id = %(target)s OR kept.res_id = ANY(%(sources)s) AND kept.id < l.id);
            UPDATE construction_file_link SET res_id = %(target)s
             WHERE res_model = %(model)s AND res_id = ANY(%(sources)s)
            """,
            {"model": record._name, "sources": sources.ids, "target": record.id},
        )
        self.invalidate_model()

    @api.model
    def _attach(self, platform_id=None, hashes=None):
        """Make the attachments of files that are there.

        :param platform_id: with `hashes`; None looks for whatever was left behind: file and
            event that were stored at the same moment do not see each other
        """
        self.env.cr.execute(
            """
            SELECT l.id, f.id FROM construction_file_link l
              JOIN construction_file f
                ON f.platform_id = l.platform_id AND f.sha256 = l.sha256
             WHERE l.linked_at IS NULL AND f.erased_at IS NULL
               AND (%(platform)s IS NULL
                    OR l.platform_id = %(platform)s AND l.sha256 = ANY(%(hashes)s))
             ORDER BY l.id LIMIT %(most)s
            """,
            {
                "platform": platform_id,
                "hashes": hashes or [],
                "most": None if platform_id else AT_A_TIME,
            },
        )
        pairs = self.env.cr.fetchall()
        contents = self._contents([file_id for _link_id, file_id in pairs])
        links = self.browse([link_id for link_id, file_id in pairs if file_id in contents])
        links.invalidate_recordset()
        for link, file_id in zip(links, (f for _l, f in pairs if f in contents), strict=True):
            if link.res_model in self.env and self.env[link.res_model].browse(link.res_id).exists():
                link._attach_content(contents[file_id])
        links.linked_at = fields.Datetime.now()

    def _contents(self, file_ids):
        """{file id: its attachment}; the bytes are read one by one, as they may be large."""
        found = (
            self.env["ir.attachment"]
            .sudo()
            .search(
                [
                    ("res_model", "=", "construction.file"),
                    ("res_field", "=", "content"),
                    ("res_id", "in", file_ids),
                ]
            )
        )
        return {one.res_id: one for one in found}

    def _attach_content(self, content):
        # what a browser would run is shown as text, whoever it is that makes the attachment
        plain = self.env["ir.attachment"].sudo().with_context(attachments_mime_plainxml=True)
        plain.create(
            {
                "name": self.filename,
                "mimetype": "text/plain" if SCRIPT.search(self.mimetype or "") else self.mimetype,
                "raw": content.raw,
                "res_model": self.res_model,
                "res_id": self.res_id,
                "company_id": self.company_id.id,
            }
        )
        content.invalidate_recordset(["raw", "datas"])
