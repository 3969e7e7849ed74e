from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..lib import budget as formulas
from ..lib import change_order as machine
from ..lib import money


class ConstructionChangeOrder(models.Model):
    """The budget check of a change order: what it adds to commitments against its own budget
    side and what is available beside it, by the policy that holds for change orders."""

    _inherit = "construction.change.order"

    budget_reason = fields.Char(
        string="Reason for exceeding the budget",
        compute="_compute_budget_reason",
        store=True,
        readonly=False,
        copy=False,
        tracking=True,
        help="For the amounts that it was given for: other amounts need another one.",
    )

    @api.depends(
        "line_ids", "line_ids.job_id", "line_ids.cost_code_id", "line_ids.cost_type_id",
        "line_ids.order_id", "line_ids.cost_amount", "line_ids.budget_amount",
    )  # fmt: skip
    def _compute_budget_reason(self):
        self.budget_reason = False

    def _budget_needs(self):
        """What it asks of the budget: {key: (cost in commitments, budget brought)}, without
        what comes to nothing; in its own currency."""
        self.ensure_one()
        needs, digits = {}, self.currency_id.decimal_places
        for line in self.line_ids:
            cost, brought = needs.get(line._key(), (Decimal(0), Decimal(0)))
            if line.order_id:
                cost += money.from_float(line.cost_amount, digits)
            brought += money.from_float(line.budget_amount, digits)
            needs[line._key()] = cost, brought
        return {key: need for key, need in needs.items() if any(need)}

    def _budget_overruns(self):
        """What exceeds the budget once it is executed: {change: [(key, available, needed)]}.

        What a change brings into the budget itself is there for its cost; what of it is
        pending or applied already does not count against it. So of one that is approved, and
        told anew with other amounts, the difference counts.
        """
        waiting = self.filtered(lambda change: change.state in (*machine.BEFORE, *machine.DECIDED))
        positions = self.env["construction.job.cost"].sudo()._positions(waiting.job_id)
        result = {}
        for change in waiting:
            needs, pending = defaultdict(Decimal), defaultdict(Decimal)
            for line in change.line_ids:
                brought = line._in_company_currency(line.budget_amount)
                there = money.from_float(
                    line.applied_budget_amount, line.company_currency_id.decimal_places
                )
                needs[line._key()] -= brought - there
                if line.order_id:
                    cost = line._in_company_currency(line.cost_amount)
                    cost -= line._in_company_currency(line.applied_amount)
                    needs[line._key()] += cost
                    if change.cost_status in ("submitted", "approved"):
                        pending[line._key()] += cost
            found = []
            for key, needed in needs.items():
                figures = positions.get(key)
                rest = (
                    formulas.for_work(
                        figures["available"], figures["contingency"] + figures["allowance"]
                    )
                    if figures
                    else Decimal(0)
                )
                rest += pending[key]
                if needed > max(rest, 0):
                    found.append((key, rest, needed))
            if found:
                result[change] = found
        return result

    def _budget_policy(self):
        """off, inform, warn, block or route: as its platform's own policy says, if it has one."""
        self.ensure_one()
        policy = self.env["construction.sync.policy"]._get(
            "change_order", self.company_id.id, self.platform_id.id
        )
        return policy.budget_check

    def _budget_text(self, found):
        control = self.env["construction.budget.control"]
        return control._explain(found, self.company_id.currency_id)

    def _check_budget_on_screen(self, submitting=True):
        """A person submits or approves: inform, ask for a reason, refuse, or leave it to who
        approves, by policy. Who approves sees the reason that was given, and decides.

        :raises UserError: with the arithmetic and what to do
        """
        for change, found in self._budget_overruns().items():
            check, text = change._budget_policy(), change._budget_text(found)
            reason = (change.budget_reason or "").strip()
            if check == "block" and (submitting or not reason):
                raise UserError(
                    self.env._(
                        "%s\n\nRaise the budget amount of these lines or move budget first.", text
                    )
                )
            if not submitting or check == "off":
                continue
            if check == "warn" and not reason:
                raise UserError(
                    self.env._(
                        "%s\n\nTo submit it all the same, fill in “Reason for exceeding the "
                        "budget”.",
                        text,
                    )
                )
            change.message_post(body=text)

    def action_submit(self):
        self._check_budget_on_screen()
        return super().action_submit()

    def _release_perform(self):
        self._check_budget_on_screen(submitting=False)
        return super()._release_perform()

    def _releases_itself(self, policy):
        """What is over budget is decided by a person where the policy says so."""
        if self._budget_policy() == "route" and self._budget_overruns():
            return False
        return super()._releases_itself(policy)

    def _release_effect(self):
        effect = super()._release_effect()
        found = effect and self._budget_overruns().get(self)
        return f"{effect}\n{self._budget_text(found)}" if found else effect
