from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, file_open

from ..lib import sealing
from ..lib.batch import columns

_INSERT = """
    WITH fresh AS MATERIALIZED (
        SELECT nextval('construction_audit_id_seq')::integer AS id, v.*
          FROM unnest(%s::int[], %s, %s::int[], %s, %s::int[], %s::text[], %s::bytea[], %s::text[])
            AS v (company_id, model, res_id, action, event_id, text, salt, digest)
    ), told AS (
        INSERT INTO construction_audit_detail (audit_id, salt, text)
             SELECT id, salt, text FROM fresh WHERE text IS NOT NULL
    )
    INSERT INTO construction_audit (id, company_id, model, res_id, action, event_id, actor_id,
                text_digest)
         SELECT id, company_id, model, res_id, action, event_id, %s, digest FROM fresh
"""


class ConstructionAudit(models.Model):
    """Append-only trail of what was done, by whom, because of which event.

    Triggers refuse update, delete and truncate whatever the path. The readable detail
    stands in a table of its own, where it can be erased: the row vouches for it by a
    salted digest. Seals (`construction.audit.seal`) make every later change visible.
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
    text_digest = fields.Char(
        string="Digest of the detail", readonly=True, help="Salted SHA-256 of the detail."
    )
    detail = fields.Text(compute="_compute_side", search="_search_detail")
    detail_erased = fields.Boolean(compute="_compute_side")
    seal_number = fields.Integer(string="Seal", compute="_compute_side")
    sealed = fields.Boolean(compute="_compute_side", search="_search_sealed")

    _by_record = models.Index("(model, res_id)")
    _by_event = models.Index("(event_id)")

    def init(self):
        """The tables around this one, unless the database was hardened: then they stand
        already and belong to another role (see docs/audit.md)."""
        if not self._is_owner():
            return
        with file_open("construction_sync_base/sql/audit.sql") as script:
            self.env.cr.execute(script.read())

    @api.model
    def _is_owner(self):
        self.env.cr.execute(
            "SELECT pg_get_userbyid(relowner) = current_user"
            " FROM pg_class WHERE oid = %s::regclass",
            (self._table,),
        )
        return self.env.cr.fetchone()[0]

    @api.model
    def _protect(self, table):
        """Refuse update, delete and truncate of one more table."""
        if self._is_owner():
            with file_open("construction_sync_base/sql/append_only.sql") as script:
                self.env.cr.execute(SQL(script.read(), table=SQL.identifier(table)))

    def _compute_side(self):
        """Detail and seal, which stand in tables without a model."""
        self.env.cr.execute(
            """
            SELECT a.id, d.text, a.text_digest IS NOT NULL AND d.text IS NULL, l.number
              FROM construction_audit a
              LEFT JOIN construction_audit_detail d ON d.audit_id = a.id
              LEFT JOIN construction_audit_leaf l ON l.audit_id = a.id
             WHERE a.id = ANY(%s)
            """,
            (self.ids,),
        )
        found = {row[0]: row[1:] for row in self.env.cr.fetchall()}
        for row in self:
            row.detail, row.detail_erased, number = found.get(row.id, (False, False, None))
            row.seal_number, row.sealed = number or 0, bool(number)

    def _search_detail(self, operator, value):
        if operator not in ("ilike", "like", "=ilike", "=like"):
            return NotImplemented
        pattern = value if operator.startswith("=") else f"%{value}%"
        like = SQL("LIKE") if operator.endswith("=like") or operator == "like" else SQL("ILIKE")
        return Domain.custom(
            to_sql=lambda _model, alias, _query: SQL(
                "EXISTS (SELECT FROM construction_audit_detail d"
                " WHERE d.audit_id = %s AND d.text %s %s)",
                SQL.identifier(alias, "id"),
                like,
                pattern,
            )
        )

    def _search_sealed(self, operator, value):
        if operator != "in":
            return NotImplemented
        sealed = Domain.custom(
            to_sql=lambda _model, alias, _query: SQL(
                "EXISTS (SELECT FROM construction_audit_leaf l WHERE l.audit_id = %s)",
                SQL.identifier(alias, "id"),
            )
        )
        return Domain.OR([sealed if wanted else ~sealed for wanted in set(value)])

    @api.model
    def action_verify_dialog(self, *_ids):
        return self.env["construction.audit.verify"].action_open()

    def _record(self, records, action, detail=None):
        """Write one row per record, as the user who acts.

        :param detail: what a reader needs to understand the row; values that
            `lib.sealing.canonical` knows
        """
        text = sealing.canonical(detail) if detail else None
        rows = []
        for record in records:
            company = record.company_id.id if "company_id" in record._fields else None
            rows.append((company or None, record._name, record.id, action, None, text))
        self._insert(rows)

    def _insert(self, rows):
        """Append (company, model, res_id, action, event, detail text) rows in one statement."""
        if not rows:
            return
        vouched = []
        for *row, text in rows:
            salt = sealing.new_salt() if text is not None else None
            digest = sealing.text_digest(salt, text) if text is not None else None
            vouched.append((*row, text, salt, digest))
        self.env.cr.execute(_INSERT, (*columns(vouched), self.env.uid))
