from decimal import Decimal

from odoo import fields, models

from ..lib import money, sov
from ..lib.change_order import SIDES
from ..lib.errors import AmountError
from .construction_resolver import code_of, coding_of, ref_key, ref_keys, wait_key

# of a line: each is told, or follows from others
AMOUNTS = ("cost_amount", "budget_amount", "revenue_amount")


class ConstructionScheduleChange(models.AbstractModel):
    """Reads change order events into plans: every reference resolved, every number parsed and
    checked, before anything is written."""

    _name = "construction.schedule.change"
    _inherit = "construction.handler.domain"
    _description = "Change Order Plan"

    def _plans(self, items, known):
        """[{item, job, change, header, lines, claims}] of what may go on."""
        self._refuse_sub_jobs(items)
        jobs = self._resolve(
            items, "job", "project.project", lambda item: item.data["job"], self.env._("Job")
        )
        currencies = self._currencies(items)
        plans = []
        for item in items:
            if item.blocked:
                continue
            job = jobs[item.id]
            item.company_id = job.company_id.id
            currency = self._currency(item, currencies)
            change = known.get(item.id, self.env["construction.change.order"])
            if currency and self._fits(item, job, currency, change):
                plans.append(
                    {
                        "item": item,
                        "job": job,
                        "currency": currency,
                        "change": change,
                        "claims": self._claims(item),
                    }
                )
        self._check_rates(plans)
        self._plan_lines([plan for plan in plans if not plan["item"].blocked])
        for plan in plans:
            if not plan["item"].blocked:
                plan["header"] = self._header(plan)
        return [plan for plan in plans if not plan["item"].blocked]

    def _claims(self, item):
        said = {side: item.data.get(f"{side}_status") for side in SIDES}
        return {side: status for side, status in said.items() if status}

    def _fits(self, item, job, currency, change):
        for field, wanted, label in (
            ("job_id", job, self.env._("job")),
            ("currency_id", currency, self.env._("currency")),
        ):
            if change and change[field] != wanted:
                item.park(
                    "ownership_conflict",
                    self.env._(
                        "%(change)s: the %(what)s of a change order does not change (%(old)s → "
                        "%(new)s). Void it at the platform and make a new one.",
                        change=change.display_name,
                        what=label,
                        old=change[field].display_name,
                        new=wanted.display_name,
                    ),
                )
        return not item.blocked

    def _check_rates(self, plans):
        schedule = self.env["construction.schedule.plan"]
        own = [plan["job"].company_id.currency_id for plan in plans]
        if all(plan["currency"] == mine for plan, mine in zip(plans, own, strict=True)):
            return
        rates = schedule._first_rates([*own, *(plan["currency"] for plan in plans)])
        for plan in plans:
            schedule._rated(plan["item"], plan["currency"], plan["job"].company_id, rates)

    def _header(self, plan):
        data = plan["item"].data
        number = _named(data.get("prime_contract")) or _named(data.get("contract"))
        return {
            "number": data["number"],
            "title": data["title"],
            "job_id": plan["job"].id,
            "currency_id": plan["currency"].id,
            "stage": data["stage"],
            "origin": data.get("origin") or False,
            "date": data["date"],
            "effective_on": data.get("effective_on") or False,
            "respond_by": data.get("respond_by") or False,
            "schedule_days": data.get("schedule_days") or 0,
            "reason": data.get("reason") or False,
            "rfi_refs": ", ".join(data.get("rfi") or ()) or False,
            "package_ref": data.get("package") or False,
            "prime_contract_ref": number or False,
            "platform_ref": plan["item"].external_id,
            "from_platform": True,
            "platform_id": plan["item"].platform_id,
        }

    # ---------------------------------------------------------------- lines
    def _plan_lines(self, plans):
        entries = [
            (plan["item"], plan["job"], line)
            for plan in plans
            for line in plan["item"].data.get("lines") or ()
        ]
        if not entries:
            for plan in plans:
                plan["lines"] = []
                self._check_totals(plan)
            return
        codes = self._cost_codes([(i, j, coding_of(line["cost_code"])) for i, j, line in entries])
        types = self._cost_types([(i, j, coding_of(line["cost_type"])) for i, j, line in entries])
        taxes = self._taxes([(i, j.company_id, line.get("tax_code")) for i, j, line in entries])
        places = self._places(entries)
        orders = self._commitments(entries)
        for plan in plans:
            item, plan["lines"] = plan["item"], []
            for position, line in enumerate(item.data.get("lines") or (), start=1):
                code = codes.get((item.id, coding_of(line["cost_code"])))
                cost_type = types.get((item.id, coding_of(line["cost_type"])))
                amounts = self._amounts(plan, line, f"lines[{position}]")
                target = self._target(plan, line, orders)
                if None in (code, cost_type, amounts, target):
                    continue
                tax = taxes.get((item.id, code_of(line.get("tax_code"))))
                plan["lines"].append(
                    {
                        "sequence": position,
                        "line_ref": line["line_id"],
                        "name": line["description"],
                        "cost_code_id": code.id,
                        "cost_type_id": cost_type.id,
                        "order_id": target[0].id,
                        "order_line_id": target[1].id,
                        "prime_line_ref": line.get("prime_line_id") or False,
                        "tax_id": tax.id if tax else False,
                        **amounts,
                        **self._place(item, line, places),
                    }
                )
            self._check_totals(plan)

    def _commitments(self, entries):
        """{(item id, key): order} of the commitments that lines name; what nobody knows yet
        parks its item, which goes on when it comes."""
        wanted = {}
        for item, _job, line in entries:
            for key in ref_keys(line.get("commitment")):
                wanted.setdefault(key, []).append(item)
        if not wanted:
            return {}
        platform = self.env["construction.platform"].sudo().browse(entries[0][0].platform_id)
        found = self.env["construction.resolver"]._records(
            platform.id, "commitment", list(wanted), platform.company_ids.ids
        )
        ids = {res_id for _model, res_id in found.values() if res_id}
        existing = {order.id: order for order in self.env["purchase.order"].browse(ids).exists()}
        result = {}
        for key, items in wanted.items():
            order = existing.get(found.get(key, (None, None))[1])
            for item in items:
                if order:
                    result[item.id, key] = order
        for item, _job, line in entries:
            keys = ref_keys(line.get("commitment"))
            if keys and not any((item.id, key) in result for key in keys):
                self._park_unknown(item, keys[-1], found)
        return result

    def _park_unknown(self, item, key, found):
        gone = key in found
        item.park(
            "unmapped_reference",
            self.env._("Commitment “%s” was voided.", key[1])
            if gone
            else self.env._("Commitment “%s” is not known in Odoo yet.", key[1]),
            wait=wait_key("commitment", key),
            suggestion=self.env._(
                "It resumes by itself when the platform sends it; or map it by hand."
            ),
        )

    def _target(self, plan, line, orders):
        """(order, order line) of one line, each empty where none is named; None after parking."""
        item, job = plan["item"], plan["job"]
        order = self.env["purchase.order"]
        keys = ref_keys(line.get("commitment"))
        if keys:
            order = next((orders[item.id, key] for key in keys if (item.id, key) in orders), None)
            if order is None:
                return None
            if order.project_id != job:
                item.park(
                    "ownership_conflict",
                    self.env._(
                        "%(order)s belongs to job %(owner)s, the change order to %(job)s.",
                        order=order.display_name,
                        owner=order.project_id.display_name,
                        job=job.display_name,
                    ),
                )
            if order.currency_id != plan["currency"]:
                item.park(
                    "amount",
                    self.env._(
                        "The event is in %(code)s, %(order)s is in %(theirs)s.",
                        code=plan["currency"].name,
                        order=order.display_name,
                        theirs=order.currency_id.name,
                    ),
                )
        ref = line.get("commitment_line_id")
        if not ref or item.blocked:
            return order, order.order_line.browse()
        target = order.order_line.filtered(lambda each: each.line_ref == ref)[:1]
        if not target:
            item.park(
                "unmapped_reference",
                self.env._(
                    "%(order)s has no line “%(line)s”.",
                    order=order.display_name or self.env._("No commitment"),
                    line=ref,
                ),
                wait=wait_key("commitment", keys[-1]) if keys else None,
                suggestion=self.env._("It resumes when the commitment comes with that line."),
            )
            return None
        return order, target

    # -------------------------------------------------------------- amounts
    def _amounts(self, plan, line, path):
        """Amounts of one line with the contract's defaults, or None after parking."""
        item, digits = plan["item"], plan["currency"].decimal_places
        numbers = {}
        for name, parse, extra in (
            ("budget_amount", money.parse_amount, (digits,)),
            ("cost_amount", money.parse_amount, (digits,)),
            ("revenue_amount", money.parse_amount, (digits,)),
            ("quantity_delta", money.parse_quantity, ()),
            ("revenue_quantity_delta", money.parse_quantity, ()),
            ("unit_cost", money.parse_price, ()),
            ("unit_price", money.parse_price, ()),
        ):
            if line.get(name) is None:
                numbers[name] = None
                continue
            number = self._number(item, parse, line[name], f"{path}.{name}", *extra, signed=True)
            if number is None:
                return None
            numbers[name] = number
        markup = self._markup(item, line, path, digits)
        if markup is None:
            return None
        if numbers["cost_amount"] is None:
            numbers["cost_amount"] = _product(numbers, "quantity_delta", "unit_cost", digits)
        if numbers["revenue_amount"] is None:
            numbers["revenue_amount"] = _product(
                numbers, "revenue_quantity_delta", "unit_price", digits
            )
            if markup and not numbers["revenue_amount"]:
                added = sum((amount for _k, _p, amount in markup), Decimal(0))
                numbers["revenue_amount"] = numbers["cost_amount"] + added
        if numbers["budget_amount"] is None:
            numbers["budget_amount"] = numbers["cost_amount"]
        places = {"quantity_delta": 6, "revenue_quantity_delta": 6, "unit_cost": 8, "unit_price": 8}
        values = {
            name: money.to_float(number or Decimal(0), places.get(name, digits))
            for name, number in numbers.items()
        }
        return values | {"_markup": markup}

    def _markup(self, item, line, path, digits):
        """[(kind, percent, amount)] or None after parking."""
        found = []
        for position, each in enumerate(line.get("markup") or (), start=1):
            where = f"{path}.markup[{position}]"
            amount = self._number(
                item, money.parse_amount, each["amount"], f"{where}.amount", digits, signed=True
            )
            percent = Decimal(0)
            if each.get("percent") is not None:
                percent = self._number(
                    item, money.parse_percent, each["percent"], f"{where}.percent"
                )
            if amount is None or percent is None:
                return None
            found.append((each["kind"], percent, amount))
        return found

    def _check_totals(self, plan):
        """Line ids once; the totals, where given, are the sums of the lines."""
        item, digits = plan["item"], plan["currency"].decimal_places
        if item.blocked:
            return
        refs = [values["line_ref"] for values in plan["lines"]]
        for ref in sorted({ref for ref in refs if refs.count(ref) > 1}):
            item.park("schema", self.env._("Line id “%s” occurs twice.", ref))
        sums = {
            name: sum((money.from_float(v[name], digits) for v in plan["lines"]), Decimal(0))
            for name in ("cost_amount", "revenue_amount")
        }
        self._check_total(item, "total_cost", [sums["cost_amount"]], digits)
        self._check_total(item, "total_revenue", [sums["revenue_amount"]], digits)
        self._check_total(item, "total", sums.values(), digits)

    def _check_total(self, item, name, sums, digits):
        if item.data.get(name) is None:
            return
        total = self._number(item, money.parse_amount, item.data[name], name, digits, signed=True)
        if total is None or total in sums:
            return
        try:
            sov.check_total(total, [next(iter(sums))])
        except AmountError as error:
            item.park(
                "amount",
                f"{name}: {self._told(error)}",
                suggestion=self.env._("The platform has to send a version whose lines add up."),
            )

    def _line_commands(self, plan):
        """Commands that lead from the lines there are to those of the event. A missing line
        goes to zero first, so that what was applied of it is undone."""
        existing = {line.line_ref: line for line in plan["change"].line_ids}
        commands = []
        for values in plan["lines"]:
            markup = values["_markup"]
            values = {name: value for name, value in values.items() if name != "_markup"}
            line = existing.pop(values["line_ref"], None)
            if line is None:
                values["markup_ids"] = [fields.Command.create(_kind(*each)) for each in markup]
                commands.append(fields.Command.create(values))
                continue
            changed = self._changed(line, values)
            before = [(m.kind, m.percent, m.amount) for m in line.markup_ids]
            if before != [(k, float(p), float(a)) for k, p, a in markup]:
                changed["markup_ids"] = [
                    fields.Command.clear(),
                    *(fields.Command.create(_kind(*each)) for each in markup),
                ]
            if changed:  # what is told anew is not computed from what changed beside it
                told = {name: values[name] for name in AMOUNTS if name in values}
                commands.append(fields.Command.update(line.id, changed | told))
        for line in existing.values():
            nothing = dict.fromkeys(
                ("cost_amount", "budget_amount", "revenue_amount", "quantity_delta",
                 "revenue_quantity_delta"), 0.0,
            )  # fmt: skip
            nothing = self._changed(line, nothing)
            if line.markup_ids:
                nothing["markup_ids"] = [fields.Command.clear()]
            if nothing:
                commands.append(fields.Command.update(line.id, nothing))
        return commands


def _named(reference):
    key = ref_key(reference)
    return key and key[1]


def _product(numbers, quantity, price, digits):
    if not (numbers[quantity] and numbers[price]):
        return Decimal(0)
    return money.round_half_up(money.EXACT.multiply(numbers[quantity], numbers[price]), digits)


def _kind(kind, percent, amount):
    return {"kind": kind, "percent": float(percent), "amount": float(amount)}
