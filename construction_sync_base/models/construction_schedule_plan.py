from decimal import Decimal

from odoo import fields, models

from ..lib import money, sov
from ..lib.errors import AmountError
from .construction_resolver import code_of, coding_of


class ConstructionSchedulePlan(models.AbstractModel):
    """Reads commitment events into plans: every reference resolved, every number parsed
    and checked, before anything is written."""

    _name = "construction.schedule.plan"
    _inherit = "construction.handler.domain"
    _description = "Schedule of Values Plan"

    def _plans(self, items, known):
        """What each event asks for, with every reference resolved and number parsed."""
        self._refuse_tombstones(items)
        self._refuse_sub_jobs(items)
        jobs = self._resolve(
            items, "job", "project.project", lambda item: item.data["job"], self.env._("Job")
        )
        vendors = self._resolve(
            items, "vendor", "res.partner", lambda item: item.data["vendor"], self.env._("Vendor")
        )
        plans, currencies = [], self._currencies(items)
        own = [job.company_id.currency_id for job in jobs.values()]
        rates = self._first_rates([*currencies.values(), *own])
        for item in items:
            if item.blocked:
                continue
            job, vendor = jobs[item.id], vendors[item.id]
            item.company_id = job.company_id.id
            currency = self._currency(item, currencies)
            if currency and not self._rated(item, currency, job.company_id, rates):
                continue
            if currency and self._may_take(item, job, vendor, known.get(item.id)):
                plans.append(
                    {
                        "item": item,
                        "job": job,
                        "vendor": vendor,
                        "currency": currency,
                        "order": known.get(item.id, self.env["purchase.order"]),
                    }
                )
        self._plan_lines(plans)
        self._check_account_map(plans)
        return [plan for plan in plans if not plan["item"].blocked]

    def _first_rates(self, currencies):
        """{(currency, company or none): first day that has a rate}"""
        rows = self.env["res.currency.rate"]._read_group(
            [("currency_id", "in", [currency.id for currency in currencies])],
            ["currency_id", "company_id"],
            ["name:min"],
        )
        return {(currency, company): day for currency, company, day in rows}

    def _rated(self, item, currency, company, rates):
        """Whether a foreign currency has a rate on or before the document's date, or the
        company's own has one: rates are told from one currency, which then has none itself.
        Parks the item otherwise, since without any Odoo counts 1 for 1."""
        own = company.currency_id
        owners = (company.root_id, company.browse())
        days = [rates.get((told, owner)) for told in (currency, own) for owner in owners]
        date = fields.Date.to_date(item.data["date"])
        if currency == own or any(day and day <= date for day in days):
            return True
        item.park(
            "amount",
            self.env._(
                "%(code)s has no rate on or before %(date)s.",
                code=currency.name,
                date=item.data["date"],
            ),
            wait=f"currency|{currency.name}",
            suggestion=self.env._("Enter the rate of that day; the event goes on by itself."),
        )
        return False

    def _refuse_tombstones(self, items):
        """A voided commitment is not raised from the dead by a later snapshot, and one whose
        link was taken back makes no second order beside the first."""
        bindings = self._bindings_of(
            items, "commitment", "|", ("tombstone", "=", True), ("unlinked", "=", True)
        )
        dead = {binding.external_id for binding in bindings if binding.tombstone}
        loose = {
            binding.external_id: order
            for binding in bindings
            if (order := binding._record()) and order.state != "cancel"
        }
        for item in items:
            if item.external_id in dead:
                item.park(
                    "inactive_target",
                    self.env._("This commitment was voided; a new version does not revive it."),
                    suggestion=self.env._("The platform sends commitment.reopened, or a new one."),
                )
            elif item.external_id in loose:
                item.park(
                    "duplicate",
                    self.env._(
                        "This commitment was unlinked from %(order)s at the platform and comes "
                        "again. A second order beside it would commit the sum twice.",
                        order=loose[item.external_id].display_name,
                    ),
                    wait=f"external:commitment|{item.external_id}",
                    suggestion=self.env._(
                        "Link it to that order again with “Map and resume”, or cancel the order."
                    ),
                )

    def _may_take(self, item, job, vendor, order):
        refusal = job._refusal("change" if order else "commitment")
        if refusal:
            item.park("inactive_target", refusal, wait=f"job_open|{job.id}")
        refusal = None if order else vendor._construction_refusal()
        if refusal:
            item.park("inactive_target", refusal, wait=f"vendor_open|{vendor.id}")
        return not item.blocked

    def _plan_lines(self, plans):
        entries = [
            (plan["item"], plan["job"], line)
            for plan in plans
            for line in plan["item"].data.get("lines") or ()
        ]
        codes = self._cost_codes([(i, j, coding_of(line["cost_code"])) for i, j, line in entries])
        types = self._cost_types([(i, j, coding_of(line["cost_type"])) for i, j, line in entries])
        uoms = self._uoms([(i, j.company_id, line.get("uom")) for i, j, line in entries])
        places = self._places(entries)
        taxes = self._taxes([(i, j.company_id, line.get("tax_code")) for i, j, line in entries])
        products = self._mapped(
            [(i, j.company_id, line.get("product")) for i, j, line in entries],
            "product",
            "product.product",
            self.env._("Product"),
            also=self._items,
        )
        for plan in plans:
            item = plan["item"]
            plan["lines"] = []
            for position, line in enumerate(item.data.get("lines") or (), start=1):
                values = self._line_values(plan, line, position, codes, types, uoms)
                if values is None:
                    continue
                values |= self._place(item, line, places)
                tax = taxes.get((item.id, code_of(line.get("tax_code"))))
                if tax:
                    self._refuse_included_tax(item, line, tax)
                values["tax_ids"] = [fields.Command.set(tax.ids if tax else [])]
                product = products.get((item.id, code_of(line.get("product"))))
                if product:
                    self._set_product(item, values, product)
                plan["lines"].append(values)
            self._check_lines(plan)

    def _items(self, texts, platform_id, company):
        """{external id or internal reference: product id}; a reference that two carry finds
        nothing."""
        products = self.env["product.product"].search(
            [("default_code", "in", list(texts)), ("company_id", "in", (False, company.id))]
        )
        by_code = products.grouped("default_code")
        found = {code: group.id for code, group in by_code.items() if len(group) == 1}
        bound = self.env["construction.resolver"]._records(
            platform_id, "item", [("external", text) for text in texts]
        )
        ids = [res_id for model, res_id in bound.values() if model == "product.product" and res_id]
        existing = set(self.env["product.product"].browse(ids).exists().ids)
        return found | {
            key[1]: res_id for key, (_model, res_id) in bound.items() if res_id in existing
        }

    def _refuse_included_tax(self, item, line, tax):
        """Amounts of the contract are without tax: one that Odoo takes out of the price
        would make the commitment smaller than it is at the platform."""
        if any(part.price_include for part in tax.flatten_taxes_hierarchy()):
            item.park(
                "amount",
                self.env._(
                    "Tax %s is included in the price, the platform's amounts are without tax.",
                    tax.display_name,
                ),
                wait=f"tax_code|{code_of(line['tax_code'])}",
                suggestion=self.env._("Map the code to a tax that comes on top of the price."),
            )

    def _set_product(self, item, values, product):
        if product.is_storable:
            item.park(
                "inactive_target",
                self.env._(
                    "%s is kept in stock. On a job's order it would cost the job twice: order "
                    "it without the job, or map the item to a product without stock.",
                    product.display_name,
                ),
            )
        values["product_id"] = product.id

    # ---------------------------------------------------------------- lines
    def _line_values(self, plan, line, position, codes, types, uoms):
        """Values of an order line, or None after parking the item."""
        item, currency = plan["item"], plan["currency"]
        path = f"lines[{position}]"
        numbers = self._line_numbers(item, line, path, currency.decimal_places)
        code = codes.get((item.id, coding_of(line["cost_code"])))
        cost_type = types.get((item.id, coding_of(line["cost_type"])))
        if numbers is None or code is None or cost_type is None:
            return None
        amount, quantity, unit_cost, tax_amount = numbers
        try:
            method = sov.line_method(
                line.get("pricing"), quantity, unit_cost, amount, currency.decimal_places
            )
        except AmountError as error:
            text = f"{path}: {self._told(error)}"
            item.park("amount", text, amount=amount, currency_id=currency.id)
            return None
        if method == sov.AMOUNT:
            quantity, unit_cost = amount, Decimal(1)
        uom = uoms.get((item.id, code_of(line.get("uom")))) if method == sov.UNIT else None
        recoverable = line.get("tax_recoverable")
        return {
            "line_ref": line["line_id"],
            "item_number": line.get("item") or False,
            "name": line["description"],
            "sov_method": method,
            "product_id": cost_type.product_id.id,
            "product_uom_id": (uom or cost_type.product_id.uom_id).id,
            "product_qty": money.to_float(quantity, 6),
            "price_unit": money.to_float(unit_cost, 8),
            "technical_price_unit": money.to_float(unit_cost, 8),
            "discount": 0.0,
            "date_planned": noon(line.get("promised_on") or item.data["date"]),
            "cost_code_id": code.id,
            "cost_type_id": cost_type.id,
            "analytic_distribution": self.env["construction.coding"]._distribution(
                plan["job"], code, cost_type
            ),
            "platform_tax_amount": money.to_float(tax_amount, currency.decimal_places),
            "tax_recoverable": {True: "yes", False: "no"}.get(recoverable, False),
            "_amount": amount,
        }

    def _line_numbers(self, item, line, path, digits):
        amount = self._number(
            item, money.parse_amount, line["amount"], f"{path}.amount", digits, signed=True
        )
        optional = []
        for name, parse, extra in (
            ("quantity", money.parse_quantity, ()),
            ("unit_cost", money.parse_price, ()),
            ("tax_amount", money.parse_amount, (digits,)),
        ):
            value = line.get(name)
            if value is None:
                optional.append(Decimal(0) if name == "tax_amount" else None)
                continue
            number = self._number(item, parse, value, f"{path}.{name}", *extra, signed=True)
            if number is None:
                return None
            optional.append(number)
        return None if amount is None else (amount, *optional)

    def _check_lines(self, plan):
        """Σ lines = header, exactly; unique line ids; a header that is not negative."""
        item = plan["item"]
        if item.blocked:
            return
        refs = [values["line_ref"] for values in plan["lines"]]
        for ref in sorted({ref for ref in refs if refs.count(ref) > 1}):
            item.park("schema", self.env._("Line id “%s” occurs twice.", ref))
        amounts = [values["_amount"] for values in plan["lines"]]
        total = item.data.get("total")
        if total is not None:
            total = self._number(
                item, money.parse_amount, total, "total", plan["currency"].decimal_places
            )
            if total is None:
                return
        try:
            if sov.check_total(total, amounts) < 0:
                item.park("amount", self.env._("The total of a commitment cannot be negative."))
        except AmountError as error:
            item.park(
                "amount",
                self._told(error),
                amount=total,
                currency_id=plan["currency"].id,
                suggestion=self.env._("The platform has to send a version whose lines add up."),
            )

    def _check_account_map(self, plans):
        """No entry in the account map: an issue before anything is created."""
        AccountMap = self.env["construction.account.map"]
        types = self.env["construction.cost.type"]
        for plan in plans:
            company = plan["job"].company_id
            for type_id in {values["cost_type_id"] for values in plan["lines"]}:
                category = types.browse(type_id).category
                if not AccountMap._cost_account_id(company, category, plan["job"]):
                    plan["item"].park(
                        "unmapped_reference",
                        self.env._(
                            "The account map of %(company)s has no account for %(category)s.",
                            company=company.name,
                            category=category,
                        ),
                        wait=f"account_map|{company.id}|{category}",
                        suggestion=self.env._("Finance adds the row to the account map."),
                    )


def noon(day):
    """A document's date as an instant that is that day in every time zone of America
    and Europe: commitments are valued at the rate of their date."""
    return f"{day} 12:00:00"
