from collections import defaultdict
from decimal import Decimal

from odoo import fields, models
from odoo.exceptions import UserError

from ..lib import change_order as machine
from ..lib import money
from ..lib.errors import ToldError
from .construction_change_order import CLOSED

# whose turn it is while this side waits, the first of them
BALL = (("cost", "approved", "subcontractor"), ("revenue", "submitted", "owner"))


class ConstructionChangeOrder(models.Model):
    """Bringing the three sides to where they should be: each in a transaction of its own, so
    that one that cannot be applied leaves the others.

    A side is brought by the difference between what it should hold and what was applied of
    it. So execution, a newer version, a void and the same once more are one thing.
    """

    _inherit = "construction.change.order"

    def _bring(self, wanted):
        """Bring the record to `wanted` (a `Standing`) as far as it goes.

        :return: {side: why it could not be moved}
        """
        self.ensure_one()
        change, before = self._opened(), self._standing()
        change._enter(wanted)
        problems = {}
        for side in machine.SIDES:
            problem = change._bring_side(side, wanted.status(side))
            if problem:
                problems[side] = problem
        statuses = {side: change[f"{side}_status"] for side in machine.SIDES}
        change._close_as(machine.ended(wanted, statuses), before)
        return problems

    def _enter(self, wanted):
        """The state in which the sides may move: the database knows no contradiction, not even
        between two writes."""
        if wanted.state in machine.DECIDED or self.state == "executed":
            self.state = "approved"
        elif self.state in machine.ENDINGS and wanted.state in machine.BEFORE:
            self.state = wanted.state

    def _bring_side(self, side, status):
        """One side in a savepoint; the reason where it has to stay."""
        before, stuck = self[f"{side}_status"], dict(self.stuck_sides or {})
        try:
            with self.env.cr.savepoint():
                self[f"{side}_status"] = status
                moved = getattr(self, f"_apply_{side}")()
        except UserError as error:
            kept = machine.stuck(before) if "executed" in (before, status) else before
            self.write(
                {
                    f"{side}_status": kept,
                    f"{side}_problem": str(error),
                    "stuck_sides": stuck | {side: status},
                }
            )
            return str(error)
        if side in stuck and (moved or status != before):
            stuck.pop(side)
            self.write({f"{side}_problem": False, "stuck_sides": stuck or False})
            self.env["construction.resolver"]._available([(f"change_order_{side}", str(self.id))])
        return None

    def _close_as(self, standing, before):
        over = standing.state in CLOSED
        values = {
            "state": standing.state,
            "decided_on": over and (self.decided_on or fields.Date.context_today(self)),
        }
        if standing.state in machine.DECIDED and standing != before:
            values["ball_in_court"] = next(
                (who for side, status, who in BALL if standing.status(side) == status), "us"
            )
        self.write(values)

    def _act(self, action, *args):
        """One step of the state machine, taken by a person.

        :raises UserError: it is not the turn of that
        """
        problems = {}
        for change in self:
            try:
                wanted = action(change._standing(), *args)
            except ToldError as error:
                raise UserError(
                    self.env._(
                        "%(change)s: %(what)s",
                        change=change.display_name,
                        what=self.env._(error.text, **error.values),
                    )
                ) from error
            problems |= change._bring(wanted)
        return self._tell_stuck(problems)

    def _tell_stuck(self, problems):
        """What people are told when a side could not be moved; it stands on the form as well."""
        if not problems:
            return True
        labels = {side: self._fields[f"{side}_status"].string for side in machine.SIDES}
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "danger",
                "sticky": True,
                "title": self.env._("A side could not be moved"),
                "message": "\n".join(f"{labels[side]}: {text}" for side, text in problems.items()),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    # ---------------------------------------------------------------- revenue
    def _apply_revenue(self):
        """The owner's contract; an addon that keeps it extends this. Until then it is a status,
        and its amount counts as exposure.

        :return: whether anything moved
        """
        return False

    # ----------------------------------------------------------------- budget
    def _apply_budget(self):
        """One budget change stands for what of this is in the budget; other amounts take its
        place by undoing it and making another."""
        digits = self.company_id.currency_id.decimal_places
        executed = self.budget_status == "executed"
        wanted = {
            line: line._in_company_currency(line.budget_amount) if executed else Decimal(0)
            for line in self.line_ids
        }
        before = {
            line: money.from_float(line.applied_budget_amount, digits) for line in self.line_ids
        }
        if wanted == before:
            return False
        BudgetChange = self.env["construction.budget.change"]
        if any(before.values()):
            reason = self.env._("%s changed or ended", self.display_name)
            BudgetChange._void_from(self, reason, fields.Date.context_today(self))
        if any(wanted.values()):
            BudgetChange._approve_from(self, self._budget_values(wanted))
        for line, amount in wanted.items():
            line.applied_budget_amount = money.to_float(amount, digits)
        return True

    def _budget_values(self, amounts):
        """Values of the budget change; lines of one code and type are one."""
        digits = self.company_id.currency_id.decimal_places
        total = defaultdict(Decimal)
        for line, amount in amounts.items():
            total[line.cost_code_id.id, line.cost_type_id.id] += amount
        return {
            "job_id": self.job_id.id,
            "date": self.effective_on or self.date,
            "reason": self.display_name,
            "source_change_order": self.platform_ref,
            "line_ids": [
                fields.Command.create(
                    {
                        "cost_code_id": code_id,
                        "cost_type_id": type_id,
                        "amount": money.to_float(amount, digits),
                    }
                )
                for (code_id, type_id), amount in total.items()
                if amount
            ],
        }

    # ------------------------------------------------------------- commitment
    def _apply_cost(self):
        """The commitments, through the one door that checks: all of them or none."""
        movements = {}
        for line in self.line_ids:
            for order, movement in line._movements(self.cost_status == "executed"):
                movements.setdefault(order, []).append(movement)
        for order, group in movements.items():
            order._take_changes(group)
        return bool(movements)
