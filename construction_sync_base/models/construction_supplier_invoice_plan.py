from decimal import Decimal

from odoo import models
from odoo.tools import formatLang

from ..lib import invoice_totals, money
from ..lib.errors import AmountError
from .construction_resolver import code_of, coding_of, ref_key, wait_key

ZERO = Decimal(0)
MOVE_TYPES = {"invoice": "in_invoice", "prepayment": "in_invoice", "credit_note": "in_refund"}


class ConstructionInvoicePlan(models.AbstractModel):
    """Reads supplier invoices into plans: references resolved, numbers parsed, totals checked,
    before anything is written."""

    _name = "construction.invoice.plan"
    _inherit = "construction.schedule.plan"
    _description = "Supplier Invoice Plan"

    def _invoice_plans(self, items, known):
        """Plans of the items that can go on; the others are parked.

        :param known: {item id: bill bound already}
        """
        vendors = self._resolve(
            items, "vendor", "res.partner", lambda item: item.data["vendor"], self.env._("Vendor")
        )
        named = self._named_records(items)
        companies = self._entity_companies(items)
        currencies = self._currencies(items)
        default = self.env["construction.platform"].sudo().browse(items[0].platform_id).company_id
        plans = []
        for item in items:
            if item.blocked:
                continue
            plan = {
                "item": item,
                "vendor": vendors[item.id],
                "kind": item.data["kind"],
                "bill": known.get(item.id, self.env["account.move"]),
                "named": named,
                "currency": self._currency(item, currencies),
            }
            company = self._company_of(plan, companies[item.id], default)
            if item.blocked:
                continue
            plan["company"] = company
            item.company_id = company.id
            self._read_header(plan)
            if not item.blocked:
                plans.append(plan)
        self._read_lines(plans)
        plans = [plan for plan in plans if not plan["item"].blocked]
        for plan in plans:
            self._check_totals(plan)
        return [plan for plan in plans if not plan["item"].blocked]

    # ------------------------------------------------------------ references
    def _named_records(self, items):
        """{(object, item id, key): record} of the orders and jobs that headers and lines name;
        parks the items that name an unknown one."""
        wanted = []
        for item in items:
            for part in (item.data, *(item.data.get("lines") or ())):
                wanted += [("commitment", item, ref_key(part.get("commitment")))]
                wanted += [("job", item, ref_key(part.get("sub_job") or part.get("job")))]
        wanted = [entry for entry in wanted if entry[2] and not entry[1].blocked]
        found = {}
        for name, model, label in (
            ("commitment", "purchase.order", self.env._("Commitment")),
            ("job", "project.project", self.env._("Job")),
        ):
            group = [(item, key) for kind, item, key in wanted if kind == name]
            found |= self._find_named(name, model, label, group)
        return found

    def _find_named(self, name, model, label, group):
        if not group:
            return {}
        platform = self.env["construction.platform"].sudo().browse(group[0][0].platform_id)
        targets = self.env["construction.resolver"]._records(
            platform.id, name, {key for _item, key in group}, platform.company_ids.ids
        )
        ids = {res_id for target, res_id in targets.values() if target == model and res_id}
        existing = {record.id: record for record in self.env[model].browse(ids).exists()}
        found, told = {}, set()
        for item, key in group:
            record = existing.get(targets.get(key, (None, None))[1])
            if record:
                found[name, item.id, key] = record
            elif (item.id, key) not in told:
                told.add((item.id, key))
                item.park(
                    "unmapped_reference",
                    self.env._(
                        "%(label)s “%(value)s” is not known in Odoo yet.", label=label, value=key[1]
                    ),
                    wait=wait_key(name, key),
                    suggestion=self.env._(
                        "It resumes by itself when the platform sends it; or map it by hand."
                    ),
                )
        return found

    def _record_of(self, plan, name, *parts):
        """The order or job that the first of these parts of the event names."""
        for part in parts:
            reference = part.get(name)
            if name == "job":
                reference = part.get("sub_job") or reference
            key = ref_key(reference)
            if key:
                return plan["named"].get((name, plan["item"].id, key))
        return None

    def _company_of(self, plan, entity, default):
        """The one company of everything the invoice names; parks it where there are two."""
        item = plan["item"]
        parts = (item.data, *item.data["lines"])
        records = [
            self._record_of(plan, name, part) for part in parts for name in ("commitment", "job")
        ]
        companies = {record.company_id for record in records if record}
        if entity:
            companies.add(entity)
        if len(companies) > 1:
            item.park(
                "ownership_conflict",
                self.env._(
                    "The invoice names orders, jobs or entities of different companies: %s.",
                    ", ".join(sorted(company.name for company in companies)),
                ),
                suggestion=self.env._("The vendor or the platform sends one invoice per company."),
            )
        return next(iter(companies), default)

    # ---------------------------------------------------------------- header
    def _read_header(self, plan):
        item, data, digits = plan["item"], plan["item"].data, 2
        if plan["currency"]:
            digits = plan["currency"].decimal_places
        plan["digits"] = digits

        def amount(name, signed=False):
            value = data.get(name)
            if value is None:
                return None
            return self._number(item, money.parse_amount, value, name, digits, signed=signed)

        numbers = {name: amount(name) for name in (
            "amount_untaxed", "amount_tax", "amount_total", "retention_amount",
            "retention_released", "amount_payable")}  # fmt: skip
        numbers["amount_rounding"] = amount("amount_rounding", signed=True)
        deductions = [
            self._number(item, money.parse_amount, row["amount"], f"deductions[{n}].amount", digits)
            for n, row in enumerate(data.get("deductions") or (), start=1)
        ]
        if item.blocked:
            return
        plan["header"] = invoice_totals.Header(
            numbers["amount_untaxed"],
            numbers["amount_tax"],
            numbers["amount_total"],
            numbers["amount_rounding"] or ZERO,
            numbers["retention_amount"] or ZERO,
            numbers["retention_released"] or ZERO,
            tuple(deductions),
            numbers["amount_payable"],
        )
        if data.get("application"):
            key = ref_key(data["application"])
            item.park(
                "approval",
                self.env._(
                    "The invoice belongs to application for payment “%s” and waits for its "
                    "certificate, whose bill it joins.",
                    key[1],
                ),
                wait=wait_key("payment_application", key),
                suggestion=self.env._("It goes on by itself once the application is certified."),
            )

    def _shown(self, plan, amount):
        """An amount of the document as people read it."""
        return formatLang(self.env, float(amount), currency_obj=plan["currency"])

    # --------------------------------------------------------------- totals
    def _tolerance(self, plan):
        company = plan["company"].sudo()
        return money.from_float(company.bill_rounding_tolerance, company.currency_id.decimal_places)

    def _check_totals(self, plan):
        """The totals as the document states them; the rounding that is left is `rounding`."""
        item, header, tolerance = plan["item"], plan["header"], self._tolerance(plan)
        taxes = [row["amount"] for row in plan["taxes"]]
        try:
            plan["rounding"] = invoice_totals.rounding_line(
                header, [line["amount"] for line in plan["lines"]], tolerance
            )
            invoice_totals.check_payable(header)
            told = [line["tax"] for line in plan["lines"] if line["tax"] is not None]
            if len(told) == len(plan["lines"]):
                invoice_totals.check_tax(header, told, tolerance)
            invoice_totals.check_tax(header, taxes, tolerance)
        except AmountError as error:
            item.park(
                "amount",
                self._told(error),
                amount=header.total,
                currency_id=plan["currency"].id,
                suggestion=self.env._("The platform has to send a version whose totals add up."),
            )
            return
        if plan["rounding"] and not plan["company"].sudo().bill_rounding_account_id:
            item.park(
                "unmapped_reference",
                self.env._(
                    "%(company)s has no account for rounding differences of bills (%(amount)s).",
                    company=plan["company"].name,
                    amount=self._shown(plan, plan["rounding"]),
                ),
                wait=f"bill_rounding|{plan['company'].id}",
                suggestion=self.env._("Finance sets it on the company."),
            )
        held = [line["retention"] for line in plan["lines"] if line["retention"] is not None]
        if held and header.retention and sum(held) != header.retention:
            item.park(
                "amount",
                self.env._(
                    "The lines hold %(lines)s back, the invoice %(total)s.",
                    lines=self._shown(plan, sum(held)),
                    total=self._shown(plan, header.retention),
                ),
            )
        plan["retention"] = header.retention or sum(held, ZERO)
        self._check_accounts(plan)

    def _check_accounts(self, plan):
        """Retention and advances need their account before anything is created."""
        wanted = {
            "retention_account_id": plan["retention"] or plan["header"].released,
            "advance_account_id": plan["kind"] == "prepayment",
        }
        labels = {
            "retention_account_id": self.env._("retention"),
            "advance_account_id": self.env._("advances"),
        }
        AccountMap = self.env["construction.account.map"]
        for name in wanted:
            if wanted[name] and not AccountMap._other_account_id(plan["company"], name):
                plan["item"].park(
                    "unmapped_reference",
                    self.env._(
                        "The account map of %(company)s has no account for %(what)s.",
                        company=plan["company"].name,
                        what=labels[name],
                    ),
                    wait=f"{name}|{plan['company'].id}",
                    suggestion=self.env._("Finance adds it to the account map."),
                )

    # ------------------------------------------------------------- coding
    def _read_lines(self, plans):
        """Lines of all plans with orders, codes, units and taxes looked up at once."""
        rows = [
            (plan, line, self._record_of(plan, "job", line, plan["item"].data))
            for plan in plans
            for line in plan["item"].data["lines"]
        ]
        coded = [(p["item"], job, line) for p, line, job in rows if job and line.get("cost_code")]
        codes = self._cost_codes_by_job(
            [(item, job, coding_of(line["cost_code"])) for item, job, line in coded]
        )
        types = self._cost_types(
            [(i, j, coding_of(line["cost_type"])) for i, j, line in coded if line.get("cost_type")]
        )
        uoms = self._uoms([(p["item"], p["company"], line.get("uom")) for p, line, _job in rows])
        codes_of_tax = [
            (p["item"], p["company"], line.get("tax_code"))
            for p in plans
            for line in (*p["item"].data["lines"], *(p["item"].data.get("taxes") or ()))
        ]
        taxes = self._taxes(codes_of_tax)
        for plan in plans:
            self._read_taxes(plan, taxes)
        for plan, line, job in rows:
            item = plan["item"]
            found = {
                "job": job,
                "cost_code": codes.get((item.id, job, coding_of(line.get("cost_code")))),
                "cost_type": types.get((item.id, coding_of(line.get("cost_type")))),
                "uom": uoms.get((item.id, code_of(line.get("uom")))),
                "tax": taxes.get((item.id, code_of(line.get("tax_code")))),
            }
            plan.setdefault("lines", []).append(self._read_line(plan, line, found))

    def _read_taxes(self, plan, taxes):
        item, plan["taxes"] = plan["item"], []
        for position, row in enumerate(item.data.get("taxes") or (), start=1):
            amount = self._number(
                item, money.parse_amount, row["amount"], f"taxes[{position}].amount", plan["digits"]
            )
            tax = taxes.get((item.id, code_of(row.get("tax_code"))))
            plan["taxes"].append(
                {"amount": amount, "tax": tax, "recoverable": row.get("recoverable")}
            )

    def _read_line(self, plan, line, found):
        raise NotImplementedError  # `construction.invoice.lines`
