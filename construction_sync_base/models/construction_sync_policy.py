from odoo import api, fields, models, tools
from odoo.exceptions import UserError


class ConstructionSyncPolicy(models.Model):
    """What holds for one kind of object, per platform and company. The row that names
    platform and company beats the one that names either, beats the shared default."""

    _name = "construction.sync.policy"
    _description = "Sync Policy"
    _inherit = ["construction.change.mixin", "mail.thread", "construction.cached.mixin"]
    _versioned_children = ("field_ids",)
    _check_company_auto = True
    _order = "object, platform_id, company_id"
    _rec_name = "object"

    platform_id = fields.Many2one("construction.platform", ondelete="cascade", index=True)
    company_id = fields.Many2one("res.company", index=True)
    object = fields.Selection(
        [
            ("job", "Job"),
            ("cost_code", "Cost code"),
            ("cost_type", "Cost type"),
            ("vendor", "Vendor"),
            ("customer", "Customer"),
            ("item", "Item"),
            ("phase", "Phase"),
            ("location", "Location"),
            ("employee", "Employee"),
            ("budget", "Budget"),
            ("commitment", "Commitment"),
            ("supplier_invoice", "Supplier invoice"),
            ("receipt", "Receipt"),
            ("requisition", "Requisition"),
            ("change_order", "Change order"),
        ],
        required=True,
        tracking=True,
    )
    owner = fields.Selection(
        [("platform", "Platform"), ("odoo", "Odoo")],
        string="Owner of the object",
        required=True,
        default="platform",
        tracking=True,
        help="Who may change it once it exists. Single fields can differ, see below.",
    )
    field_ids = fields.One2many("construction.sync.policy.field", "policy_id", copy=True)
    lane = fields.Selection(
        [("critical", "Critical"), ("standard", "Standard"), ("bulk", "Bulk")],
        help="Empty: as the event type says.",
    )
    match_by_name = fields.Boolean(
        help="Vendors: also match by normalised name when binding and tax id find nobody.",
        tracking=True,
    )
    budget_check = fields.Selection(
        [
            ("off", "Off"),
            ("inform", "Inform"),
            ("warn", "Warn, reason required on a screen"),
            ("block", "Block"),
            ("route", "Route for approval"),
        ],
        default="warn",
        required=True,
        tracking=True,
    )
    accept_platform_approval = fields.Boolean(
        string="Platform's approval suffices at any amount",
        tracking=True,
        help="Otherwise an order above the company's double-validation amount waits in "
        "“to approve” and counts as pending.",
    )
    active = fields.Boolean(default=True)

    _identity = models.UniqueIndex(
        "(object, COALESCE(platform_id, 0), COALESCE(company_id, 0)) WHERE active",
        "There is a policy for this object, platform and company already.",
    )

    def write(self, vals):
        if "object" in vals and any(policy.object != vals["object"] for policy in self):
            raise UserError(self.env._("A policy stays with its object: make another policy."))
        result = super().write(vals)
        self.env["construction.audit"].sudo()._record(self, "policy_changed", vals)
        return result

    @api.model
    def _get(self, object_name, company_id, platform_id=None):
        """The policy that holds, as a record; an unsaved one with the defaults if none."""
        # what is tried out or replayed under another version is nobody else's business
        find = self._search_best if self.env["construction.change"]._is_trial() else self._lookup
        policy_id = find(object_name, company_id or 0, platform_id or 0)
        return (
            self.sudo().browse(policy_id) if policy_id else self.sudo().new({"object": object_name})
        )

    @api.model
    @tools.ormcache("object_name", "company_id", "platform_id")
    def _lookup(self, object_name, company_id, platform_id):
        return self._search_best(object_name, company_id, platform_id)

    def _search_best(self, object_name, company_id, platform_id):
        rows = self.sudo().search(
            [
                ("object", "=", object_name),
                ("company_id", "in", (False, company_id)),
                ("platform_id", "in", (False, platform_id)),
            ]
        )
        best = max(rows, key=lambda p: (bool(p.platform_id), bool(p.company_id)), default=None)
        return best.id if best else None

    def _filter_update(self, values):
        """The part of `values` that an event may write on an existing record."""
        self.ensure_one()
        odoo = {row.name for row in self.field_ids if row.owner == "odoo"}
        platform = {row.name for row in self.field_ids if row.owner == "platform"}
        if self.owner == "odoo":
            return {name: value for name, value in values.items() if name in platform}
        return {name: value for name, value in values.items() if name not in odoo}
