from odoo import api, fields, models

from ..lib.batch import columns

AT_A_TIME = 100  # attachments made by one call of the sweeper


class ConstructionFileLink(models.Model):
    """That a document has a file, which an event named by its SHA-256. The attachment is
    made once the file is there, whichever of file and event arrives first."""

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
    event_id = fields.Many2one("construction.event", readonly=True, ondelete="set null", index=True)
    sha256 = fields.Char(string="SHA-256", required=True, readonly=True)
    filename = fields.Char(required=True, readonly=True)
    mimetype = fields.Char(string="Media type", readonly=True)
    res_model = fields.Char(string="Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Record", model_field="res_model", required=True, readonly=True
    )
    linked_at = fields.Datetime(
        string="Attached", readonly=True, help="Empty while the platform has not sent the file."
    )

    _identity = models.Constraint(
        "UNIQUE (platform_id, sha256, res_model, res_id)", "The document has this file already."
    )
    _waiting = models.Index("(platform_id, sha256) WHERE linked_at IS NULL")

    @api.model
    def _save(self, pairs):
        """Note the files that applied events name, and attach those that are there already.

        :param pairs: list of (row, `lib.batch.Item`) of one platform, applied and bound
        """
        rows = [row for _row, item in pairs for row in self._wanted(item)]
        if not rows:
            return
        self.env.cr.execute(
            """
            INSERT INTO construction_file_link (platform_id, company_id, event_id, sha256,
                        filename, mimetype, res_model, res_id)
                 SELECT * FROM unnest(%s, %s, %s, %s, %s, %s, %s, %s)
                     AS w (platform_id, company_id, event_id, sha256)
                  WHERE NOT EXISTS (SELECT FROM construction_file f
                                     WHERE f.platform_id = w.platform_id
                                       AND f.sha256 = w.sha256 AND f.erased_at IS NOT NULL)
            ON CONFLICT (platform_id, sha256, res_model, res_id) DO NOTHING
            """,
            columns(rows),
        )
        self._attach(rows[0][0], [row[3] for row in rows])

    def _wanted(self, item):
        target = next(
            (b for b in item.bindings if b["res_model"] and b["object"] == item.object), None
        )
        if not target or item.blocked:
            return
        for file in item.data.get("attachments") or ():
            if file.get("sha256") and not file.get("content_base64"):
                yield (
                    item.platform_id, target["company_id"] or item.company_id, item.id,
                    file["sha256"].lower(), file["filename"], file.get("mimetype") or "",
                    target["res_model"], target["res_id"],
                )  # fmt: skip

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
        return {attachment.res_id: attachment for attachment in found}

    def _attach_content(self, content):
        # what a browser would run is shown as text, whoever it is that makes the attachment
        plain = self.env["ir.attachment"].sudo().with_context(attachments_mime_plainxml=True)
        plain.create(
            {
                "name": self.filename,
                "mimetype": self.mimetype or False,
                "raw": content.raw,
                "res_model": self.res_model,
                "res_id": self.res_id,
                "company_id": self.company_id.id,
            }
        )
        content.invalidate_recordset(["raw", "datas"])
