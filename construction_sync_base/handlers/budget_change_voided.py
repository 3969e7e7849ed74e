from odoo import models


class BudgetChangeVoided(models.AbstractModel):
    """budget_change.voided → a counter movement of its day takes the change back; both stay.

    A void that comes before its change leaves a tombstone, so that the change moves nothing
    when it arrives. One that still waits for its release just never counts.
    """

    _name = "construction.handler.budget_change.voided"
    _inherit = "construction.typed.budget.change"
    _description = "budget_change.voided"

    _event_type = "construction.budget_change.voided.v1"
    _replaces = False
    _order_in_batch = 43

    def _apply(self, items):
        known = self._split_new(items, "construction.budget.change")
        for item in items:
            change = known.get(item.id)
            if item.blocked:
                continue
            if not change:
                item.bind(None, tombstone=True)
                continue
            item.company_id = change.company_id.id
            if change.state == "approved" and not change.voided_by_ids:
                self._undo(item, change)
            else:
                if change.state == "draft":
                    change._drop(item.data["reason"])
                given_back = change.voided_by_ids.filtered(
                    lambda counter: (
                        counter.state == "draft" and counter.release_state != "to_release"
                    )
                )
                if given_back:  # somebody here had begun to undo it
                    given_back._release_from_platform()
                item.bind(change, tombstone=True)

    def _undo(self, item, change):
        refusal = change._job_refusal(change.job_id)
        if refusal:
            self._park_refused(item, refusal)
        if item.blocked or self._is_locked(item, change.job_id, change.kind):
            return
        counter = change._void(item.data["reason"], item.data["date"], from_platform=True)
        item.bind(change, tombstone=True)
        # a document of its own: its event is one click away from it as well
        item.bind(counter, external_id=f"{item.external_id}/void/{counter.id}")
        if counter.release_state == "to_release":
            self._notice_waiting(item, counter)
