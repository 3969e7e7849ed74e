from odoo import api, fields, models

from .account_move_retention import BILLS

SAME = 1e-9  # of a rate, in which divisions are kept as floats


class AccountMoveRate(models.Model):
    """Bills of jobs are valued at the rate of their accounting date, which decides the month
    that bears the cost; Odoo takes the rate of the invoice's own day. A rate that the document
    or a person states stays, on whatever day the bill is booked."""

    _inherit = "account.move"

    rate_stated = fields.Boolean(
        string="Rate is stated",
        readonly=True,
        copy=False,
        help="By the document or a person: it does not follow the accounting date.",
    )
    # it follows the job, which is known once there are lines
    invoice_currency_rate = fields.Float(inverse="_inverse_invoice_currency_rate", precompute=False)

    def _is_valued_as_booked(self):
        return (
            self.move_type in BILLS
            and bool(self.date)
            and bool(self.from_platform or self.construction_job_id)
        )

    def _get_invoice_currency_rate_date(self):
        day = super()._get_invoice_currency_rate_date()
        return self.date if self._is_valued_as_booked() else day

    @api.depends("date", "from_platform", "construction_job_id")
    def _compute_expected_currency_rate(self):
        return super()._compute_expected_currency_rate()

    @api.depends("date", "from_platform", "construction_job_id", "rate_stated")
    def _compute_invoice_currency_rate(self):
        kept = self.filtered(lambda move: move.rate_stated and move._is_valued_as_booked())
        return super(AccountMoveRate, self - kept)._compute_invoice_currency_rate()

    def _inverse_invoice_currency_rate(self):
        """A rate that is not the day's was stated; the day's own takes that back, unless an
        event states it."""
        for move in self.filtered(lambda move: move.move_type in BILLS):
            other = abs(move.invoice_currency_rate - move.expected_currency_rate) > SAME
            move.rate_stated = other or (move.rate_stated and move._is_at_the_gate())
