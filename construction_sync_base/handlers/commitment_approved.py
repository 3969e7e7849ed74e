from decimal import Decimal

from odoo import fields, models
from odoo.exceptions import UserError

from ..lib import money, sov
from ..lib.batch import Refused
from ..lib.errors import AmountError
from ..models.construction_coding import EDIT_SENTINEL
from .budget_approved import _code

BILLING_DEFAULT = {"subcontract": "application"}


class CommitmentApproved(models.AbstractModel):
    """commitment.approved → purchase order with a schedule of values, confirmed.

    A newer version changes the lines by `line_id`: a new line is added, a missing one is
    set to zero and stays; what was received or billed is never undercut.
    """

    _name = "construction.handler.commitment.approved"
    _inherit = "construction.handler.domain"
    _description = "commitment.approved"

    _event_type = "construction.commitment.approved.v1"
    _order_in_batch = 50

    def _apply(self, items):
        self = self.with_context(construction_platform_apply=EDIT_SENTINEL)
        known = self._split_new(items, "purchase.order")
        plans = self._plans(items, known)
        changed = [plan for plan in plans if plan["order"] and self._change_order(plan)]
        created = self._create_orders([plan for plan in plans if not plan["order"]])
        self._confirm(created)
        self._check_changed_budget(changed)
        for plan in created + changed:
            if not plan["item"].blocked:
                plan["item"].bind(plan["order"])

    # ----------------------------------------------------------------- plan
    def _plans(self, items, known):
        """What each event asks for, with every reference resolved and number parsed."""
        self._refuse_tombstones(items)
        jobs = self._resolve(
            items, "job", "project.project", lambda item: item.data["job"], self.env._("Job")
        )
        vendors = self._resolve(
            items, "vendor", "res.partner", lambda item: item.data["vendor"], self.env._("Vendor")
        )
        plans = []
        for item in items:
            if item.blocked:
                continue
            job, vendor = jobs[item.id], vendors[item.id]
            item.company_id = job.company_id.id
            currency = self._currency(item)
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

    def _refuse_tombstones(self, items):
        """A voided commitment is not raised from the dead by a later snapshot."""
        dead = (
            self.env["construction.binding"]
            .sudo()
            .search(
                [
                    ("platform_id", "=", items[0].platform_id),
                    ("object", "=", "commitment"),
                    ("external_id", "in", [item.external_id for item in items]),
                    ("tombstone", "=", True),
                ]
            )
            .mapped("external_id")
        )
        for item in items:
            if item.external_id in dead:
                item.park(
                    "inactive_target",
                    self.env._("This commitment was voided; a new version does not revive it."),
                    suggestion=self.env._("The platform sends commitment.reopened, or a new one."),
                )

    def _may_take(self, item, job, vendor, order):
        if not vendor.active:
            item.park(
                "inactive_target", self.env._("Vendor %s is archived.", vendor.display_name)
            )
        refusal = job._refusal("change" if order else "commitment")
        if refusal:
            item.park("inactive_target", refusal)
        return not item.blocked

    def _plan_lines(self, plans):
        entries = [
            (plan["item"], plan["job"], line)
            for plan in plans
            for line in plan["item"].data.get("lines") or ()
        ]
        codes = self._cost_codes([(i, j, _code(line["cost_code"])) for i, j, line in entries])
        types = self._cost_types([(i, j, _code(line["cost_type"])) for i, j, line in entries])
        units = [(i, j.company_id, line["uom"]) for i, j, line in entries if line.get("uom")]
        uoms = self._uoms(units) if units else {}
        taxes = self._mapped(entries, "tax_code", "account.tax", self.env._("Tax code"))
        products = self._mapped(entries, "product", "product.product", self.env._("Product"))
        for plan in plans:
            item = plan["item"]
            plan["lines"] = []
            for position, line in enumerate(item.data.get("lines") or (), start=1):
                values = self._line_values(plan, line, position, codes, types, uoms)
                if values is None:
                    continue
                tax = taxes.get((item.id, line.get("tax_code")))
                values["tax_ids"] = [fields.Command.set(tax.ids if tax else [])]
                product = products.get((item.id, _code(line.get("product") or "")))
                if product:
                    self._set_product(item, values, product)
                plan["lines"].append(values)
            self._check_lines(plan)

    def _mapped(self, entries, kind, model, label):
        """{(item id, text): record} of what goes through the crosswalk alone."""
        wanted = [
            (item, job.company_id, _code(line[kind])) for item, job, line in entries if line.get(kind)
        ]
        result = {}
        for company in {company for _i, company, _t in wanted}:
            group = [entry for entry in wanted if entry[1] == company]
            targets = self.env["construction.resolver"]._codes(
                kind, {text for _i, _c, text in group}, group[0][0].platform_id, company.id
            )
            for item, _company, text in group:
                target_model, res_id = targets.get(text, (None, None))
                if target_model == model:
                    result[item.id, text] = self.env[model].browse(res_id)
                elif (item.id, text) not in result:
                    result[item.id, text] = self.env[model]
                    item.park(
                        "unmapped_reference",
                        self.env._("%(label)s “%(text)s” is not mapped.", label=label, text=text),
                        wait=f"{kind}|{text}",
                        suggestion=self.env._("Map it in the crosswalk."),
                    )
        return result

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
        code = codes.get((item.id, _code(line["cost_code"])))
        cost_type = types.get((item.id, _code(line["cost_type"])))
        if numbers is None or code is None or cost_type is None:
            return None
        amount, quantity, unit_cost, tax_amount = numbers
        try:
            method = sov.line_method(
                line.get("pricing"), quantity, unit_cost, amount, currency.decimal_places
            )
        except AmountError as error:
            item.park("amount", f"{path}: {error}", amount=float(amount), currency_id=currency.id)
            return None
        if method == sov.AMOUNT:
            quantity, unit_cost = amount, Decimal(1)
        uom = uoms.get((item.id, line.get("uom"))) if method == sov.UNIT else None
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
            "date_planned": _noon(line.get("promised_on") or item.data["date"]),
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
                str(error),
                amount=float(total),
                currency_id=plan["currency"].id,
                suggestion=self.env._("The platform has to send a version whose lines add up."),
            )

    def _check_account_map(self, plans):
        """No entry in the account map: an issue before anything is created."""
        AccountMap = self.env["construction.account.map"]
        accounts = {
            company: AccountMap._cost_accounts(company)
            for company in {plan["job"].company_id for plan in plans}
        }
        types = self.env["construction.cost.type"]
        for plan in plans:
            company = plan["job"].company_id
            for type_id in {values["cost_type_id"] for values in plan["lines"]}:
                category = types.browse(type_id).category
                if not AccountMap._cost_account(accounts[company], category, plan["job"]):
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

    # --------------------------------------------------------------- create
    def _create_orders(self, plans):
        if not plans:
            return []
        terms = self._terms([plan["item"] for plan in plans])
        rows = []
        for plan in plans:
            if not plan["item"].blocked:
                rows.append(plan)
                plan["values"] = self._header(plan, terms) | {
                    "order_line": [
                        fields.Command.create(_stored(values)) for values in plan["lines"]
                    ]
                }
        orders = self.env["purchase.order"].create([plan["values"] for plan in rows])
        for plan, order in zip(rows, orders, strict=True):
            plan["order"] = order
        return rows

    def _terms(self, items):
        named = {item.data.get("payment_terms") for item in items} - {None, ""}
        if not named:
            return {}
        targets = self.env["construction.resolver"]._codes(
            "payment_terms", named, items[0].platform_id, items[0].company_id
        )
        for item in items:
            text = item.data.get("payment_terms")
            if text and text not in targets:
                item.park(
                    "unmapped_reference",
                    self.env._("Payment terms “%s” are not mapped.", text),
                    wait=f"payment_terms|{text}",
                )
        return {text: res_id for text, (model, res_id) in targets.items() if model}

    def _header(self, plan, terms):
        data = plan["item"].data
        kind = data["kind"]
        retention = data.get("retention_percent") or (data.get("retention") or {}).get(
            "work_percent"
        )
        percent = None
        if retention is not None:
            percent = self._number(
                plan["item"], money.parse_percent, retention, "retention_percent"
            )
        return {
            "company_id": plan["job"].company_id.id,
            "project_id": plan["job"].id,
            "partner_id": plan["vendor"].id,
            "currency_id": plan["currency"].id,
            "date_order": _noon(data["date"]),
            "user_id": False,
            "origin": data["number"],
            "commitment_number": data["number"],
            "commitment_title": data.get("title") or False,
            "commitment_type": kind,
            "billing_mode": data.get("billing_mode") or BILLING_DEFAULT.get(kind, "invoice"),
            "retention_percent": float(percent or 0),
            "executed_on": data.get("executed_on") or False,
            "payment_term_id": terms.get(data.get("payment_terms"), False),
            "platform_approval": _approval(data),
        }

    # --------------------------------------------------------------- change
    def _change_order(self, plan):
        """Bring a known order to the newer version; False after parking the item."""
        item, order = plan["item"], plan["order"]
        fault = self._fixed_fault(plan)
        if fault:
            item.park(*fault)
            return False
        if order.state == "cancel" or order.closed_state != "open":
            item.park(
                "inactive_target",
                self.env._("%s is cancelled or closed and takes no change.", order.display_name),
            )
            return False
        existing = {line.line_ref: line for line in order.order_line if line.line_ref}
        changes, additions = [], []
        for values in plan["lines"]:
            line = existing.pop(values["line_ref"], None)
            stored = _stored(values)
            if line is None:
                additions.append(stored)
            else:
                changed = self._changed_line(line, stored)
                if changed:
                    changes.append((line, changed))
        for line in existing.values():
            if line.product_qty:
                changes.append((line, {"product_qty": 0.0, "price_unit": line.price_unit}))
        try:
            with self.env.cr.savepoint():
                order._apply_change(changes, additions)
                order.with_context(construction_edit=EDIT_SENTINEL).write(
                    {
                        "original_amount": order.amount_untaxed,
                        "commitment_title": item.data.get("title") or False,
                        "platform_approval": _approval(item.data),
                    }
                )
        except UserError as error:
            item.park(
                "matching",
                str(error),
                suggestion=self.env._("Correct the receipt or bill, or the commitment there."),
            )
            return False
        return True

    def _fixed_fault(self, plan):
        order = plan["order"]
        for field, wanted, label in (
            ("project_id", plan["job"], self.env._("job")),
            ("partner_id", plan["vendor"], self.env._("vendor")),
            ("currency_id", plan["currency"], self.env._("currency")),
        ):
            if order[field] != wanted:
                return (
                    "ownership_conflict",
                    self.env._(
                        "%(order)s: the %(what)s of a commitment does not change "
                        "(%(old)s → %(new)s). Void it at the platform and make a new one.",
                        order=order.display_name,
                        what=label,
                        old=order[field].display_name,
                        new=wanted.display_name,
                    ),
                )
        return None

    def _changed_line(self, line, values):
        """Changed values; price and quantity always together."""
        values = {
            name: value
            for name, value in values.items()
            if name not in ("technical_price_unit", "date_planned", "analytic_distribution")
        }
        taxes = values.pop("tax_ids")
        changed = self._changed(line, values)
        if set(taxes[0][2]) != set(line.tax_ids.ids):
            changed["tax_ids"] = taxes
        if {"product_qty", "price_unit"} & set(changed):
            changed |= {
                "product_qty": values["product_qty"],
                "price_unit": values["price_unit"],
                "technical_price_unit": values["price_unit"],
            }
        if {"cost_code_id", "cost_type_id"} & set(changed):
            changed |= {
                "cost_code_id": values["cost_code_id"],
                "cost_type_id": values["cost_type_id"],
            }
        return changed

    # -------------------------------------------------------------- confirm
    def _confirm(self, plans):
        if not plans:
            return
        orders = self.env["purchase.order"].union(*(plan["order"] for plan in plans))
        overruns = self.env["construction.budget.control"]._overruns(orders)
        refused = orders.browse()
        for plan in plans:
            found = overruns.get(plan["order"].id)
            if found and not self._budget_verdict(plan, found):
                refused |= plan["order"]
        refused.button_cancel()
        refused.unlink()
        confirmed = [plan for plan in plans if plan["order"] not in refused]
        accepting = orders.browse()
        for plan in confirmed:
            policy = self._policy(plan)
            if policy.accept_platform_approval:
                accepting |= plan["order"]
        accepting.with_context(construction_approval=EDIT_SENTINEL).button_confirm()
        (orders - refused - accepting).button_confirm()

    def _policy(self, plan):
        return self.env["construction.sync.policy"]._get(
            "commitment", plan["job"].company_id.id, plan["item"].platform_id
        )

    def _budget_verdict(self, plan, found):
        """Whether the order goes on although it exceeds its budget; opens the issue."""
        check = self._policy(plan).budget_check
        item = plan["item"]
        if check == "off":
            return True
        currency = plan["job"].company_id.currency_id
        control = self.env["construction.budget.control"]
        text = control._explain(found, currency)
        over = float(sum(needed - rest for _key, rest, needed in found))
        more = {"amount": over, "currency_id": currency.id}
        if item.approved_note:
            plan["order"].budget_reason = item.approved_note
            return True
        if check == "block":
            item.park(
                "budget",
                text,
                wait=f"budget|{item.subject}",
                severity="high",
                suggestion=self.env._("Move budget to these lines, or approve the overrun."),
                **more,
            )
            return False
        if check == "route":
            plan["order"].budget_routed = True
            item.notice("approval", text, severity="high", **more)
        elif check == "warn":
            item.notice("budget", text, **more)
        else:
            plan["order"].message_post(body=text)
        return True

    def _check_changed_budget(self, plans):
        """A changed commitment is checked as a whole, itself left out of the position."""
        orders = self.env["purchase.order"].union(*(plan["order"] for plan in plans))
        overruns = self.env["construction.budget.control"]._overruns(orders)
        for plan in plans:
            found = overruns.get(plan["order"].id)
            if found and not self._budget_verdict(plan, found):
                # the change is made already: undo it with its savepoint, park it alone
                raise Refused(plan["item"].problems[-1])
        self.env["construction.budget.control"]._raise_alerts(orders)


def _noon(day):
    """A document's date as an instant that is that day in every time zone of America
    and Europe: commitments are valued at the rate of their date."""
    return f"{day} 12:00:00"


def _stored(values):
    return {name: value for name, value in values.items() if not name.startswith("_")}


def _approval(data):
    by = data.get("approved_by")
    name = by.get("name") if isinstance(by, dict) else by
    return " ".join(str(part) for part in (name, data.get("approved_at")) if part) or False
