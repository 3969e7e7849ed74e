from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL, formatLang

from .construction_coding import EDIT_SENTINEL


class PurchaseOrderRelease(models.Model):
    """Commitments at the release gate: confirming one submits it, and the release approves
    it. Meanwhile it stands in the native “to approve” and counts as pending."""

    _name = "purchase.order"
    _inherit = ["purchase.order", "construction.release.mixin"]

    _release_type = "commitment"
    _release_label = "Commitment"
    _release_by_itself = True
    _release_required = ("partner_id", "project_id", "commitment_type")

    def _is_gated(self):
        return self.is_commitment

    def _release_amount(self):
        """With tax, as the native limit of double validation counts."""
        company = self.company_id
        return self.currency_id._convert(
            self.amount_total, company.currency_id, company, self.date_order
        )

    @api.model
    def _release_queue_columns(self):
        return super()._release_queue_columns() | {
            "name": SQL("d.name"),
            "job": SQL("d.project_id"),
            "partner": SQL("d.partner_id"),
            "amount": SQL("d.amount_total / NULLIF(d.currency_rate, 0)"),
            "due": SQL("d.date_planned"),
        }

    @api.model
    def _release_waiting_columns(self):
        return SQL("d.date_order::date"), SQL("0")

    def _release_source(self):
        return "platform" if self.platform_approval else "odoo"

    def _approval_extra(self):
        return {"job_id": self.project_id.id}

    def _release_default_steps(self):
        """Above its budget and routed: a Project Manager or Finance, where the matrix asks
        nobody; who may approve it may also order it."""
        if not self.budget_routed or self._may_approve_overrun():
            return []
        groups = [
            self.env.ref(f"construction_sync_base.group_{name}").id
            for name in ("project_manager", "finance")
        ]
        return [{"role": self.env._("Budget overrun"), "group_ids": groups}]

    def _unroute_what_fits(self):
        """What fits its budget again has no overrun for anybody to approve."""
        routed = self.filtered("budget_routed")
        over = self.env["construction.budget.control"]._overruns(routed)
        routed.filtered(lambda order: order.id not in over)._editable().budget_routed = False

    def _release_effect(self):
        """What it takes of its budget lines, and what is left of them afterwards."""
        self.ensure_one()
        if self.state not in ("draft", "sent", "to approve"):
            return False
        JobCost = self.env["construction.job.cost"].sudo()
        positions = JobCost._positions(self.project_id, self)
        currency = self.company_id.currency_id
        lines = []
        for key, needed in JobCost._needs(self)[self.id].items():
            rest = positions.get(key, {}).get("available", 0)
            lines.append(
                self.env._(
                    "%(code)s / %(type)s: commits %(needed)s, available before %(before)s, "
                    "after %(after)s",
                    code=self.env["construction.cost.code"].browse(key[1]).display_name,
                    type=self.env["construction.cost.type"].browse(key[2]).display_name,
                    needed=formatLang(self.env, float(needed), currency_obj=currency),
                    before=formatLang(self.env, float(rest), currency_obj=currency),
                    after=formatLang(self.env, float(rest - needed), currency_obj=currency),
                )
            )
        return "\n".join(lines)

    def _release_perform(self):
        self.filtered(lambda order: order.state == "to approve")._check_commitment()
        self._in_transition().button_approve()
        self._after_approval()

    def action_submit_again(self):
        """Submit what was returned and still waits here, as it is now.

        :raises UserError: it was not returned, or the user releases nothing
        """
        self.check_access("write")
        self._check_releaser()
        for order in self:
            if order.release_state != "returned" or order.state != "to approve":
                raise UserError(self.env._("%s was not returned.", order.display_name))
        self._release_submit()
        return True

    def _release_returned(self):
        """What was typed here becomes a draft again; what came from a platform stays where
        it is until that sends a new version, or somebody cancels it."""
        self._back_to_draft(self.filtered(lambda order: order._release_source() == "odoo"))

    def _release_taken_back(self):
        confirmed = self.filtered(lambda order: not order._never_was_confirmed())
        if confirmed:
            raise UserError(
                self.env._(
                    "%s was a commitment before this change: it cannot become a draft again.",
                    confirmed[0].display_name,
                )
            )
        self._back_to_draft(self)

    def _back_to_draft(self, orders):
        fresh = orders.filtered(lambda order: order._never_was_confirmed())
        fresh._in_transition().with_context(construction_edit=EDIT_SENTINEL).write(
            {"state": "draft", "budget_routed": False}
        )
