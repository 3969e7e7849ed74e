from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import str2bool

from ..hooks import configured_environment
from ..lib import standing


class ConstructionPlatform(models.Model):
    """Which database speaks for a platform: copies, neutralised ones and sandboxes."""

    _inherit = "construction.platform"

    confirmed_database = fields.Char(
        readonly=True,
        copy=False,
        groups=fields.NO_ACCESS,
        help="Fingerprint of the database in which it was activated or confirmed last.",
    )
    halted = fields.Char(string="Why nothing passes", compute="_compute_halted", compute_sudo=True)
    can_confirm = fields.Boolean(compute="_compute_halted", compute_sudo=True)

    def _compute_halted(self):
        facts = self._database_facts()
        for platform in self:
            reason = platform._halted(facts) if platform.state != "draft" else None
            platform.halted = platform._halted_text(reason) if reason else False
            platform.can_confirm = reason == standing.OTHER_DATABASE

    def _database_facts(self):
        """What `lib/standing.py` has to know of this database and its server."""
        parameters = self.env["ir.config_parameter"].sudo()
        self.env.cr.execute(
            """
            SELECT (SELECT oid::text FROM pg_database WHERE datname = current_database()),
                   has_function_privilege('pg_control_system()', 'EXECUTE')
            """
        )
        oid, readable = self.env.cr.fetchone()
        cluster = None
        if readable:  # some hosts of PostgreSQL close it
            self.env.cr.execute("SELECT system_identifier::text FROM pg_control_system()")
            cluster = self.env.cr.fetchone()[0]
        return {
            "here": standing.fingerprint(parameters.get_param("database.uuid"), cluster, oid),
            "neutralized": str2bool(parameters.get_param("database.is_neutralized") or "0", True),
            "configured": configured_environment(),
        }

    def _halted(self, facts=None):
        """Why this platform takes nothing in and calls nobody (`lib/standing.py`), or None."""
        self.ensure_one()
        facts = facts or self._database_facts()
        return standing.halted(self.environment, self.sudo().confirmed_database, **facts)

    def _calls_allowed(self):
        """Whether Odoo may call this platform. Whatever sends asks this first."""
        self.ensure_one()
        facts = self._database_facts()
        return standing.calls_allowed(
            self._halted(facts),
            state=self.state,
            active=self.active and self.company_id.active,
            neutralized=facts["neutralized"],
        )

    def _halted_text(self, reason):
        """What a person has to know and to do."""
        if reason == standing.BAD_SETTING:
            return self.env._(
                "The server's setting %s is neither “production” nor “sandbox”. Mend it and "
                "restart.",
                standing.ENVIRONMENT_VARIABLE,
            )
        if reason == standing.OTHER_ENVIRONMENT:
            return self.env._(
                "This server is set to “%(server)s” and the platform to “%(platform)s”. Use the "
                "database on the server it belongs to, or correct the platform's environment.",
                server=configured_environment(),
                platform=self.environment,
            )
        if reason == standing.NEUTRALIZED:
            return self.env._(
                "This database was neutralised, and the platform is a production platform. To "
                "test with the platform's sandbox, set the environment to Sandbox."
            )
        return self.env._(
            "This database is not the one in which the platform was activated: it was copied, "
            "restored or moved. If it takes the place of the one before, confirm it; if it is a "
            "copy, neutralise it."
        )

    def _setup_holes(self):
        holes = super()._setup_holes()
        reason = self._halted()
        if reason and reason != standing.OTHER_DATABASE:  # activating confirms the database
            holes.append(self._halted_text(reason))
        return holes

    def _change_state(self, state):
        result = super()._change_state(state)
        if state == "active":
            self._confirm_database()
        return result

    def _confirm_database(self):
        self.sudo().write({"confirmed_database": self._database_facts()["here"]})

    def action_confirm_database(self):
        """Say that this database takes the place of the one before.

        :raises UserError: the platform is halted for another reason as well
        """
        self.check_access("write")
        facts = self._database_facts()
        for platform in self:
            reason = platform._halted(facts)
            if reason and reason != standing.OTHER_DATABASE:
                raise UserError(
                    self.env._(
                        "%(platform)s: %(reason)s",
                        platform=platform.name,
                        reason=platform._halted_text(reason),
                    )
                )
        self._confirm_database()
        self.env["construction.audit"]._record(self, "database_confirmed")
        return True
