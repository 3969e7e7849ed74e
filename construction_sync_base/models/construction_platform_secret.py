import logging
from datetime import timedelta

from odoo import api, fields, models, tools
from odoo.exceptions import UserError

from ..hooks import secret_keys
from ..lib import logs, networks, signatures, vault
from .construction_platform import API_SCOPE

_logger = logging.getLogger(__name__)


class ConstructionPlatform(models.Model):
    """How a platform proves who it is: secrets, keys, and what the controller judges by."""

    _inherit = "construction.platform"

    def rotate_secret(self, overlap_hours=24):
        """Make a new secret; the one before stays valid for `overlap_hours`, older ones end.

        :return: the new secret, shown this once
        """
        standard = self.auth_scheme == "standard_webhooks"
        secret = signatures.new_secret() if standard else signatures.new_token()
        self._take_secret(secret, overlap_hours)
        return secret

    def _set_secret(self, secret, overlap_hours=24):
        """Take the secret that the platform made itself in place of one of ours.

        :raises UserError: it is too weak, or not of the form that the scheme asks for
        """
        if not signatures.is_usable(self.auth_scheme, secret):
            raise UserError(
                self.env._(
                    "This secret cannot be used. It has to be of 16 to 500 characters without "
                    "blanks; for Standard Webhooks whsec_ and the base64 of 24 to 64 bytes."
                )
            )
        self._take_secret(secret, overlap_hours)

    def _take_secret(self, secret, overlap_hours):
        self.ensure_one()
        self.check_access("write")
        if self.auth_scheme == "bearer":
            raise UserError(
                self.env._("A bearer platform is called with an API key: use “New API key”.")
            )
        Secret = self.env["construction.secret"].sudo()
        expiry = fields.Datetime.now() + timedelta(hours=overlap_hours)
        known = Secret.search([("platform_id", "=", self.id), ("purpose", "=", "inbound")])
        known.filtered("expires_at").unlink()
        known.exists().write({"expires_at": expiry})
        if self.auth_scheme in signatures.SIGNING_SCHEMES:
            stored = vault.encrypt(secret, self._secret_keys_or_raise())
        else:
            stored = signatures.hash_token(secret)
        Secret.create({"platform_id": self.id, "scheme": self.auth_scheme, "stored": stored})
        self.env["construction.audit"]._record(self, "secret_rotated")
        self.env.registry.clear_cache()

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
            return self.action_new_api_key()
        return self._show_once(self.rotate_secret())

    def action_enter_secret_dialog(self):
        """For platforms that make the secret themselves."""
        self.ensure_one()
        self.check_access("write")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Enter the platform's secret"),
            "res_model": "construction.secret.enter",
            "view_mode": "form",
            "target": "new",
            "context": {"default_platform_id": self.id},
        }

    def _show_once(self, secret):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New secret"),
            "res_model": "construction.secret.show",
            "view_mode": "form",
            "target": "new",
            "context": {"default_platform_id": self.id, "default_secret": secret},
        }

    def action_new_api_key(self):
        """A key that reads the states of events; it also posts where the scheme is bearer."""
        return self._show_once(self.create_api_key(self.env._("made on the platform form")))

    @api.model
    @tools.ormcache("key")
    def _route(self, key):
        """What the controller needs to judge a request, or None for an unknown key."""
        platform = self.sudo().with_context(active_test=False).search([("key", "=", key)])
        if not platform:
            return None
        secrets = []
        for secret in platform.secret_ids.filtered(lambda s: s.scheme == platform.auth_scheme):
            stored = secret.stored
            if secret.scheme in signatures.SIGNING_SCHEMES:
                stored = self._decrypted(platform, stored)
            if stored:
                secrets.append((stored, secret.expires_at))
        translator = self.env["construction.translator"]._for_adapter(platform.adapter)
        return {
            "id": platform.id,
            "translator": translator is not None,
            "delivery_header": platform._delivery_header(translator),
            "company_id": platform.company_id.id,
            "active": platform.active and platform.company_id.active,
            "state": platform.state,
            "halted": platform._halted(),
            "scheme": platform.auth_scheme,
            "header": platform.header_name or "Authorization",
            "prefix": platform.signature_prefix or "",
            "rate": platform._rate_limit(),
            "networks": networks.parse(platform.allowed_networks),
            "secrets": secrets,
            "user_id": platform.service_user_id.id,
        }

    def _delivery_header(self, translator):
        """Name of the header that tells one webhook from another, or None."""
        if self.auth_scheme == "standard_webhooks":
            return "Webhook-Id"
        return translator._delivery_header if translator is not None else None

    def _secret_keys(self):
        """The installation's encryption keys; none where they cannot be read."""
        try:
            return secret_keys()
        except vault.VaultError as error:
            _logger.error("platform secrets cannot be opened: %s", logs.shown(str(error)))
            return []

    def _secret_keys_or_raise(self):
        keys = self._secret_keys()
        if not keys:
            raise UserError(
                self.env._(
                    "No key to encrypt secrets with. Set CONSTRUCTION_SYNC_SECRET_KEY in the "
                    "server's environment, or secret_key in the section "
                    "[construction_sync] of its configuration file, and restart."
                )
            )
        return keys

    def _decrypted(self, platform, stored):
        """The plain secret, or None: a secret that does not open accepts nothing."""
        try:
            return vault.decrypt(stored, self._secret_keys())
        except vault.VaultError as error:
            _logger.error("secret of platform %s: %s", platform.id, logs.shown(str(error)))
            return None
