from collections import defaultdict
from decimal import Decimal

from odoo import fields, models

from ..lib import money, sov
from ..lib.batch import Refused
from ..lib.errors import AmountError
from ..models.construction_resolver import code_of, coding_of


class BudgetApproved(models.AbstractModel):
    """budget.approved → a new approved version; the one before is superseded."""

    _name = "construction.handler.budget.approved"
    _inherit = "construction.typed.budget"
    _description = "budget.approved"

    _event_type = "construction.budget.approved.v1"
    _order_in_batch = 40

    def _apply(self, items):
        ready = self._of_one_job(items, self._park_closed)
        found = self._lookups(ready)
        asked = []
        for item, job in ready:
            lines = self._lines(item, job, *found)
            if item.blocked:
                continue
            values = {
                "job_id": job.id,
                "basis": item.data.get("basis") or "original",
                "includes_changes": ", ".join(item.data.get("includes_changes") or ()) or False,
                "effective_on": item.data.get("effective_on") or False,
                "line_ids": [fields.Command.create(line) for line in lines],
            }
            asked.append((item, job, values))
        fresh, completed = self._without_present(asked)
        fresh = [row for row in fresh if not self._is_locked(row[0], row[1])]
        for budget, item in completed:
            if self._is_locked(item, budget.job_id):
                raise Refused(item.problems[-1])  # undoes what the event wrote on the draft
        versions = self._versions([job for _item, job, _values in fresh])
        rows = [
            (item, values | {"version": self._version(item, job, versions)})
            for item, job, values in fresh
            if not item.blocked
        ]
        budgets = self.env["construction.budget"].create([values for _item, values in rows])
        made = [(budget, item) for (item, _v), budget in zip(rows, budgets, strict=True)]
        made += completed
        self.env["construction.approval"]._from_platform(made)
        waiting = budgets.union(*(budget for budget, _item in made))._release_from_platform()
        for budget, item in made:
            item.bind(budget)
            if budget in waiting:
                self._notice_waiting(item, budget)

    def _is_locked(self, item, job):
        """Whether the job's budget takes no new version now; parks the item."""
        refusal = job._budget_lock_refusal("version")
        if refusal:
            item.park("budget", refusal, wait=f"budget_open|{job.id}")
        return bool(refusal)

    def _park_closed(self, item, job):
        closed = job.job_status == "closed"
        if closed:
            item.park(
                "inactive_target",
                self.env._("Job %s is closed and takes no budget.", job.display_name),
                wait=f"job_open|{job.id}",
            )
        return closed

    def _lookups(self, ready):
        entries = [
            (item, job, line) for item, job in ready for line in item.data.get("lines") or ()
        ]
        codes = self._cost_codes([(i, j, coding_of(line["cost_code"])) for i, j, line in entries])
        types = self._cost_types([(i, j, coding_of(line["cost_type"])) for i, j, line in entries])
        uoms = self._uoms([
            (i, j.company_id, unit)
            for i, j, line in entries
            for unit in (line.get("uom"), (line.get("production") or {}).get("uom"))
        ])  # fmt: skip
        return codes, types, uoms, self._places(entries)

    def _versions(self, jobs):
        taken = defaultdict(set)
        ids = [job.id for job in jobs]
        for budget in self.env["construction.budget"].search([("job_id", "in", ids)]):
            taken[budget.job_id.id].add(budget.version)
        return taken

    def _version(self, item, job, taken):
        """The platform's version; a re-sent one gets a suffix, since versions are kept."""
        version = str(item.data["version"])
        name, number = version, 1
        while name in taken[job.id]:
            number += 1
            name = f"{version}.{number}"
        taken[job.id].add(name)
        return name

    def _lines(self, item, job, codes, types, uoms, places):
        currency = job.company_id.currency_id
        merged, amounts = {}, []
        for position, line in enumerate(item.data.get("lines") or (), start=1):
            path = f"lines[{position}]"
            amount = self._number(
                item, money.parse_amount, line["amount"], f"{path}.amount",
                currency.decimal_places, signed=True,
            )  # fmt: skip
            quantity = unit_cost = Decimal(0)
            if line.get("quantity") is not None:
                quantity = self._number(
                    item, money.parse_quantity, line["quantity"], f"{path}.quantity", signed=True
                )
            if line.get("unit_cost") is not None:
                unit_cost = self._number(
                    item, money.parse_price, line["unit_cost"], f"{path}.unit_cost", signed=True
                )
            code = codes.get((item.id, coding_of(line["cost_code"])))
            cost_type = types.get((item.id, coding_of(line["cost_type"])))
            spread = self._spread(item, line, path, amount, currency)
            production = self._production(item, line, path, uoms)
            if None in (amount, quantity, unit_cost, code, cost_type, spread, production):
                continue
            amounts.append(amount)
            uom = uoms.get((item.id, code_of(line.get("uom"))))
            ref = line.get("line_id") or False
            place = self._place(item, line, places)
            key = (code.id, cost_type.id, line.get("reserve") or False, ref, *place.values())
            if key in merged:
                merged[key]["amount"] += amount
                more = {"quantity": quantity, "uom_id": uom.id if uom else False, **production}
                for prefix in ("", "production_"):
                    self._add_quantity(item, path, merged[key], more, prefix)
                for month, part in spread.items():
                    merged[key]["spread"][month] = merged[key]["spread"].get(month, 0) + part
                continue
            merged[key] = {
                "line_ref": ref,
                "cost_code_id": code.id,
                "cost_type_id": cost_type.id,
                "reserve": line.get("reserve") or False,
                "description": line.get("description") or False,
                "quantity": quantity,
                "uom_id": uom.id if uom else False,
                "unit_cost": unit_cost,
                "amount": amount,
                "spread": spread,
                **production,
                **place,
            }
        if not item.blocked:
            self._check_total(item, amounts, currency)
        for values in merged.values():
            values["amount"] = money.to_float(values["amount"], currency.decimal_places)
            values["quantity"] = money.to_float(values["quantity"], 6)
            values["unit_cost"] = money.to_float(values["unit_cost"], 8)
            values["production_quantity"] = money.to_float(values["production_quantity"], 6)
            values["spread_ids"] = [
                fields.Command.create({
                    "month": f"{month}-01",
                    "amount": money.to_float(part, currency.decimal_places),
                })
                for month, part in values.pop("spread").items()
            ]  # fmt: skip
        return list(merged.values())

    def _add_quantity(self, item, path, line, more, prefix):
        """Add the quantity of a further line to that of the first; parks different units."""
        quantity, uom = f"{prefix}quantity", f"{prefix}uom_id"
        if line[quantity] and more[quantity] and line[uom] != more[uom]:
            units = self.env["uom.uom"].browse(filter(None, (line[uom], more[uom])))
            item.park(
                "amount",
                self.env._(
                    "%(path)s has the coding of a line before it, and its quantity another unit "
                    "(%(units)s): they do not add up.",
                    path=path,
                    units=", ".join(units.mapped("name")),
                ),
                suggestion=self.env._(
                    "The platform has to send both in one unit, or each with its own line_id."
                ),
            )
            return
        line[uom] = more[uom] if more[quantity] else line[uom] or more[uom]
        line[quantity] += more[quantity]

    def _spread(self, item, line, path, amount, currency):
        """{month: Decimal} that adds up to the line, or None after parking the item."""
        months = {}
        for part in line.get("spread") or ():
            number = self._number(
                item, money.parse_amount, part["amount"], f"{path}.spread",
                currency.decimal_places, signed=True,
            )  # fmt: skip
            if number is None:
                return None
            months[part["month"]] = months.get(part["month"], Decimal(0)) + number
        total = sum(months.values(), Decimal(0))
        if months and amount is not None and total != amount:
            item.park(
                "amount",
                self.env._(
                    "%(path)s.spread adds up to %(total)s, the line is %(amount)s.",
                    path=path,
                    total=total,
                    amount=amount,
                ),
                suggestion=self.env._("The platform has to send a version whose months add up."),
            )
            return None
        return months

    def _production(self, item, line, path, uoms):
        """The quantity to be installed and its unit, or None after parking the item."""
        production = line.get("production")
        if not production:
            return {"production_quantity": Decimal(0), "production_uom_id": False}
        quantity = self._number(
            item, money.parse_quantity, production["quantity"], f"{path}.production.quantity"
        )
        uom = uoms.get((item.id, code_of(production["uom"])))
        if quantity is None:
            return None
        return {"production_quantity": quantity, "production_uom_id": uom.id if uom else False}

    def _check_total(self, item, amounts, currency):
        """The total, where one is given, is the sum of the lines; it is not negative."""
        total = item.data.get("total")
        if total is not None:
            total = self._number(item, money.parse_amount, total, "total", currency.decimal_places)
            if total is None:
                return
        try:
            if sov.check_total(total, amounts) < 0:
                item.park("amount", self.env._("The total of a budget cannot be negative."))
        except AmountError as error:
            item.park("amount", self._told(error), amount=total, currency_id=currency.id)
