from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..lib import intercompany, money

ZERO = Decimal(0)


class ConstructionIntercompanyPost(models.Model):
    """The two entries, their reversal, and the way other documents get here."""

    _inherit = "construction.intercompany"

    @api.model
    def _propose(self, company, date, rows, reason, source=None):
        """Charge cost of `company` to the companies of the jobs and submit it for release.

        :param company: the performing company, which bore the cost
        :param date: of both entries
        :param rows: list of dicts: `job`, `cost_code`, `cost_type` (records), `cost` (Decimal,
            in the currency of `company`), `quantity` (Decimal, optional) and `name`
        :param source: the entry or bill of `company` by which it paid; released before
        :return: a document per company of the jobs
        :raises UserError: one of the companies lacks an account, a rate, or an open month
        """
        digits, groups = company.currency_id.decimal_places, {}
        for row in rows:
            groups.setdefault(row["job"].sudo().company_id, []).append(row)
        documents = self._at_the_gate().create(
            [
                {
                    "company_id": company.id,
                    "job_company_id": job_company.id,
                    "date": date,
                    "reason": reason,
                    "source_move_id": source.id if source else False,
                    "line_ids": [
                        fields.Command.create(
                            {
                                "name": row.get("name"),
                                "job_id": row["job"].id,
                                "cost_code_id": row["cost_code"].id,
                                "cost_type_id": row["cost_type"].id,
                                "quantity": float(row.get("quantity") or ZERO),
                                "cost_amount": money.to_float(row["cost"], digits),
                            }
                        )
                        for row in group
                    ],
                }
                for job_company, group in groups.items()
            ]
        )
        documents = documents.with_env(self.env)
        documents._release_submit()
        return documents

    # ---------------------------------------------------------------- release
    def _release_perform(self):
        """Both entries of each document, in this transaction or not at all."""
        self.lock_for_update()
        for record in self:
            if record.state != "draft":
                raise UserError(self.env._("%s is posted already.", record.display_name))
            source = record.source_move_id
            if source and source.state != "posted":
                raise UserError(
                    self.env._(
                        "%(document)s charges %(paid)s, which is not posted yet: release that "
                        "one first.",
                        document=record.display_name,
                        paid=source.ref or source.display_name,
                    )
                )
        self._check_people()
        self._check_ready()
        self._check_months_being_closed()
        taken_back = self.filtered("reversal_of_id")
        taken_back._post_reversals()
        (self - taken_back)._post_pairs()

    def _check_months_being_closed(self):
        """Between soft lock and lock only Finance books, in either company."""
        self.env["construction.period"]._check_open(
            (company.id, record.date, record.reason)
            for record in self
            for company in (record.company_id, record.job_company_id)
        )

    def _post_pairs(self):
        journals = self._journals_of(self.company_id | self.job_company_id)
        entries = []
        for record in self:
            company, other = record.company_id, record.job_company_id
            entries += [
                record._entry(company, other, journals[company], record._performing_items()),
                record._entry(other, company, journals[other], record._job_items()),
            ]
        moves = self.env["account.move"].create(entries)
        moves._post(soft=False)
        for record, ours, theirs in zip(self, moves[::2], moves[1::2], strict=True):
            record.write({"move_id": ours.id, "job_move_id": theirs.id, "state": "posted"})

    def _entry(self, company, other, journal, items):
        partner = other.partner_id
        return {
            "move_type": "entry",
            "company_id": company.id,
            "journal_id": journal.id,
            "currency_id": self.currency_id.id,
            "date": self.date,
            "ref": self.env._("%(number)s: %(reason)s", number=self.number, reason=self.reason),
            "job_cost_reason": self.reason,
            "intercompany_id": self.id,
            "line_ids": [
                fields.Command.create(
                    {
                        "partner_id": partner.id,
                        "currency_id": self.currency_id.id,
                        "tax_ids": [fields.Command.clear()],
                        "name": self.reason,
                    }
                    | item
                )
                for item in items
            ],
        }

    def _in_books(self, amount, company):
        """An amount of the agreement's currency in the company's, at its rate of the day."""
        value = self.currency_id._convert(float(amount), company.currency_id, company, self.date)
        return money.from_float(value, company.currency_id.decimal_places)

    def _amount(self, value):
        return money.from_float(value, self.currency_id.decimal_places)

    def _total(self):
        """What is due: what the lines charge."""
        return sum((self._amount(line.amount) for line in self.line_ids), ZERO)

    def _performing_items(self):
        """Dr due from the other company / Cr recovery: the cost, and the profit on it apart;
        what the rates of the day make of the difference goes to exchange."""
        company = self.company_id
        digits = company.currency_id.decimal_places
        due_from = self.env["construction.clearing.account"]._account_id_of(company.id, "due_from")
        total = self._total()
        due = self._in_books(total, company)
        items = [_item(due_from, total, due)]
        costs, profits = [], []
        for line in self.line_ids:
            account = self._recovery_account_id(company, line.cost_type_id.category)
            cost = money.from_float(line.cost_amount, digits)
            profit = self._in_books(self._amount(line.profit_amount), company)
            costs.append(cost)
            profits.append(profit)
            name = {"name": line.name or self.reason}
            items.append(_item(account, -self._amount(line.cost_due), -cost) | name)
            items.append(
                _item(account, -self._amount(line.profit_amount), -profit)
                | name
                | {"is_intercompany_profit": True}
            )
        left = intercompany.exchange(due, costs, profits)
        if left:
            items.append(
                _item(self._exchange_account(left).id, left * 0, -left)
                | {"name": self.env._("Exchange difference")}
            )
        return [item for item in items if item["balance"] or item["amount_currency"]]

    def _exchange_account(self, left):
        company = self.company_id
        account = (
            company.income_currency_exchange_account_id
            if left > 0
            else company.expense_currency_exchange_account_id
        )
        if not account:
            raise UserError(
                self.env._(
                    "%s has no account for exchange differences: Finance sets it in the "
                    "accounting settings.",
                    company.name,
                )
            )
        return account

    def _job_items(self):
        """Dr cost of the job with its coding / Cr due to the performing company."""
        company, AccountMap = self.job_company_id, self.env["construction.account.map"]
        digits = company.currency_id.decimal_places
        due_to = self.env["construction.clearing.account"]._account_id_of(company.id, "due_to")
        total = self._total()
        due = self._in_books(total, company)
        amounts = [self._amount(line.amount) for line in self.line_ids]
        items = []
        for line, amount, cost in zip(
            self.line_ids, amounts, money.spread(due, amounts, digits), strict=True
        ):
            account = AccountMap._cost_account_id(company, line.cost_type_id.category, line.job_id)
            items.append(
                _item(account, amount, cost)
                | {
                    "name": line.name or self.reason,
                    "quantity": line.quantity,
                    "analytic_distribution": line._distribution(),
                }
            )
        items.append(_item(due_to, -total, -due))
        return [item for item in items if item["balance"] or item["amount_currency"]]

    # --------------------------------------------------------------- reversal
    def action_reverse(self):
        """Make the document that takes both entries back, as a draft: date and reason are
        filled in there, and another person releases it.

        :raises UserError: it is not posted, or it is being taken back already
        """
        self._check_submitter()
        self.ensure_one()
        if self.state != "posted" or self.reversal_of_id:
            raise UserError(self.env._("Only what is posted is taken back."))
        if self.reversal_ids:
            raise UserError(
                self.env._(
                    "%(document)s is taken back by %(reversal)s already.",
                    document=self.display_name,
                    reversal=self.reversal_ids[:1].display_name,
                )
            )
        reversal = self._at_the_gate().create(
            {
                "company_id": self.company_id.id,
                "job_company_id": self.job_company_id.id,
                "reason": self.env._("Reversal of %s", self.number),
                "reversal_of_id": self.id,
                "source_move_id": False,
                "line_ids": [
                    fields.Command.create(
                        {
                            "reverses_line_id": line.id,
                            "name": line.name,
                            "job_id": line.job_id.id,
                            "cost_code_id": line.cost_code_id.id,
                            "cost_type_id": line.cost_type_id.id,
                            "quantity": -line.quantity,
                            "cost_amount": -line.cost_amount,
                        }
                    )
                    for line in self.line_ids
                ],
            }
        )
        return reversal.with_env(self.env)._get_records_action(context={})

    def _post_reversals(self):
        """Both entries the other way round, at the rates of then; claim and debt that nobody
        has settled since are reconciled with what they were."""
        for record in self:
            old = record.reversal_of_id
            old.lock_for_update()
            moves = old.move_id | old.job_move_id
            reason = self.env._(
                "%(number)s: %(reason)s", number=record.number, reason=record.reason
            )
            values = {
                "date": record.date,
                "ref": reason,
                "job_cost_reason": record.reason,
                "intercompany_id": record.id,
            }
            reversals = moves._reverse_moves([dict(values) for _move in moves])
            reversals._post(soft=False)
            for move, reversal in zip(moves, reversals, strict=True):
                lines = (move | reversal).line_ids.filtered(
                    lambda line: line.account_id.reconcile and not line.reconciled
                )
                if not move.line_ids.filtered(lambda line: line.matched_debit_ids
                                              or line.matched_credit_ids):  # fmt: skip
                    lines.reconcile()
            ours, theirs = reversals
            record.write({"move_id": ours.id, "job_move_id": theirs.id, "state": "posted"})
            old.write({"state": "reversed"})

    # ----------------------------------------------------------------- effect
    def _release_effect(self):
        self.ensure_one()
        if self.state != "draft" or not self.line_ids or not self.currency_id:
            return False
        told = [
            self.env._(
                "%(company)s: due from %(other)s %(amount)s, recovers %(cost)s",
                company=self.company_id.name,
                other=self.job_company_id.name,
                amount=self._shown(self.amount_total, self.currency_id),
                cost=self._shown(self.cost_amount, self.company_currency_id),
            )
        ]
        if self.profit_amount:
            told.append(
                self.env._(
                    "of it profit, eliminated in the group: %s",
                    self._shown(self.profit_amount, self.currency_id),
                )
            )
        told += [
            self.env._(
                "%(company)s: %(coding)s %(amount)s, due to %(other)s",
                company=self.job_company_id.name,
                coding=line._told(),
                amount=self._shown(line.amount, self.currency_id),
                other=self.company_id.name,
            )
            for line in self.line_ids
        ]
        return "\n".join(told)


def _item(account_id, amount, balance):
    """Values of a journal item in the currency of the agreement and of the books."""
    return {
        "account_id": account_id,
        "amount_currency": float(amount),
        "balance": float(balance),
    }
