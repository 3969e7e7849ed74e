from datetime import datetime
from decimal import Decimal

from odoo import fields, models
from odoo.exceptions import UserError

from ..lib import money
from ..models.construction_coding import EDIT_SENTINEL
from ..models.construction_resolver import code_of
from ..models.construction_schedule_plan import noon
from ..models.purchase_order import CONFIRMED

BILLING_DEFAULT = {"subcontract": "application"}


class CommitmentApproved(models.AbstractModel):
    """commitment.approved → purchase order with a schedule of values, confirmed.

    A newer version changes the lines by `line_id`: a new line is added, a missing one is
    set to zero and stays; what was received or billed is never undercut.
    """

    _name = "construction.handler.commitment.approved"
    _inherit = "construction.typed.commitment"
    _description = "commitment.approved"

    _event_type = "construction.commitment.approved.v1"
    _order_in_batch = 50

    def _apply(self, items):
        self = self.with_context(construction_platform_apply=EDIT_SENTINEL)
        known = self._split_new(items, "purchase.order")
        plans = self._plans(items, known)
        self._adopt_typed(plans)
        plans = [plan for plan in plans if not plan["item"].blocked]
        drafts = [plan for plan in plans if plan["order"].state in ("draft", "sent")]
        known = [plan for plan in plans if plan["order"] and plan not in drafts]
        before = self._orders(known)
        before = {order.id: order.amount_total for order in before}, self._needs(before)
        changed = [plan for plan in known if self._change_order(plan)]
        created = self._complete_drafts(drafts)
        created += self._create_orders([plan for plan in plans if not plan["order"]])
        self._confirm(created)
        self._check_changed(changed, *before)
        self._orders(changed)._submit_set_back()
        for plan in created + changed:
            if not plan["item"].blocked:
                plan["item"].bind(plan["order"])

    def _orders(self, plans):
        return self.env["purchase.order"].union(*(plan["order"] for plan in plans))

    def _needs(self, orders):
        return self.env["construction.job.cost"]._needs(orders)

    # --------------------------------------------------------------- create
    def _create_orders(self, plans):
        if not plans:
            return []
        terms = self._terms(plans)
        rows = []
        for plan in plans:
            if plan["item"].blocked:
                continue
            values = self._header(plan, terms)
            if not plan["item"].blocked:
                rows.append(plan)
                plan["values"] = values | {
                    "order_line": [fields.Command.create(_new(values)) for values in plan["lines"]]
                }
        orders = self.env["purchase.order"].create([plan["values"] for plan in rows])
        for plan, order in zip(rows, orders, strict=True):
            plan["order"] = order
        return rows

    def _terms(self, plans):
        """{(item id, code): payment term}"""
        return self._payment_terms(
            [(p["item"], p["job"].company_id, p["item"].data.get("payment_terms")) for p in plans]
        )

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
        company = plan["job"].company_id
        vendor = plan["vendor"].with_company(company)
        term = terms.get((plan["item"].id, code_of(data.get("payment_terms"))))
        return {
            "company_id": company.id,
            "project_id": plan["job"].id,
            "partner_id": plan["vendor"].id,
            "currency_id": plan["currency"].id,
            "date_order": noon(data["date"]),
            "user_id": False,
            "origin": data["number"],
            "commitment_number": data["number"],
            "commitment_title": data.get("title") or False,
            "commitment_type": kind,
            "billing_mode": data.get("billing_mode") or BILLING_DEFAULT.get(kind, "invoice"),
            "retention_percent": money.to_float(percent or Decimal(0), money.PERCENT_DECIMALS),
            "executed_on": data.get("executed_on") or False,
            "start_on": data.get("start_on") or False,
            "end_on": data.get("end_on") or False,
            "payment_term_id": (term or vendor.property_supplier_payment_term_id).id,
            "platform_approval": _approval(data),
        }

    def _complete_drafts(self, plans):
        """Orders that somebody typed and did not confirm: the event's header and lines."""
        terms = self._terms(plans)
        ready = []
        for plan in plans:
            header = self._header(plan, terms)
            fixed = ("company_id", "project_id", "currency_id")
            plan["header"] = {name: v for name, v in header.items() if name not in fixed}
            if not plan["item"].blocked and self._change_order(plan):
                ready.append(plan)
        return ready

    # --------------------------------------------------------------- change
    def _change_order(self, plan):
        """Bring a known order to the newer version; False after parking the item."""
        item, order = plan["item"], plan["order"]
        if not self._policy(plan)._filter_update({"order_line": True}):
            item.notice(
                "ownership_conflict",
                self.env._(
                    "%s is kept in Odoo; the new version changes nothing.", order.display_name
                ),
            )
            item.bind(order)
            return False
        fault = self._fixed_fault(plan)
        if fault:
            item.park(*fault)
            return False
        if order.state == "cancel" or order.closed_state != "open":
            item.park(
                "inactive_target",
                self.env._("%s is cancelled or closed and takes no change.", order.display_name),
                suggestion=self.env._("The platform reopens it first, or sends a new one."),
            )
            return False
        refusal = self._try_change(plan)
        if refusal and self._make_room(plan, refusal):
            refusal = self._try_change(plan)
        if refusal and not item.blocked:
            item.park(
                "matching",
                refusal,
                suggestion=self.env._("Correct the receipt or bill, or the commitment there."),
            )
        return not item.blocked

    def _try_change(self, plan):
        """Why the order does not take the newer version, or None once it has."""
        try:
            with self.env.cr.savepoint():
                self._write_change(plan)
        except UserError as error:
            return str(error)
        return None

    def _make_room(self, plan, refusal):
        """Where bills alone stand in the way a correction sets them back; after its release
        the change is made and they are submitted again. Whether there is room now."""
        order = plan["order"]
        try:
            bills = order._in_the_way(self._line_changes(plan)[0])
        except UserError:
            return False
        reason = self.env._("A newer version of %s came.", order.display_name)
        return bool(bills) and self._corrected(
            plan["item"], order, "change", bills, reason, refusal
        )

    def _write_change(self, plan):
        item, order = plan["item"], plan["order"]
        settled = plan.get("first") and self._take_over(plan)
        order._apply_change(*(([], []) if settled else self._line_changes(plan)))
        values = {
            "original_amount": order._amount_without_changes() if order.state in CONFIRMED else 0,
            "commitment_title": item.data.get("title") or False,
            "platform_approval": _approval(item.data),
        }
        if plan.get("first"):
            values |= {
                "commitment_number": item.data["number"],
                "commitment_type": order.commitment_type or item.data["kind"],
            } | plan.get("header", {})
        changed = self._changed(order, values)
        if changed:
            order._editable().write(changed)

    def _line_changes(self, plan):
        """(changes, additions) for `_apply_change` that lead from the order to the event. What
        executed change orders added to a line stays on top of it."""
        order = plan["order"]
        existing = {line.line_ref: line for line in order.order_line if line.line_ref}
        changes, additions = [], []
        for values in plan["lines"]:
            line = existing.pop(values["line_ref"], None)
            stored = _stored(values)
            if line is None:
                additions.append(_new(values))
            else:
                changed = self._changed_line(line, line._with_executed_changes(stored))
                if changed and line._rent_days_differ(plan["item"].data):
                    changed["rent_count"] = line.rent_count
                if changed:
                    changes.append((line, changed))
        for line in [*existing.values(), *plan.get("superfluous", ())]:
            nothing = line._with_executed_changes(
                {"product_qty": 0.0, "price_unit": line.price_unit}
            )
            if line.product_qty != nothing["product_qty"]:
                changes.append((line, nothing | {"platform_tax_amount": 0.0}))
        return changes, additions

    def _fixed_fault(self, plan):
        order = plan["order"]
        for field, wanted, label in (
            ("project_id", plan["job"], self.env._("job")),
            ("partner_id", plan["vendor"], self.env._("vendor")),
            ("currency_id", plan["currency"], self.env._("currency")),
        ):
            if _firm(order[field]) != _firm(wanted):
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


def _firm(record):
    """The vendor itself, where a person put one of its contacts on the order."""
    return record.commercial_partner_id if record._name == "res.partner" else record


def _stored(values):
    return {name: value for name, value in values.items() if not name.startswith("_")}


def _new(values):
    """Values of a new line; an amount of zero would have the currency of each looked up."""
    values = _stored(values)
    if not values["platform_tax_amount"]:
        values.pop("platform_tax_amount")
    return values


def _approval(data):
    by = data.get("approved_by")
    name = by.get("name") if isinstance(by, dict) else by
    return ", ".join(part for part in (name, _readable(data.get("approved_at"))) if part) or False


def _readable(moment):
    """An RFC 3339 time as people read it, in the zone in which it was said."""
    try:
        return f"{datetime.fromisoformat(moment):%Y-%m-%d %H:%M %Z}"
    except (TypeError, ValueError):
        return moment
