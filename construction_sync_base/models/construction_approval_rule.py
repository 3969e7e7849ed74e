from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..lib import approval, money

NEVER = ("group_integration_manager", "group_auditor", "group_service")


class ConstructionApprovalRule(models.Model):
    """One row of the approval matrix: who is asked about which documents, at which step.

    Every row that fits a document is one approval. The rows of a step are asked at once;
    the next step when all of them have approved. Rows that name the document's job (or
    whatever else an addon adds) replace those that do not.
    """

    _name = "construction.approval.rule"
    _description = "Approval Rule"
    _inherit = ["mail.thread"]
    _check_company_auto = True
    _order = "company_id, document_type, step, amount_from, id"

    name = fields.Char(string="Role", required=True, tracking=True, help="Shown as who has to act.")
    active = fields.Boolean(default=True, tracking=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    document_type = fields.Selection(
        selection=lambda self: self.env["construction.release.mixin"]._document_types(),
        required=True,
        tracking=True,
    )
    source = fields.Selection(
        [("any", "Any"), ("odoo", "Typed in Odoo"), ("platform", "From a platform")],
        required=True,
        default="any",
        tracking=True,
        string="Documents",
    )
    amount_from = fields.Monetary(string="From", tracking=True)
    amount_limit = fields.Monetary(
        string="Below", tracking=True, help="The limit belongs to the next range. Zero: no limit."
    )
    step = fields.Integer(required=True, default=1, tracking=True)
    group_id = fields.Many2one(
        "res.groups",
        ondelete="restrict",
        tracking=True,
        help="Any one person of it may approve.",
    )
    user_id = fields.Many2one("res.users", string="Person", ondelete="restrict", tracking=True)
    escalate_hours = fields.Integer(
        string="Hours until it escalates", tracking=True, help="Zero: never."
    )
    escalate_user_id = fields.Many2one("res.users", string="Escalates to", tracking=True)

    _one_approver = models.Constraint(
        "CHECK (num_nonnulls(group_id, user_id) = 1)", "Name a group or a person, one of them."
    )
    _range = models.Constraint(
        "CHECK (amount_from >= 0 AND (amount_limit = 0 OR amount_limit > amount_from))",
        "The range ends above where it begins.",
    )
    _step_positive = models.Constraint("CHECK (step > 0)", "Steps count from 1.")
    _clock = models.Constraint(
        "CHECK (escalate_hours >= 0 AND (escalate_hours = 0 OR escalate_user_id IS NOT NULL))",
        "Say to whom it escalates, and after how many hours.",
    )

    @api.constrains("group_id")
    def _check_group(self):
        for rule in self:
            for name in NEVER:
                if rule.group_id == self.env.ref(f"construction_sync_base.{name}"):
                    raise ValidationError(
                        self.env._(
                            "%s approves no documents: choose Finance, a Project Manager or a "
                            "group of your own.",
                            rule.group_id.display_name,
                        )
                    )

    @api.constrains("user_id", "escalate_user_id", "company_id")
    def _check_people(self):
        for rule in self:
            for user in rule.user_id | rule.escalate_user_id:
                if user.share or rule.company_id not in user.company_ids:
                    raise ValidationError(
                        self.env._(
                            "%(person)s is no internal user of %(company)s.",
                            person=user.name,
                            company=rule.company_id.name,
                        )
                    )

    def write(self, vals):
        result = super().write(vals)
        self.env["construction.audit"].sudo()._record(self, "approval_rule_changed", vals)
        return result

    @api.model
    def _steps(self, documents, matrix=True):
        """{document id: values of the approvals it needs}, in the order of their steps.

        :param matrix: False leaves out the matrix and keeps what a document asks by itself
        """
        result = {}
        if not documents:
            return result
        rules = self.sudo().search(
            [
                ("document_type", "=", documents._release_type),
                ("company_id", "in", documents.company_id.ids),
            ]
            if matrix
            else [(0, "=", 1)]
        )
        for document in documents:
            found = rules._for_document(document) if rules else rules
            values = [rule._approval_values() for rule in found] or [
                {"step": 1, **step} for step in document._release_default_steps()
            ]
            if values:
                result[document.id] = values
        return result

    def _for_document(self, document):
        digits = document.company_id.currency_id.decimal_places
        amount = abs(money.from_float(document._release_amount(), digits))
        origin = document._release_source()
        fitting = self.filtered(
            lambda rule: (
                rule.company_id == document.company_id
                and rule.source in ("any", origin)
                and approval.in_range(
                    amount,
                    money.from_float(rule.amount_from, digits),
                    money.from_float(rule.amount_limit, digits),
                )
            )
        )
        return fitting._narrow(document).sorted(lambda rule: (rule.step, rule.id))

    def _narrow(self, document):
        """Of the rules that fit by amount, those that hold for this very document."""
        return self

    def _approval_values(self):
        self.ensure_one()
        return {
            "rule_id": self.id,
            "step": self.step,
            "role": self.name,
            "user_id": self.user_id.id,
            "group_ids": self.group_id.ids,
            "escalate_hours": self.escalate_hours,
            "escalate_user_id": self.escalate_user_id.id,
        }
