from dateutil.relativedelta import relativedelta
from odoo import api, fields, models
from odoo.tools import SQL, formatLang

from ..lib import intercompany, money


class ConstructionIntercompanyTie(models.Model):
    """What each company says the other owes it, per pair, month and currency: both sides read
    from their own posted items. They are the same amount, or the difference is named."""

    _name = "construction.intercompany.tie"
    _description = "Intercompany Tie-Out"
    _check_company_auto = True
    _auto = False
    _order = "month desc, company_id, job_company_id"
    _rec_name = "month"

    company_id = fields.Many2one("res.company", string="Performing company", readonly=True)
    job_company_id = fields.Many2one("res.company", string="Company of the job", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    month = fields.Date(readonly=True)
    due_from = fields.Monetary(readonly=True, help="In the books of the performing company.")
    due_to = fields.Monetary(readonly=True, help="In the books of the company of the job.")
    difference = fields.Monetary(readonly=True)
    explanation = fields.Text(compute="_compute_explanation")

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT row_number() OVER (ORDER BY month, company_id, job_company_id, currency_id)::int
                       AS id,
                   company_id, job_company_id, currency_id, month,
                   ROUND(SUM(due_from)::numeric, 6) AS due_from,
                   ROUND(SUM(due_to)::numeric, 6) AS due_to,
                   ROUND(SUM(due_from - due_to)::numeric, 6) AS difference
              FROM (%s) s
             GROUP BY company_id, job_company_id, currency_id, month
            """,
            self._items_query(),
        )

    @api.model
    def _items_query(self, condition=None):
        """Posted items on the due-from and due-to accounts, by the two companies they are
        between; the other one is empty where the item names no company as its partner.

        :param condition: on `l` (account_move_line)
        """
        return SQL(
            """
            SELECT l.id, l.move_id, l.currency_id, date_trunc('month', l.date)::date AS month,
                   k.purpose,
                   CASE k.purpose WHEN 'due_from' THEN l.company_id ELSE o.id END AS company_id,
                   CASE k.purpose WHEN 'due_from' THEN o.id ELSE l.company_id END
                       AS job_company_id,
                   CASE k.purpose WHEN 'due_from' THEN l.amount_currency ELSE 0 END AS due_from,
                   CASE k.purpose WHEN 'due_to' THEN -l.amount_currency ELSE 0 END AS due_to
              FROM account_move_line l
              JOIN construction_clearing_account k
                ON k.company_id = l.company_id AND k.account_id = l.account_id
               AND k.purpose IN ('due_from', 'due_to')
              LEFT JOIN res_company o ON o.partner_id = l.partner_id
             WHERE l.parent_state = 'posted' AND l.amount_currency <> 0 AND %s
            """,
            condition or SQL("TRUE"),
        )

    @api.depends("difference")
    def _compute_explanation(self):
        for tie in self:
            tie.explanation = "\n".join(tie._explained()) if tie.difference else False

    def _explained(self):
        """A sentence for each entry that has no counterpart."""
        sides = {"due_from": [], "due_to": []}
        for item in self.env["account.move.line"].sudo().browse(self._item_ids()):
            side = "due_to" if item.company_id == self.job_company_id else "due_from"
            amount = money.from_float(item.amount_currency, self.currency_id.decimal_places)
            key = item.move_id.intercompany_id.id or None
            sides[side].append((key, amount if side == "due_from" else -amount, item))
        for rows in intercompany.unmatched(sides["due_from"], sides["due_to"]):
            for _key, amount, item in rows:
                yield self.env._(
                    "%(entry)s of %(day)s in %(company)s: %(amount)s without a counterpart",
                    entry=item.move_id.display_name,
                    day=item.date,
                    company=item.company_id.name,
                    amount=formatLang(self.env, float(amount), currency_obj=self.currency_id),
                )

    def _item_ids(self):
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id FROM (%s) s
                 WHERE month = %s AND currency_id = %s
                   AND company_id IS NOT DISTINCT FROM %s
                   AND job_company_id IS NOT DISTINCT FROM %s
                 ORDER BY id
                """,
                self._items_query(),
                self.month,
                self.currency_id.id,
                self.company_id.id or None,
                self.job_company_id.id or None,
            )
        )
        return [row[0] for row in rows]

    def action_open_items(self):
        """The posted items of both sides."""
        self.ensure_one()
        self.check_access("read")
        last = self.month + relativedelta(months=1, days=-1)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._(
                "%(company)s and %(other)s until %(day)s",
                company=self.company_id.name or "—",
                other=self.job_company_id.name or "—",
                day=last,
            ),
            "res_model": "account.move.line",
            "views": [[False, "list"], [False, "form"]],
            "domain": [("id", "in", self._item_ids())],
        }
