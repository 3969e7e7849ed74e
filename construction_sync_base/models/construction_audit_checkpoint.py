import base64
import logging
from pathlib import Path

from odoo import api, fields, models

from ..audit_reader import read_head
from ..lib import logs, sealing
from ..settings import setting

_logger = logging.getLogger(__name__)

EVERY_ROWS = 1000
EVERY_SECONDS = 3600


class ConstructionAuditCheckpoint(models.Model):
    """A signed statement about the end of a company's chain, kept outside the database too:
    who has it can tell whether the end was cut off or the chain computed anew."""

    _name = "construction.audit.checkpoint"
    _description = "Audit Checkpoint"
    _check_company_auto = True
    _order = "id desc"
    _rec_name = "at"
    _log_access = False

    company_id = fields.Many2one("res.company", readonly=True)
    at = fields.Datetime(required=True, readonly=True)
    seal_number = fields.Integer(string="Seal", required=True, readonly=True)
    row_count = fields.Integer(string="Rows", required=True, readonly=True)
    statement = fields.Text(required=True, readonly=True)
    signature = fields.Char(required=True, readonly=True)
    public_key = fields.Char(required=True, readonly=True)
    exported = fields.Boolean(readonly=True, help="Written to the folder for checkpoints.")
    file = fields.Binary(compute="_compute_file")
    file_name = fields.Char(compute="_compute_file")

    _one_per_seal = models.UniqueIndex(
        "(COALESCE(company_id, 0), seal_number)", "This seal has its checkpoint already."
    )

    def init(self):
        self.env["construction.audit"]._protect(self._table)

    @api.depends("statement", "signature", "public_key")
    def _compute_file(self):
        for checkpoint in self:
            text = sealing.checkpoint_file(
                checkpoint.statement, checkpoint.signature, checkpoint.public_key
            )
            checkpoint.file = base64.b64encode(text.encode())
            chain = checkpoint.company_id.id or 0
            checkpoint.file_name = f"audit-{chain}-{checkpoint.seal_number}.json"

    @api.model
    def _issue_due(self):
        """Checkpoints of the chains that grew by 1,000 rows, or at all within an hour."""
        self.env.cr.execute(
            """
            SELECT s.chain FROM (
                SELECT COALESCE(company_id, 0) AS chain, max(number) AS number
                  FROM construction_audit_seal GROUP BY 1) s
              LEFT JOIN LATERAL (
                SELECT c.seal_number, c.at FROM construction_audit_checkpoint c
                 WHERE COALESCE(c.company_id, 0) = s.chain
                 ORDER BY c.seal_number DESC LIMIT 1) c ON TRUE
             WHERE s.number > COALESCE(c.seal_number, 0)
               AND (c.at IS NULL OR c.at < (now() AT TIME ZONE 'UTC') - make_interval(secs => %s)
                    OR %s <= (SELECT sum(n.row_count) FROM construction_audit_seal n
                               WHERE COALESCE(n.company_id, 0) = s.chain
                                 AND n.number > c.seal_number))
             ORDER BY 1
            """,
            (EVERY_SECONDS, EVERY_ROWS),
        )
        return self._issue([chain for (chain,) in self.env.cr.fetchall()])

    @api.model
    def _issue(self, chains):
        """Sign where these chains end, and write it to the folder if there is one.

        Without a key nothing is issued: an unsigned statement would prove nothing.
        """
        signer = self.env["construction.audit.seal"]._signer()
        if not signer:
            return self
        database = self.env["ir.config_parameter"].sudo().get_param("database.uuid")
        now = fields.Datetime.now()
        vals_list = []
        for chain in chains:
            head = read_head(self.env.cr, chain)
            if head is None or self._stands(chain, head.number):
                continue
            self.env.cr.execute(
                "SELECT COALESCE(sum(row_count), 0)::int FROM construction_audit_seal"
                " WHERE COALESCE(company_id, 0) = %s",
                (chain,),
            )
            (rows,) = self.env.cr.fetchone()
            statement = sealing.checkpoint(head, rows=rows, database=database, at=now)
            signature = sealing.sign_checkpoint(signer, statement)
            text = sealing.checkpoint_file(statement, signature, signer.public)
            vals_list.append(
                {
                    "company_id": chain or False,
                    "at": now,
                    "seal_number": head.number,
                    "row_count": rows,
                    "statement": statement,
                    "signature": signature,
                    "public_key": signer.public,
                    "exported": self._export(f"audit-{database}-{chain}-{head.number}.json", text),
                }
            )
        return self.sudo().create(vals_list)

    def _stands(self, chain, number):
        return self.sudo().search_count(
            [("company_id", "=", chain or False), ("seal_number", "=", number)], limit=1
        )

    @api.model
    def _export(self, name, text):
        """Write a checkpoint into the folder outside; :return: whether it is there."""
        folder = setting("CONSTRUCTION_SYNC_AUDIT_FOLDER", "audit_folder")
        if not folder:
            return False
        try:
            path = Path(folder) / name
            partial = path.with_suffix(".part")
            partial.write_text(text)
            partial.rename(path)
        except OSError as error:
            _logger.error("the checkpoint could not be written: %s", logs.shown(str(error)))
            return False
        return True
