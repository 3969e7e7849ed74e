from odoo import api, fields, models
from odoo.http import request
from odoo.tools import config

from odoo.addons.queue_job.jobrunner.runner import _channels

from ..lib import health
from ..models.construction_platform_health import LEVELS
from ..runner import is_server_wide

PROXY_HEADERS = ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto")
ADDON = "construction_sync_base"


class ConstructionHealth(models.TransientModel):
    """One look at the installation: what is well, what is not, and what to do about it."""

    _name = "construction.health"
    _description = "Platform Health"

    read_at = fields.Datetime(readonly=True, default=fields.Datetime.now)
    level = fields.Selection(LEVELS, readonly=True)
    waiting_count = fields.Integer(string="Waiting their turn", readonly=True)
    parked_count = fields.Integer(string="Waiting for somebody", readonly=True)
    dead_count = fields.Integer(string="Given up", readonly=True)
    issue_count = fields.Integer(string="Open issues", readonly=True)
    finished_count = fields.Integer(string="Applied in the last hour", readonly=True)
    refused_count = fields.Integer(compute="_compute_platform_ids")
    drains_per_minute = fields.Float(readonly=True, digits=(16, 1))
    check_ids = fields.One2many("construction.health.check", "health_id", readonly=True)
    platform_ids = fields.Many2many("construction.platform", compute="_compute_platform_ids")

    @api.depends("read_at")
    def _compute_platform_ids(self):
        for screen in self:
            screen.platform_ids = self._platforms()
            screen.refused_count = len(screen.platform_ids.filtered("can_confirm"))

    def _platforms(self):
        return self.env["construction.platform"].search([])  # pylint: disable=no-search-all

    def _compute_display_name(self):
        for screen in self:
            screen.display_name = self.env._("Platform health")

    @api.model
    def action_open(self):
        """Read everything anew and show it."""
        gauges = self.env["construction.gauges"].sudo()
        with gauges._bounded():
            found = gauges._of_installation()
        platforms = self._platforms()
        checks = [self._check(*check) for check in self._checks(found)]
        checks.sort(key=lambda check: -health.LEVELS.index(check["level"]))
        levels = [check["level"] for check in checks] + platforms.mapped("health")
        screen = self.create(
            {
                "level": health.worst(levels),
                "waiting_count": sum(platforms.mapped("pending_count")),
                "parked_count": sum(platforms.mapped("parked_count")),
                "dead_count": sum(platforms.mapped("dead_count")),
                "issue_count": sum(platforms.mapped("open_issue_count")),
                "finished_count": sum(platforms.mapped("finished_count")),
                "drains_per_minute": found["drains_per_minute"],
                "check_ids": [fields.Command.create(check) for check in checks],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Platform health"),
            "res_model": self._name,
            "res_id": screen.id,
            "view_mode": "form",
            "target": "main",
        }

    def _check(self, level, name, value, advice):
        return {
            "level": level,
            "name": name,
            "value": value,
            "advice": advice if level != health.FINE else False,
        }

    def _checks(self, found):
        """:return: list of (level, what, its value, what to do where it is not fine)"""
        return [
            *self._queue_checks(found),
            *self._runner_checks(found),
            *self._cron_checks(found),
            *self._secret_checks(),
            *self._audit_checks(),
            self._audit_mail_check(),
            self._proxy_check(),
        ]

    def _count(self, number, level, name, advice):
        """What should be none; `level` where it is not."""
        return (level if number else health.FINE, name, str(number), advice)

    def _yes_or_no(self, holds, name, advice):
        """What should be so."""
        if holds:
            return (health.FINE, name, self.env._("yes"), advice)
        return (health.LOOK, name, self.env._("no"), advice)

    # ---------------------------------------------------------------- queue
    def _queue_checks(self, found):
        overdue = max((due or 0 for _age, due in found["oldest"].values()), default=0)
        held, expired = found["claims"]
        failed = sum(n for (_channel, state), n in found["jobs"].items() if state == "failed")
        return [
            (
                health.by_limits(overdue, health.OVERDUE_SECONDS),
                self.env._("Oldest event that is due"),
                self.env._("due since %s s", round(overdue)) if overdue else self.env._("none"),
                self.env._(
                    "Nobody takes it. See “Job runner” and “Job channels” below, and whether the "
                    "HTTP workers are all busy."
                ),
            ),
            (
                health.LOOK if expired else health.FINE,
                self.env._("Events in work"),
                self.env._("%(held)s, %(expired)s overdue", held=held, expired=expired),
                self.env._(
                    "A worker hangs or died; the next drain gives its events to another one."
                ),
            ),
            self._count(
                failed,
                health.LOOK,
                self.env._("Failed jobs"),
                self.env._(
                    "Their events are safe and are swept up every minute. Read the jobs' errors "
                    "under Job Queue ▸ Jobs, then set them to done."
                ),
            ),
        ]

    # --------------------------------------------------------------- runner
    def _runner_checks(self, found):
        channels = _channels()
        ours = "root.construction" in channels
        return [
            (
                health.FINE if found["leader"] else health.ACT,
                self.env._("Job runner"),
                self.env._("leads") if found["leader"] else self.env._("none leads"),
                self.env._(
                    "Start Odoo with workers, with queue_job in server_wide_modules, and with a "
                    "direct connection to PostgreSQL. A pooler breaks its lock."
                ),
            ),
            (
                health.FINE if ours else health.LOOK,
                self.env._("Job channels"),
                channels or self.env._("not set"),
                self.env._(
                    "Set ODOO_QUEUE_JOB_CHANNELS, for example root:2,root.construction:2; keep "
                    "fewer than there are HTTP workers."
                ),
            ),
            self._yes_or_no(
                is_server_wide(),
                self.env._("Loaded with the server"),
                self.env._(
                    "Add %s to server_wide_modules: without it, events of a killed worker may "
                    "wait a minute.",
                    ADDON,
                ),
            ),
            (
                health.FINE if self._notifies() else health.LOOK,
                self.env._("Wake-up trigger"),
                self.env._("in place") if self._notifies() else self.env._("missing"),
                self.env._(
                    "Update queue_job (-u queue_job): the trigger queue_job_notify is off or gone, "
                    "so jobs start up to a minute late."
                ),
            ),
        ]

    def _notifies(self):
        self.env.cr.execute(
            "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'queue_job'::regclass"
            " AND tgname = 'queue_job_notify' AND tgenabled <> 'D'"
        )
        return bool(self.env.cr.fetchone()[0])

    # ---------------------------------------------------------------- crons
    def _cron_checks(self, found):
        for name, (active, failures, seconds, late) in found["crons"].items():
            level = health.by_limits(late, health.CRON_SECONDS)
            if not active:
                level, value = health.ACT, self.env._("switched off")
            elif seconds is None:
                value = self.env._("has not run yet")
            else:
                value = self.env._("%s s ago", round(seconds))
            if active and level != health.FINE:
                value = self.env._("%(value)s, due since %(late)s s", value=value, late=round(late))
            if failures:
                level = health.worst([level, health.LOOK])
                value = self.env._("%(value)s, failed %(count)s times", value=value, count=failures)
            label = self.env.ref(f"{ADDON}.{name}").sudo().name
            advice = self.env._(
                "Switch it on under Settings ▸ Technical ▸ Scheduled Actions; see that the "
                "server runs with max_cron_threads of 1 or more."
            )
            yield (level, label, value, advice)

    # -------------------------------------------------------------- secrets
    def _secret_checks(self):
        keys = self.env["construction.platform"].sudo()._secret_keys()
        facts = self.env["construction.secret"]._key_facts()
        return [
            (
                health.FINE if keys else health.ACT,
                self.env._("Key for secrets"),
                keys[0].id if keys else self.env._("missing or unreadable"),
                self.env._(
                    "Set CONSTRUCTION_SYNC_SECRET_KEY in the environment of every server, and "
                    "restart. Without it no signed request is accepted."
                ),
            ),
            self._count(
                facts["unreadable"],
                health.ACT,
                self.env._("Secrets that cannot be opened"),
                self.env._(
                    "Their platforms are refused. Integration ▸ Encryption Keys names the missing "
                    "key: add it behind the current one, or make new secrets."
                ),
            ),
            self._count(
                facts["old"],
                health.LOOK,
                self.env._("Secrets under an older key"),
                self.env._(
                    "Integration ▸ Encryption Keys ▸ “Encrypt all with the current key”; then the "
                    "older key may leave the setting."
                ),
            ),
        ]

    # ---------------------------------------------------------------- audit
    def _audit_checks(self):
        seals = self.env["construction.audit.seal"].sudo()._health()
        waiting = seals["oldest"] and (fields.Datetime.now() - seals["oldest"]).total_seconds()
        return [
            (
                health.by_limits(waiting, health.SEAL_SECONDS),
                self.env._("Audit rows without a seal"),
                str(seals["waiting"]),
                self.env._("Sealing does not keep up: see its scheduled action above."),
            ),
            self._yes_or_no(
                seals["signed"],
                self.env._("Seals are signed"),
                self.env._("Configure the signing key of the audit, outside the database."),
            ),
            self._yes_or_no(
                seals["hardened"],
                self.env._("Audit tables hardened"),
                self.env._(
                    "Run sql/harden_audit.sql as the owner of the database: the application's own "
                    "role could still change the trail."
                ),
            ),
        ]

    def _audit_mail_check(self):
        """Whether signed checkpoints reach a place outside the database."""
        facts = self.env["construction.audit.dispatch"].sudo()._health()
        name = self.env._("Checkpoints mailed to the auditors")
        value = str(facts["at"]) if facts["at"] else self.env._("never")
        level = health.of_mail(**{key: facts[key] for key in ("failed", "nobody")},
                               overdue=facts["overdue"], stuck=facts["stuck"])  # fmt: skip
        if not facts["allowed"]:
            level = health.OFF
            advice = self.env._(
                "No platform is confirmed in this database, or it was neutralised: a copy mails "
                "nobody."
            )
        elif facts["failed"]:
            value = self.env._("failed: %s", facts["failed"])
            advice = self.env._(
                "Mend the outgoing mail server and retry under Settings ▸ Technical ▸ Emails; "
                "tomorrow's mail carries them again in any case."
            )
        elif facts["nobody"]:
            advice = self.env._(
                "Nobody to mail to: give a user of the group Auditor an e-mail address, or set "
                "the system parameter construction_sync.audit_mail."
            )
        else:
            advice = self.env._(
                "They wait longer than a day: see the scheduled actions “seal the audit trail” "
                "and “Mail: Email Queue Manager”."
            )
        return (level, name, value, advice)

    # ---------------------------------------------------------------- proxy
    def _proxy_check(self):
        """This very request came as every other does: through the proxy, or around it."""
        name = self.env._("Reverse proxy")
        if not request:
            return (health.FINE, name, self.env._("not asked over HTTP"), False)
        headers = request.httprequest.headers
        seen = [header for header in PROXY_HEADERS if headers.get(header)]
        value = ", ".join(seen) or self.env._("no X-Forwarded headers")
        if config["proxy_mode"] and "X-Forwarded-Host" not in seen:
            return (
                health.LOOK,
                name,
                value,
                self.env._(
                    "proxy_mode is on and this request carries no X-Forwarded-Host: it came around "
                    "the proxy, or the proxy does not set it. Addresses in deliveries and the "
                    "allow-list are wrong then. See docs/nginx.conf."
                ),
            )
        if seen and not config["proxy_mode"]:
            return (
                health.LOOK,
                name,
                value,
                self.env._(
                    "There is a proxy, and proxy_mode is off: every sender has the proxy's "
                    "address. Set proxy_mode = True."
                ),
            )
        if not seen:
            return (
                health.LOOK,
                name,
                value,
                self.env._(
                    "No reverse proxy stands before this server: a slow sender holds a worker. "
                    "Put one in front as in docs/nginx.conf."
                ),
            )
        return (health.FINE, name, value, False)


class ConstructionHealthCheck(models.TransientModel):
    _name = "construction.health.check"
    _description = "Health Check"

    health_id = fields.Many2one("construction.health", required=True, ondelete="cascade")
    level = fields.Selection(LEVELS, required=True, readonly=True)
    name = fields.Char(string="What", required=True, readonly=True)
    value = fields.Text(string="Now", readonly=True)
    advice = fields.Text(string="What to do", readonly=True)
