from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..hooks import secret_keys
from ..lib import hosts, oauth, remote, vault
from ..lib.bucket import Limit
from ..settings import setting
from .construction_guard import INTEGRATION_MANAGER, guard

CALLS = [
    ("none", "Nothing"),
    ("bearer", "Bearer token"),
    ("basic", "User and password"),
    ("header", "Token in a header"),
    ("oauth_client", "OAuth: client credentials"),
    ("oauth_code", "OAuth: authorised by a person"),
]
IDENTITY = ("call_auth", "call_user", "call_scope", "environment", "key", "token_in_body")
CALL_FIELDS = {"call_url", "token_url", "authorize_url", "call_header", *IDENTITY}
SECRET_VARIABLE = "CONSTRUCTION_SYNC_CALLS_"


class ConstructionPlatformCalls(models.Model):
    """How Odoo calls this platform: where, as whom, how fast, and whether it does now."""

    _inherit = "construction.platform"

    call_url = fields.Char(
        string="Address for calls",
        tracking=True,
        help="https address in front of every path that is called. Empty: it is never called.",
    )
    call_auth = fields.Selection(
        CALLS, string="Calls prove themselves with", required=True, default="none", tracking=True
    )
    call_user = fields.Char(string="Client id or user", tracking=True)
    call_header = fields.Char(string="Header of the token", default="Authorization")
    token_url = fields.Char(string="Token address", tracking=True)
    authorize_url = fields.Char(string="Authorisation page", tracking=True)
    call_scope = fields.Char(string="Scope")
    token_in_body = fields.Boolean(
        string="Client id and secret in the body",
        default=True,
        help="Of token requests; else as Basic authentication.",
    )
    calls_per_minute = fields.Integer(default=100, required=True)
    calls_burst = fields.Integer(string="Calls at once", default=20, required=True)
    call_test_path = fields.Char(
        string="Path of the test", help="Asked by “Test calls”, such as /rest/v1.0/me."
    )
    call_state = fields.Selection(
        [("ready", "Ready"), ("reauthorize", "To be authorised again")],
        string="Authorisation",
        required=True,
        default="ready",
        readonly=True,
        copy=False,
        tracking=True,
    )
    has_call_secret = fields.Boolean(compute="_compute_has_call_secret", compute_sudo=True)
    breaker_ids = fields.One2many(
        "construction.breaker",
        "platform_id",
        readonly=True,
        groups="construction_sync_base.group_integration_manager,"
        "construction_sync_base.group_finance,construction_sync_base.group_auditor",
    )

    _call_rate = models.Constraint(
        "CHECK (calls_per_minute > 0 AND calls_burst > 0)", "A limit lets something through."
    )

    def _compute_has_call_secret(self):
        kept = self.env["construction.secret"]._read_group(
            [("platform_id", "in", self.ids), ("purpose", "=", "calls")], ["platform_id"]
        )
        kept = {platform for (platform,) in kept}
        for platform in self:
            platform.has_call_secret = platform in kept or bool(platform._outside_secret())

    @api.constrains("call_url", "token_url", "authorize_url", "environment")
    def _check_call_addresses(self):
        names = ("call_url", "token_url", "authorize_url")
        for platform in self:
            for url in filter(None, (platform[name] for name in names)):
                if not hosts.place(url):
                    raise ValidationError(self.env._("“%s” is no plain https address.", url))
                if not hosts.belongs(url, platform.environment):
                    raise ValidationError(
                        self.env._(
                            "%(host)s belongs to the other environment: %(platform)s is set to "
                            "“%(environment)s”. Correct the address or the environment.",
                            host=hosts.place(url),
                            platform=platform.name,
                            environment=dict(
                                self._fields["environment"]._description_selection(self.env)
                            )[platform.environment],
                        )
                    )

    # -------------------------------------------------------------- secrets
    def _outside_secret(self):
        """The secret of calls where the installation sets it outside the database."""
        return self._outside("")

    def _outside(self, ending):
        name = (self.key or "").replace("-", "_")
        return setting(f"{SECRET_VARIABLE}{name}{ending}".upper(), f"calls_{name}{ending}")

    def _check_outside_hosts(self):
        """What is kept outside the database goes where is said outside the database."""
        allowed = self._outside("_hosts").split()
        for host in self._call_hosts():
            if host not in allowed:
                raise remote.Refused(
                    self.env._(
                        "%(host)s is none of the hosts that the installation names for the secret "
                        "of %(platform)s.",
                        host=host,
                        platform=self.name,
                    )
                )

    def _call_secret(self):
        """:raises remote.Refused: there is none, it cannot be opened, or it is for other hosts"""
        secret = self._outside_secret()
        if secret:
            self._check_outside_hosts()
            return secret
        row = self._kept("calls")
        if not row:
            raise remote.Refused(self.env._("%s: enter the secret of the calls.", self.name))
        return self._opened(row)

    def _kept(self, purpose):
        return self.env["construction.secret"].sudo().search(
            [("platform_id", "=", self.id), ("purpose", "=", purpose)], limit=1
        )  # fmt: skip

    def _opened(self, row):
        try:
            return vault.decrypt(row.stored, secret_keys())
        except vault.VaultError:
            raise remote.Refused(
                self.env._("%s: what is kept for its calls cannot be opened. Enter it again.",
                           self.name)
            ) from None  # fmt: skip

    def _keep(self, purpose, plain):
        """Keep a secret or a token in place of the one before."""
        stored = vault.encrypt(plain, self._secret_keys_or_raise())
        row = self._kept(purpose)
        if row:
            row.write({"stored": stored, "scheme": self.call_auth})
        else:
            values = {"platform_id": self.id, "purpose": purpose, "scheme": self.call_auth,
                      "stored": stored}  # fmt: skip
            row.create(values)

    def _set_call_secret(self, secret):
        """Take the secret that opens calls; tokens that were given for the old one end."""
        self.ensure_one()
        self.check_access("write")
        # after whoever gets a token with the old one just now
        self.env["construction.token"]._locked(self)
        self._keep("calls", secret)
        self._kept("token").unlink()
        self.sudo().call_state = "ready"
        self.env["construction.audit"].sudo()._record(self, "call_secret_entered")

    # --------------------------------------------------------------- guard
    @api.model_create_multi
    def create(self, vals_list):
        platforms = super().create(vals_list)
        platforms._ensure_breakers()
        return platforms

    def write(self, vals):
        """A secret stays with the hosts that it was entered for, a token with whom it was given
        to: whoever changes either enters or gets it anew."""
        if not CALL_FIELDS & set(vals):
            return super().write(vals)
        self._check_owner()
        before = {one: (set(one._call_hosts()), one._call_identity()) for one in self.sudo()}
        result = super().write(vals)
        for platform, (places, identity) in before.items():
            gone = self.env["construction.secret"].sudo()
            if set(platform._call_hosts()) - places:
                gone |= platform._kept("calls")
            if set(platform._call_hosts()) - places or platform._call_identity() != identity:
                gone |= platform._kept("token")
            if gone:
                gone.unlink()
                self.env["construction.audit"].sudo()._record(platform, "call_secret_dropped")
        self._ensure_breakers()
        return result

    def _call_identity(self):
        return [self[name] for name in IDENTITY]

    def _check_owner(self):
        """:raises AccessError: it is the platform of another company, which only lets us write"""
        for platform in self.sudo():
            if not self.env.su and platform.company_id not in self.env.user.company_ids:
                raise AccessError(
                    self.env._(
                        "Calls of %(platform)s are set up by people of %(company)s.",
                        platform=platform.name,
                        company=platform.company_id.name,
                    )
                )

    def _ensure_breakers(self):
        """Each operation can be stopped by hand before anything went wrong."""
        for platform in self.sudo().filtered("call_url"):
            there = platform.breaker_ids.mapped("operation")
            platform.breaker_ids.create(
                [
                    {"platform_id": platform.id, "operation": operation}
                    for operation in ("read", "write", "token")
                    if operation not in there
                ]
            )

    # ------------------------------------------------------------- settings
    def _call_limit(self):
        return Limit(self.calls_per_minute, self.calls_burst)

    def _call_hosts(self):
        urls = (self.call_url, self.token_url if self.call_auth in oauth.GRANTS else None)
        return [place for place in map(hosts.place, filter(None, urls)) if place]

    def _check_allowed(self):
        """:raises remote.Refused: nobody may call it from here"""
        if not self._calls_allowed():
            raise remote.Refused(
                self.env._("%s is not called: it is no active platform of this server.", self.name)
            )
        if not self.call_url:
            raise remote.Refused(self.env._("%s has no address for calls.", self.name))

    def _check_keys(self):
        """:raises remote.Refused: a token that is given could not be kept"""
        if not self._secret_keys():
            raise remote.Refused(
                self.env._(
                    "The installation has no key for secrets, so no token can be kept: see "
                    "Encryption Keys."
                )
            )

    def _check_callable(self):
        """:raises remote.Refused: nobody may call it from here, or nobody can now"""
        self._check_allowed()
        if self.call_state == "reauthorize":
            raise remote.Refused(
                self.env._("%s has to be authorised again by a person.", self.name)
            )

    def _note_revoked(self, text):
        """Nothing is called until a person authorises it anew; told once."""
        if self.call_state == "reauthorize":
            return
        self.call_state = "reauthorize"
        self.message_post(
            body=self.env._(
                "The platform does not take our authorisation any more (%s). Press “Authorise”, "
                "or enter the secret of the calls again.",
                text,
            )
        )
        self.env["construction.audit"]._record(self, "call_authorisation_lost")

    # --------------------------------------------------------------- buttons
    @guard("connect", INTEGRATION_MANAGER)
    def _check_caller(self):
        return self.env._("Integration Managers connect platforms.")

    def action_enter_call_secret(self):
        self._check_caller()
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Secret of the calls"),
            "res_model": "construction.secret.enter",
            "view_mode": "form",
            "target": "new",
            "context": {"default_platform_id": self.id, "default_purpose": "calls"},
        }

    def action_authorize(self):
        """Send the person to the platform's authorisation page; the platform sends him back to
        `/construction_sync/authorized`, which keeps the token."""
        self._check_authorizable()
        return {
            "type": "ir.actions.act_url",
            "url": f"/construction_sync/authorize/{self.id}",
            "target": "self",
        }

    def _check_authorizable(self):
        """:raises UserError: there is nothing to authorise, or not from here"""
        self._check_caller()
        self.ensure_one()
        self.check_access("write")
        if self.call_auth != "oauth_code" or not self.authorize_url or not self.token_url:
            raise UserError(self.env._("Enter the authorisation page and the token address first."))
        try:
            self.sudo()._check_allowed()
        except remote.Refused as error:
            raise UserError(str(error)) from None

    def _authorized_url(self):
        """Where the authorisation page sends people back to; registered at the platform."""
        return f"{self.browse().get_base_url()}/construction_sync/authorized"

    def _take_code(self, code, verifier):
        """Exchange the code of an authorisation for the token, and keep it.

        :raises UserError: the platform does not take it
        """
        self._check_authorizable()
        try:
            self.env["construction.token"]._authorized(self.sudo(), code, verifier)
        except (oauth.Revoked, remote.CallError) as error:
            raise UserError(
                self.env._("%(platform)s: %(text)s", platform=self.name, text=str(error))
            ) from None
        self.invalidate_recordset(["call_state"])
        self.env["construction.audit"].sudo()._record(self, "calls_authorised")

    def action_test_calls(self):
        """Call the path of the test, as jobs would.

        :raises UserError: what is missing, or what the platform says
        """
        self._check_caller()
        self.ensure_one()
        if not self.call_test_path:
            raise UserError(self.env._("Enter the path of the test first."))
        try:
            self.env["construction.client"]._call(self, "GET", self.call_test_path)
        except remote.CallError as error:
            raise UserError(str(error)) from None
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("%s answers.", self.name),
            },
        }
