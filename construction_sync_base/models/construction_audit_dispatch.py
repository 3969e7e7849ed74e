import base64
import json
import logging
from datetime import timedelta

from markupsafe import Markup
from odoo import api, fields, models
from odoo.tools import SQL

from ..lib import audit_letter, logs
from ..settings import setting

_logger = logging.getLogger(__name__)

PARAMETER = "construction_sync.audit_mail"
EVERY = timedelta(days=1)
MOST = 500  # checkpoints of one chain in one mail, the newest: each covers all before it
UNSENT = ("exception", "cancel")  # the next mail carries it again


class ConstructionAuditDispatch(models.Model):
    """Checkpoints that were mailed to the auditors: a place that nobody who administers the
    database can take them back from. One row for each chain of a mail."""

    _name = "construction.audit.dispatch"
    _description = "Checkpoints Mailed"
    _check_company_auto = True
    _order = "id desc"
    _rec_name = "at"

    company_id = fields.Many2one("res.company", readonly=True, index=True)
    at = fields.Datetime(required=True, readonly=True)
    recipients = fields.Char(required=True, readonly=True)
    checkpoint_id = fields.Many2one(
        "construction.audit.checkpoint", string="Up to", required=True, readonly=True
    )
    seal_number = fields.Integer(related="checkpoint_id.seal_number", string="Seal")
    checkpoint_count = fields.Integer(string="Checkpoints", readonly=True)
    mail_id = fields.Many2one("mail.mail", readonly=True, groups=fields.NO_ACCESS)
    mail_state = fields.Char(string="State of the mail", compute="_compute_mail", compute_sudo=True)
    failure = fields.Text(compute="_compute_mail", compute_sudo=True)

    def _compute_mail(self):
        labels = dict(self.env["mail.mail"]._fields["state"]._description_selection(self.env))
        for row in self:
            mail = row.mail_id
            row.mail_state = labels.get(mail.state) if mail else self.env._("removed")
            row.failure = mail.failure_reason

    # ----------------------------------------------------------------- send
    @api.model
    def _send_due(self):
        """Once a day per chain: what was signed since the mail before. Odoo's mail queue sends
        it, so a mail server that is away is none of the sealer's business.

        Never raises: what could not be mailed waits, and the health page says so.
        """
        try:
            with self.env.cr.savepoint():
                return self._send()
        except Exception as error:
            _logger.error("the checkpoints could not be mailed: %s", logs.trace(error))
            return self.browse()

    def _send(self):
        waiting = self._waiting()
        if not waiting or not self._may_send():
            return self.browse()
        letters, before = {}, fields.Datetime.now() - EVERY
        for chain, checkpoints, last, tried in waiting:
            recipients = self._recipients(chain)
            if recipients and (not tried or tried <= before):
                letters.setdefault(tuple(recipients), []).append((chain, checkpoints, last))
        rows = self.browse()
        for recipients, parts in letters.items():
            rows |= self._post(recipients, parts)
        if rows:
            self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()
        return rows

    @api.model
    def _waiting(self):
        """What no mail carried yet. A mail that failed, or was removed, carried nothing.

        :return: [(chain, checkpoints, row of the last good mail or none, last attempt or None)]
        """
        self.env["construction.audit.checkpoint"].flush_model()
        self.env["mail.mail"].flush_model(["state"])
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                WITH tried AS (
                    SELECT COALESCE(d.company_id, 0) AS chain, max(d.at) AS at,
                           max(d.id) FILTER (WHERE m.state NOT IN %(unsent)s) AS good
                      FROM construction_audit_dispatch d
                      LEFT JOIN mail_mail m ON m.id = d.mail_id
                     GROUP BY 1)
                SELECT COALESCE(c.company_id, 0), array_agg(c.id ORDER BY c.id), t.good, t.at
                  FROM construction_audit_checkpoint c
                  LEFT JOIN tried t ON t.chain = COALESCE(c.company_id, 0)
                  LEFT JOIN construction_audit_dispatch g ON g.id = t.good
                 WHERE c.id > COALESCE(g.checkpoint_id, 0)
                 GROUP BY 1, t.good, t.at
                 ORDER BY 1
                """,
                unsent=UNSENT,
            )
        )
        checkpoints = self.env["construction.audit.checkpoint"].sudo()
        return [
            (chain, checkpoints.browse(ids[-MOST:]), self.sudo().browse(good or ()), tried)
            for chain, ids, good, tried in rows
        ]

    @api.model
    def _may_send(self):
        """Not from a copy: a platform was confirmed in this very database, which was not
        neutralised."""
        platforms = self.env["construction.platform"].sudo().search([("state", "!=", "draft")])
        facts = platforms._database_facts()
        return not facts["neutralized"] and any(
            not platform._halted(facts) for platform in platforms
        )

    @api.model
    def _recipients(self, chain):
        """Addresses for one chain: of the server's setting, else of the system parameter, else
        of the auditors of that company."""
        parameters = self.env["ir.config_parameter"].sudo()
        text = setting("CONSTRUCTION_SYNC_AUDIT_MAIL", "audit_mail") or parameters.get_param(
            PARAMETER, ""
        )
        if text.strip():
            return audit_letter.addresses(text)
        auditors = self.env.ref("construction_sync_base.group_auditor").sudo().all_user_ids
        return sorted(
            user.email_formatted
            for user in auditors
            if user.active and user.email and (not chain or chain in user.company_ids.ids)
        )

    def _post(self, recipients, parts):
        """One mail with the checkpoints of several chains; :return: its rows"""
        every = self.env["construction.audit.checkpoint"].browse(
            [checkpoint.id for _chain, found, _last in parts for checkpoint in found]
        )
        mail = (
            self.env["mail.mail"]
            .sudo()
            .create(
                {
                    "subject": self.env._("Signed checkpoints of the audit trail"),
                    "body_html": self._body(parts),
                    "email_to": ", ".join(recipients),
                    "email_from": self._sender(),
                    "auto_delete": False,
                    "attachment_ids": [
                        fields.Command.create(values) for values in self._attachments(every)
                    ],
                }
            )
        )
        return self.sudo().create(
            [
                {
                    "company_id": chain or False,
                    "at": fields.Datetime.now(),
                    "recipients": ", ".join(recipients),
                    "checkpoint_id": found[-1].id,
                    "checkpoint_count": len(found),
                    "mail_id": mail.id,
                }
                for chain, found, _last in parts
            ]
        )

    def _sender(self):
        company = self.env.company
        return company.email_formatted or self.env["ir.mail_server"]._get_default_from_address()

    def _attachments(self, checkpoints):
        """The newest of each chain as it is; all of them in one ZIP where there are more."""
        files = [(c.file_name, base64.b64decode(c.file)) for c in checkpoints]
        newest = {c.company_id: (c.file_name, c.file) for c in checkpoints}
        result = [
            {"name": name, "datas": content, "mimetype": "application/json"}
            for name, content in newest.values()
        ]
        if len(files) > len(newest):
            packed = base64.b64encode(audit_letter.archive(files))
            result.append(
                {"name": "checkpoints.zip", "datas": packed, "mimetype": "application/zip"}
            )
        return result

    # ----------------------------------------------------------------- text
    def _body(self, parts):
        rows = Markup().join(
            Markup("<tr>%s</tr>")
            % Markup().join(Markup("<td>%s</td>") % cell for cell in self._cells(*part))
            for part in parts
        )
        heads = (
            self.env._("Chain"), self.env._("Up to seal"), self.env._("Rows"),
            self.env._("Signed at (UTC)"), self.env._("Hash of that seal"),
            self.env._("The mail before ended with"),
        )  # fmt: skip
        text = [
            self.env._(
                "The attached files say, signed, where the audit trail of this Odoo ended. Keep "
                "this mail where nobody who administers the database can change it."
            ),
            self.env._(
                "To verify: Construction ▸ Integration ▸ Evidence ▸ Verify the Audit Trail, with "
                "a file of this mail. Or on any machine that can read the database, with the "
                "public key that you were given (not the one in the file):"
            ),
        ]
        command = (
            f"odoo --addons-path=PATH construction_audit -c odoo.conf -d {self.env.cr.dbname} "
            "--checkpoint audit-….json --public-key=KEY"
        )
        absent = self.env._(
            "A mail comes each day on which a chain grew. When “the mail before” is not the one "
            "that you have, one was kept from you: ask for it, and verify."
        )
        return Markup(
            "<p>%s</p><table border='1' cellpadding='4'><tr>%s</tr>%s</table>"
            "<p>%s</p><pre>%s</pre><p>%s</p>"
        ) % (
            text[0],
            Markup().join(Markup("<th>%s</th>") % head for head in heads),
            rows,
            text[1],
            command,
            absent,
        )

    def _cells(self, chain, checkpoints, last):
        newest = checkpoints[-1]
        statement = json.loads(newest.statement)
        before = self.env._("nothing: this is the first mail")
        if last:
            before = self.env._(
                "seal %(seal)s, mailed %(at)s", seal=last.seal_number, at=str(last.at)
            )
        name = newest.company_id.name or self.env._("without company")
        return (
            f"{name} ({chain})", newest.seal_number, newest.row_count, str(newest.at),
            statement["hash"], before,
        )  # fmt: skip

    # --------------------------------------------------------------- health
    @api.model
    def _health(self):
        """How mailing goes.

        :return: dict of `failed` (why the last mail of a chain failed, or None), `nobody`
            (some chain has checkpoints and no address), `overdue` (seconds since the oldest
            checkpoint that no mail carried, or None), `stuck` (seconds since the oldest mail
            that waits in the queue, or None), `at` (of the last mail, or None), `allowed`
        """
        now = fields.Datetime.now()
        waiting = self._waiting()
        rows = self.sudo().search([("at", ">", now - 7 * EVERY)], order="id")
        newest = {row.company_id.id: row for row in rows}.values()
        failed = [row for row in newest if row.mail_id.state in UNSENT]
        queued = [row.at for row in newest if row.mail_id.state == "outgoing"]
        oldest = min((found[0].at for _chain, found, _last, _tried in waiting), default=None)
        return {
            "failed": failed and (failed[0].failure or failed[0].mail_state) or None,
            "nobody": any(not self._recipients(chain) for chain, *_rest in waiting),
            "overdue": oldest and (now - oldest).total_seconds(),
            "stuck": min(queued) and (now - min(queued)).total_seconds() if queued else None,
            "at": rows[-1:].at or None,
            "allowed": self._may_send(),
        }
