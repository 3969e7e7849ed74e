from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import frozendict

from ..lib import money

BILLS = ("in_invoice", "in_refund")
# in a context it lets items on retention accounts be reconciled; it cannot come by RPC
RELEASE = object()


class AccountMoveRetention(models.Model):
    """Retention on bills: the sum held back stands on a retention account as an item of its
    own, so that cost stays gross and nothing of it is payable. A release is an entry from
    there to the vendor's payable account."""

    _inherit = "account.move"

    retention_amount = fields.Monetary(
        string="Retention",
        tracking=True,
        help="Held back from this bill. Stays out of what can be paid until it is released.",
    )
    retention_released_amount = fields.Monetary(
        string="Retention released with it",
        copy=False,
        help="Retention of earlier bills that this invoice asks for: it becomes payable when "
        "the bill is posted.",
    )
    retention_held = fields.Monetary(
        string="Still held", compute="_compute_amount_currently_due", help="Not yet released."
    )
    amount_currently_due = fields.Monetary(
        string="Due now",
        compute="_compute_amount_currently_due",
        help="What is open without the retention that is still held, and with the retention of "
        "earlier bills that was released with it.",
    )
    retention_bill_id = fields.Many2one(
        "account.move",
        string="Released with",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="The bill that asked for this release.",
    )
    retention_release_ids = fields.One2many("account.move", "retention_bill_id", readonly=True)

    _retention_sign = models.Constraint(
        "CHECK (retention_amount >= 0 AND retention_released_amount >= 0)",
        "Retention is not negative.",
    )

    @api.depends(
        "amount_residual",
        "line_ids.amount_residual_currency",
        "line_ids.is_retention",
        "retention_release_ids.line_ids.amount_residual_currency",
        "retention_release_ids.state",
    )
    def _compute_amount_currently_due(self):
        for move in self:
            held = move.line_ids.filtered("is_retention")
            move.retention_held = abs(sum(held.mapped("amount_residual_currency")))
            released = abs(sum(move._released_items().mapped("amount_residual_currency")))
            move.amount_currently_due = move.amount_residual - move.retention_held + released

    def _released_items(self):
        """Open payable items of the retention that was released with these bills and whose
        entry stands; what lies on a retention account is not payable."""
        reserved = self.env["construction.account.map"]._retention_account_ids()
        return self.retention_release_ids.line_ids.filtered(
            lambda line: (
                line.parent_state == "posted"
                and line.account_type == "liability_payable"
                and line.account_id.id not in reserved
                and not line.reconciled
            )
        )

    @api.depends("retention_release_ids.line_ids.amount_residual", "retention_release_ids.state")
    def _compute_payment_state(self):
        """A bill is not paid while what was released with it is owed; one that asks for nothing
        but released retention would say so from the start, with its total of zero."""
        result = super()._compute_payment_state()
        for move in self:
            if move.payment_state in ("paid", "in_payment") and move._released_items():
                zero = move.currency_id.is_zero(move.amount_total)
                move.payment_state = "not_paid" if zero else "partial"
        return result

    @api.constrains("retention_amount", "move_type")
    def _check_retention(self):
        for move in self.filtered("retention_amount"):
            if move.move_type not in BILLS:
                raise UserError(
                    self.env._("Retention is held from bills and their credit notes only.")
                )
            if not move._retention_account_id():
                raise UserError(
                    self.env._(
                        "The account map of %s has no account for retention: Finance adds it.",
                        move.company_id.name,
                    )
                )

    def _check_retention_total(self):
        """:raises UserError: more is held than the bill comes to"""
        for move in self.filtered("retention_amount"):
            if move.currency_id.compare_amounts(move.retention_amount, move.amount_total) > 0:
                raise UserError(
                    self.env._(
                        "%s: the retention is higher than the total.",
                        move.ref or move.display_name,
                    )
                )

    # ---------------------------------------------------------------- terms
    @api.depends("retention_amount")
    def _compute_needed_terms(self):
        result = super()._compute_needed_terms()
        for move in self:
            if move.needed_terms and (
                move.retention_amount or any(line.is_retention for line in move.line_ids)
            ):
                move.needed_terms = move._terms_with_retention(move.needed_terms)
        return result

    def _terms_with_retention(self, terms):
        """Take what is held out of the latest terms and put it on the retention account.

        Keys get the form that existing lines have, and every value its account: Odoo would
        otherwise turn the held item into the payable one and the other way round.
        """
        total = sum(values["amount_currency"] for values in terms.values())
        rest = min(self.retention_amount, abs(total))
        held_currency = held_balance = 0.0
        payable_id, company_currency = self._payable_account_id(), self.company_id.currency_id
        result, last = {}, None
        for key, values in sorted(
            terms.items(), key=lambda term: term[0]["date_maturity"] or fields.Date.today()
        )[::-1]:
            amount, balance = values["amount_currency"], values["balance"]
            last = last or key["date_maturity"]
            taken = min(rest, abs(amount))
            rest = self.currency_id.round(rest - taken)
            share = taken / abs(amount) if amount else 0
            taken_currency = taken if amount > 0 else -taken
            taken_balance = company_currency.round(balance * share)
            held_currency += taken_currency
            held_balance += taken_balance
            left = self.currency_id.round(amount - taken_currency)
            if self.currency_id.is_zero(left) and taken:
                continue
            result[self._term_key(key["date_maturity"], key.get("discount_date"))] = values | {
                "amount_currency": left,
                "balance": company_currency.round(balance - taken_balance),
                "account_id": payable_id,
                "is_retention": False,
            }
        if not self.currency_id.is_zero(held_currency):
            result[self._term_key(last, False, is_retention=True)] = {
                "amount_currency": self.currency_id.round(held_currency),
                "balance": company_currency.round(held_balance),
                "account_id": self._retention_account_id() or payable_id,
                "name": self.env._("Retention %s", self.ref or ""),
            }
        return dict(reversed(result.items()))

    def _term_key(self, maturity, discount_date, **more):
        return frozendict(
            {
                "move_id": self.id,
                "date_maturity": fields.Date.to_date(maturity),
                "discount_date": discount_date or False,
            }
            | more
        )

    def _payable_account_id(self):
        """The vendor's own payable account, as Odoo finds it for a bill."""
        company = self.company_id
        partners = (self.commercial_partner_id, company.partner_id)
        for partner in partners:
            account = partner.with_company(company).property_account_payable_id
            if account:
                position = self.fiscal_position_id
                return (position.map_account(account) if position else account).id
        return None

    def _retention_account_id(self):
        line = self.invoice_line_ids.purchase_line_id[:1].sudo()
        return self.env["construction.account.map"]._other_account_id(
            self.company_id,
            "retention_account_id",
            line.cost_type_id.category,
            self.construction_job_id or line.order_id.project_id,
        )

    # -------------------------------------------------------------- release
    def _held_items(self):
        """Open items on retention accounts of these moves, the oldest first."""
        return self.line_ids.filtered(
            lambda line: line.is_retention and line.parent_state == "posted" and not line.reconciled
        ).sorted(lambda line: (line.date, line.id))

    def _release_retention(self, amount, on, due_on, bill=None):
        """Make held retention of these posted bills payable: the oldest first, by an entry
        Dr retention / Cr payable that is reconciled with the items it releases.

        :param amount: Decimal in the bills' currency
        :param bill: the bill that asked for it, whose payment takes it along
        :raises UserError: less than that is held
        :return: the posted entries, one for each currency, vendor and company
        """
        digits = self.currency_id[:1].decimal_places
        items = self._held_items()
        held = money.from_float(abs(sum(items.mapped("amount_residual_currency"))), digits)
        if amount > held:
            raise UserError(
                self.env._(
                    "Retention of %(amount)s is to be released, %(held)s is held.",
                    amount=amount,
                    held=held,
                )
            )
        entries, rest = self.browse(), amount
        for item in items:
            taken = min(rest, money.from_float(abs(item.amount_residual_currency), digits))
            if not taken:
                break
            rest -= taken
            entries |= item._release_retention_item(taken, on, due_on, bill)
        return entries

    def _retention_candidates(self):
        """Bills whose retention this one may ask for: of the same vendor and job."""
        return self.search(
            [
                ("company_id", "=", self.company_id.id),
                ("commercial_partner_id", "=", self.commercial_partner_id.id),
                ("construction_job_id", "=", self.construction_job_id.id),
                ("currency_id", "=", self.currency_id.id),
                ("state", "=", "posted"),
                ("move_type", "=", "in_invoice"),
                ("retention_amount", ">", 0),
                ("id", "!=", self.id),
            ],
            order="invoice_date, id",
        )

    def _booked_beside(self):
        """Entries that the release of these bills posted beside them."""
        return self.retention_release_ids

    def _release_asked_retention(self):
        """After posting: what this bill asks for of the retention of earlier ones."""
        for bill in self.filtered("retention_released_amount"):
            amount = money.from_float(
                bill.retention_released_amount, bill.currency_id.decimal_places
            )
            bill._retention_candidates()._release_retention(
                amount, bill.date, bill.invoice_date_due, bill
            )
