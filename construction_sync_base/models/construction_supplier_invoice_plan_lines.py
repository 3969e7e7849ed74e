from decimal import Decimal

from odoo import models
from odoo.fields import Command

from ..lib import invoice_totals, money
from .construction_resolver import ref_key, wait_key

ZERO = Decimal(0)


class ConstructionInvoiceLines(models.AbstractModel):
    """The lines of an invoice: which order line each bills, or how it is coded, and its tax as
    the document has it."""

    _name = "construction.invoice.lines"
    _inherit = "construction.invoice.plan"
    _description = "Supplier Invoice Lines"

    def _read_line(self, plan, line, found):
        """{amount, tax, retention, values, order_line, …} of one line; parks what is missing."""
        item, digits = plan["item"], plan["digits"]
        path = f"lines[{len(plan.get('lines', ())) + 1}]"

        def number(name, parse, *args):
            if line.get(name) is None:
                return None
            return self._number(item, parse, line[name], f"{path}.{name}", *args, signed=True)

        amount = number("amount", money.parse_amount, digits)
        read = {
            "amount": amount if amount is not None else ZERO,
            "tax": number("tax_amount", money.parse_amount, digits),
            "retention": number("retention_amount", money.parse_amount, digits),
            "quantity": number("quantity", money.parse_quantity),
            "price": number("unit_price", money.parse_price),
            "discount": ZERO,
            "recoverable": line.get("tax_recoverable"),
            "tax_record": found["tax"],
            "order_line": self.env["purchase.order.line"],
            "name": line["description"],
        }
        if line.get("discount_percent") is not None:
            read["discount"] = self._number(
                item, money.parse_percent, line["discount_percent"], f"{path}.discount_percent"
            )
        if item.blocked:
            return read
        order = self._order_of(plan, line)
        if plan["kind"] == "prepayment":
            self._advance_line(plan, read, order, found)
        elif order:
            self._order_line(plan, line, read, order, found, path)
        else:
            self._direct_line(plan, line, read, found, path)
        return read

    def _order_of(self, plan, line):
        """The order that a line bills; a line with a coding of its own bills none, unless it
        names one itself."""
        own = line.get("commitment") or line.get("commitment_line_id")
        if not own and line.get("cost_code"):
            return None
        return self._record_of(plan, "commitment", line, plan["item"].data)

    # ---------------------------------------------------------------- orders
    def _order_line(self, plan, line, read, order, found, path):
        item = plan["item"]
        if not self._may_bill(plan, order):
            return
        wanted = line.get("commitment_line_id")
        lines = order.order_line.filtered(lambda one: not one.display_type)
        lines = lines.filtered(lambda one: one.line_ref == wanted) if wanted else lines
        if len(lines) != 1:
            key = ref_key(line.get("commitment") or item.data.get("commitment"))
            item.park(
                "unmapped_reference",
                self.env._(
                    "%(path)s: %(order)s has no line “%(line)s”.",
                    path=path,
                    order=order.display_name,
                    line=wanted,
                )
                if wanted
                else self.env._(
                    "%(path)s does not say which line of %(order)s it bills.",
                    path=path,
                    order=order.display_name,
                ),
                wait=wait_key("commitment", key),
                suggestion=self.env._(
                    "It goes on when the platform sends the commitment with that line."
                ),
            )
            return
        read["order_line"] = lines
        read["job"] = order.project_id
        read["values"] = self._order_values(plan, read, lines, found, path)

    def _may_bill(self, plan, order):
        """Park what the order does not take: other vendor, currency, state, application."""
        item = plan["item"]
        if order.billing_mode == "application":
            item.park(
                "approval",
                self.env._(
                    "%s is billed by application for payment: the invoice waits for the "
                    "certificate, whose bill it joins.",
                    order.display_name,
                ),
                wait=f"certificate|{order.id}",
                suggestion=self.env._("It goes on by itself once the application is certified."),
            )
        elif order.partner_id.commercial_partner_id != plan["vendor"].commercial_partner_id:
            item.park(
                "ownership_conflict",
                self.env._(
                    "%(order)s was agreed with %(ordered)s, the invoice comes from %(vendor)s.",
                    order=order.display_name,
                    ordered=order.partner_id.display_name,
                    vendor=plan["vendor"].display_name,
                ),
            )
        elif plan["currency"] and order.currency_id != plan["currency"]:
            self._currency(item, {plan["currency"].name: plan["currency"]}, order.currency_id)
        else:
            self._park_refusal(plan, order)
        return not item.blocked

    def _park_refusal(self, plan, order):
        move_type = "in_refund" if plan["kind"] == "credit_note" else "in_invoice"
        refusal = order._bill_refusal(move_type)
        if not refusal:
            return
        waits = order.state in ("draft", "sent", "to approve")
        plan["item"].park(
            "approval" if waits else "inactive_target",
            refusal,
            wait=f"approved|{order.id}" if waits else f"job_open|{order.project_id.id}",
        )

    def _order_values(self, plan, read, order_line, found, path):
        """Values of a bill line of an order line: its quantity is the value of a lump sum."""
        amount, quantity = read["amount"], read["quantity"]
        if order_line.sov_method == "amount":
            quantity, price, discount = amount, Decimal(1), ZERO
        else:
            if not quantity:
                agreed = money.from_float(order_line.price_unit_discounted, money.PRICE_DECIMALS)
                quantity = (
                    money.round_half_up(amount / agreed, money.QUANTITY_DECIMALS)
                    if agreed
                    else ZERO
                )
            if not quantity:
                plan["item"].park(
                    "amount",
                    self.env._(
                        "%(path)s bills “%(line)s”, which is priced by unit, without a quantity.",
                        path=path,
                        line=order_line.name,
                    ),
                )
                return None
            price, discount = invoice_totals.effective_price(
                amount, quantity, read["price"], read["discount"], plan["digits"]
            )
        account_id = order_line._mapped_cost_account_id()
        if not account_id:
            self._park_account(plan, order_line.cost_type_id.category)
        return self._line_of_bill(read, quantity, price, discount) | {
            "product_id": order_line.product_id.id,
            "product_uom_id": (found["uom"] or order_line.product_uom_id).id
            if order_line.sov_method == "unit"
            else order_line.product_uom_id.id,
            "purchase_line_id": order_line.id,
            "account_id": account_id,
            "analytic_distribution": order_line.analytic_distribution,
        }

    # ---------------------------------------------------------------- direct
    def _direct_line(self, plan, line, read, found, path):
        """Cost without an order: job, code and type decide."""
        item, job = plan["item"], found["job"]
        missing = [
            label
            for label, value in (
                (self.env._("job"), job),
                (self.env._("cost code"), line.get("cost_code")),
                (self.env._("cost type"), line.get("cost_type")),
            )
            if not value
        ]
        if missing:
            item.park(
                "unmapped_reference",
                self.env._(
                    "%(path)s names no commitment line, and for a cost of its own it lacks: "
                    "%(missing)s.",
                    path=path,
                    missing=", ".join(missing),
                ),
                suggestion=self.env._("The platform has to send a corrected version."),
            )
        if item.blocked or not (found["cost_code"] and found["cost_type"]):
            return
        refusal = job._refusal("cost")
        if refusal:
            item.park("inactive_target", refusal, wait=f"job_open|{job.id}")
            return
        category = found["cost_type"].category
        account_id = self._direct_account_id(plan, category, job)
        if not account_id:
            self._park_account(plan, category)
        read["job"] = job
        read["coding"] = (job, found["cost_code"], found["cost_type"])
        quantity = read["quantity"] or Decimal(1)
        price, discount = invoice_totals.effective_price(
            read["amount"], quantity, read["price"], read["discount"], plan["digits"]
        )
        read["values"] = self._line_of_bill(read, quantity, price, discount) | {
            "product_uom_id": found["uom"].id if found["uom"] else False,
            "account_id": account_id,
            "analytic_distribution": self._direct_distribution(plan, read["coding"]),
        }

    def _direct_account_id(self, plan, category, job):
        return self.env["construction.account.map"]._cost_account_id(plan["company"], category, job)

    def _direct_distribution(self, plan, coding):
        return self.env["construction.coding"]._distribution(*coding)

    def _advance_line(self, plan, read, order, found):
        """A prepayment is an asset: no cost, no budget, no line of the order."""
        read["job"] = found["job"] or (order.project_id if order else None)
        account_id = self.env["construction.account.map"]._other_account_id(
            plan["company"], "advance_account_id", job=read["job"]
        )
        read["values"] = self._line_of_bill(read, Decimal(1), read["amount"], ZERO) | {
            "account_id": account_id
        }

    def _line_of_bill(self, read, quantity, price, discount):
        return {
            "display_type": "product",
            "name": read["name"],
            "quantity": money.to_float(quantity, money.QUANTITY_DECIMALS),
            "price_unit": money.to_float(price, money.PRICE_DECIMALS),
            "discount": money.to_float(discount, money.PERCENT_DECIMALS),
            "tax_ids": [Command.set([])],
        }

    def _park_account(self, plan, category):
        plan["item"].park(
            "unmapped_reference",
            self.env._(
                "The account map of %(company)s has no account for %(category)s.",
                company=plan["company"].name,
                category=category,
            ),
            wait=f"account_map|{plan['company'].id}|{category}",
            suggestion=self.env._("Finance adds the row to the account map."),
        )

    # ------------------------------------------------------------------ tax
    def _set_line_taxes(self, plan):
        """Taxes of the lines as the document has them; what is cost without a tax record
        becomes a line of its own. Parks a tax that nothing says how to book."""
        lines, header = plan["lines"], plan["header"]
        single = plan["taxes"][0]["tax"] if len(plan["taxes"]) == 1 else None
        coded = any(line["tax_record"] for line in lines)
        for line in lines:
            tax = line["tax_record"] or (single if not coded else None)
            if not tax and not coded and header.tax and line["tax"] is None:
                tax = line["order_line"].tax_ids
            if not tax and not coded and not header.tax and plan["kind"] != "prepayment":
                tax = line["job"].sudo().use_tax_id
            if tax:
                self._refuse_included_tax(plan["item"], {"tax_code": tax[:1].name}, tax)
                line["values"]["tax_ids"] = [Command.set(tax.ids)]
                line["taxed"] = True
        self._set_tax_cost(plan)

    def _set_tax_cost(self, plan):
        """Tax that is cost and has no record in Odoo: by line, or of the whole invoice spread
        over the lines by their amounts."""
        lines, header = plan["lines"], plan["header"]
        bare = [line for line in lines if not line.get("taxed")]
        told = {id(line): line["tax"] for line in bare if line["tax"]}
        if header.tax and not told and len(bare) == len(lines):
            amounts = [line["amount"] for line in lines]
            shares = money.spread(header.tax, amounts, plan["digits"]) if sum(amounts) else []
            told = {id(line): share for line, share in zip(lines, shares, strict=False)}
        plan["tax_cost"] = ZERO
        for line in bare:
            amount = told.get(id(line))
            if not amount:
                continue
            if not self._is_cost(plan, line):
                plan["item"].park(
                    "unmapped_reference",
                    self.env._(
                        "“%(line)s” bears %(amount)s of tax, and nothing says which tax it is.",
                        line=line["name"],
                        amount=self._shown(plan, amount),
                    ),
                    suggestion=self.env._(
                        "The platform sends a tax code, or says that it cannot be recovered."
                    ),
                )
                return
            line["tax_cost"] = amount
            plan["tax_cost"] += amount

    def _is_cost(self, plan, line):
        recoverable = line["recoverable"]
        if recoverable is None and len(plan["taxes"]) == 1:
            recoverable = plan["taxes"][0]["recoverable"]
        if recoverable is None:
            return line["order_line"].tax_recoverable == "no"
        return not recoverable

    def _tax_cost_values(self, line):
        """The line of a tax that is cost: coded like what it is on, no part of its order."""
        values = line["values"]
        return {
            "display_type": "product",
            "is_tax_cost": True,
            "name": self.env._("Tax: %s", line["name"]),
            "quantity": 1.0,
            "price_unit": float(line["tax_cost"]),
            "tax_ids": [Command.set([])],
            "account_id": values["account_id"],
            "analytic_distribution": values.get("analytic_distribution"),
        }
