import json

from odoo import fields, models

from ..lib import strict_json
from ..lib.batch import columns


class ConstructionAudit(models.Model):
    """Append-only trail of what was done, by whom, because of which event.

    Triggers refuse update, delete and truncate whatever the path.
    """

    _name = "construction.audit"
    _description = "Audit Trail"
    _check_company_auto = True
    _order = "id desc"
    _rec_name = "action"
    _log_access = False

    company_id = fields.Many2one("res.company", readonly=True)
    model = fields.Char(required=True, readonly=True)
    res_id = fields.Many2oneReference(model_field="model", readonly=True)
    action = fields.Char(required=True, readonly=True)
    actor_id = fields.Many2one("res.users", required=True, readonly=True)
    event_id = fields.Many2one("construction.event", readonly=True)
    at = fields.Datetime(required=True, readonly=True)
    detail = fields.Text(readonly=True)
    payload_digest = fields.Char(readonly=True)

    _by_record = models.Index("(model, res_id)")
    _by_event = models.Index("(event_id)")

    def init(self):
        self.env.cr.execute("""
            CREATE OR REPLACE FUNCTION construction_audit_refuse() RETURNS trigger AS $$
            BEGIN
                RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = '42501';
            END $$ LANGUAGE plpgsql;
            DROP TRIGGER IF EXISTS construction_audit_row ON construction_audit;
            CREATE TRIGGER construction_audit_row BEFORE UPDATE OR DELETE
                ON construction_audit FOR EACH ROW EXECUTE FUNCTION construction_audit_refuse();
            DROP TRIGGER IF EXISTS construction_audit_table ON construction_audit;
            CREATE TRIGGER construction_audit_table BEFORE TRUNCATE
                ON construction_audit FOR EACH STATEMENT
                EXECUTE FUNCTION construction_audit_refuse();
        """)

    def _record(self, records, action, detail=None):
        """Write one row per record, as the user who acts.

        :param detail: what a reader needs to understand the row; JSON values only
        """
        rows = []
        text = json.dumps(detail, default=str, sort_keys=True) if detail else None
        for record in records:
            company = record.company_id.id if "company_id" in record._fields else None
            rows.append((company or None, record._name, record.id, action, None, text))
        self._insert(rows)

    def _insert(self, rows):
        """Append (company, model, res_id, action, event, detail text) rows in one statement."""
        if not rows:
            return
        actor = self.env.uid
        self.env.cr.execute(
            """
            INSERT INTO construction_audit (company_id, model, res_id, action, event_id, detail,
                        actor_id, at, payload_digest)
                 SELECT v.company_id, v.model, v.res_id, v.action, v.event_id, v.detail,
                        %s, now() AT TIME ZONE 'UTC', v.digest
                   FROM unnest(%s::int[], %s, %s::int[], %s, %s::int[], %s::text[], %s)
                     AS v (company_id, model, res_id, action, event_id, detail, digest)
            """,
            (
                actor,
                *columns((*row, strict_json.digest([*row[:4], actor, *row[4:]])) for row in rows),
            ),
        )
