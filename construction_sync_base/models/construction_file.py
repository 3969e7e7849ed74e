from odoo import api, fields, models


class ConstructionFile(models.Model):
    """A file that a platform uploaded (`PUT /{platform}/files/{sha256}`) or sent inside an
    event, kept once however often it is sent. Documents get their own attachment of it
    (`construction.file.link`)."""

    _name = "construction.file"
    _description = "Platform File"
    _check_company_auto = True
    _order = "id desc"
    _rec_name = "sha256"
    _log_access = False

    platform_id = fields.Many2one(
        "construction.platform", required=True, readonly=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    sha256 = fields.Char(string="SHA-256", required=True, readonly=True)
    size = fields.Integer(string="Bytes", required=True, readonly=True)
    content = fields.Binary(attachment=True, readonly=True)
    received_at = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)

    erased_at = fields.Datetime(
        readonly=True, help="When the content went because a person was erased. It stays away."
    )

    _identity = models.Constraint(
        "UNIQUE (platform_id, sha256)", "This file of the platform is stored already."
    )

    @api.model
    def _keep(self, platform_id, contents):
        """Keep files that are not kept yet; one that went with an erased person stays away.

        :param contents: {SHA-256: bytes} of one platform
        :return: the SHA-256 of the new ones
        """
        if not contents:
            return set()
        platform = self.env["construction.platform"].browse(platform_id)
        self.env.cr.execute(
            "INSERT INTO construction_file (platform_id, company_id, sha256, size, received_at)"
            " SELECT %s, %s, w.sha256, w.size, now() AT TIME ZONE 'UTC'"
            "   FROM unnest(%s, %s) AS w (sha256, size)"
            " ON CONFLICT (platform_id, sha256) DO NOTHING RETURNING id, sha256",
            (
                platform_id,
                platform.company_id.id,
                list(contents),
                [len(body) for body in contents.values()],
            ),
            log_exceptions=False,  # the same file at the same moment: the caller tries again
        )
        new = self.env.cr.fetchall()
        self.env["ir.attachment"].sudo().create(
            [
                {
                    "name": "content",
                    "res_model": self._name,
                    "res_field": "content",
                    "res_id": file_id,
                    "type": "binary",
                    "raw": contents[sha256],
                    "company_id": platform.company_id.id,
                }
                for file_id, sha256 in new
            ]
        )
        return {sha256 for _file_id, sha256 in new}

    @api.model
    def _store(self, route, sha256, body):
        """Keep an uploaded file, and the event that gives it to the documents which name it.

        :param route: `construction.platform._route()` of the platform
        :return: whether it is new
        """
        if not self._keep(route["id"], {sha256: body}):
            return False
        event = self.env["construction.inbox"]._own_event(
            self.env["construction.platform"].browse(route["id"]),
            "construction.file.received.v1",
            f"file/{sha256}",
            {"sha256": sha256, "size": len(body)},
        )
        if event.state == "pending":
            self.env["construction.drain"]._wake(event.lane)
        return True

    def _erase(self):
        """Take the content. The row stays, so that the file does not come back when it is
        sent again, and no document waits for it any more."""
        links = self.env["construction.file.link"]
        self.env["ir.attachment"].union(*links._contents(self.ids).values()).unlink()
        self.write({"erased_at": fields.Datetime.now()})
        self.flush_recordset()
        self.env.cr.execute(
            "DELETE FROM construction_file_link l USING construction_file f"
            " WHERE f.id = ANY(%s) AND l.platform_id = f.platform_id AND l.sha256 = f.sha256"
            " AND l.linked_at IS NULL",
            (self.ids,),
        )
