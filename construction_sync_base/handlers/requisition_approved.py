from odoo import fields, models
from odoo.exceptions import UserError

from ..lib import money
from ..lib.errors import AmountError
from ..models.construction_coding import EDIT_SENTINEL
from ..models.construction_resolver import code_of


class RequisitionApproved(models.AbstractModel):
    """requisition.approved → requests for quotation, one for each vendor, coded and checked
    against the budget; orders at once where the policy says so.

    A newer version replaces them until one is ordered.
    """

    _name = "construction.handler.requisition.approved"
    _inherit = "construction.schedule.plan"
    _description = "requisition.approved"

    _event_type = "construction.requisition.approved.v1"
    _order_in_batch = 45

    def _apply(self, items):
        self = self.with_context(construction_platform_apply=EDIT_SENTINEL)
        self._refuse_merged(items)
        self._refuse_sub_jobs(items)
        jobs = self._resolve(
            items, "job", "project.project", lambda item: item.data["job"], self.env._("Job")
        )
        vendors = self._resolve(
            items,
            "vendor",
            "res.partner",
            lambda item: item.data.get("vendor"),
            self.env._("Vendor"),
        )
        known = self._known_orders(items)
        plans, currencies = [], self._currencies(items)
        products = self._named_products(items, jobs)
        for item in items:
            if not item.blocked and self._may_request(item, jobs[item.id], known.get(item.id)):
                plans += self._split(
                    item, jobs[item.id], vendors.get(item.id), products, currencies
                )
        plans = [plan for plan in plans if not plan["item"].blocked]
        self._plan_lines(plans)
        self._check_account_map(plans)
        plans = [plan for plan in plans if not plan["item"].blocked]
        self._write_orders(plans, known)
        self._check_budget(plans)
        plans = [plan for plan in plans if not plan["item"].blocked]
        self._order_at_once(plans)
        bound = set()
        for plan in plans:
            if plan["item"].id not in bound:
                plan["item"].bind(plan["order"])
            bound.add(plan["item"].id)

    # ----------------------------------------------------------------- read
    def _key(self, item):
        return f"{item.platform_id}|{item.external_id}"

    def _known_orders(self, items):
        """{item id: what an older version made}"""
        keys = {self._key(item): item.id for item in items}
        orders = self.env["purchase.order"].search(
            [("requisition_key", "in", list(keys)), ("state", "!=", "cancel")]
        )
        return {keys[key]: group for key, group in orders.grouped("requisition_key").items()}

    def _may_request(self, item, job, known):
        item.company_id = job.company_id.id
        refusal = job._refusal("commitment")
        ordered = known and known.filtered(lambda order: order.state in ("purchase", "to approve"))
        if refusal:
            item.park("inactive_target", refusal, wait=f"job_open|{job.id}")
        elif ordered:
            item.park(
                "matching",
                self.env._(
                    "Requisition %(number)s was ordered with %(orders)s and changes no more.",
                    number=item.data["number"],
                    orders=", ".join(ordered.mapped("display_name")),
                ),
                suggestion=self.env._("Change the order, or have a further requisition sent."),
            )
        return not item.blocked

    def _named_products(self, items, jobs):
        return self._mapped(
            [
                (item, jobs[item.id].company_id, line.get("product"))
                for item in items
                if item.id in jobs
                for line in item.data["lines"]
            ],
            "product",
            "product.product",
            self.env._("Product"),
            also=self._items,
        )

    def _split(self, item, job, vendor, products, currencies):
        """A plan for each vendor: the requisition's own, else the one that the product of the
        line is bought from."""
        currency = job.company_id.currency_id
        if item.data.get("currency"):
            currency = self._currency(item, currencies)
        groups = {}
        for position, line in enumerate(item.data["lines"], start=1):
            product = products.get((item.id, code_of(line.get("product"))))
            seller = vendor or (product and product.seller_ids[:1].partner_id)
            if not seller:
                item.park(
                    "unmapped_reference",
                    self.env._(
                        "lines[%(position)s] “%(line)s”: nobody says which vendor to ask.",
                        position=position,
                        line=line["description"],
                    ),
                    suggestion=self.env._(
                        "Give the product a vendor, or have the requisition sent with one."
                    ),
                )
            elif currency:
                line = self._as_ordered(item, line, position, currency)
                groups.setdefault(seller, []).append(line)
        if item.blocked:
            return []
        return [
            {
                "item": _Part(item, lines),
                "job": job,
                "vendor": partner,
                "currency": currency,
                "order": self.env["purchase.order"],
            }
            for partner, lines in groups.items()
        ]

    def _as_ordered(self, item, line, position, currency):
        """The line as an order's: priced by unit at its estimate, which may be nothing yet."""
        quantity = self._number(
            item, money.parse_quantity, line["quantity"], f"lines[{position}].quantity"
        )
        estimate = line.get("estimated_unit_cost")
        path = f"lines[{position}].estimated_unit_cost"
        price = self._number(item, money.parse_price, estimate or "0", path)
        amount = "0"
        if quantity is not None and price is not None:
            try:
                product = money.EXACT.multiply(quantity, price)
                amount = str(money.round_half_up(product, currency.decimal_places))
            except AmountError as error:
                item.park("amount", f"{path}: {self._told(error)}")
        return line | {
            "pricing": "unit",
            "unit_cost": estimate or "0",
            "amount": amount,
            "promised_on": item.data.get("needed_by"),
        }

    # ---------------------------------------------------------------- write
    def _write_orders(self, plans, known):
        """Create requests, put new lines into those of an older version, drop what is left."""
        rows, left = [], dict(known)
        for plan in plans:
            old = left.get(plan["item"].id, self.env["purchase.order"])
            order = old.filtered(lambda o, p=plan: o.partner_id == p["vendor"])[:1]
            left[plan["item"].id] = old - order
            lines = [fields.Command.create(_stored(values)) for values in plan["lines"]]
            if order:
                order.order_line.unlink()
                order.write({"order_line": lines, **self._header(plan)})
                plan["order"] = order
            else:
                rows.append((plan, self._header(plan) | {"order_line": lines}))
        made = self.env["purchase.order"].create([values for _plan, values in rows])
        for (plan, _values), order in zip(rows, made, strict=True):
            plan["order"] = order
        parked = {plan["item"].id for plan in plans}
        for item_id, orders in left.items():
            if item_id in parked:
                orders.button_cancel()

    def _header(self, plan):
        item = plan["item"]
        rental = item.data.get("fulfil_from") == "rental"
        return {
            "company_id": plan["job"].company_id.id,
            "project_id": plan["job"].id,
            "partner_id": plan["vendor"].id,
            "currency_id": plan["currency"].id,
            "user_id": False,
            "origin": item.data["number"],
            "commitment_type": "rental" if rental else "purchase_order",
            "requisition_number": item.data["number"],
            "requisition_key": self._key(item),
        }

    def _policy(self, plan):
        return self.env["construction.sync.policy"]._get(
            "requisition", plan["job"].company_id.id, plan["item"].platform_id
        )

    def _check_budget(self, plans):
        """What exceeds the budget: told, or stopped, as the policy says."""
        orders = self.env["purchase.order"].union(*(plan["order"] for plan in plans))
        control = self.env["construction.budget.control"]
        strict = [p["order"].id for p in plans if self._policy(p).budget_check == "block"]
        overruns = control._overruns(orders, stopped=strict)
        for plan in plans:
            found, check = overruns.get(plan["order"].id), self._policy(plan).budget_check
            if not found or check == "off" or plan["item"].blocked:
                continue
            currency = plan["job"].company_id.currency_id
            over = sum(needed - rest for _key, rest, needed in found)
            more = {"amount": over, "currency_id": currency.id}
            text = control._explain(found, currency)
            if check == "block" and not plan["item"].approved_note:
                wait = f"budget|{plan['job'].id}"
                plan["item"].park("budget", text, wait=wait, severity="high", **more)
            else:
                plan["item"].notice("budget", text, **more)
        for plan in plans:
            if plan["item"].blocked:
                plan["order"].button_cancel()
                plan["order"].unlink()

    def _order_at_once(self, plans):
        for plan in plans:
            if not self._policy(plan).order_requisitions:
                continue
            try:
                with self.env.cr.savepoint():
                    plan["order"].button_confirm()
            except UserError as error:
                plan["item"].notice(
                    "matching",
                    str(error),
                    suggestion=self.env._("A buyer confirms it once that is mended."),
                )


class _Part:
    """The part of a requisition that one vendor is asked for; everything else is the item's."""

    def __init__(self, item, lines):
        self._item = item
        date = item.data.get("needed_by") or fields.Date.to_string(fields.Date.today())
        self.data = item.data | {"lines": lines, "date": date}

    def __getattr__(self, name):
        return getattr(self._item, name)


def _stored(values):
    return {name: value for name, value in values.items() if not name.startswith("_")}
