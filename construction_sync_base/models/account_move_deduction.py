from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import formatLang

from ..lib import money
from .construction_bill_deduction import ADVANCE


class AccountMoveDeduction(models.Model):
    """Deductions of a vendor's own invoice, booked when the bill is posted."""

    _inherit = "account.move"

    deduction_ids = fields.One2many("construction.bill.deduction", "move_id", readonly=True)
    deduction_total = fields.Monetary(string="Deducted", compute="_compute_deduction_total")
    deduction_entry_id = fields.Many2one(
        "account.move", string="Entry of the deductions", readonly=True, copy=False
    )

    @api.depends("deduction_ids.amount")
    def _compute_deduction_total(self):
        for move in self:
            move.deduction_total = sum(move.deduction_ids.mapped("amount"))

    def _release_perform(self):
        bills = self.filtered(lambda move: move.move_type == "in_invoice" and move.deduction_ids)
        recovering = bills.deduction_ids.filtered(lambda row: row.kind == ADVANCE)
        if recovering:
            recovering._lock_advances(recovering.move_id.commercial_partner_id)
        result = super()._release_perform()
        for bill in bills:
            bill.deduction_ids._check_advances_left()
            bill._post_deductions()
        return result

    def _post(self, soft=True):
        posted = super()._post(soft=soft)
        posted._announce_paid_advances()
        return posted

    def _announce_paid_advances(self):
        """Prepayments, and recoveries that are taken back, leave something to recover."""
        vendors = self.env["res.partner"]
        for company, moves in self.grouped("company_id").items():
            accounts = self.env["construction.account.map"]._other_account_ids(
                company.id, "advance_account_id"
            )
            lines = moves.line_ids.filtered(lambda line: line.amount_currency > 0)
            lines = lines.filtered_domain([("account_id", "in", list(accounts.values()))])
            vendors |= lines.partner_id.commercial_partner_id
        self.env["construction.bill.deduction"]._announce_vendors(vendors)

    def button_cancel(self):
        result = super().button_cancel()
        self.deduction_ids._announce_advances()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_leaves_advances(self):
        self.deduction_ids._announce_advances()

    def _post_deductions(self):
        """Dr payable / Cr what each deduction is for, on the bill's day and at its rate,
        reconciled with the bill.

        :raises UserError: they are booked already
        """
        self.ensure_one()
        if self.deduction_entry_id._still_booked():
            raise UserError(
                self.env._(
                    "%(entry)s books the deductions of %(bill)s already: take that entry back "
                    "first.",
                    entry=self.deduction_entry_id.display_name,
                    bill=self.ref or self.display_name,
                )
            )
        journals = self.env["construction.cost.transfer"].sudo()._journals_of(self.company_id)
        digits, own = self.currency_id.decimal_places, self.company_currency_id
        rate = Decimal(repr(self.invoice_currency_rate or 1.0))
        rows, total, total_own = [], Decimal(0), Decimal(0)
        for deduction in self.deduction_ids:
            amount = money.from_float(deduction.amount, digits)
            value = money.round_half_up(money.EXACT.divide(amount, rate), own.decimal_places)
            total, total_own = total + amount, total_own + value
            rows.append(
                {
                    "name": deduction.name,
                    "account_id": deduction.account_id.id,
                    "analytic_distribution": deduction.analytic_distribution,
                    "amount_currency": money.to_float(-amount, digits),
                    "balance": money.to_float(-value, own.decimal_places),
                }
            )
        rows.append(
            {
                "name": self.env._("Deducted: %s", self.ref or self.name),
                "account_id": self._payable_account_id(),
                "amount_currency": money.to_float(total, digits),
                "balance": money.to_float(total_own, own.decimal_places),
            }
        )
        common = {
            "partner_id": self.commercial_partner_id.id,
            "currency_id": self.currency_id.id,
            "tax_ids": [Command.clear()],
        }
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "company_id": self.company_id.id,
                "journal_id": journals[self.company_id].id,
                "date": self.date,
                "currency_id": self.currency_id.id,
                "ref": self.env._("Deductions of %s", self.ref or self.name),
                "job_cost_reason": self.job_cost_reason,
                "line_ids": [Command.create(row | common) for row in rows],
            }
        )
        entry._post(soft=False)
        self.deduction_entry_id = entry
        owed = self.line_ids.filtered(
            lambda line: (
                line.display_type == "payment_term"
                and not line.is_retention
                and line.account_id.id == self._payable_account_id()
            )
        )
        (
            owed | entry.line_ids.filtered(lambda line: line.account_id in owed.account_id)
        ).reconcile()

    def _booked_beside(self):
        return super()._booked_beside() | self.deduction_entry_id

    def _correction_paid(self):
        """A deduction settles a part of its bill, and pays nothing."""
        items = self.line_ids
        deducted = (items.matched_debit_ids | items.matched_credit_ids).filtered(
            lambda match: (
                match.debit_move_id.move_id == match.credit_move_id.move_id.deduction_entry_id
            )
        )
        return super()._correction_paid() - sum(deducted.mapped("amount"))

    def _deductions_again(self):
        """Commands that give the same document drafted again what it deducts."""
        names = ("kind", "name", "amount", "analytic_distribution")
        return [
            Command.create({name: row[name] for name in names} | {"account_id": row.account_id.id})
            for row in self.deduction_ids
        ]

    def _release_effect(self):
        effect = super()._release_effect()
        if not effect or not self.deduction_ids:
            return effect
        told = [
            self.env._(
                "Deducted: %(amount)s on %(account)s (%(name)s)",
                amount=formatLang(self.env, row.amount, currency_obj=self.currency_id),
                account=row.account_id.display_name,
                name=row.name,
            )
            for row in self.deduction_ids
        ]
        left = self.amount_total - self.retention_amount + self.retention_released_amount
        told.append(
            self.env._(
                "Left to pay after deductions: %s",
                formatLang(self.env, left - self.deduction_total, currency_obj=self.currency_id),
            )
        )
        return "\n".join([effect, *told])

    def _stands_on_it(self, action):
        found = super()._stands_on_it(action)
        entry = self.deduction_entry_id
        if self.state == "posted" and entry.state == "posted" and not entry._is_undone():
            found.append((entry, "reverse"))
        return found
