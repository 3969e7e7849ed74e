from collections import Counter
from dataclasses import replace
from decimal import Decimal

from odoo import models
from odoo.fields import Command

from ..lib import money
from .supplier_invoice_received import _grouped

ZERO = Decimal(0)
# of a draft that a newer version meets
FIXED = ("move_type", "company_id", "currency_id", "from_platform", "journal_id")


class DirectCostApproved(models.AbstractModel):
    """direct_cost.approved → a draft bill where the vendor is still owed, else a draft entry
    against the account of company cards or of what employees paid; submitted for release.

    What another company paid than the job's becomes its own bill or entry, on its recovery
    account, and an intercompany cost that charges the company of the job.

    Lines, tax and total add up exactly. A newer version replaces the draft; what is posted is
    taken back first, by a correction.
    """

    _name = "construction.handler.direct_cost.approved"
    _inherit = "construction.handler.supplier.invoice.received"
    _description = "direct_cost.approved"

    _event_type = "construction.direct_cost.approved.v1"
    _order_in_batch = 82

    def _apply(self, items):
        known = self._standing(items, self._split_new(items, "account.move"))
        plans = self._direct_plans(items, known)
        for plan in plans:
            self._set_line_taxes(plan)
        plans = [plan for plan in plans if not plan["item"].blocked]
        for plan in plans:
            values = self._bill_values(plan, {}) if plan["owed"] else self._entry_values(plan)
            data = plan["item"].data
            plan["values"] = (
                values
                | self._charged_values(plan)
                | {"direct_cost_kind": data["kind"], "date": data["date"]}
            )
        plans = [plan for plan in plans if not plan["item"].blocked]
        open_plans = [plan for plan in plans if not (plan["bill"] and self._is_settled(plan))]
        self._set_other_kinds_apart(open_plans)  # it was paid otherwise
        for plan in open_plans:
            plan["bill"]._drop_charges()
        self._write_drafts(open_plans)
        self._set_document_tax(open_plans)
        self._refuse_duplicates([p for p in open_plans if p.get("new") and p["owed"]])
        self._drop([plan for plan in open_plans if plan["item"].blocked])
        ready = [plan for plan in open_plans if not plan["item"].blocked]
        self._cancel_other_kinds(ready)
        self._submit(ready)
        self._charge(ready)
        for plan in ready:
            plan["item"].bind(plan["bill"])
            self._tell_waiting(plan)

    def _tell_waiting(self, plan):
        item, bill = plan["item"], plan["bill"].sudo()
        if bill.release_state == "to_release":
            self._notice_waiting(item, bill, item.data.get("number") or item.external_id)

    # ------------------------------------------------------------------ read
    def _direct_plans(self, items, known):
        vendors = self._resolve(
            items, "vendor", "res.partner", lambda i: i.data.get("vendor"), self.env._("Vendor")
        )
        employees = self._resolve(
            items,
            "employee",
            "construction.employee",
            lambda i: i.data.get("employee"),
            self.env._("Employee"),
        )
        named = self._named_records(items)
        entities = self._entity_companies(items)
        currencies = self._currencies(items)
        plans = []
        for item in items:
            if item.blocked:
                continue
            plan = {
                "item": self._as_invoice(item),
                "vendor": vendors.get(item.id, self.env["res.partner"]),
                "employee": employees.get(item.id, self.env["construction.employee"]),
                "owed": item.data["paid"] == "unpaid",
                "kind": "invoice",
                "bill": known.get(item.id, self.env["account.move"]),
                "named": named,
                "currency": self._currency(item, currencies),
            }
            if item.blocked or not self._may_be(plan):
                continue
            job_company = self._company_of(plan, None, self.env.company)
            company = plan["company"] = entities[item.id] or job_company
            if company != job_company:
                plan["charged"] = job_company
            plan["item"].company_id = item.company_id = company.id
            self._read_header(plan)
            if not item.blocked:
                plans.append(plan)
        self._park_locked([(p["item"], p["company"], p["item"].data["date"]) for p in plans])
        plans = [plan for plan in plans if not plan["item"].blocked]
        self._read_lines(plans)
        plans = [plan for plan in plans if not plan["item"].blocked]
        for plan in plans:
            self._check_totals(plan)
            self._check_ids(plan)
            self._check_charge(plan)
        return [plan for plan in plans if not plan["item"].blocked]

    def _as_invoice(self, item):
        """The same event in the words of an invoice; what is parked is parked on both."""
        number = item.data.get("number") or item.external_id
        return replace(item, data={**item.data, "number": number})

    def _may_be(self, plan):
        """Whether it says who is owed; the account that is credited is asked for before
        anything is created."""
        item, paid = plan["item"], plan["item"].data["paid"]
        missing = {"unpaid": not plan["vendor"], "employee": not plan["employee"]}.get(paid)
        if missing:
            item.park(
                "schema",
                self.env._("It is owed to a vendor, and names none.")
                if paid == "unpaid"
                else self.env._("An employee paid it, and it names none."),
                suggestion=self.env._("The platform has to send a corrected version."),
            )
        return not missing

    def _tolerance(self, plan):
        """Totals of a direct cost are exact; what Odoo computes of its tax codes may be a cent
        off them, as with invoices."""
        return super()._tolerance(plan) if plan.get("totals_stand") else ZERO

    def _is_cost(self, plan, line):
        """Tax without a code cannot be claimed back: it is cost."""
        return line["recoverable"] is not True

    def _check_ids(self, plan):
        refs = Counter(line["line_id"] for line in plan["item"].data["lines"])
        for ref, count in refs.items():
            if count > 1:
                plan["item"].park("schema", self.env._("Line id “%s” occurs twice.", ref))

    def _set_line_taxes(self, plan):
        """Use tax is a matter of bills of the job's own company: who paid with a card was
        charged what was charged."""
        result = super()._set_line_taxes(plan)
        if (not plan["owed"] or plan.get("charged")) and not plan["header"].tax:
            for line in plan["lines"]:
                line["values"]["tax_ids"] = [Command.clear()]
        return result

    # ---------------------------------------------------------------- values
    def _entry_values(self, plan):
        """Dr the coded lines, with their taxes / Cr cards or the employee, the whole total."""
        item, company = plan["item"], plan["company"]
        journals = self.env["construction.ledger.document.mixin"].sudo()._journals_of(company)
        credit = self._credit_account(plan)
        rows = [
            {
                "name": values["name"],
                "account_id": values["account_id"],
                "analytic_distribution": values.get("analytic_distribution"),
                "tax_ids": values["tax_ids"],
                **self._amounts_of(plan, self._line_amount(plan, values)),
            }
            for values in self._line_values_of(plan)
        ]
        who = filter(None, (item.data["number"], plan["employee"].name))
        rows.append(
            {
                "name": ", ".join(who),
                "account_id": credit,
                "tax_ids": [Command.clear()],
                **self._amounts_of(plan, -plan["header"].total),
            }
        )
        partner = plan["vendor"] or plan["employee"].user_id.partner_id
        return {
            "move_type": "entry",
            "company_id": company.id,
            "currency_id": plan["currency"].id,
            "journal_id": journals[company].id,
            "ref": item.data["number"],
            "invoice_date": item.data["date"],  # its own, wherever Finance books it
            "from_platform": True,
            "line_ids": [Command.create(row | {"partner_id": partner.id}) for row in rows],
        }

    def _amounts_of(self, plan, amount):
        """An amount of the document on a journal item, in its currency and the company's."""
        company, value = plan["company"], money.to_float(amount, plan["digits"])
        return {
            "currency_id": plan["currency"].id,
            "amount_currency": value,
            "balance": plan["currency"]._convert(
                value, company.currency_id, company, plan["item"].data["date"]
            ),
        }

    def _credit_account(self, plan):
        """What is credited, or None after parking the item."""
        purpose, company = plan["item"].data["paid"], plan["company"]
        Clearing = self.env["construction.clearing.account"]
        account_id = Clearing._account_id_of(company.id, purpose)
        if not account_id:
            labels = dict(Clearing._fields["purpose"]._description_selection(self.env))
            plan["item"].park(
                "unmapped_reference",
                self.env._(
                    "%(company)s has no clearing account for “%(purpose)s”.",
                    company=company.name,
                    purpose=labels[purpose],
                ),
                wait=f"clearing_account|{company.id}|{purpose}",
                suggestion=self.env._(
                    "Finance sets it (Cost Control ▸ Setup ▸ Clearing Account Setup)."
                ),
            )
        return account_id

    # ----------------------------------------------------------------- write
    def _write_drafts(self, plans):
        result = super()._write_drafts([plan for plan in plans if plan["owed"]])
        entries = [plan for plan in plans if not plan["owed"]]
        Move = self.env["account.move"]._at_the_gate()
        for company, group in _grouped([p for p in entries if not p["bill"]], "company").items():
            moves = Move.with_company(company).create([plan["values"] for plan in group])
            for plan, move in zip(group, moves, strict=True):
                plan |= {"bill": move, "new": True}
        for plan in entries:
            if not plan.get("new"):
                entry = plan["bill"]._at_the_gate()
                entry._release_withdraw()
                values = {k: v for k, v in plan["values"].items() if k not in FIXED}
                values["line_ids"] = [Command.clear(), *values["line_ids"]]
                # Odoo keeps the tax lines of entries, also of a draft that is written anew
                entry.with_context(dynamic_unlink=True).write(
                    {"release_state": False, "currency_id": plan["currency"].id} | values
                )
                plan["bill"] = entry
        return result

    def _set_document_tax(self, plans):
        for plan in plans:
            plan["totals_stand"] = True
        result = super()._set_document_tax([plan for plan in plans if plan["owed"]])
        for plan in plans:
            if not plan["owed"]:
                self._check_entry_tax(plan)
        return result

    def _check_entry_tax(self, plan):
        """Odoo fills up an entry whose taxes come to something else with a line of its own."""
        entry, digits = plan["bill"], plan["digits"]
        taxes = entry.line_ids.filtered("tax_repartition_line_id")
        found = money.from_float(sum(taxes.mapped("amount_currency")), digits)
        wanted = plan["header"].tax - plan["tax_cost"]
        if found != wanted or len(entry.line_ids - taxes) != len(plan["values"]["line_ids"]):
            plan["item"].park(
                "amount",
                self.env._(
                    "The document bears %(wanted)s of tax, its tax codes give %(found)s.",
                    wanted=wanted,
                    found=found,
                ),
                suggestion=self.env._(
                    "Map the tax code to the right tax, or have the document corrected."
                ),
            )

    def _says_the_same(self, plan, bill):
        """As with invoices; and it was paid the same way, by the same company."""
        if (
            bill.move_type != plan["values"]["move_type"]
            or bill.company_id != plan["company"]
            or bill.currency_id != plan["currency"]
        ):
            return False
        if plan["owed"]:
            same = super()._says_the_same(plan, bill)
        else:
            same = self._is_entered_alike(plan, bill)
        return same and (not plan.get("charged") or self._is_charged_alike(plan, bill))

    def _is_entered_alike(self, plan, entry):
        """Whether an entry has this number and day, what each coding bears, and owes the total
        on the same account to the same. An employee without a partner is known by name."""
        owed = plan["values"]["line_ids"][-1][2]
        lines = entry.line_ids.filtered(lambda line: line.account_id.id == owed["account_id"])
        paid = money.from_float(-sum(lines.mapped("amount_currency")), plan["digits"])
        return (
            entry.ref == plan["values"]["ref"]
            # not the accounting date: what comes late is booked in a later month
            and str(entry.invoice_date) == plan["item"].data["date"]
            and paid == plan["header"].total
            and lines.partner_id.ids == [owed["partner_id"]] * bool(owed["partner_id"])
            and (not plan["employee"] or lines.mapped("name") == [owed["name"]])
            and self._posted_amounts(plan, entry)[0] == self._wanted_amounts(plan)[0]
        )
