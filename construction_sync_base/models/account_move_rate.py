from contextlib import contextmanager

from odoo import api, fields, models

from .account_move_retention import BILLS

SAME = 1e-9  # of a rate, in which divisions are kept as floats


class AccountMoveRate(models.Model):
    """Bills of jobs are valued at the rate of their accounting date, which decides the month
    that bears the cost; Odoo takes the rate of the invoice's own day. A rate that the document
    or a person states stays, on whatever day the bill is booked. Other documents keep theirs
    as Odoo does."""

    _inherit = "account.move"

    rate_stated = fields.Boolean(
        string="Rate is stated",
        readonly=True,
        copy=False,
        help="By the document or a person: it does not follow the accounting date.",
    )
    invoice_currency_rate = fields.Float(inverse="_inverse_invoice_currency_rate")

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

    # It depends on no more than Odoo says: a dependency on date or job would reach every
    # document, and take back the rate that a person typed on it.
    def _compute_invoice_currency_rate(self):
        kept = self.filtered(lambda move: move.rate_stated and move._is_valued_as_booked())
        return super(AccountMoveRate, self - kept)._compute_invoice_currency_rate()

    def _inverse_invoice_currency_rate(self):
        """A rate that is not the day's was stated; the day's own takes that back, unless an
        event states it."""
        for move in self.filtered(lambda move: move.move_type in BILLS):
            other = abs(move.invoice_currency_rate - move.expected_currency_rate) > SAME
            move.rate_stated = other or (move.rate_stated and move._is_at_the_gate())

    @api.onchange("invoice_currency_rate")
    def _onchange_invoice_currency_rate(self):
        self._inverse_invoice_currency_rate()

    @api.onchange("date", "invoice_line_ids", "line_ids")
    def _onchange_valued_as_booked(self):
        if self._is_valued_as_booked() and not self.rate_stated:
            self.invoice_currency_rate = self.expected_currency_rate

    @contextmanager
    def _sync_dynamic_lines(self, container):
        with super()._sync_dynamic_lines(container):
            if self.env.context.get("skip_invoice_sync"):
                yield
                return
            before = container["records"]._days_valued()
            yield
            after = container["records"]._days_valued()
            container["records"].browse(
                move_id
                for move_id, (day, stated) in after.items()
                if not stated and before.get(move_id, (False, False)) != (day, stated)
            )._revalue()

    def _days_valued(self):
        """{id: (day whose rate values it or False: Odoo's own, whether its rate is stated)} of
        draft bills in a foreign currency."""
        bills = self.filtered(
            lambda move: (
                move.state == "draft"
                and move.move_type in BILLS
                and move.currency_id != move.company_currency_id
            )
        )
        return {
            move.id: (move._is_valued_as_booked() and move.date, move.rate_stated) for move in bills
        }

    def _revalue(self):
        """What a trigger would do: the rate, and what hangs on it, are computed anew, unless it
        is just being written."""
        field = self._fields["invoice_currency_rate"]
        moves = self.filtered(lambda move: not self.env.is_protected(field, move))
        self.env.add_to_compute(field, moves)
        moves.modified([field.name])
