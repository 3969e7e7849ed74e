import logging
from dataclasses import replace

import psycopg2
from odoo import api, fields, models
from odoo.tools import SQL

from ..audit_reader import ROW_HASH, read_head
from ..lib import logs, sealing
from ..settings import audit_public_keys, audit_signer
from ..transactions import own_transaction

_logger = logging.getLogger(__name__)

SEAL_LOCK = 0x4353595345414C  # one sealer at a time
BATCH = 10_000  # rows of one transaction
COLUMNS = (
    "company_id", "number", "covers", "row_count", "root", "first_at", "last_at", "sealed_at",
    "previous", "retired_through", "key_id", "hash", "signature",
)  # fmt: skip

PROTECTED = (
    "construction_audit", "construction_audit_detail", "construction_audit_leaf",
    "construction_audit_seal", "construction_audit_checkpoint",
)  # fmt: skip
# OFFSET 0 keeps the planner from joining the whole trail: it fetches the few rows by id.
_TAKE = f"""
    WITH batch AS MATERIALIZED (
        SELECT u.ctid AS place, a.*, EXISTS (SELECT FROM construction_audit_leaf l
                                              WHERE l.audit_id = u.audit_id) AS done
          FROM construction_audit_unsealed u
         CROSS JOIN LATERAL (SELECT * FROM construction_audit WHERE id = u.audit_id OFFSET 0) a
         LIMIT %(most)s
    ), taken AS (
        DELETE FROM construction_audit_unsealed
         WHERE ctid = ANY(ARRAY(SELECT place FROM batch))
    ), head AS MATERIALIZED (
        SELECT c.chain, s.number
          FROM (SELECT DISTINCT COALESCE(company_id, 0) AS chain FROM batch) c
          LEFT JOIN LATERAL (SELECT number FROM construction_audit_seal
                              WHERE COALESCE(company_id, 0) = c.chain
                              ORDER BY number DESC LIMIT 1) s ON TRUE
    ), hashed AS MATERIALIZED (
        SELECT DISTINCT ON (a.id) a.id, a.at, h.chain, COALESCE(h.number, 0) + 1 AS number,
               {ROW_HASH} AS hash
          FROM batch a JOIN head h ON h.chain = COALESCE(a.company_id, 0)
         WHERE NOT a.done
    ), kept AS (
        INSERT INTO construction_audit_leaf (audit_id, chain, number, hash)
             SELECT id, chain, number, hash FROM hashed
    )
    SELECT chain, range_agg(int4range(id, id, '[]'))::text, count(*),
           encode(sha256(string_agg(hash, '' ORDER BY id)), 'hex'), min(at), max(at)
      FROM hashed GROUP BY chain ORDER BY chain
"""


