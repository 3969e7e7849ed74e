"""Builders for the tests of change orders: a job with a budget, a confirmed subcontract, and
people of both sides of an approval."""

from odoo.fields import Command

from .approvals import ApprovalCase


class ChangeOrderCase(ApprovalCase):
    def given(self):
        super().given()
        self.budget(
            None, (self.code, self.material, 100000.0), (self.other_code, self.material, 50000.0)
        )
        self.order_one = self.order(self.line(10000.0), self.line(5000.0), confirm=True)

    def change_line(self, cost=1000.0, revenue=0.0, order=None, target=None, **values):
        """Values of a line; for `order`, on its line `target` or on a new one. Without `cost`
        or `revenue` they are left to be computed."""
        values |= {"cost_amount": cost} if cost is not None else {}
        values |= {"revenue_amount": revenue} if revenue is not None else {}
        return {
            "name": "Extra work",
            "cost_code_id": self.code.id,
            "cost_type_id": self.material.id,
            "order_id": order.id if order else False,
            "order_line_id": target.id if target else False,
            **values,
        }

    def change_order(self, *lines, user=None, **values):
        """A draft; without lines one of 1,000 on the first line of the order, 1,300 to the
        owner."""
        if not lines:
            order = self.order_one
            lines = (self.change_line(1000.0, 1300.0, order, order.order_line[0]),)
        return (
            self.env["construction.change.order"]
            .with_user(user or self.manager)
            .create(
                {
                    "title": "More rebar",
                    "job_id": self.job.id,
                    "line_ids": [Command.create(line) for line in lines],
                    **values,
                }
            )
        )

    def approved(self, *lines, **values):
        """One that the manager submitted and the second manager approved."""
        change = self.change_order(*lines, **values)
        change.action_submit()
        change.with_user(self.second).action_release()
        return change

    def standing(self, change):
        return (change.state, change.budget_status, change.cost_status, change.revenue_status)

    def assertSums(self):
        """What the database checks when it commits."""
        self.env.flush_all()
        self.env.cr.execute("SET CONSTRAINTS ALL IMMEDIATE")
        self.env.cr.execute("SET CONSTRAINTS ALL DEFERRED")
