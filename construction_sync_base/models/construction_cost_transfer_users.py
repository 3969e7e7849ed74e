from odoo import models
from odoo.tools import SQL, format_date

SHOWN = 5  # documents of one kind that are named one by one


class ConstructionCostTransferUsers(models.Model):
    """Who used the figures that a transfer changes: bills of orders, forecasts, kept months."""

    _inherit = "construction.cost.transfer"

    def _figure_users(self):
        self.env.flush_all()
        keys = tuple({line._key(side) for line in self.line_ids for side in ("from", "to")})
        return (
            super()._figure_users()
            + self._told(self._billing_rows(), self._told_bill)
            + self._told(self._forecast_rows(keys), self._told_forecast)
            + self._told(self._kept_rows(keys), self._told_kept)
        )

    def _told(self, rows, tell):
        """A sentence for each of the first rows, and how many there are beside them."""
        told = [tell(*row) for row in rows[:SHOWN]]
        if len(rows) > SHOWN:
            told.append(self.env._("… and %s more", len(rows) - SHOWN))
        return told

    def _position(self, job_id, code_id, type_id):
        return " ".join(
            (
                self.env["project.project"].sudo().browse(job_id).job_number or "",
                self.env["construction.cost.code"].browse(code_id).code,
                self.env["construction.cost.type"].browse(type_id).name,
            )
        )

    # ---------------------------------------------------------------- bills
    def _billing_rows(self):
        """(bill, order, amount) of what stands where the cost leaves and was billed on an
        order: of the chosen items, else of all that is booked there on the account."""
        coding = self.env["construction.coding"]
        loose = tuple(
            {
                (*line._key("from"), line.account_id.id)
                for line in self.line_ids
                if not line.source_item_id
            }
        )
        chosen = self.line_ids.sudo().source_item_id.ids
        return self.env.execute_query(
            SQL(
                """
                SELECT m.name, o.name, SUM(l.balance)
                  FROM account_analytic_line a
                  JOIN account_move_line l ON l.id = a.move_line_id
                  JOIN account_move m ON m.id = l.move_id
                  JOIN purchase_order_line p ON p.id = l.purchase_line_id
                  JOIN purchase_order o ON o.id = p.order_id
                  JOIN project_project j ON j.account_id = a.account_id AND j.is_job
                  JOIN construction_cost_code c ON c.analytic_account_id = a.%(code)s
                  JOIN construction_cost_type t ON t.analytic_account_id = a.%(type)s
                 WHERE j.id = ANY(%(jobs)s)
                   AND (l.id = ANY(%(chosen)s)
                        OR (j.id, c.id, t.id, a.general_account_id) IN %(loose)s)
                 GROUP BY m.id, m.name, m.date, o.name ORDER BY m.date DESC, m.id DESC
                """,
                code=SQL.identifier(coding._column("cost_code")),
                type=SQL.identifier(coding._column("cost_type")),
                jobs=self.line_ids.from_job_id.ids,
                chosen=chosen,
                loose=loose or ((0, 0, 0, 0),),
            )
        )

    def _told_bill(self, bill, order, amount):
        return self.env._(
            "bill %(bill)s: %(amount)s billed on %(order)s, where it stays billed",
            bill=bill,
            order=order,
            amount=self._shown(amount),
        )

    # ------------------------------------------------------------ forecasts
    def _forecast_rows(self, keys):
        """Drafts, and of each position the latest forecast that was signed."""
        return self.env.execute_query(
            SQL(
                """
                SELECT month, state, job_id, cost_code_id, cost_type_id, actual
                  FROM (SELECT f.month, f.state, f.job_id, l.cost_code_id, l.cost_type_id,
                               l.actual,
                               row_number() OVER (PARTITION BY l.cost_code_id, l.cost_type_id,
                                                  f.job_id, f.state
                                                  ORDER BY f.month DESC) AS place
                          FROM construction_forecast_line l
                          JOIN construction_forecast f ON f.id = l.forecast_id
                         WHERE (f.job_id, l.cost_code_id, l.cost_type_id) IN %s
                           AND f.state IN ('draft', 'signed')) found
                 WHERE place = 1 OR state = 'draft'
                 ORDER BY month DESC, job_id, cost_code_id, cost_type_id
                """,
                keys or ((0, 0, 0),),
            )
        )

    def _told_forecast(self, month, state, job_id, code_id, type_id, actual):
        names = {
            "month": self._month(month),
            "position": self._position(job_id, code_id, type_id),
            "amount": self._shown(actual or 0),
        }
        if state == "signed":
            return self.env._(
                "signed forecast of %(month)s, %(position)s: cost to date %(amount)s", **names
            )
        return self.env._(
            "forecast being made for %(month)s, %(position)s: cost to date %(amount)s", **names
        )

    # ----------------------------------------------------------- kept months
    def _kept_rows(self, keys):
        return self.env.execute_query(
            SQL(
                """
                SELECT month, job_id, cost_code_id, cost_type_id, actual
                  FROM construction_job_cost_snapshot
                 WHERE (job_id, cost_code_id, cost_type_id) IN %s
                 ORDER BY month DESC, job_id, cost_code_id, cost_type_id
                """,
                keys or ((0, 0, 0),),
            )
        )

    def _told_kept(self, month, job_id, code_id, type_id, actual):
        return self.env._(
            "kept month %(month)s, %(position)s: actual %(amount)s",
            month=self._month(month),
            position=self._position(job_id, code_id, type_id),
            amount=self._shown(actual or 0),
        )

    def _month(self, day):
        return format_date(self.env, day, date_format="MMMM yyyy")
