from odoo import api, fields, models
from odoo.exceptions import UserError


class ConstructionIssueMap(models.TransientModel):
    """“Map and resume”: say what a platform's code or record is in Odoo, and every event
    that waits for it goes on."""

    _name = "construction.issue.map"
    _description = "Map and Resume"

    issue_id = fields.Many2one("construction.issue", required=True, ondelete="cascade")
    message = fields.Text(related="issue_id.message")
    kind = fields.Char(compute="_compute_missing")
    external_value = fields.Char(compute="_compute_missing")
    by_binding = fields.Boolean(compute="_compute_missing")
    waiting_count = fields.Integer(compute="_compute_missing")
    scope = fields.Selection(
        [
            ("platform", "This platform only"),
            ("company", "Every platform of this company"),
            ("all", "Every platform and company"),
        ],
        required=True,
        default="platform",
    )
    cost_code_id = fields.Many2one("construction.cost.code")
    cost_type_id = fields.Many2one("construction.cost.type")
    uom_id = fields.Many2one("uom.uom", string="Unit")
    tax_id = fields.Many2one("account.tax")
    payment_term_id = fields.Many2one("account.payment.term")
    product_id = fields.Many2one("product.product", domain=[("is_storable", "=", False)])
    company_id = fields.Many2one("res.company")
    partner_id = fields.Many2one("res.partner")
    phase_id = fields.Many2one("construction.phase")
    location_id = fields.Many2one("construction.location")
    employee_id = fields.Many2one("construction.employee")
    job_id = fields.Many2one("project.project", domain=[("is_job", "=", True)])
    order_id = fields.Many2one(
        "purchase.order", string="Commitment", domain=[("is_commitment", "=", True)]
    )

    @api.depends("issue_id")
    def _compute_missing(self):
        for wizard in self:
            kind, _bar, value = (wizard.issue_id.wait_key or "").partition("|")
            wizard.by_binding = kind.startswith("external:") or kind == "vendor"
            wizard.kind = kind.removeprefix("external:")
            wizard.external_value = value
            wizard.waiting_count = self.env["construction.issue"].search_count(
                [
                    ("wait_key", "=", wizard.issue_id.wait_key),
                    ("platform_id", "=", wizard.issue_id.platform_id.id),
                    ("state", "in", ("open", "in_progress")),
                ]
            )

    def _target(self):
        record = {
            "cost_code": self.cost_code_id,
            "cost_type": self.cost_type_id,
            "uom": self.uom_id,
            "tax_code": self.tax_id,
            "payment_terms": self.payment_term_id,
            "product": self.product_id,
            "legal_entity": self.company_id,
            "vendor": self.partner_id,
            "customer": self.partner_id,
            "item": self.product_id,
            "phase": self.phase_id,
            "location": self.location_id,
            "employee": self.employee_id,
            "job": self.job_id,
            "commitment": self.order_id,
        }.get(self.kind)
        if not record:
            raise UserError(self.env._("Choose what it is in Odoo."))
        return record

    def action_map(self):
        """Write the mapping and resume everything that waited for it."""
        self.ensure_one()
        self.issue_id._check_operator()
        record = self._target()
        if self.by_binding:
            self.env["construction.binding"]._bind_by_hand(
                self.issue_id.platform_id, self.kind, self.external_value, record
            )
        else:
            self._cross(record)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "Mapped. %s events go on within seconds.", self.waiting_count
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _cross(self, record):
        """:raises AccessError: beyond the platform of the issue, who keeps no mappings"""
        issue = self.issue_id
        if self.scope != "platform":
            self.env["construction.crosswalk"].check_access("create")
        self.env["construction.crosswalk"].sudo().create(
            {
                "platform_id": issue.platform_id.id if self.scope == "platform" else False,
                "company_id": issue.company_id.id if self.scope == "company" else False,
                "kind": self.kind,
                "external_value": self.external_value,
                "res_model": record._name,
                "res_id": record.id,
            }
        )
