from odoo import models
from odoo.exceptions import UserError
from odoo.tools import SQL


class ConstructionJobCostTransfer(models.Model):
    """From a cell of the cost report to the dialog that moves its actual cost."""

    _inherit = "construction.job.cost"

    def action_cost_transfer(self):
        """The dialog with one line per ledger account that the chosen cost stands on.

        :raises UserError: nothing is booked there, or the rows are of several companies
        """
        self.env["construction.cost.transfer"].check_access("create")
        self.check_access("read")
        if len(self.company_id) > 1:
            raise UserError(self.env._("A transfer is made within one company."))
        lines = [
            {
                "account_id": account_id,
                "amount": float(amount),
                **{
                    f"{side}_{name}": value
                    for side in ("from", "to")
                    for name, value in zip(
                        ("job_id", "cost_code_id", "cost_type_id"), key, strict=True
                    )
                },
            }
            for *key, account_id, amount in self._actual_by_account()
            if all(key)
        ]
        if not lines:
            raise UserError(self.env._("Nothing is booked there that could be moved."))
        return self.env["construction.cost.transfer"]._dialog(self.company_id, lines)

    def _actual_by_account(self):
        """(job, code, type, account, amount) of what is booked on these positions."""
        self.env["account.analytic.line"].flush_model()
        keys = [(row.job_id.id, row.cost_code_id.id, row.cost_type_id.id) for row in self]
        return self.env.execute_query(
            SQL(
                """
                SELECT job_id, cost_code_id, cost_type_id, account_id, SUM(amount)
                  FROM (%(actual)s) a
                 WHERE (job_id, cost_code_id, cost_type_id) IN %(keys)s
                 GROUP BY 1, 2, 3, 4 HAVING SUM(amount) <> 0
                """,
                actual=self._actual_query(SQL("j.id = ANY(%s)", self.job_id.ids)),
                keys=tuple(keys) or ((0, 0, 0),),
            )
        )
