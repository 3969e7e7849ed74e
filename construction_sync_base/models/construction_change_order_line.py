from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ..lib import money


class ConstructionChangeOrderLine(models.Model):
    """What one line of a change order does to each side, as deltas: a deduction is negative.

    Cost is without markup. The owner's amount holds the markup, which is kept apart in
    `markup_ids`. What was applied of the line is kept, so that a side is brought to where
    it should be by the difference, and undone by it.
    """

    _name = "construction.change.order.line"
    _inherit = ["construction.cost.key.mixin", "construction.placed.mixin"]
    _description = "Change Order Line"
    _order = "change_id, sequence, id"
    _rec_name = "name"
    _check_company_auto = True

    change_id = fields.Many2one(
        "construction.change.order",
        string="Change order",
        required=True,
        ondelete="cascade",
        index=True,
    )
    sequence = fields.Integer(default=10)
    job_id = fields.Many2one(related="change_id.job_id", store=True, index=True, precompute=True)
    company_id = fields.Many2one(
        "res.company", related="change_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(related="change_id.currency_id")
    state = fields.Selection(related="change_id.state")
    line_ref = fields.Char(
        string="Line id", required=True, copy=False, help="Unique in the contract, and stable."
    )
    name = fields.Char(string="Description", required=True)
    order_id = fields.Many2one(
        "purchase.order",
        string="Commitment",
        domain="[('project_id', '=', job_id), ('currency_id', '=', currency_id),"
        " ('state', '!=', 'cancel')]",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="Empty: own work, which changes the budget only.",
    )
    order_line_id = fields.Many2one(
        "purchase.order.line",
        string="Commitment line",
        domain="[('order_id', '=', order_id), ('display_type', '=', False)]",
        ondelete="restrict",
        check_company=True,
        help="Empty: a new line of the commitment.",
    )
    quantity_delta = fields.Float(string="Quantity", digits=(16, 6))
    unit_cost = fields.Float(digits=(16, 8))
    cost_amount = fields.Monetary(
        string="Cost",
        compute="_compute_cost_amount",
        store=True,
        readonly=False,
        precompute=True,
        help="Change of the cost, without markup.",
    )
    budget_amount = fields.Monetary(
        string="Budget",
        compute="_compute_budget_amount",
        store=True,
        readonly=False,
        precompute=True,
        help="Change of the budget; the cost, unless said otherwise.",
    )
    prime_line_ref = fields.Char(
        string="Owner's line", help="Line of the owner's schedule of values."
    )
    revenue_quantity_delta = fields.Float(string="Owner's quantity", digits=(16, 6))
    unit_price = fields.Float(digits=(16, 8))
    revenue_amount = fields.Monetary(
        string="Revenue",
        compute="_compute_revenue_amount",
        store=True,
        readonly=False,
        precompute=True,
        help="Change of the owner's contract, markup included.",
    )
    markup_ids = fields.One2many(
        "construction.change.order.markup", "line_id", string="Kinds of markup", copy=True
    )
    markup_amount = fields.Monetary(
        string="Markup", compute="_compute_markup_amount", store=True, precompute=True
    )
    tax_id = fields.Many2one("account.tax", ondelete="restrict", check_company=True)
    applied_order_line_id = fields.Many2one(
        "purchase.order.line", readonly=True, copy=False, index="btree_not_null",
        ondelete="restrict",
    )  # fmt: skip
    applied_quantity = fields.Float(digits=(16, 6), readonly=True, copy=False)
    applied_amount = fields.Monetary(
        string="Executed", readonly=True, copy=False, help="What of it is in the commitment."
    )
    applied_budget_amount = fields.Monetary(
        string="In the budget", readonly=True, copy=False, currency_field="company_currency_id"
    )
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Currency of the company"
    )

    _ref_unique = models.Constraint(
        "UNIQUE (change_id, line_ref)", "Two lines of the change order have that line id."
    )
    _line_of_order = models.Constraint(
        "CHECK (order_line_id IS NULL OR order_id IS NOT NULL)",
        "A line of a commitment is given without its commitment.",
    )
    _applied_somewhere = models.Constraint(
        "CHECK (applied_order_line_id IS NOT NULL"
        " OR (COALESCE(applied_quantity, 0) = 0 AND COALESCE(applied_amount, 0) = 0))",
        "What was applied was applied to a line.",
    )

    def init(self):
        self.env["construction.change.order"]._guard_sums(self._table)

    # ------------------------------------------------------------- computes
    @api.depends("quantity_delta", "unit_cost")
    def _compute_cost_amount(self):
        for line in self:
            line.cost_amount = line._product("quantity_delta", "unit_cost") or line.cost_amount

    @api.depends("cost_amount")
    def _compute_budget_amount(self):
        for line in self:
            line.budget_amount = line.cost_amount

    @api.depends("markup_ids.amount")
    def _compute_markup_amount(self):
        for line in self:
            line.markup_amount = sum(line.markup_ids.mapped("amount"))

    @api.depends("revenue_quantity_delta", "unit_price", "cost_amount", "markup_amount")
    def _compute_revenue_amount(self):
        for line in self:
            amount = line._product("revenue_quantity_delta", "unit_price")
            if not amount and line.markup_ids:
                amount = line.cost_amount + line.markup_amount
            line.revenue_amount = amount or line.revenue_amount

    def _product(self, quantity, price):
        """Quantity × price in the currency, 0 where one of them is missing."""
        if not (self[quantity] and self[price]):
            return 0.0
        digits = self.currency_id.decimal_places
        product = money.EXACT.multiply(
            money.from_float(self[quantity], money.QUANTITY_DECIMALS),
            money.from_float(self[price], money.PRICE_DECIMALS),
        )
        return money.to_float(money.round_half_up(product, digits), digits)

    @api.onchange("order_line_id")
    def _onchange_order_line_id(self):
        for line in self:
            if line.order_line_id:
                line.cost_code_id = line.order_line_id.cost_code_id
                line.cost_type_id = line.order_line_id.cost_type_id
                line.name = line.name or line.order_line_id.name

    @api.onchange("order_id")
    def _onchange_order_id(self):
        for line in self:
            if line.order_line_id.order_id != line.order_id:
                line.order_line_id = False

    def action_open_markup(self):
        """The line's markup, kind by kind."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Markup of %s", self.name),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def _key(self):
        return self.job_id.id, self.cost_code_id.id, self.cost_type_id.id

    # ---------------------------------------------------------------- checks
    @api.constrains("order_id", "order_line_id")
    def _check_commitment(self):
        for line in self:
            order = line.order_id
            if line.order_line_id and line.order_line_id.order_id != order:
                raise ValidationError(
                    self.env._(
                        "“%(line)s” is no line of %(order)s.",
                        line=line.order_line_id.name,
                        order=order.display_name,
                    )
                )
            if order and order.project_id != line.job_id:
                raise ValidationError(
                    self.env._(
                        "%(order)s belongs to another job than %(change)s.",
                        order=order.display_name,
                        change=line.change_id.display_name,
                    )
                )
            if order and order.currency_id != line.currency_id:
                raise ValidationError(
                    self.env._(
                        "%(order)s is in %(theirs)s, the change order in %(ours)s. Make one "
                        "change order per currency.",
                        order=order.display_name,
                        theirs=order.currency_id.name,
                        ours=line.currency_id.name,
                    )
                )

    # ----------------------------------------------------------------- guard
    @api.model_create_multi
    def create(self, vals_list):
        self._give_refs(vals_list)
        lines = super().create(vals_list)
        lines.change_id._after_line_change()
        return lines

    def write(self, vals):
        if not self.change_id._is_opened():
            self.change_id._check_editable()
        result = super().write(vals)
        self.change_id._after_line_change()
        return result

    def unlink(self):
        changes = self.change_id
        if not changes._is_opened():
            changes._check_editable()
        result = super().unlink()
        changes.exists()._after_line_change()
        return result

    @api.model
    def _give_refs(self, vals_list):
        """The next number in its change order to whom nobody gave a line id."""
        bare = [vals for vals in vals_list if not vals.get("line_ref")]
        if not bare:
            return
        ids = {vals.get("change_id") for vals in bare} - {None}
        taken = {}
        for line in self.search(Domain("change_id", "in", list(ids))):
            taken.setdefault(line.change_id.id, set()).add(line.line_ref)
        for vals in vals_list:
            if vals.get("line_ref"):
                taken.setdefault(vals.get("change_id"), set()).add(vals["line_ref"])
        for vals in bare:
            refs = taken.setdefault(vals.get("change_id"), set())
            vals["line_ref"] = next(
                str(count) for count in range(1, len(refs) + 2) if str(count) not in refs
            )
            refs.add(vals["line_ref"])
