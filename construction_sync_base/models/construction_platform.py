import re
from datetime import timedelta

from odoo import api, fields, models, tools
from odoo.exceptions import UserError, ValidationError

from ..hooks import secret_keys
from ..lib import signatures, vault
from ..runner import is_capped

KEY_FORM = re.compile(r"[a-z0-9-]{3,40}")
RESERVED_KEYS = {"health", "metrics", "schemas"}
API_SCOPE = "construction_sync"


class ConstructionPlatform(models.Model):
    """An external construction platform that reports business facts to Odoo.

    `key` is the routing name in the URL, not a secret. A platform answers 404 while
    it is a draft, stores and applies when active, stores and parks when paused, and
    answers 410 once archived.
    """

    _name = "construction.platform"
    _description = "Construction Platform"
    _inherit = ["mail.thread"]
    _order = "name, id"
    _check_company_auto = True

    name = fields.Char(required=True, tracking=True)
    key = fields.Char(
        required=True,
        copy=False,
        help="Routing name in the endpoint's address: 3 to 40 of a-z, 0-9 and hyphen.",
    )
    adapter = fields.Selection(
        [("canonical", "Canonical events")], required=True, default="canonical"
    )
    auth_scheme = fields.Selection(
        [
            ("standard_webhooks", "Standard Webhooks signature"),
            ("bearer", "Bearer API key"),
            ("static_header", "Static header"),
        ],
        string="Authentication",
        required=True,
        default="standard_webhooks",
        tracking=True,
    )
    header_name = fields.Char(
        default="Authorization", help="Header that carries the token of the static header scheme."
    )
    state = fields.Selection(
        [("draft", "Draft"), ("active", "Active"), ("paused", "Paused")],
        required=True,
        default="draft",
        copy=False,
        tracking=True,
    )
    environment = fields.Selection(
        [("production", "Production"), ("sandbox", "Sandbox")],
        required=True,
        default="production",
        tracking=True,
    )
    active = fields.Boolean(default=True, copy=False, tracking=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    company_ids = fields.Many2many(
        "res.company",
        string="Companies it may write to",
        compute="_compute_company_ids",
        store=True,
        readonly=False,
        precompute=True,
        help="The allow-list of legal entities. A value outside it is an ownership conflict.",
    )
    service_user_id = fields.Many2one(
        "res.users", string="Service user", readonly=True, copy=False, ondelete="restrict"
    )
    secret_ids = fields.One2many(
        "construction.secret", "platform_id", groups="base.group_system", copy=False
    )
    has_secret = fields.Boolean(compute="_compute_has_secret", compute_sudo=True)
    last_received_at = fields.Datetime(compute="_compute_traffic", compute_sudo=True)
    open_issue_count = fields.Integer(compute="_compute_traffic", compute_sudo=True)
    waiting_count = fields.Integer(
        string="Not applied", compute="_compute_traffic", compute_sudo=True
    )
    endpoint = fields.Char(compute="_compute_endpoint")
    server_note = fields.Char(compute="_compute_server_note")

    _key_unique = models.Constraint("UNIQUE (key)", "Another platform uses this key already.")

    @api.depends("company_id")
    def _compute_company_ids(self):
        for platform in self:
            platform.company_ids |= platform.company_id

    @api.depends("secret_ids.expires_at", "service_user_id")
    def _compute_has_secret(self):
        now = fields.Datetime.now()
        for platform in self:
            live = platform.secret_ids.filtered(lambda s: not s.expires_at or s.expires_at > now)
            platform.has_secret = bool(live)
            if platform.auth_scheme == "bearer" and platform.service_user_id:
                platform.has_secret = bool(
                    self.env["res.users.apikeys"].search_count(
                        [
                            ("user_id", "=", platform.service_user_id.id),
                            ("scope", "=", API_SCOPE),
                        ],
                        limit=1,
                    )
                )

    @api.depends("key")
    def _compute_endpoint(self):
        base = self.get_base_url()
        for platform in self:
            platform.endpoint = f"{base}/construction_sync/v1/{platform.key or '…'}/events"

    def _compute_server_note(self):
        """What an operator has to know about this installation."""
        note = (
            False
            if is_capped()
            else self.env._(
                "construction_sync_base is not in server_wide_modules: after a crash, waiting "
                "events may go on only a minute later."
            )
        )
        for platform in self:
            platform.server_note = note

    def _compute_traffic(self):
        issues = dict(
            self.env["construction.issue"]._read_group(
                [("platform_id", "in", self.ids), ("state", "in", ("open", "in_progress"))],
                ["platform_id"],
                ["__count"],
            )
        )
        waiting = dict(
            self.env["construction.event"]._read_group(
                [("platform_id", "in", self.ids), ("state", "in", ("pending", "parked", "dead"))],
                ["platform_id"],
                ["__count"],
            )
        )
        for platform in self:
            last = self.env["construction.delivery"].search(
                [("platform_id", "=", platform.id)], order="id desc", limit=1
            )
            platform.last_received_at = last.received_at
            platform.open_issue_count = issues.get(platform, 0)
            platform.waiting_count = waiting.get(platform, 0)

    @api.constrains("key")
    def _check_key(self):
        for platform in self:
            if not KEY_FORM.fullmatch(platform.key or "") or platform.key in RESERVED_KEYS:
                raise ValidationError(
                    self.env._(
                        "“%s” cannot be a platform key: use 3 to 40 of a-z, 0-9 and hyphen, "
                        "and none of %s.",
                        platform.key,
                        ", ".join(sorted(RESERVED_KEYS)),
                    )
                )

    @api.constrains("company_id", "company_ids")
    def _check_companies(self):
        for platform in self:
            if platform.company_id not in platform.company_ids:
                raise ValidationError(
                    self.env._(
                        "%s: the default company has to be on the list of companies it may "
                        "write to.",
                        platform.name,
                    )
                )

    # ---------------------------------------------------------------- states
    def action_activate(self):
        """Open the endpoint and resume what waited while paused.

        :raises UserError: something that a built flow needs is missing; names each hole
        """
        for platform in self:
            holes = platform._setup_holes()
            if holes:
                raise UserError(
                    self.env._(
                        "%(platform)s cannot be activated yet:\n%(holes)s\n\nOpen the setup "
                        "assistant on the platform; it fills what can be proposed.",
                        platform=platform.name,
                        holes="\n".join(f"• {hole}" for hole in holes),
                    )
                )
            platform._ensure_service_user()
        self._change_state("active")
        self.env["construction.drain"].sudo()._resume_unblocked(self.ids)
        return True

    def action_pause(self):
        """Keep storing what arrives, apply nothing until activated again."""
        self._change_state("paused")
        self.env["construction.event"].sudo()._park_for_pause(self.ids)
        return True

    def _change_state(self, state):
        self.check_access("write")
        self.write({"state": state})
        self.env["construction.audit"]._record(self, f"platform_{state}")

    def _setup_holes(self):
        """Sentences that name what is missing; the domain extends the list."""
        self.ensure_one()
        return []

    def action_setup(self):
        self.ensure_one()
        return self.env["ir.actions.act_window"]._for_xml_id(
            "construction_sync_base.action_platform_setup"
        ) | {"context": {"default_platform_id": self.id}}

    def _ensure_service_user(self):
        """The user as whom events are applied: no password, no mail, one purpose."""
        self.ensure_one()
        group = self.env.ref("construction_sync_base.group_service")
        values = {
            "name": self.env._("%s (platform)", self.name),
            "company_id": self.company_id.id,
            "company_ids": [fields.Command.set(self.company_ids.ids)],
        }
        if self.service_user_id:
            self.service_user_id.sudo().write(values)
            return
        user = (
            self.env["res.users"]
            .sudo()
            .with_context(no_reset_password=True, mail_create_nosubscribe=True)
            .create(
                values
                | {
                    "login": f"construction-sync:{self.key}",
                    "group_ids": [fields.Command.set(group.ids)],
                    "notification_type": "inbox",
                }
            )
        )
        self.sudo().service_user_id = user

    @api.model_create_multi
    def create(self, vals_list):
        platforms = super().create(vals_list)
        self.env.registry.clear_cache()
        return platforms

    def write(self, vals):
        result = super().write(vals)
        self.env.registry.clear_cache()
        if "company_ids" in vals or "company_id" in vals:
            for platform in self.filtered("service_user_id"):
                platform._ensure_service_user()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if (
            self.env["construction.delivery"]
            .sudo()
            .search_count([("platform_id", "in", self.ids)], limit=1)
        ):
            raise UserError(
                self.env._("Deliveries lead back to this platform. Archive it instead.")
            )

    # --------------------------------------------------------------- secrets
    def rotate_secret(self, overlap_hours=24):
        """Make a new secret; the one before stays valid for `overlap_hours`.

        :return: the new secret, shown this once
        """
        self.ensure_one()
        self.check_access("write")
        if self.auth_scheme == "bearer":
            raise UserError(
                self.env._("A bearer platform is called with an API key: use “New API key”.")
            )
        Secret = self.env["construction.secret"].sudo()
        expiry = fields.Datetime.now() + timedelta(hours=overlap_hours)
        live = Secret.search([("platform_id", "=", self.id), ("expires_at", "=", False)])
        live.write({"expires_at": expiry})
        if self.auth_scheme == "standard_webhooks":
            secret = signatures.new_secret()
            keys = secret_keys()
            if not keys:
                raise UserError(
                    self.env._(
                        "No key to encrypt secrets with. Set CONSTRUCTION_SYNC_SECRET_KEY in the "
                        "server's environment, or secret_key in the section "
                        "[construction_sync] of its configuration file, and restart."
                    )
                )
            stored = vault.encrypt(secret, keys)
        else:
            secret = signatures.new_token()
            stored = signatures.hash_token(secret)
        Secret.create({"platform_id": self.id, "scheme": self.auth_scheme, "stored": stored})
        self.env["construction.audit"]._record(self, "secret_rotated")
        self.env.registry.clear_cache()
        return secret

    def create_api_key(self, name, days=365):
        """A bearer key of this platform's service user, shown this once."""
        self.ensure_one()
        self.check_access("write")
        self._ensure_service_user()
        key = (
            self.env["res.users.apikeys"]
            .with_user(self.sudo().service_user_id)
            ._generate(API_SCOPE, name, fields.Datetime.now() + timedelta(days=days))
        )
        self.env["construction.audit"]._record(self, "api_key_created")
        return key

    def action_show_secret(self):
        """The button behind `rotate_secret` and `create_api_key`: shows the result once."""
        self.ensure_one()
        if self.auth_scheme == "bearer":
            secret = self.create_api_key(self.env._("made on the platform form"))
        else:
            secret = self.rotate_secret()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New secret"),
            "res_model": "construction.secret.show",
            "view_mode": "form",
            "target": "new",
            "context": {"default_platform_id": self.id, "default_secret": secret},
        }

    @api.model
    @tools.ormcache("key")
    def _route(self, key):
        """What the controller needs to judge a request, or None for an unknown key."""
        platform = self.sudo().with_context(active_test=False).search([("key", "=", key)])
        if not platform:
            return None
        keys = secret_keys()
        secrets = []
        for secret in platform.secret_ids.filtered(lambda s: s.scheme == platform.auth_scheme):
            stored = secret.stored
            if secret.scheme == "standard_webhooks":
                stored = vault.decrypt(stored, keys) if keys else None
            if stored:
                secrets.append((stored, secret.expires_at))
        return {
            "id": platform.id,
            "company_id": platform.company_id.id,
            "active": platform.active and platform.company_id.active,
            "state": platform.state,
            "scheme": platform.auth_scheme,
            "header": platform.header_name or "Authorization",
            "secrets": secrets,
            "user_id": platform.service_user_id.id,
        }

    def action_ping(self):
        """Send one no-op event through the whole pipeline and wake it."""
        self.ensure_one()
        if self.state != "active":
            raise UserError(self.env._("Activate the platform first, then test it."))
        event = self.env["construction.inbox"].sudo()._ping(self)
        self.env["construction.drain"].sudo()._wake(event.lane)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "Test event stored. It turns “processed” in the inbox within seconds."
                ),
                "next": {
                    "type": "ir.actions.act_window",
                    "res_model": "construction.event",
                    "res_id": event.id,
                    "views": [[False, "form"]],
                },
            },
        }

    def action_open_issues(self):
        self.ensure_one()
        return self.env["ir.actions.act_window"]._for_xml_id(
            "construction_sync_base.action_construction_issue"
        ) | {"domain": [("platform_id", "=", self.id)]}

    def action_open_waiting(self):
        self.ensure_one()
        return self.env["ir.actions.act_window"]._for_xml_id(
            "construction_sync_base.action_construction_event"
        ) | {
            "domain": [
                ("platform_id", "=", self.id),
                ("state", "in", ("pending", "parked", "dead")),
            ]
        }
