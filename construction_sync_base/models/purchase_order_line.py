from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..lib import budget as formulas
from ..lib import money
from .construction_coding import COST_ACCOUNTS
from .purchase_order import CONFIRMED


class PurchaseOrderLine(models.Model):
    """A line of the schedule of values. An `amount` line keeps its scheduled value in the
    quantity at price 1, so that receipts, bills and certificates carry amounts as
    quantities and every native figure is right; a `unit` line is quantity × price."""

    _name = "purchase.order.line"
    _inherit = ["purchase.order.line", "construction.placed.mixin"]

    sov_method = fields.Selection(
        [("amount", "Amount"), ("unit", "Unit")], string="Method", default="unit", required=True
    )
    line_ref = fields.Char(string="Line id at the platform", copy=False)
    item_number = fields.Char(string="Item")
    cost_code_id = fields.Many2one(
        "construction.cost.code",
        compute="_compute_cost_code_id",
        inverse="_inverse_cost_coding",
        store=True,
        readonly=False,
        index="btree_not_null",
        check_company=True,
        ondelete="restrict",
    )
    cost_type_id = fields.Many2one(
        "construction.cost.type",
        compute="_compute_cost_type_id",
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

    # ---------------------------------------------------------------- coding
    # one method each: a value that is given would keep the other from being computed
    @api.depends("analytic_distribution")
    def _compute_cost_code_id(self):
        for line, coding in self._read_coding():
            line.cost_code_id = coding["cost_code"][:1] or line.cost_code_id

    @api.depends("analytic_distribution", "product_id")
    def _compute_cost_type_id(self):
        by_product = self._types_by_product(self)
        for line, coding in self._read_coding():
            line.cost_type_id = (
                coding["cost_type"][:1]
                or line.cost_type_id
                or by_product.get(line.product_id.id, False)
            )

    def _read_coding(self):
        read = self.env["construction.coding"]._read_distribution(
            [line.analytic_distribution for line in self]
        )
        return zip(self, read, strict=True)

    def _types_by_product(self, lines):
        if not lines.product_id:
            return {}
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
        for line in coded:
            line.analytic_distribution = coding._distribution(
                line.order_id.project_id, line.cost_code_id, line.cost_type_id
            )
        return super(PurchaseOrderLine, self - coded)._compute_analytic_distribution()

    @api.onchange("cost_type_id")
    def _onchange_cost_type_id(self):
        for line in self:
            if line.cost_type_id and not line.product_id:
                line.product_id = line.cost_type_id.product_id
                line.product_uom_id = line.product_id.uom_id

    def _compute_price_unit_and_date_planned_and_name(self):
        """What a confirmed commitment costs is agreed; no price list proposes another."""
        fixed = self.filtered(
            lambda line: line.order_id.is_commitment and line.order_id.state in CONFIRMED
        )
        return super(
            PurchaseOrderLine, self - fixed
        )._compute_price_unit_and_date_planned_and_name()

    # --------------------------------------------------------------- figures
    @api.depends("price_subtotal", "price_tax", "tax_ids", "platform_tax_amount", "tax_recoverable")
    def _compute_tax_cost_amount(self):
        for line in self:
            tax = line.price_tax if line.tax_ids else line.platform_tax_amount
            if line.tax_recoverable:
                line.tax_cost_amount = tax if line.tax_recoverable == "no" else 0
            elif line.tax_ids:
                line.tax_cost_amount = line._tax_by_accounts()
            else:
                line.tax_cost_amount = 0

    def _tax_by_accounts(self):
        """Tax that is cost by its own accounts: on a cost account, or on none, which puts it
        on that of the line."""
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
            cost = sum(
                part.factor
                for part in shares
                if not part.account_id or part.account_id.account_type in COST_ACCOUNTS
            )
            total += data["tax_amount_currency"] * cost
        return self.currency_id.round(total)

    def _posted_bills(self):
        """{line id: (billed, paid)} without tax, in the order's currency, of posted bills
        less credits; every line id is there.

        Read by SQL: who sees the order sees what of it was billed, whether or not the
        bills are open to him.
        """
        result = defaultdict(lambda: (Decimal(0), Decimal(0)))
        ids = self._origin.ids
        if not ids:
            return result
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT m.purchase_line_id, SUM(v.amount),
                       SUM(v.amount * (1 - CASE WHEN b.amount_total <> 0
                                            THEN abs(b.amount_residual) / abs(b.amount_total)
                                            ELSE 0 END))
                  FROM account_move_line m
                  JOIN account_move b ON b.id = m.move_id
                  JOIN purchase_order_line l ON l.id = m.purchase_line_id
                  JOIN purchase_order o ON o.id = l.order_id
                  JOIN LATERAL (SELECT CASE WHEN m.currency_id = o.currency_id
                                            THEN m.amount_currency
                                            ELSE m.balance * o.currency_rate END AS amount) v
                       ON TRUE
                 WHERE m.purchase_line_id = ANY(%s) AND m.parent_state = 'posted'
                 GROUP BY m.purchase_line_id
                """,
                ids,
            )
        )
        for line_id, billed, paid in rows:
            result[line_id] = (Decimal(str(billed or 0)), Decimal(str(paid or 0)))
        return result

    def _tax_share(self):
        """Tax that is cost per unit of price, as Decimal."""
        digits = self.currency_id.decimal_places
        subtotal = money.from_float(self.price_subtotal, digits)
        if not subtotal:
            return Decimal(0)
        return money.from_float(self.tax_cost_amount, digits) / subtotal

    def _open_gross(self, billed):
        """What is still to come of this line, tax that is cost included, as Decimal.

        :param billed: from `_posted_bills`
        """
        digits = self.currency_id.decimal_places
        gross = money.round_half_up(billed * (1 + self._tax_share()), digits)
        committed = formulas.committed_line(
            money.from_float(self.price_subtotal + self.tax_cost_amount, digits),
            money.from_float(self.released_amount or 0, digits),
            gross,
            self.order_id.closed_state == "final",
        )
        return formulas.open_amount(committed, gross, Decimal(0))

    def _open_untaxed(self, billed):
        digits = self.currency_id.decimal_places
        gross = self._open_gross(billed)
        return money.round_half_up(gross / (1 + self._tax_share()), digits)

    def _release(self, amount):
        """Take `amount` (Decimal, without tax) and its tax that is cost out of the open
        commitment."""
        digits = self.currency_id.decimal_places
        gross = money.round_half_up(amount * (1 + self._tax_share()), digits)
        released = money.from_float(self.released_amount or 0, digits) + gross
        line = self.with_env(self.order_id._editable().env)
        line.released_amount = money.to_float(released, digits)

    @api.model
    def _action_behind(self, figure):
        """Open the commitment lines behind a figure of one job, cost code and cost type."""
        return self.env["ir.actions.act_window"]._for_xml_id(
            "construction_sync_base.action_construction_commitment_line"
        ) | {
            "domain": [
                ("order_id.project_id", "=", figure.job_id.id),
                ("cost_code_id", "=", figure.cost_code_id.id),
                ("cost_type_id", "=", figure.cost_type_id.id),
                ("order_id.state", "in", ("purchase", "to approve")),
            ],
        }

    # ----------------------------------------------------------------- bills
    def _prepare_account_move_line(self, move=False):
        values = super()._prepare_account_move_line(move)
        if self.order_id.is_commitment and self.cost_type_id and not self.display_type:
            account_id = self._mapped_cost_account_id()
            if account_id:
                values["account_id"] = account_id
        return values

    def _mapped_cost_account_id(self):
        return self.env["construction.account.map"]._cost_account_id(
            self.order_id.company_id, self.cost_type_id.category, self.order_id.project_id
        )

    def _check_not_below(self, values):
        """Refuse what would undercut a receipt or a bill, with the arithmetic.

        A negative line (discount, deductive alternate) is undercut by going up.
        """
        self.ensure_one()
        received, billed = self.qty_received, self.qty_invoiced
        if not (received or billed):
            return
        if billed and self._is_recoded(values):
            raise UserError(
                self.env._(
                    "“%s” is billed: its bills bear the code and type that it had until now.",
                    self.name,
                )
            )
        price = values.get("price_unit", self.price_unit)
        unit = values.get("product_uom_id", self.product_uom_id.id)
        if price != self.price_unit or unit != self.product_uom_id.id:
            raise UserError(
                self.env._(
                    "“%(line)s”: the price cannot go from %(old)s to %(new)s nor the unit "
                    "change, %(received)s are received and %(billed)s billed at the old one.",
                    line=self.name,
                    old=self.price_unit,
                    new=price,
                    received=received,
                    billed=billed,
                )
            )
        new = values.get("product_qty", self.product_qty)
        sign = -1 if self.product_qty < 0 else 1
        lowest = max(sign * received, sign * billed) * sign
        if sign * new < sign * lowest:
            raise UserError(
                self.env._(
                    "“%(line)s”: ordered %(old)s, received %(received)s, billed %(billed)s. "
                    "It cannot go to %(new)s, the least possible is %(lowest)s.",
                    line=self.name,
                    old=self.product_qty,
                    received=received,
                    billed=billed,
                    new=new,
                    lowest=lowest,
                )
            )
