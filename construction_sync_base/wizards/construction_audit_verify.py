import base64
import json
import time

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .. import audit_reader
from ..lib import sealing
from ..lib.audit_verdict import NO_ROW

SHOWN = 20  # findings


class ConstructionAuditVerify(models.TransientModel):
    """Verifies the audit trail, also against a checkpoint that was kept elsewhere, and says
    which row is the first that cannot be trusted."""

    _name = "construction.audit.verify"
    _description = "Verify the Audit Trail"

    checkpoint_file = fields.Binary(string="Checkpoint file", attachment=False)
    checkpoint_name = fields.Char()
    verdict = fields.Selection([("good", "Intact"), ("bad", "Changed")], readonly=True)
    result = fields.Text(readonly=True)
    row_id = fields.Many2one("construction.audit", string="First bad row", readonly=True)
    waiting = fields.Integer(string="Rows not sealed yet", compute="_compute_health")
    oldest = fields.Datetime(string="Oldest of them", compute="_compute_health")
    signed = fields.Boolean(string="Signing key", compute="_compute_health")
    checkpoint_at = fields.Datetime(string="Last checkpoint", compute="_compute_health")
    hardened = fields.Boolean(string="Tables hardened", compute="_compute_health")
    holes = fields.Text(string="What is missing", compute="_compute_health")

    @api.depends("verdict")
    def _compute_health(self):
        health = self.env["construction.audit.seal"].sudo()._health()
        for wizard in self:
            wizard.waiting = health["waiting"]
            wizard.oldest = health["oldest"]
            wizard.signed = health["signed"]
            wizard.checkpoint_at = health["checkpoint_at"]
            wizard.hardened = health["hardened"]
            wizard.holes = "\n".join(health["holes"])

    def _check_verifier(self):
        groups = ("group_auditor", "group_integration_manager")
        if not any(self.env.user.has_group(f"construction_sync_base.{name}") for name in groups):
            raise AccessError(
                self.env._("An Auditor or an Integration Manager verifies the audit trail.")
            )

    @api.model
    def action_open(self):
        """A fresh dialog, opened from the list of the audit trail too."""
        self._check_verifier()
        return self.create({})._reopen()

    def action_verify(self):
        """Verify everything and keep in the trail that it was done and what came of it."""
        self.ensure_one()
        self._check_verifier()
        started = time.monotonic()
        publics = self.env["construction.audit.seal"].sudo()._publics()
        checkpoints = self._checkpoints(publics)
        self.env.flush_all()
        found = audit_reader.verify(self.env.cr, publics or None, checkpoints)
        chains = {0, *self.env.companies.ids}
        found = [one for one in found if one.chain in chains]
        sealed, waiting, seals = audit_reader.count(self.env.cr)
        lines = [self._sentence(one) for one in found[:SHOWN]] or [
            self.env._(
                "%(rows)s rows under %(seals)s seals are as they were written; "
                "%(waiting)s rows wait for their seal. %(seconds)s seconds.",
                rows=sealed,
                seals=seals,
                waiting=waiting,
                seconds=round(time.monotonic() - started, 1),
            )
        ]
        if len(found) > SHOWN:
            lines.append(self.env._("… and %s more.", len(found) - SHOWN))
        if not publics:
            lines.append(
                self.env._(
                    "No key is configured, so a chain that was computed anew is not found: "
                    "see “Keys” in docs/audit.md."
                )
            )
        row = self.env["construction.audit"].browse(found[0].row if found else 0).exists()
        self.write(
            {
                "verdict": "bad" if found else "good",
                "result": "\n".join(lines),
                "row_id": row.id,
            }
        )
        self.env["construction.audit"].sudo()._record(
            self.env.company,
            "audit_verified",
            {"verdict": self.verdict, "findings": len(found), "rows": sealed},
        )
        return self._reopen()

    def action_checkpoint(self):
        """Seal what waits and issue a checkpoint now, to be taken away."""
        self.ensure_one()
        self._check_verifier()
        Seal = self.env["construction.audit.seal"].sudo()
        if not Seal._signer():
            raise UserError(
                self.env._(
                    "Set CONSTRUCTION_SYNC_AUDIT_KEY on the server first: a checkpoint without "
                    "a signature proves nothing."
                )
            )
        Seal._seal()
        with self.env.registry.cursor() as cr:
            Seal = Seal.with_env(Seal.env(cr=cr))
            Seal.env["construction.audit.checkpoint"]._issue([0, *self.env.companies.ids])
        return self.env["ir.actions.act_window"]._for_xml_id(
            "construction_sync_base.action_construction_audit_checkpoint"
        )

    def _checkpoints(self, publics):
        """Statements of the file: one checkpoint, or a list of them."""
        if not self.checkpoint_file:
            return []
        if not publics:
            raise UserError(
                self.env._("Without a key on the server no checkpoint can be compared.")
            )
        try:
            content = json.loads(base64.b64decode(self.checkpoint_file))
            parts = content if isinstance(content, list) else [content]
            return [sealing.read_checkpoint(json.dumps(part), publics) for part in parts]
        except (ValueError, TypeError) as error:
            raise UserError(
                self.env._("This file cannot be used: %s. Take a file as it was exported.", error)
            ) from None

    def _sentence(self, finding):
        words = {
            "changed": self.env._("Row %(row)s was changed after it was sealed."),
            "deleted": self.env._("Row %(row)s was deleted."),
            "forged": self.env._(
                "Row %(row)s was inserted past the application, or its hash was removed."
            ),
            "text": self.env._(
                "The detail of row %(row)s was changed or removed without a record."
            ),
            "segment": self.env._(
                "A row of seal %(seal)s was changed together with its hash. Row %(row)s is the "
                "first of that seal."
            ),
            "seal": self.env._("Seal %(seal)s was changed. Row %(row)s is its first."),
            "seal_missing": self.env._(
                "Seals before or at %(seal)s are missing, from row %(row)s on."
            ),
            "unsigned": self.env._(
                "From seal %(seal)s on nothing is signed by a key that counts. Row %(row)s is the "
                "first that nothing vouches for."
            ),
            "retired": self.env._(
                "Seal %(seal)s gives up rows that it must not give up (row %(row)s)."
            ),
            "truncated": self.env._(
                "The end is missing: a checkpoint knows seal %(seal)s, the trail ends before row "
                "%(row)s."
            ),
            "recomputed": self.env._(
                "The chain was computed anew: seal %(seal)s is not the one that the checkpoint "
                "knows. Row %(row)s is the first that nothing vouches for."
            ),
            "checkpoint": self.env._("The checkpoint kept here for seal %(seal)s was changed."),
        }
        company = self.env["res.company"].sudo().browse(finding.chain).name if finding.chain else ""
        row = finding.row if finding.row != NO_ROW else "-"
        sentence = words[finding.kind] % {"row": row, "seal": finding.seal}
        return f"{company}: {sentence}" if company else sentence

    def _reopen(self):
        return self._get_records_action(
            name=self.env._("Verify the audit trail"), target="new", context={}
        )
