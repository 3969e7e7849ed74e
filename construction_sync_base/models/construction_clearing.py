from odoo import api, fields, models
from odoo.tools import SQL

PROFIT_AND_LOSS = ("cost_account_id", "recovery_account_id")


class ConstructionClearing(models.Model):
    """Each clearing account with its balance and how much of it is open items: an auditor's
    first request. One click leads to the documents that the balance consists of."""

    _name = "construction.clearing"
    _description = "Clearing Account Explained"
    _check_company_auto = True
    _auto = False
    _order = "company_id, account_id"
    _rec_name = "account_id"

    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    account_id = fields.Many2one("account.account", readonly=True)
    purpose = fields.Char(compute="_compute_purpose")
    balance = fields.Monetary(readonly=True)
    explained = fields.Monetary(
        string="Open documents", readonly=True, help="What of the balance the documents make up."
    )
    unexplained = fields.Monetary(readonly=True)
    documents = fields.Integer(readonly=True)
    oldest_on = fields.Date(string="Oldest", readonly=True)

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT row_number() OVER (ORDER BY a.company_id, a.account_id)::int AS id,
                   a.company_id, a.account_id, COALESCE(b.balance, 0) AS balance,
                   COALESCE(d.amount, 0) AS explained,
                   COALESCE(b.balance, 0) - COALESCE(d.amount, 0) AS unexplained,
                   COALESCE(d.documents, 0)::int AS documents, d.oldest_on
              FROM (%(accounts)s) a
              LEFT JOIN (SELECT company_id, account_id, SUM(balance) AS balance
                           FROM account_move_line WHERE parent_state = 'posted'
                            AND account_id IN (SELECT account_id FROM (%(accounts)s) x)
                          GROUP BY 1, 2) b USING (company_id, account_id)
              LEFT JOIN (SELECT company_id, account_id, SUM(amount) AS amount,
                                count(*) AS documents, min(date) AS oldest_on
                           FROM (%(documents)s) y GROUP BY 1, 2) d USING (company_id, account_id)
            """,
            accounts=self._accounts_query(),
            documents=self._documents_query(),
        )

    @api.model
    def _map_columns(self):
        """Fields of the account map that name clearing accounts: all but those of profit and
        loss."""
        names = self.env["construction.account.map"]._account_columns()
        return [name for name in names if name not in PROFIT_AND_LOSS]

    @api.model
    def _accounts_query(self):
        """(company, account) of every clearing account, each once."""
        parts = [SQL("SELECT company_id, account_id FROM construction_clearing_account")]
        for name in self._map_columns():
            column = SQL.identifier(name)
            parts.append(
                SQL(
                    "SELECT company_id, %s FROM construction_account_map WHERE %s IS NOT NULL",
                    column,
                    column,
                )
            )
        return SQL(" UNION ").join(parts)

    @api.model
    def _documents_query(self):
        """What each document leaves on a clearing account: what is not reconciled of it, or
        its whole amount where the account allows no reconciliation."""
        return SQL(
            """
            SELECT min(l.id) AS id, l.company_id, l.account_id, l.move_id,
                   min(l.partner_id) AS partner_id, min(l.date) AS date,
                   SUM(CASE WHEN g.reconcile THEN l.amount_residual ELSE l.balance END) AS amount
              FROM account_move_line l
              JOIN (%s) a ON a.account_id = l.account_id AND a.company_id = l.company_id
              JOIN account_account g ON g.id = l.account_id
             WHERE l.parent_state = 'posted'
             GROUP BY l.company_id, l.account_id, l.move_id
            HAVING SUM(CASE WHEN g.reconcile THEN l.amount_residual ELSE l.balance END) <> 0
            """,
            self._accounts_query(),
        )

    @api.depends("account_id", "company_id")
    def _compute_purpose(self):
        rows = self.env["construction.clearing.account"].sudo().search([])
        labels = dict(rows._fields["purpose"]._description_selection(self.env))
        purposes = {(row.company_id, row.account_id): labels[row.purpose] for row in rows}
        maps = self.env["construction.account.map"]
        for name in self._map_columns():
            label = maps._fields[name]._description_string(self.env)
            for row in maps.sudo().search([(name, "!=", False)]):
                purposes.setdefault((row.company_id, row[name]), label)
        for clearing in self:
            clearing.purpose = purposes.get((clearing.company_id, clearing.account_id))

    def action_open_documents(self):
        """What the balance consists of."""
        self.ensure_one()
        self.check_access("read")
        return self.env["ir.actions.act_window"]._for_xml_id(
            "construction_sync_base.action_construction_clearing_document"
        ) | {
            "domain": [
                ("company_id", "=", self.company_id.id),
                ("account_id", "=", self.account_id.id),
            ]
        }
