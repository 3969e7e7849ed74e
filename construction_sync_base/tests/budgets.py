"""Builders for tests of budgets and their changes."""

from odoo.fields import Command

from .domain import DomainCase


class BudgetCase(DomainCase):
    """A job with an approved budget: 1,000 material and 500 subcontract on one code, 200 of
    contingency on a code of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reserve_code = cls.make_code("01-900")
        cls.other = cls.types["other"]
        cls.first = cls.version(
            (cls.code, cls.material, 1000.0),
            (cls.code, cls.subcontract, 500.0),
            (cls.reserve_code, cls.other, 200.0, "contingency"),
        )
        cls.first.action_approve()
        cls.main_line = cls.first.line_ids.filtered(lambda line: line.cost_type_id == cls.material)

    @classmethod
    def line_values(cls, code, cost_type, amount, reserve=False):
        return {
            "cost_code_id": code.id,
            "cost_type_id": cost_type.id,
            "amount": amount,
            "reserve": reserve,
        }

    @classmethod
    def version(cls, *rows, **values):
        """A draft version of (code, cost type, amount[, reserve])."""
        return cls.env["construction.budget"].create(
            {
                "job_id": cls.job.id,
                "version": cls.unique("v"),
                "line_ids": [Command.create(cls.line_values(*row)) for row in rows],
                **values,
            }
        )

    @classmethod
    def change(cls, *rows, approve=False, **values):
        """A draft change; a revision of 100 unless rows of (code, type, amount[, reserve])
        are given."""
        rows = rows or ((cls.code, cls.material, 100.0),)
        change = cls.env["construction.budget.change"].create(
            {
                "job_id": cls.job.id,
                "reason": "Because",
                "line_ids": [Command.create(cls.line_values(*row)) for row in rows],
                **values,
            }
        )
        if approve:
            change.action_approve()
        return change

    def transfer(self, amount=50.0, approve=True, **values):
        """From material to subcontract of one code."""
        return self.change(
            (self.code, self.material, -amount),
            (self.code, self.subcontract, amount),
            kind="transfer",
            approve=approve,
            **values,
        )

    def revised(self, code=None, cost_type=None):
        """(original, changes, revised) of one position."""
        key = (self.job.id, (code or self.code).id, (cost_type or self.material).id)
        found = self.env["construction.job.cost"]._positions(self.job).get(key, {})
        return tuple(float(found.get(name, 0)) for name in ("original", "changes", "budget"))
