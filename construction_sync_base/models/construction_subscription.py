from odoo import api, fields, models, tools
from odoo.exceptions import UserError, ValidationError

from ..lib import hosts, outbound
from .construction_guard import INTEGRATION_MANAGER, guard

# written by the sender and the buttons alone
KEPT = {"state", "failures", "opened", "retry_at", "last_success_at", "last_error"}


class ConstructionSubscription(models.Model):
    """An address that is told what happens in Odoo, with a secret of its own.

    It belongs to a platform, whose state, environment and companies hold for it. Its filters
    say what is sent; whoever subscribes to everything is told everything of the companies.
    """

    _name = "construction.subscription"
    _description = "Webhook Subscription"
    _inherit = ["mail.thread", "construction.cached.mixin"]
    _order = "platform_id, name, id"
    _check_company_auto = True

    name = fields.Char(required=True, tracking=True)
    platform_id = fields.Many2one(
        "construction.platform", required=True, index=True, ondelete="restrict", tracking=True
    )
    company_id = fields.Many2one(related="platform_id.company_id", store=True, index=True)
    platform_state = fields.Selection(related="platform_id.state", string="The platform is")
    url = fields.Char(
        string="Address", required=True, tracking=True, help="https address that takes the events."
    )
    event_types = fields.Text(
        string="Event types",
        tracking=True,
        help="One per line, such as construction.commitment.posted.v1, or the beginning of "
        "several: construction.job_cost.*. Empty: every type.",
    )
    company_ids = fields.Many2many(
        "res.company",
        string="Companies",
        help="Empty: those that the platform may write to.",
    )
    active = fields.Boolean(default=True, tracking=True)
    state = fields.Selection(
        [("paused", "Paused"), ("active", "Active"), ("gone", "Ended by the subscriber")],
        required=True,
        readonly=True,
        default="paused",
        copy=False,
        tracking=True,
    )
    failures = fields.Integer(
        string="Failures in a row", readonly=True, required=True, default=0, copy=False
    )
    opened = fields.Integer(readonly=True, required=True, default=0, copy=False)
    retry_at = fields.Float(
        readonly=True, required=True, default=0, copy=False, help="Seconds since 1970."
    )
    last_success_at = fields.Datetime(readonly=True, copy=False)
    last_error = fields.Char(readonly=True, copy=False)
    secret_ids = fields.One2many(
        "construction.secret", "subscription_id", groups=fields.NO_ACCESS, copy=False
    )
    has_secret = fields.Boolean(compute="_compute_has_secret", compute_sudo=True)
    waiting_count = fields.Integer(string="Waiting", compute="_compute_counts")
    dead_count = fields.Integer(string="Given up", compute="_compute_counts")

    _retry_time = models.Constraint(
        "CHECK (failures >= 0 AND opened >= 0 AND retry_at >= 0)", "Failures are counted from 0."
    )

    @api.depends("secret_ids")
    def _compute_has_secret(self):
        for subscription in self:
            subscription.has_secret = bool(subscription.secret_ids)

    def _compute_counts(self):
        rows = self.env["construction.outbox"]._read_group(
            [("subscription_id", "in", self.ids), ("state", "in", ("pending", "dead"))],
            ["subscription_id", "state"],
            ["__count"],
        )
        counts = {(subscription.id, state): count for subscription, state, count in rows}
        for subscription in self:
            subscription.waiting_count = counts.get((subscription.id, "pending"), 0)
            subscription.dead_count = counts.get((subscription.id, "dead"), 0)

    @api.constrains("url", "platform_id")
    def _check_url(self):
        for one in self:
            if not hosts.place(one.url):
                raise ValidationError(self.env._("“%s” is no plain https address.", one.url))
            if not hosts.belongs(one.url, one.platform_id.environment):
                raise ValidationError(
                    self.env._(
                        "%(host)s belongs to the other environment than %(platform)s.",
                        host=hosts.place(one.url),
                        platform=one.platform_id.name,
                    )
                )

    @api.constrains("event_types")
    def _check_event_types(self):
        known = self.env["construction.outbox"]._types()
        for one in self:
            try:
                words = outbound.filters(one.event_types)
            except ValueError as error:
                words = (str(error),)
            for word in words:
                if not any(outbound.wants((word,), name) for name in known):
                    raise ValidationError(
                        self.env._(
                            "Nothing is called “%(word)s”. Odoo tells:\n%(types)s",
                            word=word,
                            types="\n".join(sorted(known)),
                        )
                    )

    @api.constrains("company_ids", "platform_id")
    def _check_companies(self):
        for one in self:
            if one.company_ids - one.platform_id.company_ids:
                raise ValidationError(
                    self.env._(
                        "%(platform)s is no platform of %(companies)s.",
                        platform=one.platform_id.name,
                        companies=", ".join(
                            (one.company_ids - one.platform_id.company_ids).mapped("name")
                        ),
                    )
                )

    # -------------------------------------------------------------- what it is told
    @api.model
    @tools.ormcache()
    def _listening(self):
        """Facts about every subscription that is told something now.

        :return: list of dicts: id, platform_id, words (filters), company_ids and what addons add
        """
        found = self.sudo().search(
            [("state", "=", "active"), ("platform_id.state", "!=", "draft"),
             ("platform_id.active", "=", True)]
        )  # fmt: skip
        return [one._listens_to() for one in found]

    def _listens_to(self):
        return {
            "id": self.id,
            "platform_id": self.platform_id.id,
            "words": outbound.filters(self.event_types),
            "company_ids": (self.company_ids or self.platform_id.company_ids).ids,
        }

    def _issue_key(self):
        return f"subscription|{self.id}"

    # ---------------------------------------------------------------- guard
    @guard("connect", INTEGRATION_MANAGER)
    def _check_operator(self):
        return self.env._("Integration Managers manage subscriptions.")

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_kept(vals)
        subscriptions = super().create(vals_list)
        subscriptions.platform_id._check_owner()
        return subscriptions

    def write(self, vals):
        """An address that changes needs a new secret: whoever can point it elsewhere must not
        get messages signed with the one that others trust."""
        self._check_kept(vals)
        if {"url", "platform_id"} & set(vals):
            self.platform_id._check_owner()
            moved = self.filtered(
                lambda one: "url" in vals and hosts.place(vals["url"]) != hosts.place(one.url)
            )
            moved.sudo().secret_ids.unlink()
            moved.sudo()._change_state("paused")
        result = super().write(vals)
        if "platform_id" in vals:
            self.platform_id._check_owner()
        return result

    def _check_kept(self, vals):
        if not self.env.su and KEPT & {name for name in vals if vals[name]}:
            raise UserError(self.env._("A subscription changes its state by its buttons only."))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        used = self.env["construction.outbox"].sudo()
        if used.search_count([("subscription_id", "in", self.ids)], limit=1):
            raise UserError(
                self.env._("Something was sent to it, and the log stays: archive it instead.")
            )

    # -------------------------------------------------------------- buttons
    def action_activate(self):
        """Send from now on, and what has waited since it was paused.

        :raises UserError: it has no secret
        """
        self._check_operator()
        for one in self:
            if not one.has_secret:
                raise UserError(self.env._("Make a secret for %s first.", one.name))
        self._change_state("active")
        self.sudo().write({"failures": 0, "opened": 0, "retry_at": 0, "last_error": False})
        self.env["construction.outbox.sender"]._wake(self.ids)
        return True

    def action_pause(self):
        """Nothing is sent; what is not sent yet waits."""
        self._check_operator()
        self._change_state("paused")
        return True

    def _change_state(self, state):
        changed = self.filtered(lambda one: one.state != state)
        if changed:
            changed.sudo().write({"state": state})
            self.env["construction.audit"].sudo()._record(changed, f"subscription_{state}")

    def action_new_secret(self):
        """A secret to give to the subscriber, shown this once; the one before stays valid for
        a day beside it."""
        self._check_operator()
        self.ensure_one()
        self.platform_id._check_owner()
        secret = self.env["construction.secret"].sudo()._rotate_for(self)
        shown = self.platform_id._show_once(secret)
        return shown | {"context": {"default_secret": secret}}

    def action_open_outbox(self):
        self.ensure_one()
        self.check_access("read")
        return self.env["ir.actions.act_window"]._for_xml_id(
            "construction_sync_base.action_construction_outbox"
        ) | {"domain": [("subscription_id", "=", self.id)], "context": {}}
