from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import frozendict

from ..lib import money
from .account_move_retention import BILLS, RELEASE

OWED = ("liability_payable", "asset_receivable")


class AccountMoveLinePayable(models.Model):
    """What of the open items may be paid: nothing on a retention account, nothing of a
    document on hold, nothing of a job's bill that nobody has released."""

    _inherit = "account.move.line"

    is_retention = fields.Boolean(
        string="Retention held",
        readonly=True,
        help="The part of a bill that is held back: on a retention account, not payable.",
    )

    @api.depends("is_retention")
    def _compute_term_key(self):
        result = super()._compute_term_key()
        for line in self:
            if line.is_retention and line.term_key:
                line.term_key = frozendict({**line.term_key, "is_retention": True})
        return result

    def _compute_account_id(self):
        terms = self.filtered(lambda line: line.display_type == "payment_term")
        held = terms.filtered("is_retention")
        for line in held:
            line.account_id = line.move_id._retention_account_id() or line.account_id
        result = super(AccountMoveLinePayable, self - held)._compute_account_id()
        reserved = self.env["construction.account.map"]._retention_account_ids()
        for line in terms - held:
            # Odoo takes over the account of another term of the move, which may be the held one
            if line.account_id.id in reserved:
                line.account_id = line.move_id._payable_account_id()
        return result

    # ------------------------------------------------------------ not payable
    def _payment_refusals(self):
        """{line: why it may not be paid}, of the lines among these that may not; one query
        for all of them."""
        reserved = self.env["construction.account.map"]._retention_account_ids()
        owed = self.filtered(lambda line: line.account_id.account_type in OWED)
        holds = self.env["construction.hold"]._standing(owed.move_id) if owed else {}
        refusals = {}
        for line in owed:
            move = line.move_id
            if line.account_id.id in reserved:
                refusals[line] = self.env._(
                    "%s holds retention back: it becomes payable by a release.", move.display_name
                )
            elif move.id in holds:
                refusals[line] = self.env._(
                    "%(bill)s is on hold: %(why)s",
                    bill=move.display_name,
                    why=", ".join(holds[move.id].mapped("note")),
                )
            elif move.construction_job_id and move.move_type in BILLS and move.state != "posted":
                refusals[line] = self.env._(
                    "%s is a bill of a job that Finance has not released.", move.display_name
                )
        return refusals

    def _check_amls_exigibility_for_reconciliation(self, shadowed_aml_values=None):
        """Every way to match an item with a payment leads through here: the payment wizard,
        the outstanding credits of a bill, bank lines, and RPC."""
        result = super()._check_amls_exigibility_for_reconciliation(
            shadowed_aml_values=shadowed_aml_values
        )
        if self.env.context.get("construction_retention") is not RELEASE:
            self._check_may_be_matched()
        return result

    def _check_may_be_matched(self):
        """:raises UserError: an item among these is not payable, and the others are not its
        own reversal"""
        refusals = self._payment_refusals()
        for line, why in refusals.items():
            others = self.move_id - line.move_id
            family = line.move_id | line.move_id.reversed_entry_id | line.move_id.reversal_move_ids
            if others - family:
                raise UserError(why)

    # -------------------------------------------------------------- release
    def _release_retention_item(self, amount, on, due_on, bill):
        """Post Dr retention / Cr payable for a part of this held item and reconcile it.

        :param amount: Decimal in the item's currency, at most what is open
        """
        self.ensure_one()
        move, digits = self.move_id, self.currency_id.decimal_places
        value = money.to_float(amount, digits)
        sign = -1 if self.amount_residual_currency < 0 else 1
        share = value / abs(self.amount_residual_currency)
        balance = move.company_currency_id.round(self.amount_residual * share)
        common = {"partner_id": self.partner_id.id, "currency_id": self.currency_id.id}
        label = self.env._("Retention released: %s", move.ref or move.name)
        lines = [
            common
            | {
                "account_id": self.account_id.id,
                "name": label,
                "amount_currency": -sign * value,
                "balance": -balance,
            },
            common
            | {
                "account_id": move._payable_account_id(),
                "name": label,
                "amount_currency": sign * value,
                "balance": balance,
                "date_maturity": due_on,
            },
        ]
        entry = move.sudo().create(
            {
                "move_type": "entry",
                "journal_id": self._retention_journal().id,
                "company_id": move.company_id.id,
                "date": on,
                "ref": label,
                "retention_bill_id": bill.id if bill else False,
                "line_ids": [Command.create(line) for line in lines],
            }
        )
        entry._post(soft=False)
        counterpart = entry.line_ids.filtered(lambda line: line.account_id == self.account_id)
        (self | counterpart).sudo().with_context(construction_retention=RELEASE).reconcile()
        return entry

    def _retention_journal(self):
        journal = (
            self.env["account.journal"]
            .sudo()
            .search([("type", "=", "general"), ("company_id", "=", self.company_id.id)], limit=1)
        )
        if not journal:
            raise UserError(
                self.env._(
                    "%s has no journal for miscellaneous entries, which a release needs.",
                    self.company_id.name,
                )
            )
        return journal
