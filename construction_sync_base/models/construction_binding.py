from odoo import api, fields, models

from ..lib.batch import columns

# A sequence is decimal digits of any length: longer is larger.
_UPSERT = """
    INSERT INTO construction_binding AS b (
                platform_id, company_id, object, external_id, res_model, res_id, subject,
                version, version_time, content_digest, url, tombstone, unlinked,
                merged_into, origin_id, changed_at)
         SELECT v.*, v.res_id::text, now() AT TIME ZONE 'UTC'
           FROM unnest(%s, %s, %s, %s, %s::varchar[], %s::int[], %s, %s::varchar[],
                       %s::timestamp[], %s::varchar[], %s::varchar[], %s, %s, %s::varchar[])
             AS v (platform_id, company_id, object, external_id, res_model, res_id, subject,
                   version, version_time, content_digest, url, tombstone, unlinked,
                   merged_into)
    ON CONFLICT (platform_id, object, external_id) DO UPDATE SET
         company_id = EXCLUDED.company_id,
         res_model = COALESCE(EXCLUDED.res_model, b.res_model),
         res_id = COALESCE(EXCLUDED.res_id, b.res_id),
         origin_id = COALESCE(EXCLUDED.origin_id, b.origin_id),
         version = CASE WHEN b.version IS NULL OR EXCLUDED.version IS NULL
                          OR (length(EXCLUDED.version), EXCLUDED.version COLLATE "C")
                          >= (length(b.version), b.version COLLATE "C")
                        THEN COALESCE(EXCLUDED.version, b.version) ELSE b.version END,
         version_time = GREATEST(EXCLUDED.version_time, b.version_time),
         content_digest = COALESCE(EXCLUDED.content_digest, b.content_digest),
         tombstone = EXCLUDED.tombstone,
         unlinked = EXCLUDED.unlinked,
         merged_into = EXCLUDED.merged_into,
         url = COALESCE(EXCLUDED.url, b.url),
         changed_at = EXCLUDED.changed_at
      RETURNING id, platform_id, object, external_id, origin_id, unlinked
"""