class ConstructionAuditSeal(models.Model):
    """One link of a company's chain over the audit trail: which rows it covers, a hash
    over theirs, and the link to the seal before. See `lib/sealing.py`.

    Only committed rows are sealed. A row whose transaction commits late joins a later
    seal, so a seal names its rows one by one.
    """

    _name = "construction.audit.seal"
    _description = "Audit Seal"
    _check_company_auto = True
    _order = "sealed_at desc, id desc"
    _rec_name = "number"
    _log_access = False

    company_id = fields.Many2one("res.company", readonly=True)
    number = fields.Integer(required=True, readonly=True)
    covers = fields.Text(required=True, readonly=True, help="Ids of the rows, as ranges.")
    row_count = fields.Integer(string="Rows", required=True, readonly=True, default=0)
    first_id = fields.Integer(string="From row", compute="_compute_ends")
    last_id = fields.Integer(string="To row", compute="_compute_ends")
    root = fields.Char(required=True, readonly=True)
    first_at = fields.Datetime(readonly=True)
    last_at = fields.Datetime(readonly=True)
    sealed_at = fields.Datetime(required=True, readonly=True)
    previous = fields.Char(required=True, readonly=True)
    retired_through = fields.Integer(
        required=True,
        readonly=True,
        default=0,
        help="Seals up to this number gave their rows up when the retention period was over.",
    )
    key_id = fields.Char(readonly=True)
    hash = fields.Char(required=True, readonly=True)
    signature = fields.Char(readonly=True)

    _chain = models.UniqueIndex("(COALESCE(company_id, 0), number)", "This seal stands already.")
    _filled = models.Constraint(
        "CHECK (number > 0 AND row_count >= 0 AND retired_through >= 0"
        " AND retired_through < number)",
        "A seal counts rows and gives up only older seals.",
    )

    def init(self):
        self.env["construction.audit"]._protect(self._table)

    @api.depends("covers")
    def _compute_ends(self):
        for seal in self:
            seal.first_id = sealing.first_of(seal.covers) or 0
            seal.last_id = sealing.last_of(seal.covers) or 0

    # ------------------------------------------------------------------ key
    @api.model
    def _signer(self):
        return audit_signer()

    @api.model
    def _publics(self):
        return audit_public_keys()

    # ----------------------------------------------------------------- seal
    @api.model
    def _seal(self):
        """Seal all committed rows that wait, in transactions of their own.

        Never raises: what is left waits for the next minute, and the health page says so.

        :return: how many rows were sealed
        """
        total = 0
        try:
            while True:
                with own_transaction(self.env) as env:
                    count = env[self._name]._seal_batch(BATCH)
                total += count
                if count < BATCH:
                    return total
        except (psycopg2.Error, sealing.SealingError) as error:
            _logger.error("the audit could not be sealed: %s", logs.trace(error))
            return total

    def _seal_batch(self, most):
        """:return: how many rows were sealed; 0 too while somebody else seals"""
        if not self._lock():
            return 0
        self.env.cr.execute(_TAKE, {"most": most})
        batches = self.env.cr.fetchall()
        for chain, covers, rows, root, first_at, last_at in batches:
            self._append(
                chain, covers=covers, rows=rows, root=root, first_at=first_at, last_at=last_at
            )
        return sum(batch[2] for batch in batches)

    def _lock(self):
        self.env.cr.execute("SELECT pg_try_advisory_xact_lock(%s)", (SEAL_LOCK,))
        return self.env.cr.fetchone()[0]

    def _append(self, chain, **content):
        """Add one seal to the end of a chain. The lock is held.

        :param content: fields of `lib.sealing.Seal`; without rows, one that retires older ones
        :return: the seal
        """
        self.env.cr.execute("SELECT clock_timestamp() AT TIME ZONE 'UTC'")
        (now,) = self.env.cr.fetchone()
        head, signer = read_head(self.env.cr, chain), self._signer()
        values = {
            "covers": "{}", "rows": 0, "root": sealing.root([]), "first_at": None,
            "last_at": None, "retired_through": head.retired_through if head else 0, **content,
        }  # fmt: skip
        seal = sealing.Seal(
            chain=chain,
            number=head.number + 1 if head else 1,
            sealed_at=now,
            previous=head.link if head else sealing.GENESIS,
            key_id=signer.key_id if signer else None,
            **values,
        )
        seal = replace(seal, hash=seal.digest())
        if signer:
            seal = replace(seal, signature=signer.sign(sealing.seal_statement(seal)))
        self.env.cr.execute(
            f"INSERT INTO construction_audit_seal ({', '.join(COLUMNS)})"
            f" VALUES ({', '.join(['%s'] * len(COLUMNS))})",
            (
                chain or None, seal.number, seal.covers, seal.rows, seal.root, seal.first_at,
                seal.last_at, seal.sealed_at, seal.previous, seal.retired_through, seal.key_id,
                seal.hash, seal.signature,
            ),
        )  # fmt: skip
        self.invalidate_model()
        return seal

    # ------------------------------------------------------------ retention
    @api.model
    def _retire(self, chain, cutoff, held):
        """Give up the rows of whole seals from the start of a chain: the chain says so in a
        signed seal, then `_prune` may take the rows. Seals and checkpoints stay.

        Only what a checkpoint vouches for goes, and nothing from the first seal on that
        holds a younger row or one under a legal hold.

        :param held: condition on `construction_audit` with alias `a`
        :return: number of the last seal given up, 0 when there is nothing to give up
        """
        if not self._signer() or not self._lock():
            return 0
        head = read_head(self.env.cr, chain)
        if head is None:
            return 0
        through = self.env.execute_query(
            SQL(
                """
                SELECT LEAST(
                    (SELECT max(c.seal_number) FROM construction_audit_checkpoint c
                      WHERE COALESCE(c.company_id, 0) = %(chain)s),
                    (SELECT min(s.number) - 1 FROM construction_audit_seal s
                      WHERE COALESCE(s.company_id, 0) = %(chain)s
                        AND s.number > %(retired)s AND s.last_at >= %(cutoff)s),
                    (SELECT min(l.number) - 1 FROM construction_audit_leaf l
                       JOIN construction_audit a ON a.id = l.audit_id
                      WHERE l.chain = %(chain)s AND %(held)s),
                    %(last)s)
                """,
                chain=chain,
                retired=head.retired_through,
                cutoff=cutoff,
                held=held,
                last=head.number,
            )
        )[0][0]
        if not self._vouched(chain) or through <= head.retired_through:
            return 0
        self._append(chain, retired_through=through)
        return through

    def _vouched(self, chain):
        return self.env["construction.audit.checkpoint"].search_count(
            [("company_id", "=", chain or False)], limit=1
        )

    @api.model
    def _prune(self, most):
        """Take rows away that their chain has given up; :return: how many"""
        self.env.cr.execute("SELECT construction_audit_prune(%s)", (most,))
        self.env["construction.audit"].invalidate_model()
        return self.env.cr.fetchone()[0]

    # --------------------------------------------------------------- health
    @api.model
    def _cron_seal(self):
        """Every minute: what no drain sealed, the checkpoints that are due, and once a day
        their mail to the auditors."""
        self._seal()
        self.env["construction.audit.checkpoint"]._issue_due()
        self.env["construction.audit.dispatch"]._send_due()

    @api.model
    def _health(self):
        """What an operator or auditor wants to know without verifying.

        :return: dict of `waiting` (rows without seal), `oldest` (since when, or None),
            `signed` (a key is configured), `hardened`, `holes` (why not hardened),
            `checkpoint_at` (of the last one, or None)
        """
        self.env.cr.execute("""
            SELECT (SELECT count(*) FROM construction_audit_unsealed),
                   (SELECT min(a.at) FROM construction_audit_unsealed u
                      JOIN construction_audit a ON a.id = u.audit_id),
                   (SELECT max(at) FROM construction_audit_checkpoint)
        """)
        waiting, oldest, checkpoint_at = self.env.cr.fetchone()
        try:
            signed = bool(self._signer())
        except sealing.SealingError:
            signed = False
        holes = self._holes()
        return {
            "waiting": waiting,
            "oldest": oldest,
            "signed": signed,
            "checkpoint_at": checkpoint_at,
            "hardened": not holes,
            "holes": holes,
        }

    @api.model
    def _holes(self):
        """Why the application's role could still change the audit: names of what is missing
        (see sql/harden_audit.sql); empty when the database is hardened."""
        self.env.cr.execute(
            """
            SELECT CASE WHEN r.rolsuper THEN 'superuser'
                        WHEN pg_has_role(r.oid, c.relowner, 'MEMBER') THEN 'owner'
                        WHEN has_table_privilege(r.oid, c.oid, 'TRUNCATE')
                          OR has_table_privilege(r.oid, c.oid, 'DELETE')
                          OR (c.relname <> 'construction_audit_detail'
                              AND has_any_column_privilege(r.oid, c.oid, 'UPDATE'))
                        THEN 'privilege'
                        WHEN pg_has_role(r.oid, n.nspowner, 'MEMBER') THEN 'schema'
                        WHEN (SELECT count(*) FROM pg_trigger t WHERE t.tgrelid = c.oid
                                 AND t.tgname LIKE 'construction_audit_%%'
                                 AND t.tgenabled = 'A') < 2
                        THEN 'trigger' END AS hole, c.relname
              FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, pg_roles r
             WHERE r.rolname = current_user AND c.oid = ANY(%s::regclass[])
            """,
            (list(PROTECTED),),
        )
        return sorted(f"{hole}: {table}" for hole, table in self.env.cr.fetchall() if hole)
