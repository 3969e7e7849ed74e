import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..lib import bucket, networks

HEADER_FORM = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")


class ConstructionPlatform(models.Model):
    """What the endpoint asks of a request besides a valid secret."""

    _inherit = "construction.platform"

    header_name = fields.Char(
        string="Header",
        compute="_compute_header_name",
        store=True,
        readonly=False,
        precompute=True,
        help="Header that carries the token or the signature.",
    )
    signature_prefix = fields.Char(
        compute="_compute_header_name",
        store=True,
        readonly=False,
        precompute=True,
        help="What stands in front of the signature in its header, such as “sha1hash=”.",
    )
    allowed_networks = fields.Text(
        string="Allowed addresses",
        tracking=True,
        help="Addresses or networks (such as 203.0.113.0/24) that may call this platform's "
        "endpoint, one per line. Empty allows every address. Behind a reverse proxy Odoo "
        "knows the caller's address in proxy mode only.",
    )

    rate_per_minute = fields.Integer(
        string="Requests per minute",
        default=6000,
        tracking=True,
        help="What the platform may send in the long run; more is answered with 429 before "
        "anything is stored. A batch is one request. 0 means without limit.",
    )
    rate_burst = fields.Integer(
        string="Requests at once",
        default=1000,
        tracking=True,
        help="How many requests may come at once after a pause.",
    )

    _rate = models.Constraint(
        "CHECK (rate_per_minute BETWEEN 0 AND 600000 AND rate_burst BETWEEN 1 AND 1000000)",
        "Requests per minute are 0 (no limit) to 600,000, requests at once 1 to 1,000,000.",
    )

    def _rate_limit(self):
        """The limit, or None where there is none."""
        self.ensure_one()
        if not self.rate_per_minute:
            return None
        return bucket.Limit(self.rate_per_minute, self.rate_burst)

    @api.depends("auth_scheme")
    def _compute_header_name(self):
        """What is usual for the scheme; HMAC-SHA1 is what Autodesk sends."""
        usual = {"hmac_sha1_hex": ("X-Adsk-Signature", "sha1hash=")}
        for platform in self:
            hashed = (platform.auth_scheme or "").startswith("hmac_")
            header, prefix = usual.get(
                platform.auth_scheme, ("X-Signature" if hashed else "Authorization", False)
            )
            platform.header_name = header
            platform.signature_prefix = prefix

    @api.constrains("header_name")
    def _check_header_name(self):
        for platform in self:
            if not HEADER_FORM.fullmatch(platform.header_name or ""):
                raise ValidationError(
                    self.env._(
                        "“%s” cannot be the name of a header: use letters, digits and hyphens.",
                        platform.header_name,
                    )
                )

    @api.constrains("allowed_networks")
    def _check_allowed_networks(self):
        for platform in self:
            try:
                networks.parse(platform.allowed_networks)
            except ValueError as error:
                raise ValidationError(
                    self.env._(
                        "The allowed addresses cannot be read: %s. Write one address or network "
                        "per line, such as 203.0.113.7 or 2001:db8::/32.",
                        error,
                    )
                ) from error
