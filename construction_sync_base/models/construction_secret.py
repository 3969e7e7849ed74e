import logging
from collections import Counter
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..hooks import secret_keys
from ..lib import signatures, vault

_logger = logging.getLogger(__name__)


class ConstructionSecret(models.Model):
    """One secret of a platform. Two are valid during a rotation.

    A token that is compared with what arrives is stored as its SHA-256; a signing
    secret, whose plain value is needed, is encrypted with a key that the database
    does not hold. `key_id` says with which one, and is empty for a hash.
    """

    _name = "construction.secret"
    _description = "Platform Secret"
    _check_company_auto = True
    _order = "id desc"
    _allow_sudo_commands = False

    platform_id = fields.Many2one(
        "construction.platform", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="platform_id.company_id", store=True, index=True)
    subscription_id = fields.Many2one(
        "construction.subscription", ondelete="cascade", index="btree_not_null"
    )
    purpose = fields.Selection(
        [
            ("inbound", "Proves what arrives"),
            ("calls", "Opens calls"),
            ("token", "Token"),
            ("subscription", "Signs what is told"),
        ],
        required=True,
        default="inbound",
        help="What the platform proves itself with, what we prove ourselves with, and what we "
        "were given for it.",
    )
    scheme = fields.Char(required=True)
    stored = fields.Char(required=True, groups=fields.NO_ACCESS, copy=False)
    key_id = fields.Char(compute="_compute_key_id", store=True, precompute=True, copy=False)
    expires_at = fields.Datetime(help="Empty while it is the current one.")

    _one_of_calls = models.UniqueIndex(
        "(platform_id, purpose) WHERE purpose IN ('calls', 'token')",
        "A platform is called with one secret and one token.",
    )
    _of_subscription = models.Constraint(
        "CHECK ((purpose = 'subscription') = (subscription_id IS NOT NULL))",
        "A subscription has secrets of its own.",
    )
    _key_id_leads = models.Constraint(
        "CHECK (key_id IS NULL OR starts_with(stored, key_id || ':'))",
        "The key id has to be the one that the stored secret begins with.",
    )

    @api.depends("stored")
    def _compute_key_id(self):
        for secret in self:
            secret.key_id = vault.key_id_of(secret.stored)

    @api.model
    def _rotate_for(self, subscription):
        """Make a new signing secret for a subscription; the one before signs beside it for a
        day, older ones end.

        :return: the new secret, shown this once
        :raises UserError: there is no installation key
        """
        plain = signatures.new_secret()
        stored = vault.encrypt(plain, subscription.platform_id._secret_keys_or_raise())
        known = self.search([("subscription_id", "=", subscription.id)])
        known.filtered("expires_at").unlink()
        known.exists().write({"expires_at": fields.Datetime.now() + timedelta(days=1)})
        self.create(
            {
                "platform_id": subscription.platform_id.id,
                "subscription_id": subscription.id,
                "purpose": "subscription",
                "scheme": "standard_webhooks",
                "stored": stored,
            }
        )
        self.env["construction.audit"]._record(subscription, "secret_rotated")
        return plain

    @api.model
    def _signing(self, subscription):
        """Plain secrets that sign now, the current one first.

        :raises vault.VaultError: one cannot be opened
        """
        keys, now = secret_keys(), fields.Datetime.now()
        known = self.search([("subscription_id", "=", subscription.id)])
        valid = known.filtered(lambda one: not one.expires_at or one.expires_at > now)
        return [
            vault.decrypt(one.stored, keys)
            for one in valid.sorted(lambda one: bool(one.expires_at))
        ]

    @api.model
    def _key_facts(self):
        """Which installation keys the stored secrets need. Ids and counts, no secret.

        :return: dict of `configured` (key ids in order, the first encrypts), `by_key`
            ({key id: secrets}), `current`, `old` (under another key that is still
            configured) and `unreadable` (key missing, or damaged): numbers of secrets;
            `error`: why the configured keys cannot be used, or None
        """
        keys, error = [], None
        try:
            keys = secret_keys()
        except vault.VaultError as failure:
            error = str(failure)
        secrets = self.sudo().with_context(active_test=False).search([("key_id", "!=", False)])
        facts = Counter()
        for secret in secrets:
            try:
                vault.decrypt(secret.stored, keys)
            except vault.VaultError:
                facts["unreadable"] += 1
            else:
                facts["current" if secret.key_id == keys[0].id else "old"] += 1
        return {
            "configured": [key.id for key in keys],
            "by_key": dict(Counter(secrets.mapped("key_id"))),
            "current": facts["current"],
            "old": facts["old"],
            "unreadable": facts["unreadable"],
            "error": error,
        }

    @api.model
    def _reencrypt(self):
        """Put every encrypted secret under the first installation key, all or none.

        :return: `_key_facts()` afterwards
        :raises UserError: no key, a key that a secret needs is missing, or a secret is
            damaged; names the platforms, changes nothing
        """
        keys = self.env["construction.platform"]._secret_keys_or_raise()
        secrets = self.sudo().with_context(active_test=False).search([("key_id", "!=", False)])
        secrets.lock_for_update()
        fresh, closed = {}, {}
        for secret in secrets:
            try:
                fresh[secret] = vault.reencrypt(secret.stored, keys)
            except vault.VaultError as error:
                closed[secret.platform_id.key] = str(error)
        if closed:
            raise UserError(
                self.env._(
                    "Nothing was changed, because some secrets cannot be opened:\n%(list)s\n\n"
                    "Add the missing key behind the current one and restart, or make a new "
                    "secret for these platforms.",
                    list="\n".join(f"• {key}: {text}" for key, text in sorted(closed.items())),
                )
            )
        changed = self.browse()
        for secret, stored in fresh.items():
            if stored != secret.stored:
                secret.stored = stored
                changed |= secret
        if changed:
            self.env["construction.audit"]._record(
                changed.platform_id, "secret_reencrypted", {"key_id": keys[0].id}
            )
            self.env.flush_all()
            self.env.registry.clear_cache()
        _logger.info("%s secrets encrypted anew, key %s", len(changed), keys[0].id)
        return self._key_facts()
