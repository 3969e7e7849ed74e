from odoo import api, fields, models
from odoo.exceptions import UserError

from .construction_guard import FINANCE, INTEGRATION_MANAGER, guard

FROZEN = {"company_id", "document_type", "automatic", "amount_limit", "effective_from", "version"}


class ConstructionReleasePolicy(models.Model):
    """What may be released without a person pressing a button.

    Finance proposes a version, another person of Finance approves it, and it holds from
    its date. An approved version never changes: a new one takes its place.
    """

    _name = "construction.release.policy"
    _description = "Release Policy"
    _inherit = ["mail.thread"]
    _check_company_auto = True
    _order = "company_id, document_type, version desc"

    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    document_type = fields.Selection(
        selection=lambda self: self.env["construction.release.mixin"]._document_types(),
        required=True,
        tracking=True,
    )
    version = fields.Integer(readonly=True, copy=False)
    automatic = fields.Boolean(
        string="Releases by itself",
        tracking=True,
        help="Once the approvals of the matrix are there, nobody has to press Release.",
    )
    amount_limit = fields.Monetary(
        string="Up to", tracking=True, help="Above it a person releases. Zero: any amount."
    )
    state = fields.Selection(
        [("draft", "Draft"), ("proposed", "Proposed"), ("approved", "Approved")],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        tracking=True,
    )
    effective_from = fields.Date(required=True, default=fields.Date.context_today, tracking=True)
    proposed_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    approved_by_id = fields.Many2one("res.users", readonly=True, copy=False, tracking=True)
    approved_at = fields.Datetime(readonly=True, copy=False)
    note = fields.Char(string="Why", tracking=True)

    _version_unique = models.Constraint(
        "UNIQUE (company_id, document_type, version)", "This version exists already."
    )
    _limit_positive = models.Constraint("CHECK (amount_limit >= 0)", "A limit is not negative.")
    _two_people = models.Constraint(
        "CHECK (state != 'approved' OR (proposed_by_id IS NOT NULL AND approved_by_id IS NOT NULL"
        " AND proposed_by_id != approved_by_id AND approved_at IS NOT NULL))",
        "A policy that can post is proposed by one person and approved by another.",
    )

    @api.depends("document_type", "version")
    def _compute_display_name(self):
        labels = dict(self.env["construction.release.mixin"]._document_types())
        for policy in self:
            policy.display_name = self.env._(
                "%(type)s, version %(version)s",
                type=labels.get(policy.document_type, ""),
                version=policy.version,
            )

    # ----------------------------------------------------------------- look
    @api.model
    def _in_force(self, documents):
        """{document id: the policy that holds for it today}; none where nobody made one."""
        latest = self._latest(documents._release_type, documents.company_id)
        return {
            document.id: latest[document.company_id]
            for document in documents
            if document.company_id in latest
        }

    @api.model
    def _latest(self, document_type, companies):
        """{company: the policy that holds today for documents of a type}"""
        found = self.sudo().search(
            [
                ("company_id", "in", companies.ids),
                ("document_type", "=", document_type),
                ("state", "=", "approved"),
                ("effective_from", "<=", fields.Date.context_today(self)),
            ],
            order="effective_from, version",
        )
        return {policy.company_id: policy for policy in found}

    def _lets_through(self, amount):
        """Whether nobody has to press Release.

        :param amount: in the currency of the policy's company
        """
        return self.automatic and (not self.amount_limit or abs(amount) <= self.amount_limit)

    # -------------------------------------------------------------- actions
    def action_propose(self):
        """:raises AccessError: the user is not of Finance, or manages integrations"""
        self._check_finance()
        self.check_access("write")
        for policy in self:
            if policy.state != "draft":
                raise UserError(self.env._("Only drafts are proposed."))
        self.sudo().write({"state": "proposed", "proposed_by_id": self.env.uid})
        return True

    def action_approve(self):
        """:raises UserError: nobody else proposed it, or its date has passed"""
        self._check_finance()
        self.check_access("write")
        for policy in self:
            if policy.state != "proposed":
                raise UserError(self.env._("%s was not proposed.", policy.display_name))
            if policy.proposed_by_id == self.env.user:
                raise UserError(
                    self.env._(
                        "You proposed %s: another person of Finance approves it.",
                        policy.display_name,
                    )
                )
            if policy.effective_from < fields.Date.context_today(policy):
                raise UserError(
                    self.env._(
                        "%s would hold from a day in the past. Take it back and set a date from "
                        "today on.",
                        policy.display_name,
                    )
                )
        self.sudo().write(
            {
                "state": "approved",
                "approved_by_id": self.env.uid,
                "approved_at": fields.Datetime.now(),
            }
        )
        self.env["construction.audit"].sudo()._record(self, "release_policy_approved")
        return True

    def action_back_to_draft(self):
        self._check_finance()
        self.check_access("write")
        if any(policy.state == "approved" for policy in self):
            raise UserError(self.env._("An approved version stays; make a new one."))
        self.sudo().write({"state": "draft", "proposed_by_id": False})
        return True

    def action_new_version(self):
        self.ensure_one()
        self._check_finance()
        draft = self.copy({"effective_from": fields.Date.context_today(self)})
        return draft._get_records_action(context={})

    @guard("approve", FINANCE, but=(INTEGRATION_MANAGER,))
    def _check_finance(self):
        return self.env._(
            "A policy that can post is decided by Finance; Integration Managers cannot."
        )

    # ---------------------------------------------------------------- guard
    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("state", "draft") != "draft":
                raise UserError(self.env._("A policy starts as a draft."))
        policies = super().create(vals_list)
        for policy in policies:
            before = self.sudo().search(
                [
                    ("company_id", "=", policy.company_id.id),
                    ("document_type", "=", policy.document_type),
                    ("id", "!=", policy.id),
                ],
                order="version desc",
                limit=1,
            )
            policy.sudo().version = before.version + 1
        return policies

    def write(self, vals):
        if not self.env.su:
            if {"state", "proposed_by_id", "approved_by_id", "approved_at", "version"} & set(vals):
                raise UserError(self.env._("A policy is proposed and approved by its buttons."))
            if FROZEN & set(vals) and any(policy.state != "draft" for policy in self):
                raise UserError(
                    self.env._("Only drafts are edited: make a new version of this policy.")
                )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        if any(policy.state != "draft" for policy in self):
            raise UserError(self.env._("Only drafts are deleted; versions stay as evidence."))
