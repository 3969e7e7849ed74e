from odoo import fields, models
from odoo.tools import SQL

from ..lib import health

DOCUMENTS = (
    ("purchase.order", "project_id"),
    ("construction.change.order", "job_id"),
    ("construction.budget", "job_id"),
    ("construction.budget.change", "job_id"),
    ("construction.forecast", "job_id"),
)


class ConstructionJobCockpitNews(models.AbstractModel):
    """What is known and not in the figures of a job, and what waits for the user."""

    _inherit = "construction.job.cockpit"

    def _missing(self, job):
        """Rows {label, count, amount, action} of what the figures lack. An addon that knows
        more (hours that are not posted) adds its own."""
        rows = [
            *self._late_feeds(job),
            self._parked(job),
            *self._bills_not_in_here(job),
            *self._unreleased(job),
        ]
        return [row for row in rows if row and (row["count"] or row["amount"])]

    def _late_feeds(self, job):
        """Platforms of the job's company from which something may be under way still: halted,
        silent for a day, or applied late."""
        platforms = self.env["construction.platform"].sudo()
        now, rows = fields.Datetime.now(), []
        for platform in platforms.search(
            [("company_ids", "in", job.sudo().company_id.ids), ("state", "=", "active")]
        ):
            last = platform.last_received_at
            silent = last and (now - last).total_seconds() > health.SILENT_SECONDS
            if platform.halted:
                reason = platform.halted
            elif silent:
                day = fields.Datetime.context_timestamp(self, last).strftime("%Y-%m-%d %H:%M")
                reason = self.env._("nothing arrived since %s", day)
            elif platform.lag_high > health.SLOW_SECONDS[0]:
                reason = self.env._("events are applied late")
            else:
                continue
            rows.append({
                "label": f"{platform.name}: {reason}",
                "count": platform.waiting_count or 1,
                "amount": 0.0,
                "action": False,
            })  # fmt: skip
        return rows

    def _parked(self, job):
        count, amount = self.env["construction.job.cost"]._waiting(job).get(job.id, (0, 0))
        return {
            "label": self.env._("Platform events that are not applied"),
            "count": count,
            "amount": amount,
            "action": job.action_open_events() if count else False,
        }

    def _bills_not_in_here(self, job):
        """Draft bills of the job's orders, in the company's currency, and posted ones whose
        payment is held. Read by SQL: who sees the job sees that something is missing, whether
        or not the bills are open to him."""
        self.env.flush_all()
        ((draft, amount, held, in_question),) = self.env.execute_query(
            SQL(
                """
                WITH bills AS (
                    SELECT m.move_id, m.parent_state, SUM(m.balance) AS amount
                      FROM account_move_line m
                      JOIN purchase_order_line l ON l.id = m.purchase_line_id
                      JOIN purchase_order o ON o.id = l.order_id
                     WHERE o.project_id = %s AND m.parent_state IN ('draft', 'posted')
                     GROUP BY m.move_id, m.parent_state
                )
                SELECT COUNT(*) FILTER (WHERE parent_state = 'draft'),
                       COALESCE(SUM(amount) FILTER (WHERE parent_state = 'draft'), 0),
                       COUNT(*) FILTER (WHERE parent_state = 'posted' AND on_hold),
                       COALESCE(SUM(amount) FILTER (WHERE parent_state = 'posted' AND on_hold), 0)
                  FROM bills b
                  JOIN LATERAL (SELECT EXISTS (
                         SELECT FROM construction_hold h
                          WHERE h.res_model = 'account.move' AND h.res_id = b.move_id
                            AND h.released_at IS NULL) AS on_hold) h ON TRUE
                """,
                job.id,
            )
        )
        orders = self.env["account.move.line"].has_access("read") and [
            ("line_ids.purchase_line_id.order_id.project_id", "=", job.id)
        ]
        action = orders and self._list("account.move", [*orders, ("state", "=", "draft")])
        holds = orders and self._list(
            "account.move", [*orders, ("state", "=", "posted"), ("on_hold", "=", True)]
        )
        return [
            {"label": self.env._("Bills that are not posted"), "count": draft,
             "amount": float(amount), "action": action},
            {"label": self.env._("Bills on hold"), "count": held,
             "amount": float(in_question), "action": holds},
        ]  # fmt: skip

    def _unreleased(self, job):
        """Budgets and changes of it that wait for a decision: they are in no figure. A budget
        counts by what it changes of the one that holds."""
        waiting = [("job_id", "=", job.id), ("release_state", "=", "to_release")]
        Budget, Change = self.env["construction.budget"], self.env["construction.budget.change"]
        budgets, changes = Budget.search(waiting), Change.search(waiting)
        held = budgets and Budget.search([("job_id", "=", job.id), ("state", "=", "approved")])
        return [
            {
                "label": self.env._("Budget versions that wait for approval"),
                "count": len(budgets),
                "amount": sum(budget.amount_total - held.amount_total for budget in budgets),
                "action": self._list(Budget._name, waiting),
            },
            {
                "label": self.env._("Budget changes that wait for approval"),
                "count": len(changes),
                "amount": sum(changes.mapped("amount_total")),
                "action": self._list(Change._name, waiting),
            },
        ]

    # ------------------------------------------------------------ what is mine
    def _mine(self, job):
        """Rows {label, what, amount, on, action} of what the user has to do on this job."""
        approvals = self._my_approvals(job)
        asked = [row["action"] for row in approvals]  # the gate makes an activity of each too
        todo = [row for row in self._my_activities(job) if row["action"] not in asked]
        return [*approvals, *todo, *self._my_forecast(job)]

    def _my_approvals(self, job):
        rows = self.env["construction.approval"].search(
            [("job_id", "=", job.id), ("mine", "=", True)], order="asked_at, id"
        )
        kinds = dict(rows._fields["document_type"]._description_selection(self.env))
        return [
            {
                "label": row.document_name or kinds.get(row.document_type, ""),
                "what": self.env._("Approve: %s", kinds.get(row.document_type, "")),
                "amount": row.amount,
                "on": fields.Date.to_string(row.asked_at) if row.asked_at else "",
                "action": _form(row.res_model, row.res_id),
            }
            for row in rows
        ]

    def _my_activities(self, job):
        rows = []
        for model, field in DOCUMENTS:
            if not self.env[model].has_access("read"):
                continue
            found = self.env[model].search(
                [(field, "=", job.id), ("activity_user_id", "=", self.env.uid)]
            )
            for document in found:
                for activity in document.activity_ids.filtered(
                    lambda activity: activity.user_id == self.env.user
                ):
                    rows.append({
                        "label": document.display_name,
                        "what": activity.summary or activity.activity_type_id.name or "",
                        "amount": 0.0,
                        "on": fields.Date.to_string(activity.date_deadline),
                        "action": _form(model, document.id),
                    })  # fmt: skip
        return sorted(rows, key=lambda row: row["on"])

    def _my_forecast(self, job):
        """Of whom is responsible for the job: this month's forecast is not signed."""
        month = fields.Date.context_today(self).replace(day=1)
        Forecast = self.env["construction.forecast"]
        if job.sudo().user_id != self.env.user or not Forecast.has_access("write"):
            return []
        if Forecast.search_count(
            [("job_id", "=", job.id), ("month", "=", month), ("state", "=", "signed")], limit=1
        ):
            return []
        return [{
            "label": self.env._("Forecast of %s", month.strftime("%Y-%m")),
            "what": self.env._("Enter and sign"),
            "amount": 0.0,
            "on": "",
            "action": job.action_open_forecasts(),
        }]  # fmt: skip


def _form(model, record_id):
    return {
        "type": "ir.actions.act_window",
        "res_model": model,
        "res_id": record_id,
        "views": [[False, "form"]],
    }
