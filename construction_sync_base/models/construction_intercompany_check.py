from odoo import api, fields, models
from odoo.exceptions import UserError


class ConstructionIntercompanyCheck(models.Model):
    """What both companies need before either of them books anything."""

    _inherit = "construction.intercompany"

    def _check_ready(self):
        """:raises UserError: the first thing that one of the two companies lacks"""
        for record in self:
            if record._is_source_undone():
                raise UserError(
                    self.env._(
                        "%s is cancelled or reversed: there is nothing to charge. Delete this "
                        "document, or charge by hand what is left of it.",
                        record.source_move_id.sudo().display_name,
                    )
                )
            companies = record.company_id, record.job_company_id
            if record.reversal_of_id:
                record._check_reversible()
                faults = self._month_faults(*companies, record.date)
            else:
                coded = [(line.job_id, line.cost_type_id) for line in record.line_ids]
                faults = self._faults(*companies, record.date, coded)
            for _category, message, _wait in faults:
                raise UserError(message)
            if not record.reversal_of_id and record.currency_id.is_zero(record.amount_total):
                raise UserError(self.env._("%s charges nothing.", record.display_name))

    def _is_source_undone(self):
        source = self.source_move_id.sudo()
        return source.state == "cancel" or "posted" in source.reversal_move_ids.mapped("state")

    def _check_reversible(self):
        if self.reversal_of_id.state != "posted":
            raise UserError(
                self.env._(
                    "%s is not posted, so it cannot be taken back.",
                    self.reversal_of_id.display_name,
                )
            )

    @api.model
    def _faults(self, company, job_company, day, coded):
        """Why cost of `company` cannot be booked on jobs of `job_company` on a day.

        :param coded: list of (job, cost type)
        :return: list of (category of issue, sentence, what it waits for or None)
        """
        day = fields.Date.to_date(day)
        return [
            *self._account_faults(company, job_company, coded),
            *self._term_faults(company, job_company, day, coded),
            *self._month_faults(company, job_company, day),
        ]

    def _account_faults(self, company, job_company, coded):
        Clearing = self.env["construction.clearing.account"]
        AccountMap = self.env["construction.account.map"]
        for owner, purpose in ((company, "due_from"), (job_company, "due_to")):
            if not Clearing._account_id_of(owner.id, purpose):
                labels = dict(Clearing._fields["purpose"]._description_selection(self.env))
                yield (
                    "unmapped_reference",
                    self.env._(
                        "%(company)s has no clearing account for “%(purpose)s”: Finance sets it "
                        "(Cost Control ▸ Setup ▸ Clearing Account Setup).",
                        company=owner.sudo().name,
                        purpose=labels[purpose],
                    ),
                    f"clearing_account|{owner.id}|{purpose}",
                )
        for job, cost_type in coded:
            cost_type = cost_type.sudo()
            category = cost_type.category
            if not AccountMap._cost_account_id(job_company, category, job.sudo()):
                yield (
                    "unmapped_reference",
                    self.env._(
                        "The account map of %(company)s has no account for %(category)s: Finance "
                        "adds the row.",
                        company=job_company.sudo().name,
                        category=cost_type._category_label(),
                    ),
                    f"account_map|{job_company.id}|{category}",
                )
            if not self._recovery_account_id(company, category):
                yield (
                    "unmapped_reference",
                    self.env._(
                        "The account map of %s has no account for intercompany recovery: Finance "
                        "adds it.",
                        company.sudo().name,
                    ),
                    f"recovery_account_id|{company.id}",
                )
        for owner in (company, job_company):
            try:
                self.sudo()._journals_of(owner)
            except UserError as error:
                yield "unmapped_reference", str(error), None

    @api.model
    def _recovery_account_id(self, company, category):
        """Where the performing company recovers cost of a category, or None."""
        return self.env["construction.account.map"]._other_account_id(
            company, "recovery_account_id", category
        )

    def _term_faults(self, company, job_company, day, coded):
        agreement = self.env["construction.intercompany.agreement"]._of(company, job_company)
        wait = f"intercompany|{company.id}|{job_company.id}"
        names = {"company": company.sudo().name, "other": job_company.sudo().name}
        if not agreement:
            yield (
                "unmapped_reference",
                self.env._(
                    "%(company)s has no agreement with %(other)s: Finance enters one (Cost "
                    "Control ▸ Setup ▸ Intercompany Agreements).",
                    **names,
                ),
                wait,
            )
            return
        types = {cost_type.sudo().category: cost_type.sudo() for _job, cost_type in coded}
        for category, cost_type in types.items():
            if not agreement._rate_on(category, day):
                yield (
                    "unmapped_reference",
                    self.env._(
                        "The agreement of %(company)s with %(other)s has no rate for %(category)s "
                        "on %(day)s: Finance adds it.",
                        category=cost_type._category_label(),
                        day=day,
                        **names,
                    ),
                    wait,
                )
        for owner in (company, job_company):
            for currency in self._unrated(agreement.currency_id, owner, day):
                yield (
                    "amount",
                    self.env._(
                        "%(currency)s has no rate on or before %(day)s in %(company)s.",
                        currency=currency.name,
                        day=day,
                        company=owner.sudo().name,
                    ),
                    f"currency|{currency.name}",
                )

    def _unrated(self, currency, company, day):
        """Which of a currency and the company's own lacks a rate, so that Odoo would count it
        one for one.

        One currency has none and needs none, since the rates are told from it: that of the
        first company for rates that all share, the company's own for rates entered there.
        """
        company = company.sudo()
        own, root = company.currency_id, company.root_id
        if currency == own:
            return own.browse()
        rates = self.env["res.currency.rate"].sudo().search(
            [
                ("currency_id", "in", (currency | own).ids),
                ("company_id", "in", (root.id, False)),
                ("name", "<=", day),
            ]
        )  # fmt: skip
        base = self.env["res.company"].sudo().search([], order="id", limit=1).currency_id
        if rates.filtered(lambda rate: rate.company_id == root and rate.currency_id == currency):
            base |= own
        return (currency | own) - rates.currency_id - base

    def _month_faults(self, company, job_company, day):
        """Neither the ledger nor the job cost of either company is locked on the day."""
        Period = self.env["construction.period"]
        for owner in (company, job_company):
            if Period._locked(owner, [day]):
                yield (
                    "period_locked",
                    Period._refusal(owner.id, day.replace(day=1), "locked"),
                    f"period|{Period._wait_value(owner, day)}",
                )
            locks = owner.sudo()._get_lock_date_violations(
                day, fiscalyear=True, sale=False, purchase=False, tax=False, hard=True
            )
            if locks:
                yield (
                    "period_locked",
                    self.env._(
                        "%(day)s is covered by a lock date of %(company)s (%(locks)s): nothing is "
                        "posted in either company. Use a later date, or have the lock date moved.",
                        day=day,
                        company=owner.sudo().name,
                        locks=owner.sudo()._format_lock_dates(locks),
                    ),
                    None,
                )
