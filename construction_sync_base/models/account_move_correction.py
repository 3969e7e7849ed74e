from odoo import fields, models
from odoo.exceptions import UserError

from ..lib import money
from .account_move_retention import BILLS


class AccountMoveCorrection(models.Model):
    """How posted bills and entries are taken back: by their reversal, on their own day where
    its month is open, at their own rate. What was only set back stands as a draft again, in
    the place of the bill that was taken back."""

    _name = "account.move"
    _inherit = ["account.move", "construction.correction.mixin"]

    set_back_by_id = fields.Many2one(
        "construction.correction",
        string="Set back by",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="A draft that a correction set back: it counts as billed once it is submitted.",
    )

    def _correction_job(self):
        return self.construction_job_id or super()._correction_job()

    def _correction_day(self):
        return self.date

    def _correction_amount(self):
        return abs(self.amount_total_signed)

    def _correction_paid(self):
        """What was settled of it by payments and credits, in the company's currency: of a
        bill its terms, of an entry, as one that released retention, its payable items."""
        reserved = self.env["construction.account.map"]._retention_account_ids()
        is_entry = self.move_type == "entry"
        owed = self.line_ids.filtered(
            lambda line: (
                (line.account_type == "liability_payable" and line.account_id.id not in reserved)
                if is_entry
                else (line.display_type == "payment_term" and not line.is_retention)
            )
        )
        return abs(sum(owed.mapped("balance")) - sum(owed.mapped("amount_residual")))

    def _ledger_locked(self, day):
        return bool(self._get_violated_lock_dates(day, self._affect_tax_report()))

    def _is_to_undo(self):
        return self.state == "posted" and not self._is_undone()

    def action_undo_dialog(self):
        """Bills and entries of jobs.

        :raises UserError: it is neither
        """
        self.check_access("read")
        for move in self:
            if not move._is_gated():
                raise UserError(
                    self.env._("%s is no bill of a job: reverse it in Odoo.", move.display_name)
                )
        return super().action_undo_dialog()

    def _is_undone(self):
        """Whether a posted reversal takes all of it back."""
        return any(
            back.state == "posted" and not self.currency_id.compare_amounts(
                back.amount_total, self.amount_total
            )
            for back in self.sudo().reversal_move_ids
        )  # fmt: skip

    def _is_set_back(self):
        """A draft that counts for nothing until somebody submits it again."""
        return (
            bool(self.set_back_by_id)
            and self.state == "draft"
            and self.release_state != "to_release"
        )

    def _correction_again(self, action):
        return self._how_to_set_back() if action in ("redraft", "give_back") else action

    def _how_to_set_back(self):
        return "redraft" if self.state == "posted" else "give_back"

    # ------------------------------------------------------------- dependents
    def _stands_on_it(self, action):
        found = super()._stands_on_it(action)
        if self.state != "posted":
            return found
        self._check_not_charged()
        found += [(entry, "reverse") for entry in self._retention_entries()]
        lines = self.env["construction.cost.transfer.line"].sudo()
        moved = lines.search([("source_item_id", "in", self.line_ids.ids)]).transfer_id
        return found + [
            (transfer, "reverse" if transfer.state == "posted" else "give_back")
            for transfer in moved
            if transfer._is_to_undo()
        ]

    def _check_not_charged(self):
        """:raises UserError: another company was charged for it, which that one sees as well"""
        charge = self.env["construction.intercompany"].sudo()
        charge = charge.search(
            [("source_move_id", "in", self.ids), ("state", "=", "posted")], limit=1
        )
        if charge and not charge.reversal_ids.filtered(lambda one: one.state == "posted"):
            raise UserError(
                self.env._(
                    "%(charge)s charges %(company)s for %(document)s: take that back first.",
                    charge=charge.display_name,
                    company=charge.job_company_id.name,
                    document=self.display_name,
                )
            )

    def _retention_entries(self):
        """Entries that released retention of this bill, or that this bill asked for."""
        held = self.line_ids.filtered("is_retention")
        matched = held.matched_debit_ids.debit_move_id | held.matched_credit_ids.credit_move_id
        entries = matched.move_id.filtered(lambda move: move.move_type == "entry")
        return (entries | self.retention_release_ids).filtered(
            lambda move: move.state == "posted" and not move._is_undone()
        )

    # ------------------------------------------------------------------ undo
    def _undo_by_correction(self, step):
        """:return: the reversal; of what is drafted again the draft"""
        if step.action == "give_back":
            self._set_back(step.correction_id)
            return None
        if self.state != "posted" or self._is_undone():
            raise UserError(
                self.env._(
                    "%s is not posted or was taken back meanwhile: submit the correction anew.",
                    self.display_name,
                )
            )
        reversal = self._take_back(step.date, step.correction_id)
        return self._draft_again(step.correction_id) if step.action == "redraft" else reversal

    def _take_back(self, day, correction):
        """Post the reversal, reconciled with this. Payments that were matched become open."""
        gate = self._at_the_gate()
        reversal = gate._reverse_moves(
            [
                {
                    "date": day,
                    "invoice_date": day if self.move_type in BILLS else False,
                    "invoice_currency_rate": self.invoice_currency_rate,
                    "ref": self.env._(
                        "%(number)s takes back %(document)s",
                        number=correction.number,
                        document=self.ref or self.name,
                    ),
                    "job_cost_reason": correction.reason,
                    "from_platform": self.from_platform,
                }
            ],
            cancel=True,
        )
        self._check_taken_back(reversal)
        if reversal._is_gated():
            reversal._release_settle(released_by=correction._releaser())
        self.message_post(
            body=self.env._(
                "Taken back by %(number)s: %(reason)s",
                number=correction.number,
                reason=correction.reason,
            )
        )
        return reversal

    def _check_taken_back(self, reversal):
        """:raises UserError: an account or coding does not come to nothing"""
        digits = self.company_currency_id.decimal_places
        sums = {}
        for line in (self | reversal).line_ids:
            key = (line.account_id, tuple(sorted(line.analytic_distribution or {})))
            sums[key] = sums.get(key, 0) + money.from_float(line.balance, digits)
        for (account, _coding), rest in sums.items():
            if rest:
                raise UserError(
                    self.env._(
                        "%(document)s cannot be taken back exactly: %(rest)s would stay on "
                        "%(account)s. Finance enters the reversal by hand.",
                        document=self.display_name,
                        rest=rest,
                        account=account.display_name,
                    )
                )

    def _draft_again(self, correction):
        """The same document as a draft; what stood for this at a platform leads to it."""
        gate = self._at_the_gate().with_context(include_business_fields=True)
        draft = gate.copy(
            {
                "date": self.date,
                "invoice_date": self.invoice_date,
                "invoice_date_due": self.invoice_date_due,
                "ref": self.ref,
                "received_on": self.received_on,
                "retention_released_amount": self.retention_released_amount,
                "from_platform": self.from_platform,
                "direct_cost_kind": self.direct_cost_kind,
                "invoice_currency_rate": self.invoice_currency_rate,
                "rate_stated": self.rate_stated,
                "set_back_by_id": correction.id,
                "deduction_ids": self._deductions_again(),
            }
        )
        if self.message_main_attachment_id:
            attachment = self.message_main_attachment_id.copy({"res_id": draft.id})
            draft.message_main_attachment_id = attachment
        bindings = self.env["construction.binding"].sudo()
        found = bindings.search([("res_model", "=", self._name), ("res_id", "=", self.id)])
        if found:
            found._lead_to(draft)
        draft = draft.with_context(construction_release=None, include_business_fields=None)
        draft._release_give_back(correction._told_why())
        return draft

    def _set_back(self, correction):
        """A draft that nobody decides about any more."""
        if self.state != "draft":
            raise UserError(
                self.env._(
                    "%s was posted meanwhile: submit the correction anew.", self.display_name
                )
            )
        self._at_the_gate().set_back_by_id = correction
        self._release_give_back(correction._told_why())

    # ---------------------------------------------------------------- again
    def _submit_set_back(self):
        """Submit what corrections set back, as the orders are now; what cannot be stays."""
        for bill in self.filtered(lambda move: move._is_set_back()):
            try:
                with self.env.cr.savepoint():
                    bill._follow_orders()
                    bill._submit_bills()
            except UserError as error:
                bill.message_post(body=str(error))

    def _follow_orders(self):
        """Coding and account of its lines as their order lines have them now."""
        for line in self._at_the_gate().invoice_line_ids.filtered("purchase_line_id"):
            order_line = line.purchase_line_id
            if line.analytic_distribution != order_line.analytic_distribution:
                line.analytic_distribution = order_line.analytic_distribution
                line.account_id = order_line._mapped_cost_account_id() or line.account_id

    def _fetch_duplicate_reference(self, matching_states=("draft", "posted")):
        """Without what was taken back, and what took it back: no vendor sent that."""
        found = super()._fetch_duplicate_reference(matching_states)
        ours = self.browse().union(*found.values())._made_by_correction()
        return {
            move: rest
            for move, others in found.items()
            if (rest := (others - ours).filtered(lambda other: not other._is_undone()))
        }

    def _made_by_correction(self):
        """Those of these that are the reversal of a correction."""
        undone = self.sudo().reversed_entry_id
        if not undone:
            return self.browse()
        steps = self.env["construction.correction.line"].sudo()
        steps = steps.search(
            [
                ("res_model", "=", self._name),
                ("res_id", "in", undone.ids),
                ("correction_id.state", "=", "done"),
            ]
        )
        ids = set(steps.mapped("res_id"))
        return self.filtered(lambda move: move.sudo().reversed_entry_id.id in ids)

    def _quantities_by_order_line(self):
        """{order line id: quantity that this bills}, in the order's units, as Decimal."""
        found = {}
        for line in self.invoice_line_ids.filtered("purchase_line_id"):
            key = line.purchase_line_id.id
            found[key] = found.get(key, 0) + line.sudo()._billed_of_order()[1]
        return found
