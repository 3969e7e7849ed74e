from odoo import models
from odoo.fields import Command
from odoo.tools import formatLang

from ..lib import money
from ..models.construction_resolver import code_of, ref_key
from ..models.construction_supplier_invoice_plan import MOVE_TYPES


class SupplierInvoiceReceived(models.AbstractModel):
    """supplier_invoice.received → one draft bill with the document's own totals, matched and
    submitted for release.

    A newer version replaces the draft. What is posted is taken back by a correction that
    Finance releases, and the new version makes a new bill. An invoice that is there already,
    whichever way it came, makes no second bill.
    """

    _name = "construction.handler.supplier.invoice.received"
    _inherit = "construction.invoice.lines"
    _description = "supplier_invoice.received"

    _event_type = "construction.supplier_invoice.received.v1"
    _order_in_batch = 80

    def _apply(self, items):
        known = self._standing(items, self._split_new(items, "account.move"))
        plans = self._invoice_plans(items, known)
        for plan in plans:
            self._set_line_taxes(plan)
        plans = [plan for plan in plans if not plan["item"].blocked]
        terms = self._payment_terms(
            [(p["item"], p["company"], p["item"].data.get("payment_terms")) for p in plans]
        )
        plans = [plan for plan in plans if not plan["item"].blocked]
        for plan in plans:
            plan["values"] = self._bill_values(plan, terms)
        settled = [plan for plan in plans if plan["bill"] and self._is_settled(plan)]
        open_plans = [p for p in plans if p not in settled and not p["item"].blocked]
        self._set_other_kinds_apart(open_plans)
        self._write_drafts(open_plans)
        self._set_document_tax(open_plans)
        self._refuse_duplicates([plan for plan in open_plans if plan.get("new")])
        ready = [plan for plan in open_plans if not plan["item"].blocked]
        self._drop([plan for plan in open_plans if plan["item"].blocked])
        self._cancel_other_kinds(ready)
        self._submit(ready)
        for plan in ready:
            plan["item"].bind(plan["bill"])

    # ---------------------------------------------------------------- values
    def _bill_values(self, plan, terms):
        item, data, digits = plan["item"], plan["item"].data, plan["digits"]
        term = terms.get((item.id, code_of(data.get("payment_terms"))))
        vendor = plan["vendor"].with_company(plan["company"])
        term = term or vendor.property_supplier_payment_term_id
        jobs = [line["job"] for line in plan["lines"] if line.get("job")]
        values = {
            "move_type": MOVE_TYPES[plan["kind"]],
            "company_id": plan["company"].id,
            "partner_id": plan["vendor"].id,
            "currency_id": plan["currency"].id,
            "ref": data["number"],
            "invoice_date": data["date"],
            "received_on": data.get("received_on") or False,
            "invoice_user_id": False,
            "from_platform": True,
            "retention_amount": money.to_float(plan["retention"], digits),
            "retention_released_amount": money.to_float(plan["header"].released, digits),
            "reversed_entry_id": self._reversed(plan).id,
            "construction_job_id": jobs[0].id if jobs else False,
            "invoice_line_ids": [Command.create(values) for values in self._line_values_of(plan)],
            "deduction_ids": [Command.create(row) for row in plan.get("deductions", ())],
        }
        rate = self._document_rate(plan)
        values["rate_stated"] = bool(rate)
        if rate:
            values["invoice_currency_rate"] = rate
        if data.get("accounting_date"):
            values["date"] = data["accounting_date"]
        if data.get("due_date"):
            values |= {"invoice_payment_term_id": False, "invoice_date_due": data["due_date"]}
        else:
            values["invoice_payment_term_id"] = term.id
        return values

    def _document_rate(self, plan):
        """What Odoo keeps of the document's rate, where the policy takes it: units of the
        document's currency for one of the company's. None: that of the accounting date."""
        told, company = plan["item"].data.get("exchange_rate"), plan["company"]
        policy = self.env["construction.sync.policy"]._get(
            "supplier_invoice", company.id, plan["item"].platform_id
        )
        if not told or plan["currency"] == company.currency_id or not policy.document_rate:
            return None
        rate = self._number(plan["item"], money.parse_price, told, "exchange_rate")
        return float(1 / rate) if rate else None

    def _line_values_of(self, plan):
        """Values of every line: the document's, taxes that are cost, and the rounding."""
        rows = []
        for line in plan["lines"]:
            rows.append(line["values"])
            if line.get("tax_cost"):
                rows.append(self._tax_cost_values(line))
        if plan["rounding"]:
            account = plan["company"].sudo().bill_rounding_account_id
            rows.append(
                {
                    "display_type": "product",
                    "name": self.env._("Rounding"),
                    "quantity": 1.0,
                    "price_unit": money.to_float(plan["rounding"], plan["digits"]),
                    "account_id": account.id,
                    "tax_ids": [Command.set([])],
                }
            )
        return rows

    def _reversed(self, plan):
        """The bill that a credit note says it takes back, where it is known."""
        reference = plan["item"].data.get("reverses")
        move = self.env["account.move"]
        if plan["kind"] != "credit_note" or not reference:
            return move
        key = ref_key(reference)
        found = self.env["construction.resolver"]._records(
            plan["item"].platform_id, "supplier_invoice", [key], plan["company"].ids
        )
        model, res_id = found.get(key, (None, None))
        return move.browse(res_id).exists() if model == "account.move" else move

    # ---------------------------------------------------------------- write
    def _is_settled(self, plan):
        """Whether nothing is written: the bill has left the draft, or is Odoo's own."""
        item, bill = plan["item"], plan["bill"].sudo()
        policy = self.env["construction.sync.policy"]._get(
            "supplier_invoice", plan["company"].id, item.platform_id
        )
        if bill.state == "draft" and policy._filter_update({"invoice_line_ids": True}):
            return False
        if bill.state == "posted" and self._says_the_same(plan, bill):
            self.env["construction.correction"]._open_of(bill)._drop()
            item.bind(bill)
            return True
        if bill.state == "draft":
            item.notice(
                "ownership_conflict",
                self.env._("%s is kept in Odoo; the new version changes nothing.", bill.ref),
            )
            item.bind(bill)
            return True
        if bill.state == "posted":
            return self._replace_posted(plan)
        item.park(
            "inactive_target",
            self.env._("%s is cancelled and takes no new version.", bill.display_name),
            suggestion=self.env._("Reset it to draft in Odoo, then resume."),
        )
        return True

    def _standing(self, items, known):
        """{item id: bill} without those that were taken back, or voided at the platform and
        cancelled: a newer version of them makes a new bill."""
        dead = self._bindings_of(items, items[0].object, ("tombstone", "=", True))
        void = set(dead.mapped("external_id"))
        return {
            item.id: bill
            for item in items
            if (bill := known.get(item.id))
            and not bill.sudo()._is_undone()
            and not (bill.sudo().state == "cancel" and item.external_id in void)
        }

    def _replace_posted(self, plan):
        """The posted bill is taken back once Finance has released that; then the new version
        makes a new one. Whether nothing more is written now."""
        bill = plan["bill"]
        why = self.env._(
            "%(bill)s is posted with %(old)s; the new version comes to %(new)s, is of "
            "another kind or coded otherwise.",
            bill=bill.sudo().display_name,
            old=self._shown(plan, bill.sudo().amount_total),
            new=self._shown(plan, plan["header"].total),
        )
        reason = self.env._("A newer version of %s came.", bill.sudo().ref or bill.sudo().name)
        if not self._corrected(plan["item"], bill, "replace", reason=reason, why=why):
            return True
        plan["bill"] = bill.browse()
        return False

    def _write_drafts(self, plans):
        """Create what is new, and put the new version in the place of the old draft."""
        new = [plan for plan in plans if not plan["bill"]]
        Move = self.env["account.move"]._at_the_gate()
        for company, group in _grouped(new, "company").items():
            moves = Move.with_company(company).create([plan["values"] for plan in group])
            for plan, move in zip(group, moves, strict=True):
                plan |= {"bill": move, "new": True}
        for plan in plans:
            if plan.get("new"):
                continue
            bill = plan["bill"]._at_the_gate()
            bill._release_withdraw()
            kept = ("move_type", "company_id", "currency_id", "from_platform")
            values = {name: v for name, v in plan["values"].items() if name not in kept}
            for name in ("invoice_line_ids", "deduction_ids"):
                values[name] = [Command.clear(), *values.get(name, ())]
            bill.write({"release_state": False, "currency_id": plan["currency"].id} | values)
            plan["bill"] = bill

    def _set_other_kinds_apart(self, plans):
        """A draft of another kind (an invoice that is a credit note now) cannot become the new
        version: a new bill takes its place, and it is cancelled once that stands."""
        for plan in plans:
            bill = plan["bill"]
            if bill and bill.sudo().move_type != plan["values"]["move_type"]:
                plan |= {"bill": bill.browse(), "instead_of": bill}

    def _cancel_other_kinds(self, plans):
        for plan in plans:
            old = plan.get("instead_of")
            if old:
                old._at_the_gate().button_cancel()
                old.sudo().message_post(
                    body=self.env._(
                        "The platform sent it as another kind of document: %s takes its place.",
                        plan["bill"].sudo().display_name,
                    )
                )

    def _set_document_tax(self, plans):
        """Tax as on the document: what Odoo computes otherwise by up to the tolerance gets the
        document's amount; more than that is asked."""
        for plan in plans:
            bill, digits = plan["bill"], plan["digits"]
            wanted = plan["header"].tax - plan["tax_cost"]
            found = money.from_float(bill.amount_tax, digits)
            off = wanted - found
            lines = bill.line_ids.filtered("tax_repartition_line_id")
            if not off:
                continue
            if abs(off) > self._tolerance(plan) or not lines:
                plan["item"].park(
                    "amount",
                    self.env._(
                        "The invoice bears %(wanted)s of tax, its tax codes give %(found)s.",
                        wanted=self._shown(plan, wanted),
                        found=self._shown(plan, found),
                    ),
                    amount=abs(off),
                    currency_id=plan["currency"].id,
                    suggestion=self.env._(
                        "Map the tax code to the right tax, or have the invoice corrected."
                    ),
                )
                continue
            line = max(lines, key=lambda one: abs(one.amount_currency))
            sign = -1 if bill.move_type == "in_refund" else 1
            value = money.from_float(line.amount_currency, digits) + sign * off
            line.amount_currency = money.to_float(value, digits)

    # ------------------------------------------------------------ duplicates
    def _refuse_duplicates(self, plans):
        """An invoice that is here already is a question, never a second bill."""
        plans = [plan for plan in plans if not plan["item"].apart and not plan["item"].blocked]
        moves = self.env["account.move"].sudo().union(*(plan["bill"] for plan in plans))
        found = moves._fetch_duplicate_reference()
        own = {plan["bill"].id: plan for plan in plans}
        for plan in plans:
            twins = found.get(plan["bill"], moves.browse()) - plan.get("instead_of", moves.browse())
            # of two alike in one batch the first stays
            twins = twins.filtered(
                lambda move, bill=plan["bill"]: move.id not in own or move.id < bill.id
            )
            twins = twins.filtered(
                lambda move: move.id not in own or not own[move.id]["item"].blocked
            )
            if twins:
                self._ask_which(plan, twins.sudo(False))

    def _ask_which(self, plan, twins):
        told = [
            [
                self.env._(
                    "number %(number)s, %(day)s, %(amount)s",
                    number=move.ref or "—",
                    day=move.invoice_date or "—",
                    amount=formatLang(self.env, move.amount_total, currency_obj=move.currency_id),
                )
            ]
            for move in twins.sudo()
        ]
        plan["item"].park(
            "duplicate",
            self.env._(
                "Invoice %(number)s of %(vendor)s over %(amount)s looks like one that is here "
                "already: %(bills)s.",
                number=plan["item"].data["number"],
                vendor=plan["vendor"].display_name,
                amount=self._shown(plan, plan["header"].total),
                bills=", ".join(twins.sudo().mapped("display_name")),
            ),
            severity="high",
            amount=plan["header"].total,
            currency_id=plan["currency"].id,
            candidates=self._candidates(twins, told),
            suggestion=self.env._(
                "Choose the bill that is meant, or say that this is another invoice."
            ),
        )

    def _drop(self, plans):
        """Drafts made for events that turned out to be parked."""
        for plan in plans:
            if plan.get("new"):
                plan["bill"].unlink()

    # --------------------------------------------------------------- submit
    def _submit(self, plans):
        """Match and submit; what does not match stays a draft, on hold, with an issue."""
        bills = self.env["account.move"].union(*(plan["bill"] for plan in plans))
        bills = bills.sudo().with_context(construction_release=None)
        if not bills:
            return
        self.env["construction.approval"]._from_platform(
            [(plan["bill"], plan["item"]) for plan in plans]
        )
        bills.filtered(lambda bill: bill._is_gated())._submit_bills()
        for plan in plans:
            self._tell_match(plan)
            self._tell_lock(plan)

    def _tell_lock(self, plan):
        bill = plan["bill"].sudo()
        if bill.state == "draft" and bill._is_of_locked_month():
            plan["item"].notice(
                "period_locked",
                self.env._(
                    "The invoice is of %(day)s, a locked day. Proposed accounting date: %(date)s.",
                    day=bill.invoice_date,
                    date=bill.date,
                ),
                suggestion=self.env._("Finance confirms or changes the date, then releases it."),
            )

    def _tell_match(self, plan):
        bill, item = plan["bill"].sudo(), plan["item"]
        if bill.match_verdict not in ("warn", "block"):
            return
        text, blocked = bill._match_text(), bill.match_verdict == "block"
        over = money.from_float(bill.match_over, plan["digits"])
        item.notice(
            "matching",
            text,
            severity="high" if blocked else "medium",
            amount=over,
            currency_id=plan["currency"].id,
            suggestion=self.env._(
                "Receive what is missing, have the order changed, or reject the invoice."
            )
            if blocked
            else self.env._("Finance looks at it before the release."),
        )


def _grouped(plans, name):
    groups = {}
    for plan in plans:
        groups.setdefault(plan[name], []).append(plan)
    return groups
