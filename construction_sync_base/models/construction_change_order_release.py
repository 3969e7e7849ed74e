from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL, formatLang

from ..lib import change_order as machine
from ..lib import money
from .construction_coding import EDIT_SENTINEL
from .construction_guard import FINANCE, PROJECT_MANAGER, guard


class ConstructionChangeOrder(models.Model):
    """Change orders at the release gate, and what people do with their sides.

    Our approval is the release: it starts all three sides and moves the budget. The other
    parties' sides are executed by buttons that say so, or by the platform."""

    _inherit = "construction.change.order"

    _release_type = "change_order"
    _release_label = "Change order"
    _release_required = ("job_id", "title")

    # ------------------------------------------------------------------ gate
    @api.model
    def _release_queue_columns(self):
        return super()._release_queue_columns() | {
            "name": SQL("d.number || ' ' || d.title"),
            "job": SQL("d.job_id"),
            "amount": SQL(
                "GREATEST(ABS(d.cost_amount), ABS(d.revenue_amount), ABS(d.budget_amount))"
                " / NULLIF(d.currency_rate, 0)"
            ),
            "due": SQL("d.respond_by"),
        }

    def _release_amount(self):
        """The larger of what it costs and what it brings, either way."""
        line = self.env["construction.change.order.line"].new({"change_id": self.id})
        return float(
            max(
                abs(line._in_company_currency(amount))
                for amount in (self.cost_amount, self.revenue_amount, self.budget_amount)
            )
        )

    def _releases_itself(self, policy):
        """Without a policy: what a platform approved below the limit of double validation, or
        where the sync policy accepts it at any amount; never what was typed here."""
        if policy or self._release_source() == "odoo":
            return super()._releases_itself(policy)
        if (self.platform_claims or {}).get("fact") not in machine.DECIDED:
            return False  # it is only submitted there as well
        if self.env.context.get("construction_approval") is EDIT_SENTINEL:
            return True
        company = self.company_id
        if company.po_double_validation != "two_step":
            return True
        limit = money.from_float(
            company.po_double_validation_amount, company.currency_id.decimal_places
        )
        amount = money.from_float(self._release_amount(), company.currency_id.decimal_places)
        return amount < limit

    def _release_perform(self):
        for change in self:
            change._bring(change._approved_standing())

    def _approved_standing(self):
        """Where our approval leads: the platform's word on the other sides counts from then."""
        self.ensure_one()
        claims = dict(self.platform_claims or {})
        fact = claims.pop("fact", None)
        if fact in machine.DECIDED:
            return machine.snapshot(fact, claims, self._involved())[0]
        wanted = machine.approve(self._standing())
        if wanted.budget == "approved":
            wanted = machine.execute(wanted, "budget", machine.US)
        return wanted

    def _release_returned(self):
        for change in self:
            change._bring(machine.withdraw(change._standing()))

    def _release_taken_back(self):
        self._release_returned()

    def _leave_gate(self):
        """What was rejected or made void waits for nobody any more."""
        waiting = self.filtered(lambda change: change.release_state == "to_release")
        waiting = waiting._at_the_gate()
        waiting._release_withdraw()
        waiting.write({"release_state": False})

    # ----------------------------------------------------------------- people
    @guard("approve", PROJECT_MANAGER, FINANCE)
    def _check_manager(self):
        return self.env._("Project Managers and Finance move change orders.")

    def action_potential(self):
        """From now on it is an exposure of the job."""
        self._check_manager()
        for change in self:
            if change.state != "draft":
                raise UserError(self.env._("%s is no draft.", change.display_name))
        self._opened().write({"state": "potential"})
        return True

    def action_submit(self):
        """Submit for our approval: the matrix says who is asked.

        :raises UserError: it has no amounts, or was submitted already
        """
        self._check_manager()
        self.job_id._check_takes("change")
        self._act(machine.submit)
        self._release_submit()
        return True

    def action_decide_dialog(self):
        """What the approval does to each side, and the buttons; also for a phone."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Approve %s", self.display_name),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [
                (self.env.ref("construction_sync_base.view_change_order_decide_form").id, "form")
            ],
            "target": "new",
        }

    def action_reject_dialog(self):
        return self.env["construction.reason"]._ask(self, "reject")

    def action_reject(self, reason):
        """Reject the whole of it, with a reason: what its sides did is undone.

        :raises UserError: no reason; executed already; or somebody else decides about it
        """
        self._end_with(reason, machine.reject, self.env._("Rejected: %s"))
        return True

    def action_void_dialog(self):
        return self.env["construction.reason"]._ask(self, "void")

    def action_void(self, reason):
        """Make it void, with a reason: what its sides did is undone.

        :raises UserError: no reason, or it is void already
        """
        return self._end_with(reason, machine.void, self.env._("Void: %s"))

    def _end_with(self, reason, action, text):
        self._check_manager()
        if not (reason or "").strip():
            raise UserError(self.env._("Say why; it is read by whoever comes across it later."))
        for change in self:
            refusal = change.release_state == "to_release" and change._duty_refusal(self.env.user)
            if refusal and action is machine.reject:
                raise UserError(refusal)
        result = self._act(action)
        self._leave_gate()
        for change in self:
            change.message_post(body=text % reason)
        self.env["construction.audit"].sudo()._record(
            self, f"change_order_{action.__name__}", {"reason": reason}
        )
        return result

    # ------------------------------------------------------------- other sides
    def action_cost_executed(self):
        """The subcontractor has executed his change: the commitments change now."""
        return self._side(machine.execute, "cost", machine.SUBCONTRACTOR)

    def action_cost_refused(self):
        return self._side(machine.refuse, "cost", machine.SUBCONTRACTOR)

    def action_cost_offered(self):
        return self._side(machine.offer, "cost")

    def action_cost_void(self):
        """Take the change out of the commitments again; the other sides stay."""
        return self._side(machine.void_side, "cost")

    def action_revenue_approved(self):
        return self._side(machine.agree, machine.OWNER)

    def action_revenue_executed(self):
        """The owner has executed his change."""
        return self._side(machine.execute, "revenue", machine.OWNER)

    def action_revenue_refused(self):
        return self._side(machine.refuse, "revenue", machine.OWNER)

    def action_revenue_offered(self):
        return self._side(machine.offer, "revenue")

    def action_try_again(self):
        """Bring the sides that could not be moved once more, after their cause was mended.

        :raises UserError: none of them is stuck
        """
        self._check_manager()
        for change in self:
            if not change.stuck_sides:
                raise UserError(self.env._("Every side is where it should be."))
        problems = {}
        for change in self:
            wanted = change._standing()
            for side, status in (change.stuck_sides or {}).items():
                wanted = wanted.with_side(side, status)
            problems |= change._bring(machine.settle(wanted))
        return self._tell_stuck(problems)

    def _side(self, action, *args):
        self._check_manager()
        self.check_access("write")
        return self._act(action, *args)

    # ------------------------------------------------------------------ effect
    def _release_effect(self):
        """In one line each: what the approval does to every side."""
        self.ensure_one()
        if self.state not in machine.BEFORE:
            return False
        return "\n".join(
            self.env._(
                "%(what)s: %(before)s, %(change)s, then %(after)s",
                what=row["label"],
                before=self._money(row["before"], row["currency"]),
                change=self._money(row["change"], row["currency"]),
                after=self._money(row["after"], row["currency"]),
            )
            for row in self._effect_rows()
        )

    def _money(self, amount, currency):
        return formatLang(self.env, float(amount), currency_obj=currency)
