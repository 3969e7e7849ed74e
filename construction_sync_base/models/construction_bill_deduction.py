from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import formatLang

from ..lib import money

ADVANCE = "advance_recovery"

KINDS = [
    ("back_charge", "Back charge"),
    ("advance_recovery", "Advance recovery"),
    ("withholding", "Withholding"),
    ("liquidated_damages", "Liquidated damages"),
    ("discount", "Discount"),
    ("other", "Other"),
]


class ConstructionBillDeduction(models.Model):
    """What a vendor's invoice takes off its own amount payable. The bill keeps the totals of
    the document; with its posting an entry Dr payable / Cr the account here is reconciled with
    it. Back charges and damages lower the cost of the code that bore the work, an advance is
    no cost, what is withheld is owed to the authority."""

    _name = "construction.bill.deduction"
    _description = "Deduction of a Bill"
    _check_company_auto = True
    _order = "move_id, id"
    _rec_name = "name"

    move_id = fields.Many2one(
        "account.move", string="Bill", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(
        related="move_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(related="move_id.currency_id")
    kind = fields.Selection(KINDS, required=True, readonly=True)
    name = fields.Char(string="Reference", required=True, readonly=True)
    amount = fields.Monetary(required=True, readonly=True)
    account_id = fields.Many2one(
        "account.account", required=True, readonly=True, ondelete="restrict"
    )
    analytic_distribution = fields.Json(readonly=True)

    _amount = models.Constraint("CHECK (amount > 0)", "What is deducted is above 0.")

    def write(self, vals):
        """They are the document's own: a newer version replaces them with its lines."""
        if not self.move_id._is_at_the_gate():
            raise UserError(self.env._("Deductions are kept as the vendor's document has them."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_leaves_it_to_others(self):
        self._announce_advances()

    # -------------------------------------------------------------- advances
    def _advance_key(self):
        """Which advance it is recovered from."""
        move = self.move_id
        return (
            move.company_id.id,
            move.commercial_partner_id.id,
            move.currency_id.id,
            self.account_id.id,
        )

    @api.model
    def _advances(self, vendors, account_ids, drafts=True):
        """What these vendors were advanced and have not given back.

        :param drafts: less what bills that are not posted yet are about to recover
        :return: {(company id, vendor id, currency id, account id): Decimal}
        """
        left = defaultdict(Decimal)
        groups = (
            self.env["account.move.line"]
            .sudo()
            ._read_group(
                [
                    ("account_id", "in", list(account_ids)),
                    ("parent_state", "=", "posted"),
                    ("partner_id.commercial_partner_id", "in", vendors.ids),
                ],
                ["company_id", "partner_id", "currency_id", "account_id"],
                ["amount_currency:sum"],
            )
        )
        for company, partner, currency, account, amount in groups:
            key = (company.id, partner.commercial_partner_id.id, currency.id, account.id)
            left[key] += money.from_float(amount, currency.decimal_places)
        if drafts:
            rows = self.sudo().search(
                [
                    ("kind", "=", ADVANCE),
                    ("account_id", "in", list(account_ids)),
                    ("move_id.state", "=", "draft"),
                    ("move_id.commercial_partner_id", "in", vendors.ids),
                ]
            )
            for row in rows:
                left[row._advance_key()] -= row._exact()
        return left

    def _exact(self):
        return money.from_float(self.amount, self.currency_id.decimal_places)

    @api.model
    def _lock_advances(self, vendors):
        """Recover one after the other. The vendor's row gets a new version, so that of two
        releases at once the second cannot go on with sums from before the first: it fails to
        serialize and runs again."""
        self.env.cr.execute(
            "UPDATE res_partner SET write_date = write_date WHERE id = ANY(%s)", (vendors.ids,)
        )

    def _check_advances_left(self):
        """:raises UserError: the bill recovers more than is left of the advance"""
        rows = self.filtered(lambda row: row.kind == ADVANCE)
        vendors = rows.move_id.commercial_partner_id
        left = self._advances(vendors, rows.account_id.ids, drafts=False) if rows else {}
        for row in rows:
            key, currency = row._advance_key(), row.currency_id
            if row._exact() > left[key]:
                raise UserError(
                    self.env._(
                        "%(bill)s recovers %(wanted)s of an advance, %(left)s is left of what the "
                        "vendor was advanced: post the prepayment first, or return the bill and "
                        "have it corrected.",
                        bill=row.move_id.ref or row.move_id.display_name,
                        wanted=formatLang(self.env, row.amount, currency_obj=currency),
                        left=formatLang(self.env, float(left[key]), currency_obj=currency),
                    )
                )
            left[key] -= row._exact()

    def _announce_advances(self):
        """What these recover, or recovered, may be left for events that missed it."""
        rows = self.filtered(lambda row: row.kind == ADVANCE)
        self._announce_vendors(rows.move_id.commercial_partner_id)

    @api.model
    def _announce_vendors(self, vendors):
        self.env["construction.resolver"]._available([("advance", str(v.id)) for v in vendors])
