from odoo import api, models
from odoo.exceptions import UserError

from .purchase_order import CONFIRMED

# price, quantity, coding and tax of a confirmed line, and what they are computed to
FROZEN = {
    "analytic_distribution",
    "cost_code_id",
    "cost_type_id",
    "discount",
    "order_id",
    "platform_tax_amount",
    "price_subtotal",
    "price_tax",
    "price_total",
    "price_unit",
    "product_id",
    "product_qty",
    "product_uom_id",
    "product_uom_qty",
    "released_amount",
    "sov_method",
    "tax_cost_amount",
    "tax_ids",
    "tax_recoverable",
    "technical_price_unit",
}
RECEIPT = {"qty_received", "qty_received_manual"}


class PurchaseOrderLineRules(models.Model):
    """Rules for order lines of a job, for every user and path."""

    _inherit = "purchase.order.line"

    def _check_schedule_lines(self):
        """:raises UserError: coding rule, product kept in stock, native down payment"""
        lines = self.filtered(lambda line: line.order_id.is_commitment and not line.display_type)
        self.env["construction.coding"]._check_cost_coding(
            lines, lambda line: line.order_id.company_id, lambda line: line.order_id.project_id
        )
        lines._check_place()  # the job of a draft may change after the phase was chosen
        for line in lines:
            if line.product_id.is_storable:
                raise UserError(
                    self.env._(
                        "%(product)s is kept in stock. Order it without the job and issue it "
                        "from stock, or use a product without stock: otherwise it costs the job "
                        "twice.",
                        product=line.product_id.display_name,
                    )
                )
            if line.is_downpayment:
                raise UserError(
                    self.env._(
                        "“%s”: an advance is no line of a commitment's schedule of values.",
                        line.name,
                    )
                )

    def _check_account_map(self):
        """:raises UserError: nothing says on which ledger account a bill would be"""
        for line in self.filtered("cost_type_id"):
            if not line._mapped_cost_account_id():
                raise UserError(
                    self.env._(
                        "The account map of %(company)s has no account for %(type)s: Finance adds "
                        "the row before anything is ordered.",
                        company=line.order_id.company_id.name,
                        type=line.cost_type_id.display_name,
                    )
                )

    @api.constrains("analytic_distribution", "product_id")
    def _check_confirmed_coding(self):
        self.filtered(lambda line: line.order_id.state in CONFIRMED)._check_schedule_lines()

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        if not self.env["purchase.order"]._may_edit():
            lines.filtered(lambda line: not line.display_type).order_id._refuse_line_change()
        return lines

    def write(self, vals):
        changed = FROZEN & set(vals)
        if changed and not self.env["purchase.order"]._may_edit():
            self.filtered(
                lambda line: any(line._differs(name, vals[name]) for name in changed)
            ).order_id._refuse_line_change()
            if "order_id" in vals:  # into a confirmed commitment as well as out of one
                self.env["purchase.order"].browse(vals["order_id"])._refuse_line_change()
        if RECEIPT & set(vals):
            self.order_id.project_id._check_takes("cost")
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _never_delete_confirmed(self):
        self.filtered(lambda line: not line.display_type).order_id._refuse_line_change()

    def _differs(self, name, value):
        field = self._fields[name]
        if field.type == "many2one":
            return self[name].id != (value or False)
        if field.type == "many2many":
            return True
        if field.type in ("float", "monetary"):
            return abs((self[name] or 0) - (value or 0)) > 1e-9
        return (self[name] or False) != (value or False)
