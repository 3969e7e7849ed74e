import re

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..runner import is_server_wide

KEY_FORM = re.compile(r"[a-z0-9-]{3,40}")
RESERVED_KEYS = {"health", "metrics", "schemas"}
API_SCOPE = "construction_sync"
METRICS_SCOPE = "construction_metrics"
# changed by actions alone, which check what has to hold first
GUARDED = {"state", "service_user_id", "secret_ids", "confirmed_database"}


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
            ("hmac_sha1_hex", "HMAC-SHA1 in a header, hexadecimal"),
            ("hmac_sha256_hex", "HMAC-SHA256 in a header, hexadecimal"),
            ("hmac_sha256_base64", "HMAC-SHA256 in a header, base64"),
        ],
        string="Authentication",
        required=True,
        default="standard_webhooks",
        tracking=True,
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
        "construction.secret",
        "platform_id",
        domain=[("purpose", "=", "inbound")],
        groups=fields.NO_ACCESS,
        copy=False,
    )
    has_secret = fields.Boolean(compute="_compute_has_secret", compute_sudo=True)
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
        base = self.browse().get_base_url()  # of no single record: lists show many
        for platform in self:
            platform.endpoint = f"{base}/construction_sync/v1/{platform.key or '…'}/events"

    def _compute_server_note(self):
        """What an operator has to know about this installation."""
        note = (
            False
            if is_server_wide()
            else self.env._(
                "construction_sync_base is not in server_wide_modules: after a crash, waiting "
                "events may go on only a minute later."
            )
        )
        for platform in self:
            platform.server_note = note

    @api.constrains("key")
    def _check_key(self):
        for platform in self:
            if not KEY_FORM.fullmatch(platform.key or "") or platform.key in RESERVED_KEYS:
                raise ValidationError(
                    self.env._(
                        "“%(key)s” cannot be a platform key: use 3 to 40 of a-z, 0-9 and "
                        "hyphen, and none of %(reserved)s.",
                        key=platform.key,
                        reserved=", ".join(sorted(RESERVED_KEYS)),
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
        self.sudo().write({"state": state})
        self.env["construction.audit"]._record(self, f"platform_{state}")

    def _setup_holes(self):
        """Sentences that name what is missing; the domain extends the list."""
        self.ensure_one()
        return []

    def action_setup(self):
        self.ensure_one()
        self.check_access("write")
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

    def _check_guarded(self, vals):
        if not self.env.su and any(vals.get(name, "draft") != "draft" for name in GUARDED):
            raise AccessError(
                self.env._("State, service user and secrets change by the platform's buttons only.")
            )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_guarded(vals)
        platforms = super().create(vals_list)
        self.env.registry.clear_cache()
        return platforms

    def write(self, vals):
        self._check_guarded(vals)
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

    def action_ping(self):
        """Send one no-op event through the whole pipeline and wake it."""
        self.ensure_one()
        self.check_access("write")
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
                    "Test event stored. It turns “Applied” in the inbox within seconds."
                ),
                "next": event._get_records_action(context={}),
            },
        }

    def action_open_issues(self):
        self.ensure_one()
        self.check_access("read")
        return self.env["ir.actions.act_window"]._for_xml_id(
            "construction_sync_base.action_construction_issue"
        ) | {"domain": [("platform_id", "=", self.id)]}

    def action_open_waiting(self):
        self.ensure_one()
        self.check_access("read")
        return self.env["ir.actions.act_window"]._for_xml_id(
            "construction_sync_base.action_construction_event"
        ) | {
            "domain": [
                ("platform_id", "=", self.id),
                ("state", "in", ("pending", "parked", "dead")),
            ]
        }
