from odoo import api, fields, models
from odoo.exceptions import UserError

from ..lib import money
from .construction_coding import EDIT_SENTINEL
from .purchase_order import CONFIRMED

FROZEN = {
    "product_id",
    "product_qty",
    "price_unit",
    "discount",
    "tax_ids",
    "product_uom_id",
    "analytic_distribution",
    "cost_code_id",
    "cost_type_id",
}


class PurchaseOrderLine(models.Model):
    """A line of the schedule of values. An `amount` line keeps its scheduled value in the
    quantity at price 1, so that receipts, bills and certificates carry amounts as
    quantities and every native figure is right; a `unit` line is quantity × price."""

    _inherit = "purchase.order.line"

    sov_method = fields.Selection(
        [("amount", "Amount"), ("unit", "Unit")], string="Method", default="unit", required=True
    )
    line_ref = fields.Char(string="Line id at the platform", copy=False)
    item_number = fields.Char(string="Item")
    cost_code_id = fields.Many2one(
        "construction.cost.code",
        compute="_compute_cost_coding",
        inverse="_inverse_cost_coding",
        store=True,
        readonly=False,
        index="btree_not_null",
        check_company=True,
        ondelete="restrict",
    )
    cost_type_id = fields.Many2one(
        "construction.cost.type",
        compute="_compute_cost_coding",
        inverse="_inverse_cost_coding",
        store=True,
        readonly=False,
        check_company=True,
        ondelete="restrict",
    )
    platform_tax_amount = fields.Monetary(
        string="Tax of the platform", help="As on the platform's document."
    )
    tax_recoverable = fields.Selection(
        [("yes", "Recoverable"), ("no", "Cost")],
        help="As the platform says; empty: by the tax's own accounts.",
    )
    tax_cost_amount = fields.Monetary(
        string="Tax that is cost",
        compute="_compute_tax_cost_amount",
        store=True,
        help="Tax that cannot be recovered counts in commitment, budget check and actual.",
    )
    released_amount = fields.Monetary(
        readonly=True, copy=False, help="What closing took out of the open commitment."
    )
    job_id = fields.Many2one(related="order_id.project_id", string="Job")

    @api.depends("analytic_distribution", "product_id")
    def _compute_cost_coding(self):
        coded = self.filtered(lambda line: not line.display_type)
        read = self.env["construction.coding"]._read_distribution(
            [line.analytic_distribution for line in coded]
        )
        by_product = self._types_by_product(coded)
        for line, coding in zip(coded, read, strict=True):
            line.cost_code_id = coding["cost_code"][:1] or line.cost_code_id
            line.cost_type_id = (
                coding["cost_type"][:1]
                or line.cost_type_id
                or by_product.get(line.product_id.id, False)
            )
        (self - coded).cost_code_id = False
        (self - coded).cost_type_id = False

    def _types_by_product(self, lines):
        types = self.env["construction.cost.type"].search(
            [("product_id", "in", lines.product_id.ids)]
        )
        return {cost_type.product_id.id: cost_type for cost_type in types}

    def _inverse_cost_coding(self):
        coding = self.env["construction.coding"]
        for line in self:
            job = line.order_id.project_id
            if job.is_job and line.cost_code_id and line.cost_type_id:
                key = coding._distribution(job, line.cost_code_id, line.cost_type_id)
                if line.analytic_distribution != key:
                    line.analytic_distribution = key

    @api.depends("cost_code_id", "cost_type_id")
    def _compute_analytic_distribution(self):
        coding = self.env["construction.coding"]
        coded = self.filtered(
            lambda line: line.order_id.project_id.is_job and line.cost_code_id and line.cost_type_id
        )
        super(PurchaseOrderLine, self - coded)._compute_analytic_distribution()
        for line in coded:
            line.analytic_distribution = coding._distribution(
                line.order_id.project_id, line.cost_code_id, line.cost_type_id
            )

    @api.onchange("cost_type_id")
    def _onchange_cost_type_id(self):
        for line in self:
            if line.cost_type_id and not line.product_id:
                line.product_id = line.cost_type_id.product_id
                line.product_uom_id = line.product_id.uom_id

    @api.depends("price_subtotal", "price_tax", "tax_ids", "platform_tax_amount", "tax_recoverable")
    def _compute_tax_cost_amount(self):
        for line in self:
            tax = line.price_tax if line.tax_ids else line.platform_tax_amount
            if line.tax_recoverable:
                line.tax_cost_amount = tax if line.tax_recoverable == "no" else 0
            elif line.tax_ids:
                line.tax_cost_amount = line._tax_without_account()
            else:
                line.tax_cost_amount = 0

    def _tax_without_account(self):
        """Tax whose repartition names no account lands on the cost account of the line."""
        base_line = self._prepare_base_line_for_taxes_computation()
        AccountTax = self.env["account.tax"]
        company = self.company_id or self.env.company
        AccountTax._add_tax_details_in_base_line(base_line, company)
        AccountTax._round_base_lines_tax_details([base_line], company)
        total = 0.0
        for data in base_line["tax_details"]["taxes_data"]:
            shares = data["tax"].invoice_repartition_line_ids.filtered(
                lambda part: part.repartition_type == "tax"
            )
            cost = sum(part.factor for part in shares if not part.account_id)
            total += data["tax_amount_currency"] * cost
        return self.currency_id.round(total)

    # ----------------------------------------------------------------- rules
    def _check_job_coding(self):
        """:raises ValidationError: by the coding rule, for the lines of jobs"""
        lines = self.filtered(lambda line: line.order_id.is_commitment and not line.display_type)
        self.env["construction.coding"]._check_cost_coding(
            lines, lambda line: line.order_id.company_id, lambda line: line.order_id.project_id
        )

    @api.constrains("analytic_distribution", "product_id")
    def _check_confirmed_coding(self):
        self.filtered(lambda line: line.order_id.state in CONFIRMED)._check_job_coding()

    def _may_change(self):
        return self.env.context.get("construction_edit") is EDIT_SENTINEL

    def _refuse_confirmed(self, lines):
        if self._may_change():
            return
        for line in lines:
            if line.order_id.is_commitment and line.order_id.state in CONFIRMED:
                raise UserError(
                    self.env._(
                        "%s is a confirmed commitment: price, quantity, coding and tax change "
                        "through a change order, or through the platform that sent it.",
                        line.order_id.display_name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        if not self._may_change():
            self._refuse_confirmed(lines.filtered(lambda line: not line.display_type))
        return lines

    def write(self, vals):
        changed = FROZEN & set(vals)
        if changed and not self._may_change():
            self._refuse_confirmed(
                self.filtered(lambda line: any(line._differs(name, vals[name]) for name in changed))
            )
        return super().write(vals)

    def _differs(self, name, value):
        field = self._fields[name]
        if field.type == "many2one":
            return self[name].id != (value or False)
        if field.type == "many2many":
            return True
        if field.type == "float":
            return abs((self[name] or 0) - (value or 0)) > 1e-9
        return self[name] != value

    def _check_not_below(self, values):
        """Refuse a new quantity below what was received or billed, with the arithmetic."""
        self.ensure_one()
        new = values.get("product_qty", self.product_qty)
        price = values.get("price_unit", self.price_unit)
        received, billed = self.qty_received, self.qty_invoiced
        if price != self.price_unit and (received or billed):
            raise UserError(
                self.env._(
                    "“%(line)s”: the price cannot go from %(old)s to %(new)s, %(received)s are "
                    "received and %(billed)s billed at the old one.",
                    line=self.name,
                    old=self.price_unit,
                    new=price,
                    received=received,
                    billed=billed,
                )
            )
        if new < max(received, billed) and self.product_qty >= 0:
            raise UserError(
                self.env._(
                    "“%(line)s”: ordered %(old)s, received %(received)s, billed %(billed)s. "
                    "It cannot go down to %(new)s, the lowest possible is %(lowest)s.",
                    line=self.name,
                    old=self.product_qty,
                    received=received,
                    billed=billed,
                    new=new,
                    lowest=max(received, billed),
                )
            )

    def _open_untaxed(self):
        """Scheduled minus billed minus released, without tax, as Decimal."""
        self.ensure_one()
        digits = self.currency_id.decimal_places
        billed = self.qty_invoiced / self.product_qty if self.product_qty else 0
        left = self.currency_id.round(self.price_subtotal * (1 - billed))
        tax_share = self._tax_share()
        released = self.currency_id.round((self.released_amount or 0) / (1 + tax_share))
        return money.from_float(left, digits) - money.from_float(released, digits)

    def _tax_share(self):
        return self.tax_cost_amount / self.price_subtotal if self.price_subtotal else 0

    def _release(self, amount):
        """Take `amount` (Decimal, without tax) and its tax that is cost out of the open
        commitment."""
        gross = self.currency_id.round(float(amount) * (1 + self._tax_share()))
        self.released_amount = (self.released_amount or 0) + gross

    # ----------------------------------------------------------------- bills
    def _prepare_account_move_line(self, move=False):
        values = super()._prepare_account_move_line(move)
        if self.order_id.is_commitment and self.cost_type_id and not self.display_type:
            account = self._mapped_cost_account()
            if account:
                values["account_id"] = account.id
        return values

    def _mapped_cost_account(self):
        AccountMap = self.env["construction.account.map"]
        accounts = AccountMap._cost_accounts(self.order_id.company_id)
        return AccountMap._cost_account(
            accounts, self.cost_type_id.category, self.order_id.project_id
        )
