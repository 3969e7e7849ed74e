"""People, rules and deputies for the tests of approvals and releases."""

from odoo import fields

from .domain import DomainCase


class ApprovalCase(DomainCase):
    """A buyer who orders, two managers, Finance twice; no rules yet."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer = cls.make_user("buyer", "project_user")
        cls.buyer.group_ids |= cls.env.ref("purchase.group_purchase_user")
        cls.manager = cls.make_user("manager", "project_manager")
        cls.second = cls.make_user("second-manager", "project_manager")
        cls.finance = cls.make_user("finance-one", "finance")
        cls.controller = cls.make_user("finance-two", "finance")

    def given(self):
        super().given()
        self.policy(budget_check="off")

    def rule(self, who, low=0, below=0, step=1, kind="commitment", **values):
        """A row of the matrix; `who` is a person, or the name of one of our groups."""
        if isinstance(who, str):
            group = self.env.ref(f"construction_sync_base.group_{who}")
            values |= {"name": group.name, "group_id": group.id}
        else:
            values |= {"name": f"Role of {who.name}", "user_id": who.id}
        return self.env["construction.approval.rule"].create(
            {
                "document_type": kind,
                "amount_from": low,
                "amount_limit": below,
                "step": step,
                **values,
            }
        )

    def deputy(self, person, deputy=None, first=0, last=0, **values):
        today = fields.Date.today()
        return self.env["construction.approval.delegation"].create(
            {
                "user_id": person.id,
                "deputy_id": deputy.id if deputy else False,
                "away": not deputy,
                "date_from": fields.Date.add(today, days=first),
                "date_to": fields.Date.add(today, days=last),
                **values,
            }
        )

    def submitted(self, amount=1000.0, user=None, **values):
        """An order that the buyer confirmed."""
        order = self.order(self.line(amount), user=user or self.buyer, **values)
        order.button_confirm()
        return order

    def release_policy(self, kind="commitment", automatic=True, limit=0, **values):
        """A policy in force, by the way it takes."""
        policy = (
            self.env["construction.release.policy"]
            .with_user(self.finance)
            .create(
                {
                    "document_type": kind,
                    "automatic": automatic,
                    "amount_limit": limit,
                    **values,
                }
            )
        )
        policy.action_propose()
        policy.with_user(self.controller).action_approve()
        return policy

    def mine(self, user):
        return self.env["construction.approval"].with_user(user).search([("mine", "=", True)])

    def questions(self, order, *states):
        return order.sudo().approval_ids.filtered(lambda row: row.state in (states or ("asked",)))
