from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_date, formatLang

from ..lib import money
from .account_move_retention import BILLS
from .construction_coding import COST_ACCOUNTS
from .construction_guard import FINANCE, guard
from .construction_release_mixin import GATE_FIELDS


class AccountMoveRelease(models.Model):
    """Bills of jobs at the release gate: confirming one matches and submits it, and the
    release posts it."""

    _name = "account.move"
    _inherit = ["account.move", "construction.release.mixin"]

    _release_type = "supplier_invoice"
    _release_label = "Supplier invoice"
    _release_required = ("partner_id", "invoice_date")
    _gate_fields = GATE_FIELDS | {"from_platform", "match_verdict", "match_over", "matched_at"}

    hold_ids = fields.One2many(
        "construction.hold", "res_id", domain=[("res_model", "=", "account.move")], readonly=True
    )
    on_hold = fields.Boolean(compute="_compute_on_hold", search="_search_on_hold")
    next_step = fields.Char(
        string="Who has to act", compute="_compute_next_step", help="What is missing, and who."
    )

    def _compute_on_hold(self):
        standing = self.env["construction.hold"]._standing(self)
        for move in self:
            move.on_hold = move.id in standing

    @api.depends("state", "release_state", "payment_state", "match_verdict")
    @api.depends_context("uid")
    def _compute_next_step(self):
        standing = self.env["construction.hold"]._standing(self)
        for move in self:
            move.next_step = move._next_step(standing.get(move.id)) if move._is_gated() else False

    def _next_step(self, holds):
        if self.state == "draft":
            if self.release_state == "to_release":
                return self.approval_waiting_for
            if self.release_state == "returned":
                reason = (self.release_reason or "").split("\n")[0]
                return self.env._("Returned: %s", reason)
            return self.env._("Finance: check it and confirm")
        if self.state != "posted" or self.payment_state in ("paid", "in_payment", "reversed"):
            return False
        if holds:
            return ", ".join(holds.mapped("note"))
        if self.currency_id.is_zero(self.amount_currently_due):
            return self.env._("Retention: waits for its release")
        return self.env._("Finance: pay by %s", format_date(self.env, self.invoice_date_due))

    def _search_on_hold(self, operator, value):
        if operator != "in":
            return NotImplemented
        holds = (
            self.env["construction.hold"]
            .sudo()
            .search([("res_model", "=", self._name), ("state", "=", "held")])
        )
        return [("id", "in" if True in value else "not in", holds.mapped("res_id"))]

    # ----------------------------------------------------------------- gate
    def _is_gated(self):
        return bool(self.construction_job_id) and self.move_type in BILLS

    @api.model
    def _release_queue_columns(self):
        return super()._release_queue_columns() | {
            "name": SQL("COALESCE(d.ref, NULLIF(d.name, '/'), d.id::varchar)"),
            "job": SQL("d.construction_job_id"),
            "partner": SQL("d.commercial_partner_id"),
            # Odoo signs the total of a bill, and keeps that of an entry positive
            "amount": SQL("CASE d.move_type WHEN 'entry' THEN d.amount_total_signed"
                          " ELSE -d.amount_total_signed END"),
            "due": SQL("d.invoice_date_due"),
        }  # fmt: skip

    @api.model
    def _release_waiting_columns(self):
        return SQL("d.date"), self._coded_cost(SQL("d.id"))

    @api.model
    def _coded_items(self, move):
        """The items `i` that book cost of jobs, as SQL of what stands behind FROM.

        :param move: SQL of the id of their move
        """
        return SQL(
            """account_move_line i
                  JOIN account_account g ON g.id = i.account_id AND g.account_type IN %s
                 WHERE i.move_id = %s AND i.analytic_distribution IS NOT NULL""",
            COST_ACCOUNTS,
            move,
        )

    @api.model
    def _coded_cost(self, move):
        """SQL of the cost that a move books, in company currency; a credit is below 0."""
        return SQL(
            "(SELECT COALESCE(SUM(i.balance), 0) FROM %s)",
            self._coded_items(move),
        )

    def _submit_bills(self):
        """Match and submit; what differs beyond its tolerance goes back with the arithmetic.

        :return: those of them that were posted at once, by policy
        """
        self._check_may_submit()
        self._match_bills()
        stopped = self.filtered(lambda bill: bill._is_stopped())
        for bill in stopped:
            text = bill._match_text()
            bill._release_give_back(text)
            bill._hold_mismatch(text)
        passed = self - stopped
        passed._end_mismatch()
        return passed - passed._release_submit()

    def _hold_mismatch(self, text):
        """Say as a hold why it goes no further."""
        rows = self.sudo().match_line_ids.filtered(lambda row: row.verdict == "block")
        reason = "missing_receipt" if set(rows.mapped("faults")) == {"receipt"} else "matching"
        over = self.currency_id._convert(
            self.match_over, self.company_currency_id, self.company_id, self.date
        )
        self.env["construction.hold"]._place(self, reason, text.split("\n")[0], over)

    def _end_mismatch(self):
        """What matches now, or was accepted, is not held for it any more."""
        holds = self.env["construction.hold"]._standing(self).values()
        holds = self.env["construction.hold"].sudo().union(*holds)
        holds.filtered(lambda hold: hold.reason in ("matching", "missing_receipt"))._end(
            self.env._("Matches, or was accepted.")
        )

    def _is_stopped(self):
        return self.match_verdict == "block" and not (self.match_reason or "").strip()

    def _check_may_submit(self):
        if not self.env.su and not self.env.user.has_group("account.group_account_invoice"):
            raise AccessError(self.env._("You may not confirm vendor bills."))

    def _releases_itself(self, policy):
        """What differs from its order, or falls into a locked month, is looked at, whatever
        the policy says."""
        return (
            self.match_verdict != "warn"
            and not self._is_of_locked_month()
            and super()._releases_itself(policy)
        )

    @guard("release", FINANCE)
    def _check_releaser(self):
        return self.env._("Finance releases bills.")

    def _release_waits_for(self):
        return self.env._("release by Finance")

    def _release_amount(self):
        return abs(self.amount_total_signed)

    def _approval_extra(self):
        return {"job_id": self.construction_job_id.id}

    def _release_perform(self):
        """Match again with what was released meanwhile, then post on the day that was shown."""
        self._match_bills()
        for bill in self:
            if bill._is_stopped():
                raise UserError(bill._match_text())
        self._post(soft=False)
        self._release_asked_retention()

    def _is_of_locked_month(self):
        """Whether the ledger or the job cost is locked on the day of the document: Odoo then
        proposes a later accounting date, which a person confirms."""
        day = self.invoice_date or self.date
        return bool(
            self._get_violated_lock_dates(day, bool(self.amount_tax))
            or self.env["construction.period"].sudo()._locked(self.company_id, [day])
        )

    # --------------------------------------------------------------- effect
    def _release_effect(self):
        """What the release does to budget, accounts, tax, retention and cash."""
        self.ensure_one()
        if self.state != "draft":
            return False
        parts = [self._effect_on_budget(), self._effect_on_accounts()]
        if self.match_verdict not in (False, "match"):
            parts.insert(0, self._match_text())
        if self.amount_tax:
            parts.append(self.env._("Tax: %s", self._told(self.amount_tax)))
        if self.retention_amount:
            parts.append(self.env._("Held as retention: %s", self._told(self.retention_amount)))
        if self.retention_released_amount:
            parts.append(
                self.env._(
                    "Releases earlier retention: %s", self._told(self.retention_released_amount)
                )
            )
        parts.append(
            self.env._(
                "To be paid: %(amount)s, due %(day)s",
                amount=self._told(
                    self.amount_total - self.retention_amount + self.retention_released_amount
                ),
                day=format_date(self.env, self.invoice_date_due) or "—",
            )
        )
        return "\n".join(part for part in parts if part)

    def _effect_on_budget(self):
        costs = defaultdict(Decimal)
        lines = self.line_ids.filtered(
            lambda line: (
                line.account_id.account_type in COST_ACCOUNTS and line.analytic_distribution
            )
        )
        read = self.env["construction.coding"]._read_distribution(
            [line.analytic_distribution for line in lines]
        )
        digits = self.company_currency_id.decimal_places
        for line, entry in zip(lines, read, strict=True):
            key = tuple(entry[name][:1] for name in ("job", "cost_code", "cost_type"))
            costs[key] += money.from_float(line.balance, digits)
        jobs = self.env["project.project"].union(*(key[0] for key in costs))
        positions = self.env["construction.job.cost"].sudo()._positions(jobs)
        return "\n".join(
            self.env._(
                "%(code)s / %(type)s: actual %(before)s → %(after)s, budget %(budget)s",
                code=code.display_name,
                type=cost_type.display_name,
                before=self._told(position.get("actual", 0), self.company_currency_id),
                after=self._told(position.get("actual", 0) + cost, self.company_currency_id),
                budget=self._told(position.get("budget", 0), self.company_currency_id),
            )
            for (job, code, cost_type), cost in costs.items()
            for position in (positions.get((job.id, code.id, cost_type.id), {}),)
        )

    def _effect_on_accounts(self):
        """Debits and credits by account, in company currency."""
        sums = defaultdict(float)
        for line in self.line_ids.filtered("account_id"):
            sums[line.account_id] += line.balance
        return "\n".join(
            self.env._(
                "%(side)s %(account)s %(amount)s",
                side=self.env._("Dr") if amount > 0 else self.env._("Cr"),
                account=account.display_name,
                amount=self._told(abs(amount), self.company_currency_id),
            )
            for account, amount in sorted(sums.items(), key=lambda item: -item[1])
            if not self.company_currency_id.is_zero(amount)
        )

    def _told(self, amount, currency=None):
        return formatLang(self.env, float(amount), currency_obj=currency or self.currency_id)

    # ---------------------------------------------------------------- guard
    def write(self, vals):
        """Only Finance accepts what an order does not cover."""
        if "match_reason" in vals and not self._is_at_the_gate():
            self._check_releaser()
        return super().write(vals)

    # ------------------------------------------------------- native buttons
    def button_draft(self):
        """A bill that leaves the ledger has to be released again, which books anew what the
        release booked beside it: that leaves with the bill."""
        result = super().button_draft()
        beside = self._booked_beside()._still_booked()
        if beside:
            beside.button_cancel()
        self._leave_the_gate()
        return result

    def button_cancel(self):
        result = super().button_cancel()
        self._leave_the_gate()
        return result

    def _still_booked(self):
        """Those of these entries that were neither cancelled nor reversed."""
        return self.filtered(lambda entry: entry.state != "cancel" and not entry._is_undone())

    def _leave_the_gate(self):
        gated = self.filtered("release_state")._at_the_gate()
        gated._release_withdraw()
        gated.write({"release_state": False})

    def action_hold_dialog(self):
        return self.env["construction.reason"]._ask(self, "hold")

    def action_hold(self, reason):
        """Put bills on hold by hand; the reason is shown wherever they are not paid.

        :raises UserError: no reason
        """
        self.env["construction.hold"]._check_placer()
        if not (reason or "").strip():
            raise UserError(self.env._("Say why it is not to be paid."))
        for move in self:
            self.env["construction.hold"]._place(
                move, "manual", reason, abs(move.amount_residual_signed)
            )
        return True