class ConstructionBinding(models.Model):
    """Which Odoo record stands for which record of a platform, and which version of it
    was applied last. External ids are text; a number is never taken for one."""

    _name = "construction.binding"
    _description = "Platform Binding"
    _check_company_auto = True
    _order = "id desc"
    _log_access = False  # who did what stands in the audit

    platform_id = fields.Many2one(
        "construction.platform", required=True, readonly=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    object = fields.Char(required=True, readonly=True)
    external_id = fields.Char(required=True, readonly=True)
    origin_id = fields.Char(readonly=True, help="The id that we gave the platform for our record.")
    res_model = fields.Char(string="Model", readonly=True)
    res_id = fields.Many2oneReference(string="Record", model_field="res_model", readonly=True)
    subject = fields.Char(required=True, readonly=True)
    version = fields.Char(readonly=True, help="Sequence of the event applied last.")
    version_time = fields.Datetime(readonly=True)
    content_digest = fields.Char(readonly=True)
    tombstone = fields.Boolean(readonly=True, help="Voided or deleted at the platform.")
    unlinked = fields.Boolean(
        readonly=True, help="The platform took the link back: the record stands for nothing there."
    )
    merged_into = fields.Char(
        readonly=True, help="External id of the record that took this one's place at the platform."
    )
    url = fields.Char(string="At the platform", readonly=True)
    changed_at = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    event_ids = fields.Many2many(
        "construction.event",
        "construction_event_binding_rel",
        "binding_id",
        "event_id",
        readonly=True,
        string="Events",
    )

    _identity = models.Constraint(
        "UNIQUE (platform_id, object, external_id)", "This platform record is bound already."
    )
    _by_record = models.Index("(res_model, res_id)")
    _by_subject = models.Index("(platform_id, subject)")
    _by_origin = models.Index("(platform_id, object, origin_id)")

    @api.depends("res_model", "res_id", "object", "external_id")
    def _compute_display_name(self):
        for binding in self:
            record = binding._record()
            name = record.display_name if record else binding.external_id
            binding.display_name = f"{binding.object} {name}"

    def _record(self):
        """The bound record, or an empty recordset-like False when it is gone."""
        self.ensure_one()
        if not (self.res_model and self.res_id and self.res_model in self.env):
            return False
        return self.env[self.res_model].browse(self.res_id).exists()

    @api.model
    def _bind_by_hand(self, platform, object_name, external_id, record):
        """A person says which record stands for a platform's one. Nothing of it was applied
        yet, so it carries no version; what waits for it goes on."""
        identity = {
            "platform_id": platform.id,
            "object": object_name,
            "external_id": external_id,
        }
        target = {
            "company_id": (
                "company_id" in record._fields and record.company_id or platform.company_id
            ).id,
            "origin_id": str(record.id),
            "res_model": record._name,
            "res_id": record.id,
            "unlinked": False,
            "merged_into": False,
            "changed_at": self.env.cr.now(),
        }
        bindings = self.sudo()
        binding = bindings.search([(name, "=", value) for name, value in identity.items()])
        if binding:
            binding.write(target)
        else:
            subject = f"{object_name}/{external_id}"
            binding = bindings.create({**identity, **target, "subject": subject})
        self.env["construction.audit"]._record(binding, "record_mapped", {"record": str(record)})
        pairs = [(f"external:{object_name}", external_id), (object_name, external_id)]
        self.env["construction.resolver"].sudo()._available(pairs, platform.id)
        return binding

    def _lead_to(self, record):
        """The bound records were merged in Odoo: from now on the bindings lead to `record`.
        Our id that the platform knows stays what it was told; it leads there as well."""
        if self:
            self.write({"res_id": record.id})
            detail = {"record": str(record), "reason": "merged in Odoo"}
            self.env["construction.audit"]._record(self, "record_mapped", detail)

    def action_open_record(self):
        self.ensure_one()
        return self.env[self.res_model].browse(self.res_id)._get_records_action(context={})

    @api.model
    def _upsert(self, pairs):
        """Save what handlers bound, in one statement, and tell who waited for it.

        The applied version only rises: a movement that arrives late does not lower it.

        :param pairs: list of (`lib.batch.Item`, binding values)
        """
        if not pairs:
            return
        rows = {}
        for item, vals in pairs:
            rows[item.platform_id, vals["object"], vals["external_id"]] = (item, vals)
        self.env.cr.execute(_UPSERT, columns([self._row(*row) for row in rows.values()]))
        saved = self.env.cr.fetchall()
        self.invalidate_model()
        links = [(rows[tuple(key)][0].id, binding_id) for binding_id, *key, _own, _un in saved]
        self.env.cr.execute(
            "INSERT INTO construction_event_binding_rel (event_id, binding_id)"
            " SELECT * FROM unnest(%s, %s) ON CONFLICT DO NOTHING",
            columns(links),
        )
        for platform_id in {row[1] for row in saved}:
            self.env["construction.resolver"]._available(
                [
                    pair
                    for _id, platform, object_name, external_id, origin_id, unlinked in saved
                    if platform == platform_id and not unlinked
                    for pair in (
                        (f"external:{object_name}", external_id),
                        (f"origin:{object_name}", origin_id),
                        (object_name, external_id),  # where it may also be a code
                    )
                ],
                platform_id,
            )

    def _row(self, item, vals):
        return (
            item.platform_id,
            vals["company_id"] or item.company_id,
            vals["object"],
            vals["external_id"],
            vals["res_model"],
            vals["res_id"],
            *self._version_values(item, vals),
            vals["tombstone"],
            vals["unlinked"],
            vals["merged_into"],
        )

    def _version_values(self, item, vals):
        """Subject, version, time, digest and address. What an event binds besides its own
        object (the customer of a job) has other versions, which it says nothing about."""
        own = f"{vals['object']}/{vals['external_id']}"
        if vals["object"] != item.object:
            return own, None, None, None, None
        if vals["external_id"] != item.external_id:  # one of several that it speaks of
            return own, None, item.time, None, None
        return (
            item.subject,
            item.sequence,
            item.time,
            item.data_digest if item.replaces else None,
            item.data.get("url"),
        )
